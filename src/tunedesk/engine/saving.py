"""What a run keeps on the disk: checkpoints while it runs, and the adapter that is its result."""

import secrets
import shutil

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
    except OSError as error:
        message = (
            f"The checkpoint of step {run.progress.step} could not be written: {error.strerror or error}."
        )
        run.log.write(events.Warned, code="checkpoint", message=message)
        return False
    run.damaged.discard(path.name)
    rotate(run.folder.checkpoints_dir, run.hyper.keep_checkpoints, run.progress.best_step, run.damaged)
    run.damaged.clear()
    relative = path.relative_to(run.folder.path).as_posix()
    run.log.write(events.Checkpointed, sync=True, step=run.progress.step, path=relative, reason=reason)
    return True


def publish(run: Training) -> None:
    """Make the best adapter (without validation: the newest) the run's result, and load it into the model."""
    best = run.folder.checkpoints_dir / checkpoint_name(run.progress.best_step)
    if run.progress.best_step not in (0, run.progress.step) and not verify(best):
        read_adapter(run.model, best / ADAPTER)
    unfinished = run.folder.path / f".adapter.{secrets.token_hex(4)}"
    for left in run.folder.path.glob(".adapter.*"):
        shutil.rmtree(left, ignore_errors=True)  # by an attempt that was killed right here
    try:
        write_adapter(run.model, unfinished, adapter_tensors(run.model))
        replace_tree(unfinished, run.folder.adapter_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
