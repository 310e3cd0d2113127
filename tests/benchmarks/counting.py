"""Token counts of all rows of a dataset against the bare tokenizer at its best, wall clock on all cores.

The bare tokenizer gets the finished texts, which lie in memory where it runs: for a local model
`encode_batch_fast` over batches of rendered rows, for OpenAI's tables `encode_ordinary` in one process for
each core. The count starts from the lines of the file: it reads rows, renders or frames them, counts all
tokens and the trained ones, and brings the counts home in order. (It calls `encode_to_numpy`, which is a
tenth faster.) It promises 0.9 of the bare tokenizer's throughput, which is 1.11 of its time.

python tests/benchmarks/counting.py [--rows 50000] [--json]
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from tunedesk import paths  # noqa: E402
from tunedesk.dataset.example import example_of  # noqa: E402
from tunedesk.dataset.parsing import parse_row  # noqa: E402
from tunedesk.template.chat_template import ChatTemplate  # noqa: E402
from tunedesk.template.counting import ROWS_AT_ONCE, TemplateCounter, TokenCounter, count_all  # noqa: E402
from tunedesk.template.openai_counting import OpenAiCounter  # noqa: E402
from tunedesk.template.openai_tokens import load_encoding  # noqa: E402
from tunedesk.template.tokenizer_files import load_tokenizer_files  # noqa: E402

ROUNDS = 3
ENCODING = "o200k_base"


def make_rows(count: int) -> list[bytes]:
    """Chat rows of about 1,000 bytes; no text stands twice, so that nothing can be gained by remembering."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(2_000)]
    words += ["привет", "Grüße", "東京", "naïve", "parcel", "delivery", "please", "Thank", "you,", "2026"]
    rows = []
    for number in range(count):
        turns = []
        for role in ("user", "assistant") * chance.choice((1, 1, 2)):
            turns.append({"role": role, "content": " ".join(chance.choices(words, k=chance.randint(24, 72)))})
        rows.append(json.dumps({"id": number, "messages": turns}, ensure_ascii=False).encode())
    return rows


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def count(rows: Sequence[bytes], counter: TokenCounter) -> int:
    stretches = count_all(enumerate(rows), counter)
    return sum(found.total for stretch in stretches for found in stretch.counts if found is not None)


def local_texts(rows: Sequence[bytes], template: ChatTemplate) -> list[str]:
    return [template.lay_out(example_of(parse_row(raw).value)).text for raw in rows]


def bare_local(texts: Sequence[str]) -> Callable[[], int]:
    tokenizer = load_tokenizer_files(paths.starter_model()).tokenizer

    def work() -> int:
        total = 0
        for begin in range(0, len(texts), ROWS_AT_ONCE):
            batch = tokenizer.encode_batch_fast(texts[begin : begin + ROWS_AT_ONCE], add_special_tokens=False)
            total += sum(map(len, batch))
        return total

    return work


def bare_process(pipe: Connection, texts: list[str]) -> None:
    """Encodes its texts as often as it is told, and says how many tokens they have."""
    encode = load_encoding(ENCODING).encode_ordinary
    pipe.send(0)
    while pipe.recv():
        pipe.send(sum([len(encode(text)) for text in texts]))


def bare_openai(rows: Sequence[bytes]) -> tuple[Callable[[], int], Callable[[], None]]:
    """The work, and what ends its processes."""
    context = multiprocessing.get_context("spawn")
    contents = [turn["content"] for raw in rows for turn in json.loads(raw)["messages"]]
    cores = os.cpu_count() or 1
    pipes = []
    for core in range(cores):
        ours, theirs = context.Pipe()
        context.Process(target=bare_process, args=(theirs, contents[core::cores]), daemon=True).start()
        ours.recv()
        pipes.append(ours)

    def work() -> int:
        for pipe in pipes:
            pipe.send(True)
        return sum(pipe.recv() for pipe in pipes)

    def end() -> None:
        for pipe in pipes:
            pipe.send(False)

    return work, end


def in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Medians of the rounds; the works take turns, so that a busy moment hits both."""
    taken = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return median(first for first, _ in taken), median(second for _, second in taken)


def figures(rows: Sequence[bytes]) -> dict[str, float]:
    template = ChatTemplate.load(paths.starter_model())
    bare, ours = in_turns(
        bare_local(local_texts(rows, template)), lambda: count(rows, TemplateCounter(template))
    )
    found = {"rows": len(rows), "megabytes": round(sum(map(len, rows)) / 1e6, 1)}
    found |= {"local_bare_seconds": round(bare, 2), "local_seconds": round(ours, 2)}
    found["local_ratio"] = round(ours / bare, 3)
    work, end = bare_openai(rows)
    with OpenAiCounter(ENCODING) as counter:
        count(rows[: 4 * ROWS_AT_ONCE], counter)  # the processes are started and have read their tables
        bare, ours = in_turns(work, lambda: count(rows, counter))
    end()
    found |= {"openai_bare_seconds": round(bare, 2), "openai_seconds": round(ours, 2)}
    found["openai_ratio"] = round(ours / bare, 3)
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rows", type=int, default=50_000)
    arguments.add_argument("--json", action="store_true", help="end with one line of JSON")
    chosen = arguments.parse_args()
    found = figures(make_rows(chosen.rows))
    print(f"{found['rows']:,} rows, {found['megabytes']} MB, wall clock on {os.cpu_count()} cores")
    for name, label in (("local", "the starter model"), ("openai", f"OpenAI's {ENCODING}")):
        bare, ours = found[f"{name}_bare_seconds"], found[f"{name}_seconds"]
        print(
            f"  {label:<22} bare {bare:>6.2f} s, all counts {ours:>6.2f} s,"
            f" throughput {1 / found[f'{name}_ratio']:.2f} of the bare"
        )
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
