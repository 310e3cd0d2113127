"""A checkpoint is whole or absent; a damaged one is noticed and an older one used."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tunedesk.engine.checkpoint import Progress, newest_sound_checkpoint, rotate, save_checkpoint, verify
from tunedesk.runs.events import Checkpointed, EventBase, Finished, Step, Warned
from tunedesk.runs.run_folder import RunFolder

SAVING_OFTEN = msgspec.structs.replace(FAST, lora_dropout=0.1, checkpoint_steps=2)
STATE = {"exp_avg": torch.arange(3.0), "exp_avg_sq": torch.ones(3), "step": torch.tensor(7.0)}


def write_some_adapter(folder: Path) -> None:
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")


def save(parent: Path, step: int) -> Path:
    return save_checkpoint(
        parent, Progress(identity="me", step=step, best_loss=0.1), write_some_adapter, STATE
    )


def test_what_was_saved_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    save(tmp_path, 3)
    found = newest_sound_checkpoint(tmp_path).checkpoint
    assert found is not None
    assert found.progress == Progress(identity="me", step=3, best_loss=0.1)
    state = found.optimizer_state()
    assert all(torch.equal(state[name], tensor) for name, tensor in STATE.items())


def test_nothing_is_left_of_a_checkpoint_that_could_not_be_written(tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        folder.mkdir()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path, Progress(identity="me", step=1), full, STATE)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    for step in range(1, 7):
        save(tmp_path, step)
    (tmp_path / ".step-000009.abcd").mkdir()
    rotate(tmp_path, keep=2, best_step=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000003", "step-000005", "step-000006"]


def test_a_damaged_one_takes_no_place_of_those_that_are_kept(tmp_path: Path) -> None:
    for step in (3, 4, 5, 6):
        save(tmp_path, step)
    rotate(tmp_path, keep=2, best_step=5, damaged={"step-000005"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000004", "step-000006"]


def test_saving_a_step_again_replaces_it(tmp_path: Path) -> None:
    save(tmp_path, 1)
    assert verify(save(tmp_path, 1)) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]


@pytest.mark.parametrize("of_two", [False, True])
def test_a_whole_checkpoint_that_a_kill_left_without_its_name_is_found(tmp_path: Path, of_two: bool) -> None:
    save(tmp_path, 2)
    save(tmp_path, 3).rename(tmp_path / ".step-000003.0badcafe")
    if of_two:  # the one that was being replaced, and the one that should have taken its place
        save(tmp_path, 3).rename(tmp_path / ".step-000003.deadbeef")
    found = newest_sound_checkpoint(tmp_path)
    assert found.checkpoint is not None and found.checkpoint.path.name == "step-000003"
    assert not found.damaged


def test_half_a_checkpoint_without_a_name_is_none(tmp_path: Path) -> None:
    save(tmp_path, 2)
    half = save(tmp_path, 3).rename(tmp_path / ".step-000003.0badcafe")
    cut(half / "optimizer.safetensors")
    found = newest_sound_checkpoint(tmp_path)
    assert found.checkpoint is not None and found.checkpoint.path.name == "step-000002"


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no progress": lambda path: (path / "progress.json").unlink(),
    "half an optimizer": lambda path: cut(path / "optimizer.safetensors"),
    "half an adapter": lambda path: cut(path / "adapter" / "adapter_model.safetensors"),
    "no optimizer": lambda path: (path / "optimizer.safetensors").unlink(),
    "an empty folder": lambda path: keep_only(path, ""),
    "the adapter alone": lambda path: keep_only(path, "adapter"),
    "no manifest": lambda path: (path / "manifest.json").unlink(),
    "an empty manifest": lambda path: (path / "manifest.json").write_bytes(b"{}"),
    "one wrong bit": lambda path: flip(path / "adapter" / "adapter_model.safetensors"),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def keep_only(path: Path, name: str) -> None:
    for child in path.iterdir():
        if child.is_dir() and child.name != name:
            shutil.rmtree(child)
        elif child.is_file():
            child.unlink()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    save(tmp_path, 1)
    damage(save(tmp_path, 2))
    found = newest_sound_checkpoint(tmp_path)
    assert found.checkpoint is not None and found.checkpoint.progress.step == 1
    assert len(found.damaged) == 1 and "step-000002" in found.damaged


def stop_after(run: RunFolder, step: int) -> Callable[[EventBase], None]:
    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == step:
            run.ask("stop")

    return stop


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> RunFolder:
    run = make_run(tmp_path_factory.mktemp("unbroken"), tiny_model, SAVING_OFTEN)
    train_here(run)
    return run


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> RunFolder:
    """A run that was stopped after its fifth step, whose checkpoint before is that of the fourth."""
    run = make_run(tmp_path_factory.mktemp("stopped"), tiny_model, SAVING_OFTEN)
    train_here(run, after=stop_after(run, 5))
    run.control_path.unlink()
    return run


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    tmp_path: Path, stopped: RunFolder, unbroken: RunFolder, damage: Callable[[Path], object]
) -> None:
    run = RunFolder(Path(shutil.copytree(stopped.path, tmp_path / "run")))
    damage(run.checkpoints_dir / "step-000005")
    history = train_here(run, resume=True)
    assert history.started is not None and history.started.resumed_from == 4
    (told,) = [warning.message for warning in history.warnings if warning.code == "damaged-checkpoint"]
    assert "step-000005" in told
    assert isinstance(history.ended, Finished)
    assert losses(history) == losses(unbroken.history())
    assert all(not verify(path) for path in run.checkpoints_dir.iterdir())


def test_without_any_sound_checkpoint_the_run_begins_again(tmp_path: Path, tiny_model: Path) -> None:
    whole = losses(train_here(make_run(tmp_path, tiny_model, run="whole")))
    run = make_run(tmp_path, tiny_model, run="bare")
    train_here(run, after=stop_after(run, 1))
    run.control_path.unlink()
    for path in run.checkpoints_dir.iterdir():
        flip(path / "progress.json")
    history = train_here(run, resume=True)
    assert history.started is not None and history.started.resumed_from == 0
    assert losses(history) == whole


def test_a_disk_that_takes_no_checkpoint_is_a_warning_and_the_run_goes_on(
    tmp_path: Path, tiny_model: Path
) -> None:
    run = make_run(tmp_path, tiny_model)
    run.checkpoints_dir.write_bytes(b"a file stands where the folder should be")
    history = train_here(run)
    assert isinstance(history.ended, Finished)
    assert "checkpoint" in {warning.code for warning in history.warnings}
    assert not any(isinstance(event, Checkpointed) for event in run.read_events())
    assert any(isinstance(event, Warned) for event in run.read_events())
