"""Coverage-guided fuzzing of everything that reads a person's files: python tests/fuzz/run.py --cases 100000.

Needs the extra "fuzz" (Linux and macOS); no part of the tests that pytest collects. Each target runs in a
process of its own, one after another, and says how many cases it ran. The run fails when an input crashed, or
a target ran fewer cases than it was given.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
SHARES = {"row": 50, "containers": 5, "render": 10, "template": 15, "pattern": 10, "spreadsheet": 10}
"""Per cent of the cases; opening and saving a file takes a hundred times as long as reading a row."""
_REPORT = re.compile(r"(\d+) cases, (\d+) kinds of crashes")
_MOST_SECONDS = 60  # for one input
_MOST_MEMORY = 4096  # MB for one target


def main() -> int:
    options = _options()
    options.crashes.mkdir(parents=True, exist_ok=True)
    if options.worker:
        _fuzz(options.target, options.cases, options.crashes)
    chosen = {options.target: 100} if options.target else SHARES
    passed = [_run(name, options.cases * share // 100, options.crashes) for name, share in chosen.items()]
    print(f"{'Passed' if all(passed) else 'FAILED'}; inputs that crashed stand in {options.crashes}")
    return int(not all(passed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--target", choices=sorted(SHARES))
    parser.add_argument("--crashes", type=Path, default=Path(tempfile.gettempdir()) / "tunedesk-fuzz")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(name: str, cases: int, crashes: Path) -> bool:
    """One target in a process of its own; whether it ran all cases and none crashed."""
    command = [sys.executable, __file__, "--worker", "--target", name, "--crashes", str(crashes)]
    done = kinds = 0
    with subprocess.Popen([*command, "--cases", str(cases)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            if found := _REPORT.match(line):
                done, kinds = int(found[1]), int(found[2])
            else:
                print(line, end="", flush=True)
    print(
        f"{name}: {done:,} of {cases:,} cases run, {kinds} kinds of crashes, exit status {worker.returncode}",
        flush=True,
    )
    return worker.returncode == 0 and done >= cases and kinds == 0


def _fuzz(name: str, cases: int, crashes: Path) -> None:
    """Does not return: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tunedesk", "tests.fuzz"]):
        from tests.fuzz.targets import SEEDS, TARGETS
    seen: set[str] = set()
    done = 0

    def one(data: bytes) -> None:
        nonlocal done
        done += 1
        try:
            TARGETS[name](data)
        except Exception as error:  # any of them is a crash; the fuzzer goes on to find others
            _keep(crashes, name, data, error, seen)
        if done % 100 == 0 or done == cases:
            print(f"{done} cases, {len(seen)} kinds of crashes", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS[name]):
            (Path(folder) / str(number)).write_bytes(seed)
        limits = [f"-timeout={_MOST_SECONDS}", f"-rss_limit_mb={_MOST_MEMORY}", "-max_len=4096"]
        where = [f"-artifact_prefix={crashes}/{name}-", "-verbosity=0", folder]
        atheris.Setup([sys.argv[0], f"-runs={cases}", *limits, *where], one)
        atheris.Fuzz()


def _keep(crashes: Path, name: str, data: bytes, error: Exception, seen: set[str]) -> None:
    """Only the first input of each kind: the same exception at the same line is the same crash."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    kind = f"{type(error).__name__} {last.filename}:{last.lineno}"
    if kind not in seen:
        seen.add(kind)
        path = crashes / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
        path.write_bytes(data)
        print(f"{name}: {path}\n{''.join(traceback.format_exception(error))}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
