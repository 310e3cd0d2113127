"""`tunedesk stats` says what a file is made of, with the tokens of the model one asks for."""

import json
from pathlib import Path

import pytest

from tunedesk import paths
from tunedesk.__main__ import main
from tunedesk.dataset.example import example_of
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.openai_tokens import load_encoding

TRAIN = paths.sample_project() / "datasets" / "train.jsonl"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["stats", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_page_shows_tokens_the_cut_and_the_advice(capsys: pytest.CaptureFixture[str]) -> None:
    code, page, _ = run(capsys, str(TRAIN))
    assert code == 0
    assert "tokens of starter (as it is trained)" in page
    assert "1 row is longer than 1,024 tokens:" in page
    assert "classes of category" in page
    for name in ("enough", "consistent", "representative", "balanced", "descriptive"):
        assert f"\n  {name} " in page


def test_json_has_the_tokens_of_each_row(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = tmp_path / "two.jsonl"
    row = {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ann."}]}
    source.write_text(json.dumps(row) + "\nnot json\n", encoding="utf-8")
    code, said, _ = run(capsys, str(source), "--target", "openai", "--openai-model", "gpt-4o", "--json")
    found = json.loads(said)
    o200k = load_encoding("o200k_base")
    answer = len(o200k.encode_ordinary("Ann."))
    whole = 3 * 2 + 3 + 2 + answer + len(o200k.encode_ordinary("Who?"))
    assert code == 0
    assert found["tokens"]["by_row"] == [whole, None]
    assert found["tokens"]["trained_by_row"] == [answer, None]
    assert (found["rows"], found["uncounted"], found["limit"]) == (2, 1, 65_536)
    assert (found["epochs_suggested"], found["billing_tokens_all_epochs"]) == (25, 25 * whole)
    assert found["is_estimate"] is True


def test_a_limit_of_ones_own_shows_who_would_be_cut(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = run(capsys, str(TRAIN), "--limit", "120", "--json")
    found = json.loads(said)
    cut = [tokens for tokens in found["tokens"]["by_row"] if tokens is not None and tokens > 120]
    assert sorted(row["tokens"] for row in found["cut_rows"]) == sorted(cut)
    assert sum(bar["rows"] for bar in found["histogram"] if bar["is_cut"]) == len(cut) > 0


def test_what_cannot_be_counted_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, words = run(capsys, str(TRAIN), "--target", "openai", "--openai-model", "claude-9")
    assert code == 2
    assert "not known how claude-9 counts tokens" in words
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    code, _, words = run(capsys, str(empty))
    assert code == 2
    assert "has no rows" in words


def test_a_pair_of_answers_is_counted_as_preferences_are_trained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The prompt with the longer answer, since that is what may be cut; both answers are trained."""
    template = ChatTemplate.load(paths.starter_model())
    turns = [{"role": "user", "content": "Who?"}]
    good, bad = ([{"role": "assistant", "content": text}] for text in ("Ann.", "I do not know who that is."))
    rows = (
        {"input": {"messages": turns}, "preferred_output": good, "non_preferred_output": bad},
        {"prompt": "Who?", "completion": "Ann.", "label": True},
    )
    source = tmp_path / "pairs.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _, said, _ = run(capsys, str(source), "--json")
    short, long = (template.render(example_of({"messages": turns + answer})) for answer in (good, bad))
    assert json.loads(said)["tokens"]["by_row"] == [long.tokens, None]
    assert json.loads(said)["tokens"]["trained_by_row"] == [short.trained + long.trained, None]
    _, page, _ = run(capsys, str(source))
    assert "row 2: A row of the format unpaired-preference with judged answers is not trained" in page
