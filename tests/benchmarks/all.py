"""One table of the ratios that the benchmarks measure, each run as a process of its own, one at a time.

python tests/benchmarks/all.py [--json]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Line(NamedTuple):
    """One line of the table: a figure of a benchmark, and the most it may be (None: no promise)."""

    benchmark: str
    figure: str
    meaning: str
    most: float | None = None


LINES = (
    Line("cold_start", "ratio", "window shown : bare QMainWindow shown", 2),
    Line("opening", "open_to_read", "open 500,000 rows : read the file", 3),
    Line("opening", "open_peak_megabytes", "  memory it takes, MB", 150),
    Line("opening", "save_to_copy", "save with 1,000 edits : copy the file"),
    Line("searching", "search_ratio", "search all rows : scan of the mapped file", 4),
    Line("searching", "search_any_case_ratio", "  : capital or small letters alike", 4),
    Line("searching", "sort_ratio", "sort all rows by a number : numpy argsort", 4),
    Line("lint_speed", "all_rules_ratio", "lint the whole file : orjson alone", 6),
    Line("lint_speed", "lint_to_notebook_ratio", "  : the notebook's seven checks", 1),
    Line("lint_speed", "lint_megabytes", "  memory it takes, MB", 400),
    Line("lint_speed", "edit_ms_at_99_percent", "  one edited row, 99th percentile, ms", 5),
    Line("counting", "local_ratio", "count all rows : the bare tokenizer, local", 1.11),
    Line("counting", "openai_ratio", "count all rows : the bare tokenizer, OpenAI", 1.11),
    Line("engine_start", "ratio", "engine's first step : import and load alone"),
    Line("engine_start", "warm_ratio", "  : of an engine that has waited"),
)


def figures_of(benchmark: str) -> dict[str, float]:
    """The named figures of one benchmark: the last line of what it prints with --json."""
    command = [sys.executable, str(HERE / f"{benchmark}.py"), "--json"]
    outcome = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(outcome.stdout.strip().splitlines()[-1])
    return figures


def table_of(benchmark: str, figures: dict[str, float]) -> Iterator[str]:
    for line in LINES:
        if line.benchmark == benchmark:
            most = f"  (at most {line.most})" if line.most else ""
            yield f"{line.meaning:<46}{figures[line.figure]:>8.2f}{most}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="end with one line: an object of all figures")
    chosen = parser.parse_args()
    everything: dict[str, float] = {}
    for benchmark in dict.fromkeys(line.benchmark for line in LINES):
        figures = figures_of(benchmark)
        everything |= {f"{benchmark}.{name}": value for name, value in figures.items()}
        print("\n".join(table_of(benchmark, figures)), flush=True)
    if chosen.json:
        print(json.dumps(everything))
    return 0


if __name__ == "__main__":
    sys.exit(main())
