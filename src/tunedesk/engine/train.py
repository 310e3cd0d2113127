"""The training loop, from the first step to the adapter."""

import time
from enum import Enum

import torch

import tunedesk
from tunedesk.engine import schedule, stopping
from tunedesk.engine.asking import obey
from tunedesk.engine.checkpoint import checkpoint_name
from tunedesk.engine.preflight import preflight
from tunedesk.engine.saving import checkpoint, publish, try_to_publish
from tunedesk.engine.step import take_step
from tunedesk.engine.success import check_success
from tunedesk.engine.training import Training
from tunedesk.engine.watching import evaluate
from tunedesk.runs import events


class Outcome(Enum):
    FINISHED = "finished"
    STOPPED = "stopped"


def train(run: Training) -> Outcome:
    """Take the steps that are left, then judge and publish the adapter. UserError: why the run has failed."""
    forecast = preflight(run)
    announce(run)
    stopping.warn_if_impossible(run)
    evaluate_each = schedule.evaluation_interval(run.total, run.hyper)
    checkpoint_each = schedule.checkpoint_interval(run.total, run.hyper)
    run.clock.start(run.progress)
    run.model.train()
    for step in range(run.progress.step + 1, run.total + 1):
        if obey(run):
            return stop(run)
        if stopping.is_enough(run):
            stopping.say_so(run)
            break
        take_step(run, step, forecast)
        last, improved = step == run.total, False
        if last or step % evaluate_each == 0:
            improved = evaluate(run, forecast)
        if last or improved or step % checkpoint_each == 0 or is_late(run):
            checkpoint(run, "best" if improved else "schedule")
            forecast.saved()
    return finish(run)


def is_late(run: Training) -> bool:
    """Whether so long has passed since a checkpoint that losing the steps since would hurt."""
    minutes = run.hyper.checkpoint_minutes
    return bool(minutes) and run.clock.since_saved >= 60 * minutes


def announce(run: Training) -> None:
    import bitsandbytes
    import peft
    import transformers

    modules = (torch, transformers, peft, bitsandbytes, tunedesk)
    run.log.write(
        events.Started,
        sync=True,
        total_steps=run.total,
        rows=len(run.data.train),
        tokens_per_epoch=run.data.tokens,
        trained_share=run.data.trained / run.data.tokens,
        device=device_name(run.device),
        versions={module.__name__: str(module.__version__) for module in modules},
        resumed_from=run.resumed_from,
        trained_parameters=run.optimizer.vector.numel(),
        seconds=time.time() - run.log.began,
    )


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"processor, {threads} thread{'s' if threads > 1 else ''}"


def stop(run: Training) -> Outcome:
    """Save, publish what there is, and say where the run can go on."""
    saved = run.progress.step > 0 and checkpoint(run, "stop")
    if run.progress.step:
        try_to_publish(run)
    path = run.folder.checkpoints_dir / checkpoint_name(run.progress.step)
    relative = path.relative_to(run.folder.path).as_posix() if saved else ""
    run.log.write(events.Stopped, sync=True, step=run.progress.step, checkpoint=relative)
    return Outcome.STOPPED


def finish(run: Training) -> Outcome:
    """Publish the best adapter, judge it, and say so."""
    run.log.write(events.Noted, phase="success", message="Checking the tuned model.")
    step = publish(run)
    check_success(
        run.model, run.optimizer.vector.detach(), run.initial, run.template, run.data, run.base.context
    )
    run.log.write(
        events.Finished,
        sync=True,
        steps=run.progress.step,
        train_loss=run.progress.train_loss,
        valid_loss=run.progress.best_loss if step == run.progress.best_step else None,
        best_step=step,
        adapter=run.folder.adapter_dir.name,
        seconds=run.clock.total,
    )
    return Outcome.FINISHED
