"""Linting generated rows against parsing them alone, in processor seconds of one thread.

python tests/benchmarks/lint_speed.py [--rows 20000] [--rendered-rows 2000] [--json]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec
from big_file import write_rows

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from tunedesk import paths  # noqa: E402
from tunedesk.dataset.files import read_rows  # noqa: E402
from tunedesk.dataset.parsing import parse_row  # noqa: E402
from tunedesk.lint.report import lint_rows  # noqa: E402
from tunedesk.lint.rows import lint_row  # noqa: E402
from tunedesk.lint.targets import Target  # noqa: E402
from tunedesk.template.chat_template import ChatTemplate  # noqa: E402
from tunedesk.template.model_folder import read_model_folder  # noqa: E402

ROUNDS = 3
Rows = list[tuple[int, bytes]]


def make_rows(count: int) -> Rows:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, count)
        return list(read_rows(path))


def parse_alone(rows: Rows) -> None:
    decode = msgspec.json.Decoder().decode
    for _, raw in rows:
        decode(raw)


def parse_with_care(rows: Rows) -> None:
    for _, raw in rows:
        parse_row(raw)


def lint_each(rows: Rows, target: Target) -> None:
    for _, raw in rows:
        lint_row(parse_row(raw), target)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median of the rounds; the works take turns, so that a busy moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(seconds(work))
    return {name: median(values) for name, values in taken.items()}


def slowest_row(rows: Rows, target: Target) -> float:
    """Milliseconds of the row that takes longest, the best of three tries for each."""
    return 1000 * max(
        min(seconds(lambda raw=raw: lint_each([(1, raw)], target)) for _ in range(3)) for _, raw in rows
    )


def figures(count: int, rendered_count: int) -> dict[str, float]:
    rows = make_rows(count)
    some = rows[:rendered_count]
    starter = paths.starter_model()
    local = Target("local", ChatTemplate.load(starter), read_model_folder(starter).context)
    plain = Target("generic")
    taken = measure(
        {
            "parse": lambda: parse_alone(rows),
            "parse_with_care": lambda: parse_with_care(rows),
            "row_rules": lambda: lint_each(rows, plain),
            "all_rules": lambda: lint_rows(rows, plain),
            "parse_some": lambda: parse_alone(some),
            "rendered": lambda: lint_each(some, local),
        }
    )
    return {
        "rows": count,
        "megabytes": round(sum(len(raw) for _, raw in rows) / 1e6, 1),
        "parse_us_per_row": round(1e6 * taken["parse"] / count, 2),
        "row_rules_us_per_row": round(1e6 * taken["row_rules"] / count, 2),
        "all_rules_us_per_row": round(1e6 * taken["all_rules"] / count, 2),
        "rendered_us_per_row": round(1e6 * taken["rendered"] / rendered_count, 2),
        "parse_with_care_ratio": round(taken["parse_with_care"] / taken["parse"], 2),
        "row_rules_ratio": round(taken["row_rules"] / taken["parse"], 2),
        "all_rules_ratio": round(taken["all_rules"] / taken["parse"], 2),
        "rendered_ratio": round(taken["rendered"] / taken["parse_some"], 2),
        "slowest_rendered_row_ms": round(slowest_row(some[:200], local), 3),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rows", type=int, default=20_000)
    arguments.add_argument("--rendered-rows", type=int, default=2_000)
    arguments.add_argument("--json", action="store_true", help="end with one line of JSON")
    chosen = arguments.parse_args()
    found = figures(chosen.rows, min(chosen.rendered_rows, chosen.rows))
    print(f"{found['rows']:,} rows of about 1 kB ({found['megabytes']} MB), processor time of one thread")
    for name, label in (
        ("parse", "parsing alone (msgspec)"),
        ("row_rules", "row rules, no model"),
        ("all_rules", "row and corpus rules, no model"),
        ("rendered", "row rules with the starter model's template"),
    ):
        ratio = found.get(f"{name}_ratio", 1.0)
        print(f"  {label:<46}{found[f'{name}_us_per_row']:>9.1f} us a row{ratio:>8.1f}x")
    print(f"  {'the slowest row with rendering':<46}{found['slowest_rendered_row_ms']:>9.2f} ms")
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
