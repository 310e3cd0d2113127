"""Linting a large file against parsing each of its lines, in processor seconds; each work in a process of
its own.

python tests/benchmarks/lint_speed.py [--rows 50000] [--rendered-rows 1000] [--json]

The yardsticks are orjson.loads of every line, and the seven checks of OpenAI's notebook on chat data,
written here
from their description: the file is loaded whole with the standard library, then each check looks at every
row.
"""

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from chat_rows import write_chat_rows

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

ROUNDS = 3
EDITS = 500
Figures = dict[str, float]


@dataclass(frozen=True)
class FileRows:
    """A file's lines as a document's snapshot gives them, ids from 1."""

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def rows(self) -> Iterator[tuple[int, bytes]]:
        with self.path.open("rb", buffering=1 << 20) as file:
            yield from enumerate((line.rstrip(b"\n") for line in file), start=1)


def parse_alone(path: Path, count: int) -> None:
    import orjson

    for _, raw in FileRows(path, count).rows():
        orjson.loads(raw)


def notebook(path: Path, count: int) -> Counter[str]:
    """Row is no object; no messages; a turn without role or content; unknown key; unknown role; no content;
    no answer."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    known = {"role", "content", "name", "function_call", "weight"}
    found: Counter[str] = Counter()
    for row in rows:
        if not isinstance(row, dict):
            found["no object"] += 1
            continue
        messages = row.get("messages")
        if not messages:
            found["no messages"] += 1
            continue
        for message in messages:
            if "role" not in message or "content" not in message:
                found["missing key"] += 1
            if any(key not in known for key in message):
                found["unknown key"] += 1
            if message.get("role") not in ("system", "user", "assistant", "function"):
                found["unknown role"] += 1
            content = message.get("content")
            if (not content and not message.get("function_call")) or not isinstance(content, str):
                found["no content"] += 1
        if not any(message.get("role") == "assistant" for message in messages):
            found["no answer"] += 1
    return found


def lint_whole(path: Path, count: int, processes: int = 1) -> object:
    from tunedesk.lint.session import LintSession
    from tunedesk.lint.targets import Target

    session = LintSession(Target("generic"), processes=processes)
    session.lint_all(FileRows(path, count))
    return session


def lint_with_two(path: Path, count: int) -> object:
    return lint_whole(path, count, processes=2)


def near_duplicates(path: Path, count: int) -> None:
    from tunedesk.lint.near_duplicates import find_near_duplicates
    from tunedesk.lint.targets import Target

    raws = dict(FileRows(path, count).rows())

    class Held(FileRows):
        def raw(self, row_id: int) -> bytes:
            return raws[row_id]

    find_near_duplicates(Held(path, count), Target("generic", pedantic=True))


def _measure(pipe: Connection, work: Callable[[Path, int], object], path: Path, count: int) -> None:
    start, begun = time.process_time(), time.perf_counter()
    kept = work(path, count)
    ended = time.process_time(), time.perf_counter()
    peak = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / (1 if sys.platform == "darwin" else 1024)
        / 1.048576
    )
    pipe.send((ended[0] - start, ended[1] - begun, peak))
    del kept


def measured(work: Callable[[Path, int], object], path: Path, count: int) -> tuple[float, float, float]:
    """(processor seconds, seconds, peak megabytes) of a fresh process, median of the rounds."""
    context = multiprocessing.get_context("spawn")
    taken = []
    for _ in range(ROUNDS):
        here, there = context.Pipe()
        process = context.Process(target=_measure, args=(there, work, path, count))
        process.start()
        taken.append(here.recv())
        process.join()
    cpu, wall, peak = zip(*taken, strict=True)
    return median(cpu), median(wall), median(peak)


def edit_times(path: Path, count: int) -> list[float]:
    """Processor milliseconds of each edit, corpus rules too, with the whole file in the index: a letter
    typed, a copy of another row made, a row deleted and put back."""
    from tunedesk.lint.session import LintSession
    from tunedesk.lint.targets import Target

    session = LintSession(Target("generic"), processes=1)
    rows = FileRows(path, count)
    session.lint_all(rows)
    every = max(1, count // EDITS)
    chosen = [(row, raw) for row, raw in rows.rows() if row % every == 0]
    taken = []
    for number, (row, raw) in enumerate(chosen):
        other = chosen[number - 1][1]
        for new in (raw.replace(b"the", b"thee", 1), other, None, raw):
            start = time.thread_time()
            session.update(row, new)
            taken.append(1000 * (time.thread_time() - start))
    return taken


def _send_edits(pipe: Connection, path: Path, count: int) -> None:
    pipe.send(edit_times(path, count))


def percentile(path: Path, count: int, share: float) -> float:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_send_edits, args=(there, path, count))
    process.start()
    taken = sorted(here.recv())
    process.join()
    return float(taken[int(share * (len(taken) - 1))])


def rendered(path: Path, count: int) -> tuple[float, float]:
    """(microseconds a row with the starter model's template, milliseconds of the slowest row)."""
    from tunedesk import paths
    from tunedesk.dataset.parsing import parse_row
    from tunedesk.lint.rows import lint_row
    from tunedesk.lint.targets import Target
    from tunedesk.template.chat_template import ChatTemplate
    from tunedesk.template.model_folder import read_model_folder

    starter = paths.starter_model()
    local = Target("local", ChatTemplate.load(starter), read_model_folder(starter).context)
    times = []
    for _, raw in FileRows(path, count).rows():
        start = time.process_time()
        lint_row(parse_row(raw), local)
        times.append(time.process_time() - start)
        if len(times) == count:
            break
    return 1e6 * sum(times) / len(times), 1000 * sorted(times)[-max(1, len(times) // 100)]


def figures(count: int, rendered_count: int, near_count: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_chat_rows(path, count)
        parse = measured(parse_alone, path, count)
        plain = measured(notebook, path, count)
        one = measured(lint_whole, path, count)
        two = measured(lint_with_two, path, count)
        part = Path(folder) / "part.jsonl"
        write_chat_rows(part, near_count)
        near = measured(near_duplicates, part, near_count)
        each, slowest = rendered(path, min(rendered_count, count))
        found = {
            "rows": count,
            "megabytes": path.stat().st_size / 1e6,
            "parse_seconds": parse[0],
            "notebook_seconds": plain[0],
            "notebook_megabytes": plain[2],
            "lint_seconds": one[0],
            "lint_wall_seconds": one[1],
            "lint_megabytes": one[2],
            "two_processes_wall_seconds": two[1],
            "lint_us_per_row": 1e6 * one[0] / count,
            "all_rules_ratio": one[0] / parse[0],
            "lint_to_notebook_ratio": one[0] / plain[0],
            "edit_ms_at_99_percent": percentile(path, count, 0.99),
            "near_us_per_row": 1e6 * near[0] / near_count,
            "rendered_us_per_row": each,
            "slowest_rendered_row_ms": slowest,
        }
        return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rows", type=int, default=50_000)
    arguments.add_argument("--rendered-rows", type=int, default=1_000)
    arguments.add_argument("--near-rows", type=int, default=5_000)
    arguments.add_argument("--json", action="store_true", help="end with one line of JSON")
    chosen = arguments.parse_args()
    found = figures(chosen.rows, chosen.rendered_rows, chosen.near_rows)
    print(f"{found['rows']:,.0f} rows, {found['megabytes']:.0f} MB, on {os.cpu_count()} processors")
    for name, label, unit in (
        ("parse_seconds", "orjson.loads of every line, processor time", "s"),
        ("notebook_seconds", "the notebook's seven checks", "s"),
        ("notebook_megabytes", "  memory", "MB"),
        ("lint_seconds", "all rules but near duplicates", "s"),
        ("lint_megabytes", "  memory", "MB"),
        ("lint_wall_seconds", "  on the clock, one process", "s"),
        ("two_processes_wall_seconds", "  on the clock, two processes", "s"),
        ("all_rules_ratio", "all rules : orjson alone (at most 6)", "x"),
        ("lint_to_notebook_ratio", "all rules : notebook (less than 1)", "x"),
        ("edit_ms_at_99_percent", "one edited row, 99th percentile (less than 5)", "ms"),
        ("near_us_per_row", "near duplicates, each row", "us"),
        ("rendered_us_per_row", "a row with the starter model's template", "us"),
    ):
        print(f"  {label:<52}{found[name]:>10.2f} {unit}")
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
