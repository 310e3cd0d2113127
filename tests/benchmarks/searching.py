"""Searching all rows against scanning the mapped file, and sorting them against numpy; each in a process
of its own.

python tests/benchmarks/searching.py [--rows 500000] [--rounds 5] [--json]

The ratios are of processor time, which says the same on a computer that is busy with other things.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
WANTED = "zqxj not there"

SCAN = """
import mmap, sys, time
cpu = time.process_time()
start = time.perf_counter()
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
    assert text.find(b"zqxj not there") < 0
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
SEARCH = """
import sys, time
from pathlib import Path
from tunedesk.dataset.document import Document
from tunedesk.dataset.search import find_rows
document = Document.open(Path(sys.argv[1]), Path(sys.argv[2]))
document.replace(document.id_at(5), b'{"edited": true}', "Edit")
list(find_rows(document.snapshot(), "warm", cancelled=lambda: True))
import regex
start, cpu = time.perf_counter(), time.process_time()
found = sum(1 for _ in find_rows(document.snapshot(), WANTED, OPTIONS))
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
ARGSORT = """
import random, sys, time
import numpy as np
chance = random.Random(1)
keys = np.array([chance.randrange(10**6) for _ in range(int(sys.argv[3]))])
start, cpu = time.perf_counter(), time.process_time()
np.argsort(keys, kind="stable")
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
SORT = """
import random, sys, time
from array import array
from pathlib import Path
import numpy as np
from tunedesk.dataset.document import Document
from tunedesk.dataset.order import Order
document = Document.open(Path(sys.argv[1]), Path(sys.argv[2]))
chance = random.Random(1)
keys = array("q", [chance.randrange(10**6) for _ in range(len(document))])
start, cpu = time.perf_counter(), time.process_time()
order = document.snapshot().ids.sorted_by(keys)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
MOVE = """
start, cpu = time.perf_counter(), time.process_time()
document.move(order, 0, "Sort")
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
SAVE = """
start, cpu = time.perf_counter(), time.process_time()
document.save_as(Path(sys.argv[2] + ".jsonl"))
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
PROGRAMS = {
    "scan": SCAN,
    "search": SEARCH.replace("WANTED", repr(WANTED)).replace("OPTIONS", "case=True"),
    "search_any_case": SEARCH.replace("WANTED", repr(WANTED)).replace("OPTIONS", ""),
    "search_russian": SEARCH.replace("WANTED", repr("нет такого слова")).replace("OPTIONS", ""),
    "search_regex": SEARCH.replace("WANTED", repr(r"zqxj\s+not\b.*there")).replace("OPTIONS", "regex=True"),
    "argsort": ARGSORT,
    "sort": SORT,
    "store_sort": SORT + MOVE,
    "save_sorted": SORT + MOVE + SAVE,
}
AGAINST = {"search": "scan", "search_any_case": "scan", "search_russian": "scan", "sort": "argsort"}


def measure_all(folder: Path, rows: int, rounds: int) -> dict[str, float]:
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks.big_file import write_rows
    from tests.benchmarks.opening import measure

    path = folder / "rows.jsonl"
    write_rows(path, rows)
    measure(SCAN, path)  # fills the page cache
    processor: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for number, (name, program) in enumerate([*PROGRAMS.items()] * rounds):
        taken, cpu, _ = measure(program, path, folder / f"{number}.db", Path(str(rows)))
        seconds[name].append(taken)
        processor[name].append(cpu)
        for left in folder.glob(f"{number}.db*"):
            left.unlink()
    figures = {f"{name}_seconds": round(median(seconds[name]), 4) for name in PROGRAMS}
    figures |= {f"{name}_processor": round(median(processor[name]), 4) for name in PROGRAMS}
    for name, other in AGAINST.items():
        figures[f"{name}_ratio"] = round(median(processor[name]) / median(processor[other]), 2)
    return {"rows": rows, "megabytes": round(path.stat().st_size / 1e6, 1), **figures}


def print_table(figures: dict[str, float]) -> None:
    print(f"{figures['rows']:,} rows, {figures['megabytes']:,} MB; medians, page cache warm")
    for name in PROGRAMS:
        ratio = figures.get(f"{name}_ratio")
        against = f"{ratio:8.2f}x {AGAINST[name]}" if ratio is not None else ""
        print(
            f"{name.replace('_', ' '):20}{figures[f'{name}_processor']:9.4f} s of processor time"
            f"{figures[f'{name}_seconds']:9.4f} s{against}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="end with one line of named figures")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tunedesk-searching-") as folder:
        figures = measure_all(Path(folder), arguments.rows, arguments.rounds)
    print_table(figures)
    print(f"(measured in {time.perf_counter() - started:.0f} s)")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
