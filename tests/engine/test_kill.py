"""kill -9 at any moment loses no finished step: the resumed run's losses are those of an unbroken one."""

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tunedesk.runs.events import Finished
from tunedesk.runs.run_folder import RunFolder, RunState

KILLS = int(os.environ.get("TUNEDESK_KILLS", "3"))
# Events, syncs and renames of one whole run of this job: kills are spread over its first half, so that each
# hits.
MOMENTS = 60


def run_engine(run: RunFolder, moment: int) -> int:
    command = [sys.executable, "-m", "tests.engine.killed_engine", str(run.path), str(moment)]
    root = Path(__file__).parents[2]
    return subprocess.run(
        command, cwd=root, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True
    ).returncode


@pytest.mark.parametrize("seed", range((KILLS + 2) // 3))
def test_a_run_killed_again_and_again_ends_as_if_nothing_had_happened(
    tmp_path: Path, tiny_model: Path, seed: int
) -> None:
    hyper = msgspec.structs.replace(FAST, lora_dropout=0.1, checkpoint_steps=1, keep_checkpoints=1)
    whole = train_here(make_run(tmp_path, tiny_model, hyper, run="whole"))
    run = make_run(tmp_path, tiny_model, hyper, run="killed")
    moments = random.Random(seed)
    for _ in range(min(3, KILLS)):
        assert run_engine(run, moments.randrange(5, MOMENTS)) != 0
        assert run.state() is RunState.INTERRUPTED
    assert run_engine(run, 10**9) == 0
    resumed = run.history()
    assert isinstance(resumed.ended, Finished)
    assert resumed.attempt == min(3, KILLS) + 1
    assert losses(resumed) == losses(whole)
    assert {step: one.loss for step, one in resumed.evaluations.items()} == {
        step: one.loss for step, one in whole.evaluations.items()
    }
    left = [path.name for path in run.path.rglob(".*")]
    assert left == [], "no half-written thing stays behind"
