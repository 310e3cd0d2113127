"""Opening a big dataset file against merely reading it; each measurement in a process of its own.

python tests/benchmarks/opening.py [--rows 500000] [--json]

Beside the clock stands processor time, which says the same on a computer that is busy with other things.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
READ_ROUNDS = 7
"""Reading and opening take a tenth of a second, so chance weighs more than with writing."""
WRITE_ROUNDS = 3

READ = """
import sys, time
start, cpu = time.perf_counter(), time.process_time()
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.read(1 << 20):
        pass
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
OPEN = """
import sys, time
from pathlib import Path
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb
state = StateDb.open(Path(sys.argv[2]))  # the project has opened it before
start, cpu = time.perf_counter(), time.process_time()
document = Document.open(Path(sys.argv[1]), state)
rows = [document.raw_at(position) for position in range(min(50, len(document)))]
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
COPY = """
import os, shutil, sys, time
start, cpu = time.perf_counter(), time.process_time()
with open(sys.argv[1], "rb") as source, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(source, target, 1 << 20)
    target.flush()
    os.fsync(target.fileno())
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
SAVE = """
import sys, time
from pathlib import Path
from tunedesk.dataset.document import Document
document = Document.open(Path(sys.argv[1]), Path(sys.argv[2]))
ids = document.row_ids()
document.replace_many({row: b'{"edited": true}' for row in ids[:: max(1, len(ids) // 1000)]}, "Edit")
start, cpu = time.perf_counter(), time.process_time()
document.save_as(Path(sys.argv[3]))
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
"""
PROGRAMS = {"read": READ, "open": OPEN, "copy": COPY, "save": SAVE}
# The peak of this process alone: ru_maxrss also remembers the process that it was forked from.
REPORT = """
import json, resource, sys
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([seconds, cpu, peak / 1e6]))
"""


def measure(program: str, *paths: Path) -> tuple[float, float, float]:
    """Seconds by the clock and of processor time of the measured part, and the process's peak of memory
    in MB.
    """
    command = [sys.executable, "-c", program + REPORT, *map(str, paths)]
    child = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "src")
    seconds, processor, megabytes = json.loads(child.stdout)
    return seconds, processor, megabytes


def measure_all(folder: Path, rows: int) -> dict[str, float]:
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks.big_file import write_rows

    path = folder / "rows.jsonl"
    write_rows(path, rows)
    measure(READ, path)  # fills the page cache
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    processor: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    peaks: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    order = ["read", "open"] * READ_ROUNDS + ["copy", "save"] * WRITE_ROUNDS
    for number, name in enumerate(order):
        taken, cpu, peak = measure(PROGRAMS[name], path, folder / f"{number}.db", folder / f"{name}.jsonl")
        seconds[name].append(taken)
        processor[name].append(cpu)
        peaks[name].append(peak)
    figures = {f"{name}_seconds": round(median(seconds[name]), 4) for name in PROGRAMS}
    return {
        "rows": rows,
        "megabytes": round(path.stat().st_size / 1e6, 1),
        **figures,
        "open_to_read": round(figures["open_seconds"] / figures["read_seconds"], 2),
        "open_to_read_processor": round(median(processor["open"]) / median(processor["read"]), 2),
        "open_peak_megabytes": round(median(peaks["open"]), 1),
        "save_to_copy": round(figures["save_seconds"] / figures["copy_seconds"], 2),
        "save_peak_megabytes": round(median(peaks["save"]), 1),
    }


def print_table(figures: dict[str, float]) -> None:
    print(f"{figures['rows']:,} rows, {figures['megabytes']:,} MB; interleaved, medians, page cache warm")
    print(f"{'read the file':44}{figures['read_seconds']:8.3f} s")
    print(
        f"{'open it, first 50 rows':44}{figures['open_seconds']:8.3f} s{figures['open_to_read']:7.2f}x"
        f"   ({figures['open_to_read_processor']:.2f}x in processor time)"
        f"   peak {figures['open_peak_megabytes']:.0f} MB"
    )
    print(f"{'copy the file, with fsync':44}{figures['copy_seconds']:8.3f} s")
    print(
        f"{'save it with 1,000 edits, with fsync':44}{figures['save_seconds']:8.3f} s"
        f"{figures['save_to_copy']:7.2f}x   peak {figures['save_peak_megabytes']:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--json", action="store_true", help="end with one line of named figures")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tunedesk-opening-") as folder:
        figures = measure_all(Path(folder), arguments.rows)
    print_table(figures)
    print(f"(measured in {time.perf_counter() - started:.0f} s)")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
