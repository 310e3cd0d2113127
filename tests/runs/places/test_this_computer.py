"""A run on this computer lives apart from whoever started it, and is found again whatever became of it."""

from pathlib import Path

import psutil
import pytest

from tests.runs.chats import chat_row
from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places import this_computer
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunFolder, RunState

TASK = [chat_row(f"what says the {who}", "yes") for who in ("cat", "dog", "bird")]
SETTINGS = Hyperparameters(
    epochs=1000, max_steps=10, batch_size=3, learning_rate=1e-2, max_length=64, threads=1, lora_rank=4
)


@pytest.fixture
def run(tmp_path: Path, tiny_model: Path) -> RunFolder:
    return prepare_run(
        RunRequest(tmp_path / "runs", Path("t.jsonl"), TASK, tiny_model, hyperparameters=SETTINGS)
    )


def wait_for_the_end(run: RunFolder) -> None:
    info = run.process()
    assert info is not None
    try:
        psutil.Process(info.pid).wait()
    except psutil.NoSuchProcess:
        return


def test_a_started_run_trains_in_a_process_of_its_own_and_can_be_resumed(run: RunFolder) -> None:
    this_computer.start(run)
    assert run.state() is RunState.RUNNING, "also before the engine has said anything"
    with pytest.raises(UserError, match="running already"):
        this_computer.start(run)
    this_computer.control(run, "stop")
    wait_for_the_end(run)
    assert run.state() is RunState.STOPPED, run.log_path.read_text()
    assert not run.control_path.exists(), "what was obeyed is not asked again"
    this_computer.resume(run)
    wait_for_the_end(run)
    assert run.state() is RunState.FINISHED, run.log_path.read_text()
    assert run.history().attempt == 2
    assert run.history().step == 10
    this_computer.resume(run)
    assert not run.is_alive(), "a finished run stays as it is"


def test_a_resume_right_after_the_last_event_waits_for_the_old_engine_to_leave(run: RunFolder) -> None:
    this_computer.start(run)
    this_computer.control(run, "stop")
    while run.state() is not RunState.STOPPED:
        assert run.is_alive(), run.log_path.read_text()
    this_computer.resume(run)
    wait_for_the_end(run)
    assert run.state() is RunState.FINISHED, run.log_path.read_text()
    assert run.history().attempt == 2


def test_a_run_named_by_a_relative_path_is_found_by_its_engine(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.path.parent)
    here = RunFolder(Path(run.path.name))
    this_computer.start(here)
    this_computer.control(here, "stop")
    wait_for_the_end(here)
    assert run.state() is RunState.STOPPED, run.log_path.read_text()


def test_a_run_whose_process_is_gone_is_interrupted(run: RunFolder) -> None:
    this_computer.start(run)
    this_computer.stop_now(run)
    assert run.state() is RunState.INTERRUPTED
    this_computer.stop_now(run)
    with pytest.raises(UserError, match="not running"):
        this_computer.control(run, "pause")


def test_a_process_that_took_over_the_number_is_not_killed(run: RunFolder) -> None:
    me = psutil.Process()
    run.process_path.write_text(f'{{"pid": {me.pid}, "create_time": {me.create_time() - 99}, "attempt": 1}}')
    this_computer.stop_now(run)
    assert me.is_running()


def test_a_job_whose_model_is_gone_is_refused_before_anything_starts(run: RunFolder, tmp_path: Path) -> None:
    job = run.job_path.read_text().replace('"path": "', f'"path": "{tmp_path.as_posix()}/gone', 1)
    run.job_path.write_text(job)
    with pytest.raises(UserError, match="gone"):
        this_computer.start(run)
    assert run.state() is RunState.WAITING
