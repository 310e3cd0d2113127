"""Training speed and memory of the engine against the plain Trainer, TRL as it comes and TRL at its best.

python tests/benchmarks/engine.py [--repeats 3] [--environments FOLDER | --here] [--gpu] [--json]

Every engine gets the same model, examples, LoRA, sequences in a step and rate; runs alternate, medians count.
A speed counts only when the held-out loss is within 0.5 % of the Trainer's. Each engine has an environment of
its own, which is made in FOLDER (and found there the next time); --here takes the one that runs this script.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "src"), str(HERE / "engines")]

from benchmark_task import make_task  # noqa: E402
from common import Task  # noqa: E402

TORCH = "torch==2.13.0"
TRAINER = (TORCH, "transformers==5.23.0", "peft==0.21.2", "bitsandbytes==0.50.2", "accelerate==1.15.0")
TRL = (*TRAINER, "trl==1.16.0", "datasets==5.2.0")
PACKAGES = {
    "ours": (TORCH, "-e", str(ROOT)),
    "trainer": TRAINER,
    "trl_default": TRL,
    "trl_best": TRL,
    "unsloth": ("unsloth",),  # it caps torch and transformers itself
}
CLOSE = 0.005
"""How far a held-out loss may be from the Trainer's for a speed to count."""


class Measured(NamedTuple):
    """Medians over the repeats. rate: useful tokens a CPU second (on a GPU: a second)."""

    rate: float
    peak_bytes: float
    first_step: float
    held_out: float


def environment(folder: Path | None, engine: str) -> str:
    """The Python of an engine's environment, made when it is not there."""
    if folder is None:
        return sys.executable
    name = {"trl_default": "trl", "trl_best": "trl"}.get(engine, engine)
    python = folder / name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder / name, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES[engine]], check=True)
    return str(python)


def run(python: str, script: str, *arguments: str | Path) -> dict[str, Any]:
    """The last line of what a script prints, on one core; what it complains of is shown when it fails."""
    alone = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0"}
    command = [python, str(HERE / "engines" / f"{script}.py"), *map(str, arguments)]
    outcome = subprocess.run(command, env={**os.environ, **alone}, capture_output=True, text=True)
    if outcome.returncode:
        raise SystemExit(f"{script} failed:\n{outcome.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(outcome.stdout.strip().splitlines()[-1])
    return told


def one_round(
    engine: str, python: str, judge: str, task: Task, held_out: Path, folder: Path, gpu: bool
) -> Measured:
    """One training from a fresh process, and the loss of what it made."""
    output = Path(tempfile.mkdtemp(prefix=engine, dir=folder))
    given = output / "task.json"
    given.write_text(json.dumps(asdict(replace(task, output=str(output)))))
    told = run(python, engine, given)
    loss = run(judge, "held_out", given, held_out, output / "adapter")["loss"]
    seconds = told["seconds"] if gpu else told["cpu_seconds"]
    return Measured(told["tokens"] / seconds, told["peak_bytes"], told["first_step"], loss)


def medians(rounds: list[Measured]) -> Measured:
    return Measured(*(median(each) for each in zip(*rounds, strict=True)))


def table(found: dict[str, Measured], limit: float) -> str:
    head = f"{'':14}{'tokens/s':>10}{'ours is':>9}{'peak MB':>9}{'first step s':>14}{'held out':>10}"
    lines = [head + f"{'of the limit':>14}"]
    for engine, one in found.items():
        ratio = found["ours"].rate / one.rate
        close = abs(one.held_out / found["trainer"].held_out - 1) <= CLOSE
        lines.append(
            f"{engine:14}{one.rate:10,.0f}{ratio:8.2f}x{one.peak_bytes / 1e6:9,.0f}{one.first_step:14.1f}"
            f"{one.held_out:10.4f}{one.rate / limit:14.0%}" + ("" if close else "  does not count")
        )
    return "\n".join(lines)


def figures(found: dict[str, Measured], limit: float) -> dict[str, float]:
    ours = found["ours"]
    made = {f"{engine}_ratio": ours.rate / one.rate for engine, one in found.items() if engine != "ours"}
    made |= {f"{engine}_peak": ours.peak_bytes / one.peak_bytes for engine, one in found.items()}
    return {**made, "tokens_per_second": ours.rate, "share_of_limit": ours.rate / limit}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "tunedesk-engines")
    parser.add_argument("--here", action="store_true", help="no environments of their own")
    parser.add_argument("--gpu", action="store_true", help="also Unsloth, and an 8 B shape; needs a GPU")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    engines = ["ours", "trainer", "trl_default", "trl_best", *(["unsloth"] if chosen.gpu else [])]
    folder = None if chosen.here else chosen.environments
    pythons = {engine: environment(folder, engine) for engine in engines}
    rounds: dict[str, list[Measured]] = {engine: [] for engine in engines}
    with tempfile.TemporaryDirectory() as made:
        task, held_out, limit = make_task(Path(made), chosen.rows, big=chosen.gpu)
        for _ in range(chosen.repeats):
            for engine in engines:
                rounds[engine].append(
                    one_round(
                        engine, pythons[engine], pythons["trainer"], task, held_out, Path(made), chosen.gpu
                    )
                )
                print(f"{engine}: {rounds[engine][-1].rate:,.0f} tokens/s", file=sys.stderr, flush=True)
    found = {engine: medians(each) for engine, each in rounds.items()}
    print(table(found, limit))
    if chosen.json:
        print(json.dumps(figures(found, limit)))


if __name__ == "__main__":
    main()
