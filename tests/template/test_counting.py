"""All rows are counted as each alone would be, in order, and what was counted once is not counted again."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from tunedesk import paths
from tunedesk.dataset.example import example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.template import openai_counting
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import CountCache, Counts, TemplateCounter, count_all
from tunedesk.template.encoding import RowTokens
from tunedesk.template.errors import TemplateError
from tunedesk.template.openai_counting import OpenAiCounter
from tunedesk.template.openai_tokens import load_encoding, tokens_of_example

Family = Callable[[str], Path]


def chat(*texts: str, **more: object) -> bytes:
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return json.dumps({"messages": turns, **more}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def turns(*listed: dict[str, object]) -> bytes:
    return json.dumps({"messages": listed}).encode()


ODD_ROWS = [
    chat("Hi", "Hello"),
    chat("Hi", "Hello", "Bye", " Bye\n"),
    chat("Hi", "Hello", id=3, source="x"),
    chat("\n\nHi", "\n\nHello\n"),
    chat("Zoë 👍漢字", "e\u0301 \u00a0ß"),
    chat("a<|im_end|>b", "c<|im_start|>d"),
    chat("", ""),
    chat("<|endoftext|>", "a<|endofprompt|>b\ufffd\U0010ffff"),
    chat("word " * 30_000, "x" * 5_000),
    chat("Hi", " "),
    chat("Hi"),
    chat("Hi", "</think> x"),
    chat("Hi", "Hello", tools=[]),
    turns({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "a", "weight": 0}),
    turns({"role": "user", "content": "Hi", "name": "ann"}, {"role": "assistant", "content": "a"}),
    turns({"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}),
    turns(
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "a"}
    ),
    turns(
        {"role": "developer", "content": "Be"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "a"},
    ),
    b'{"messages": [{"role": "user", "content": "\\ud83d"}, {"role": "assistant", "content": "a"}]}',
    b'{"prompt": "Hi", "completion": " Hello"}',
    b'{"text": "Hello"}',
    b'{"chosen": "a", "rejected": "b", "messages": []}',
    b"\xef\xbb\xbf" + chat("Hi", "Hello"),
    b"not json",
    b"",
    b"[]",
]


def numbered(rows: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return list(enumerate(rows, start=10))


def all_counts(rows: Sequence[bytes], counter: TemplateCounter | OpenAiCounter) -> Counts:
    return [count for stretch in count_all(numbered(rows), counter) for count in stretch.counts]


def alone(template: ChatTemplate, raw: bytes) -> RowTokens | None:
    value = parse_row(raw).value
    try:
        rendered = template.render(example_of(value)) if value is not None else None
    except TemplateError:
        return None
    if rendered is None:
        return None
    return RowTokens(rendered.tokens, rendered.trained, rendered.mask.index(1) if rendered.trained else -1)


@pytest.mark.parametrize(
    "name", ["chatml", "chatml_marked", "llama3", "gemma", "mistral", "qwen3", "phi3", "chatml_tools"]
)
def test_a_batch_is_counted_as_each_row_is_rendered(family: Family, name: str) -> None:
    template = ChatTemplate.load(family(name))
    expected = [alone(template, raw) for raw in ODD_ROWS]
    for _ in range(3):  # frames are there from the second time on
        assert TemplateCounter(template).count(ODD_ROWS) == expected
    assert sum(count is not None for count in expected) >= 7


def test_the_sample_is_counted_as_it_is_rendered() -> None:
    template = ChatTemplate.load(paths.starter_model())
    rows = [raw for _, raw in read_rows(paths.sample_project() / "datasets" / "train.jsonl")]
    counter = TemplateCounter(template)
    assert all_counts(rows, counter) == [alone(template, raw) for raw in rows]


def test_openais_counts_of_a_batch_are_those_of_each_row() -> None:
    o200k = load_encoding("o200k_base")
    expected: Counts = []
    for raw in ODD_ROWS:
        value = parse_row(raw).value
        if value is None:
            expected.append(None)
            continue
        found = tokens_of_example(example_of(value), o200k)
        expected.append(RowTokens(found.total, found.trained, -1))
    assert openai_counting.count_rows(ODD_ROWS, "o200k_base") == expected


def test_a_table_is_counted_by_its_mapping() -> None:
    mapping = ColumnMapping(user="q", assistant="a")
    raw = b'{"q": "What is the capital of France?", "a": "Paris."}'
    template = ChatTemplate.load(paths.starter_model())
    assert TemplateCounter(template).count([raw]) == [None]
    (count,) = TemplateCounter(template, mapping).count([raw])
    assert count is not None and count.trained > 0
    (count,) = openai_counting.count_rows([raw], "o200k_base", mapping)
    assert count is not None and count.trained == 2


def test_rows_come_in_order_with_their_ids_and_stop_at_a_cancel() -> None:
    template = ChatTemplate.load(paths.starter_model())
    rows = numbered([chat(f"question {number}", "word " * (number % 7)) for number in range(2_000)])
    seen: list[int] = []
    stretches = list(count_all(rows, TemplateCounter(template)))
    assert [row_id for stretch in stretches for row_id in stretch.row_ids] == [row_id for row_id, _ in rows]
    assert [c for stretch in stretches for c in stretch.counts] == TemplateCounter(template).count(
        [raw for _, raw in rows]
    )
    for stretch in count_all(rows, TemplateCounter(template), cancelled=lambda: bool(seen)):
        seen.extend(stretch.row_ids)
    assert 0 < len(seen) < len(rows)


class Tallying(TemplateCounter):
    """A counter that remembers how many rows it was asked for."""

    asked = 0

    def count(self, raws: Sequence[bytes]) -> Counts:
        self.asked += len(raws)
        return super().count(raws)


def test_after_an_edit_one_row_is_counted() -> None:
    counter = Tallying(ChatTemplate.load(paths.starter_model()))
    rows = [chat(f"question {number}", "answer") for number in range(700)]
    cache = CountCache()
    first = list(count_all(numbered(rows), counter, cache=cache))
    assert counter.asked == len(cache) == 700
    rows[5] = chat("question 5", "another, longer answer")
    again = [c for stretch in count_all(numbered(rows), counter, cache=cache) for c in stretch.counts]
    assert counter.asked == 701
    before = [c for stretch in first for c in stretch.counts]
    assert [place for place, count in enumerate(again) if count != before[place]] == [5]


def test_processes_count_as_this_one_and_end_with_it() -> None:
    rows = [chat(f"question {number}", "word " * (number % 9)) for number in range(1_100)]
    with OpenAiCounter("cl100k_base", processes=2) as counter:
        assert all_counts(rows, counter) == openai_counting.count_rows(rows, "cl100k_base")
        assert [child.name for child in multiprocessing.active_children()] == ["count-tokens"] * 2
    assert multiprocessing.active_children() == []


def test_a_lost_process_is_told_and_the_next_count_has_a_new_one() -> None:
    rows = [chat(f"question {number}", "word") for number in range(openai_counting.WORTH_A_PROCESS)]
    with OpenAiCounter("cl100k_base", processes=1) as counter:
        expected = counter.count(rows)
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        with pytest.raises(UserError, match="ended before it was done"):
            counter.count(rows)
        assert counter.count(rows) == expected


ASKER = """
import sys
from tunedesk.template.openai_counting import OpenAiCounter
if __name__ == "__main__":
    counter = OpenAiCounter("cl100k_base", processes=1)
    counter.count([b"{}"] * 500)
    import multiprocessing
    print(multiprocessing.active_children()[0].pid, flush=True)
    sys.stdin.read()
"""


def test_the_processes_die_with_whoever_started_them_and_know_neither_qt_nor_torch(tmp_path: Path) -> None:
    script = tmp_path / "asker.py"
    script.write_text(ASKER)
    asker = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert asker.stdout is not None
    child = psutil.Process(int(asker.stdout.readline()))
    if sys.platform.startswith("linux"):
        loaded = Path(f"/proc/{child.pid}/maps").read_text()
        assert "tiktoken" in loaded
        assert not [name for name in ("PySide6", "libtorch", "Qt6Core") if name in loaded]
    os.kill(asker.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    asker.communicate()
    child.wait(timeout=20)
    assert not child.is_running()
