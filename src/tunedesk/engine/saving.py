"""What a run keeps on the disk: checkpoints while it runs, and the adapter that is its result."""

import secrets
import shutil
from pathlib import Path

from tunedesk.engine.adapter import adapter_tensors, read_adapter, write_adapter
from tunedesk.engine.checkpoint import (
    ADAPTER,
    checkpoint_name,
    replace_tree,
    rotate,
    save_checkpoint,
    verify,
)
from tunedesk.engine.training import Training
from tunedesk.engine.trouble import disk_error
from tunedesk.errors import UserError
from tunedesk.runs import events


def checkpoint(run: Training, reason: str) -> bool:
    """Save where the run stands. A disk that cannot take it is a warning: the training goes on."""
    run.progress.seconds = run.clock.total
    run.clock.saved()
    tensors = adapter_tensors(run.model)
    try:
        path = save_checkpoint(
            run.folder.checkpoints_dir,
            run.progress,
            lambda folder: write_adapter(run.model, folder, tensors),
            run.optimizer.state(),
        )
    except Exception as error:
        why = _reason(error)
        refuse_if_gone(run)
        message = f"The checkpoint of step {run.progress.step} could not be written: {why}."
        run.log.write(events.Warned, code="checkpoint", message=message)
        return False
    _rotate(run, path)
    relative = path.relative_to(run.folder.path).as_posix()
    run.log.write(events.Checkpointed, sync=True, step=run.progress.step, path=relative, reason=reason)
    return True


def _rotate(run: Training, newest: Path) -> None:
    run.damaged.discard(newest.name)
    try:
        rotate(run.folder.checkpoints_dir, run.hyper.keep_checkpoints, run.progress.best_step, run.damaged)
        run.damaged.clear()
    except OSError as error:
        message = f"An old checkpoint could not be removed: {_reason(error)}."
        run.log.write(events.Warned, code="checkpoint", message=message)


def refuse_if_gone(run: Training) -> None:
    """UserError when the run folder is no longer there: whatever is written now would be lost."""
    if not run.folder.job_path.exists():
        raise UserError(
            f"The run folder {run.folder.path} is gone: its drive was taken off, or it was moved or deleted.",
            hint="Put it back where it was, and resume the run: it goes on from its last checkpoint.",
            exit_code=1,
        )


def try_to_publish(run: Training) -> bool:
    """`publish` where the run has something else to say; what went wrong is a warning then."""
    try:
        publish(run)
    except Exception as error:
        message = f"The adapter could not be written: {_reason(error)}."
        run.log.write(events.Warned, code="adapter", message=message)
        return False
    return True


def _reason(error: Exception) -> str:
    """The system's words for what went wrong on the disk; anything else is raised again."""
    trouble = disk_error(error)
    if trouble is None:
        raise error
    return trouble.strerror or str(trouble)


def publish(run: Training) -> int:
    """Make the best adapter (without validation: the newest) the run's result, and load it into the model.

    The step that it is from. OSError, or safetensors' own error: it could not be written.
    """
    step = load_best(run)
    _write_result(run)
    return step


def load_best(run: Training) -> int:
    """Load the adapter of the best step into the model, where that is not the newest; which one it is now."""
    step, best = run.progress.step, run.progress.best_step
    if best in (0, step):
        return step
    path = run.folder.checkpoints_dir / checkpoint_name(best)
    if problem := verify(path):
        message = (
            f"The best adapter, of step {best:,}, cannot be used ({problem}); the newest one, of step "
            f"{step:,}, is the result."
        )
        run.log.write(events.Warned, code="best-adapter", message=message)
        return step
    read_adapter(run.model, path / ADAPTER)
    return best


def _write_result(run: Training) -> None:
    unfinished = run.folder.path / f".adapter.{secrets.token_hex(4)}"
    for left in run.folder.path.glob(".adapter.*"):
        shutil.rmtree(left, ignore_errors=True)  # by an attempt that was killed right here
    try:
        write_adapter(run.model, unfinished, adapter_tensors(run.model))
        replace_tree(unfinished, run.folder.adapter_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
