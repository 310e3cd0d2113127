"""Runs that are killed without warning, again and again: `python -m tests.engine.killed_engine --kills 50`.

A kill comes at a given moment, counted over everything that leaves a trace: each event, each sync, each
rename. It comes just before the trace is left, so that it also falls between the writes of one checkpoint.
`killed_engine.py RUN MOMENT` is one such attempt.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from safetensors.torch import load_file

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tests.tiny_model import write_tiny_model
from tunedesk.engine.__main__ import main
from tunedesk.engine.event_log import EventLog
from tunedesk.runs.events import Finished
from tunedesk.runs.run_folder import RunFolder, RunState

MOST_MOMENTS = 60
"""Of an attempt that is killed: some four steps, with one of these moments before each of their traces."""
NEVER = 10**9
# A checkpoint with every step, so that each attempt comes a little further.
FRAIL = msgspec.structs.replace(
    FAST, lora_dropout=0.1, checkpoint_steps=1, keep_checkpoints=1, eval_steps=5, learning_rate=2e-3
)


class Countdown:
    def __init__(self, moments: int) -> None:
        self.left = moments

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            return function(*arguments, **named)

        return counted


def attempt(run: Path, moment: int) -> int:
    """Train in this process until it is killed."""
    countdown = Countdown(moment)
    os.fsync = countdown.before(os.fsync)
    os.rename = countdown.before(os.rename)
    EventLog.write = countdown.before(EventLog.write)  # type: ignore[method-assign]
    return main(["train", str(run), "--resume"])


def attempt_elsewhere(run: RunFolder, moment: int) -> int:
    """The exit code of a process that trains until it is killed."""
    command = [sys.executable, "-m", "tests.engine.killed_engine", str(run.path), str(moment)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True
    ).returncode


def kill_and_compare(
    folder: Path, model: Path, kills: int, seed: int, tell: Callable[[str], None]
) -> list[str]:
    """Train a run without and one with so many kills in a row; what differs in the end, nothing at best."""
    hyper = msgspec.structs.replace(FRAIL, epochs=4 + 0.8 * kills)
    unbroken = make_run(folder, model, hyper, run="unbroken")
    whole = train_here(unbroken)
    run, moments = make_run(folder, model, hyper, run="killed"), random.Random(seed)
    for number in range(1, kills + 1):
        moment = moments.randrange(5, MOST_MOMENTS)
        if attempt_elsewhere(run, moment) == 0:
            return [f"kill {number} came too late: the run was done"]
        if run.state() is not RunState.INTERRUPTED:
            return [f"after kill {number} the run is called {run.state()}"]
        tell(f"kill {number} at moment {moment}: step {run.history().step} of {whole.total_steps}")
    if attempt_elsewhere(run, NEVER) != 0 or not isinstance(run.history().ended, Finished):
        return ["the last attempt failed"]
    return differences(unbroken, run, kills)


def differences(unbroken: RunFolder, killed: RunFolder, kills: int) -> list[str]:
    """What a run with kills has otherwise than the unbroken one."""
    one, other = unbroken.history(), killed.history()
    found = []
    if other.attempt != kills + 1:
        found.append(f"{other.attempt} attempts")
    if losses(one) != losses(other):
        found.append("losses and gradient norms of the steps")
    evaluations = [{step: each.loss for step, each in run.evaluations.items()} for run in (one, other)]
    if evaluations[0] != evaluations[1]:
        found.append("validation losses")
    weights = [load_file(run.adapter_dir / "adapter_model.safetensors") for run in (unbroken, killed)]
    if any(not tensor.equal(weights[1][name]) for name, tensor in weights[0].items()):
        found.append("weights of the adapter")
    if left := [path.name for path in killed.path.rglob(".*")]:
        found.append(f"half-written things that stay behind: {left}")
    return found


def command(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Kill a short run again and again, and compare its end.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        model = write_tiny_model(Path(folder) / "model")
        found = kill_and_compare(Path(folder), model, chosen.kills, chosen.seed, print)
    print(f"{chosen.kills} kills: {'; '.join(found) or 'the same losses and the same weights, bit for bit'}")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        sys.exit(attempt(Path(sys.argv[1]), int(sys.argv[2])))
    sys.exit(command(sys.argv[1:]))
