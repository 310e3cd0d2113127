"""One table of the ratios that the benchmarks measure, each run as a process of its own, one at a time.

python tests/benchmarks/all.py [--json]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = {
    "cold_start": "the window's first paint : a bare QMainWindow's",
    "opening": "opening 500,000 rows : reading the file",
    "lint_speed": "linting : parsing alone",
    "engine_start": "the engine's first step : importing and loading alone",
}


def figures_of(name: str) -> dict[str, float]:
    """The named figures of one benchmark: the last line of what it prints with --json."""
    command = [sys.executable, str(HERE / f"{name}.py"), "--json"]
    outcome = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(outcome.stdout.strip().splitlines()[-1])
    return figures


def ratios_of(figures: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if name == "ratio" or name.endswith("_ratio")}


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument(
        "--json", action="store_true", help="end with one line: an object of all named figures"
    )
    wanted = reader.parse_args()
    everything: dict[str, float] = {}
    for name, meaning in BENCHMARKS.items():
        figures = figures_of(name)
        everything |= {f"{name}.{figure}": value for figure, value in figures.items()}
        print(f"{name}: {meaning}")
        for figure, value in ratios_of(figures).items():
            print(f"    {figure:<32}{value:>8.2f} x", flush=True)
    if wanted.json:
        print(json.dumps(everything))
    return 0


if __name__ == "__main__":
    sys.exit(main())
