"""The training loop, from the first step to the adapter."""

import math
import secrets
import shutil
import time
from collections.abc import Iterator
from enum import Enum

import psutil
import torch

import tunedesk
from tunedesk.engine import schedule
from tunedesk.engine.adapter import adapter_tensors, read_adapter, write_adapter
from tunedesk.engine.checkpoint import (
    ADAPTER,
    checkpoint_name,
    replace_tree,
    rotate,
    save_checkpoint,
    verify,
)
from tunedesk.engine.evaluate import evaluation_mode, validate
from tunedesk.engine.loss import summed_loss
from tunedesk.engine.memory import used_bytes, used_gpu_bytes
from tunedesk.engine.packing import micro_batches
from tunedesk.engine.sample import greedy_answers
from tunedesk.engine.success import answer_limit, check_success
from tunedesk.engine.training import Training
from tunedesk.errors import UserError
from tunedesk.runs import events

PAUSE_LOOK_SECONDS = 0.2


class Outcome(Enum):
    FINISHED = "finished"
    STOPPED = "stopped"


def train(run: Training) -> Outcome:
    """Take the steps that are left, then judge and publish the adapter. UserError: why the run has failed."""
    announce(run)
    evaluate_each = schedule.evaluation_interval(run.total, run.hyper)
    checkpoint_each = schedule.checkpoint_interval(run.total, run.hyper)
    run.clock.start(run.progress)
    run.model.train()
    for step in range(run.progress.step + 1, run.total + 1):
        if obey(run) is Outcome.STOPPED:
            return stop(run)
        take_step(run, step)
        last = step == run.total
        improved = (last or step % evaluate_each == 0) and evaluate(run)
        if last or improved or step % checkpoint_each == 0:
            checkpoint(run, "best" if improved else "schedule")
    return finish(run)


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
        seconds=time.time() - psutil.Process().create_time(),
    )


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"processor, {threads} thread{'s' if threads > 1 else ''}"


def take_step(run: Training, step: int) -> None:
    """One optimizer step; UserError, and no step, when loss or gradient is not finite."""
    began = time.monotonic()
    # Dropout draws from torch's global generator: seeded by step, it needs no state and nothing can disturb
    # it.
    torch.manual_seed(run.hyper.seed * 1_000_003 + step)
    examples = [run.data.train[index] for index in run.plan.step(step)]
    trained = sum(example.trained for example in examples)
    run.optimizer.clear_gradient()
    loss = 0.0
    for batch in micro_batches(examples, run.most_tokens, run.device):
        part = summed_loss(run.model, batch) / trained
        part.backward()
        loss += float(part.detach())
    norm = run.optimizer.clip(run.hyper.max_grad_norm)
    refuse_non_finite(run, step, loss, norm)
    rate = schedule.learning_rate(step, run.total, run.hyper)
    run.optimizer.step(rate)
    seconds = time.monotonic() - began
    tokens = sum(len(example.ids) for example in examples)
    run.progress.step, run.progress.train_loss = step, loss
    run.progress.tokens += tokens
    run.log.write(
        events.Step,
        step=step,
        epoch=run.plan.epoch(step),
        loss=loss,
        learning_rate=rate,
        grad_norm=norm,
        tokens_per_second=tokens / seconds,
        tokens=tokens,
        seconds=seconds,
        memory_bytes=used_bytes(),
        gpu_memory_bytes=used_gpu_bytes(run.device),
        eta_seconds=run.clock.remaining(step, run.total),
    )


def refuse_non_finite(run: Training, step: int, loss: float, norm: float) -> None:
    if math.isfinite(loss) and math.isfinite(norm):
        return
    what = "loss" if not math.isfinite(loss) else "gradient"
    rows = ", ".join(str(run.data.train[index].row) for index in run.plan.step(step))
    if run.progress.step:
        publish(run)
    raise UserError(
        f"The {what} of step {step} is not a finite number; the step was not taken (training rows {rows}).",
        hint="Lower learning_rate, look at these rows, and start a new run."
        + (" The adapter as it was before is kept." if run.progress.step else ""),
        exit_code=1,
    )


def evaluate(run: Training) -> bool:
    """Validation loss and samples; whether the adapter is the best so far."""
    improved = bool(run.valid_batches) and measure(run)
    sample(run)
    return improved


def measure(run: Training) -> bool:
    """Tell the validation loss; whether it is the lowest so far."""
    step, best = run.progress.step, run.progress.best_loss
    validation = validate(run.model, run.valid_batches)
    if not math.isfinite(validation.loss):
        message = f"The validation loss after step {step} is not a finite number."
        run.log.write(events.Warned, code="validation", message=message)
        return False
    improved = best is None or validation.loss < best
    if improved:
        run.progress.best_step, run.progress.best_loss = step, validation.loss
    run.log.write(
        events.Evaluated,
        step=step,
        loss=validation.loss,
        perplexity=validation.perplexity,
        tokens=validation.tokens,
        is_best=improved,
    )
    return improved


def sample(run: Training) -> None:
    """Greedy answers to the watched prompts."""
    if not run.watched:
        return
    with evaluation_mode(run.model):
        answers = greedy_answers(
            run.model,
            [ids for _, ids in run.watched],
            run.template.end_ids,
            run.template.pad_id,
            answer_limit(run.data, run.base.context),
        )
    for index, ((prompt, _), answer) in enumerate(zip(run.watched, answers, strict=True)):
        run.log.write(
            events.Sampled,
            step=run.progress.step,
            prompt_index=index,
            prompt=prompt,
            text=run.template.decode(answer.ids),
            stopped=answer.stopped,
        )


def checkpoint(run: Training, reason: str) -> bool:
    """Save where the run stands. A disk that cannot take it is a warning: the training goes on."""
    run.progress.seconds = run.clock.total
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
    rotate(run.folder.checkpoints_dir, run.hyper.keep_checkpoints, run.progress.best_step)
    relative = path.relative_to(run.folder.path).as_posix()
    run.log.write(events.Checkpointed, sync=True, step=run.progress.step, path=relative, reason=reason)
    return True


def obey(run: Training) -> Outcome | None:
    """Do what was asked since the last step; STOPPED when the run shall stop."""
    for action in requests(run):
        match action:
            case "stop":
                return Outcome.STOPPED
            case "checkpoint":
                checkpoint(run, "asked")
            case "sample":
                sample(run)
    return None


def requests(run: Training) -> Iterator[str]:
    """What was asked; while the run is paused this waits for more."""
    paused, since = False, 0.0
    while True:
        for action in run.control.poll():
            if action == "pause" and not paused:
                paused, since = True, time.monotonic()
                checkpoint(run, "pause")
                run.log.write(events.Paused, sync=True, step=run.progress.step)
            elif action == "resume" and paused:
                paused = False
                run.clock.leave_out(time.monotonic() - since)
                run.log.write(events.Resumed, sync=True, step=run.progress.step)
            elif action not in ("pause", "resume"):
                yield action
        if not paused:
            return
        time.sleep(PAUSE_LOOK_SECONDS)


def stop(run: Training) -> Outcome:
    """Save, publish what there is, and say where the run can go on."""
    saved = run.progress.step > 0 and checkpoint(run, "stop")
    if run.progress.step:
        publish(run)
    path = run.folder.checkpoints_dir / checkpoint_name(run.progress.step)
    relative = path.relative_to(run.folder.path).as_posix() if saved else ""
    run.log.write(events.Stopped, sync=True, step=run.progress.step, checkpoint=relative)
    return Outcome.STOPPED


def finish(run: Training) -> Outcome:
    """Publish the best adapter, judge it, and say so."""
    run.log.write(events.Noted, phase="success", message="Checking the tuned model.")
    publish(run)
    check_success(
        run.model, run.optimizer.vector.detach(), run.initial, run.template, run.data, run.base.context
    )
    run.log.write(
        events.Finished,
        sync=True,
        steps=run.total,
        train_loss=run.progress.train_loss,
        valid_loss=run.progress.best_loss,
        best_step=run.progress.best_step or run.total,
        adapter=run.folder.adapter_dir.name,
        seconds=run.clock.total,
    )
    return Outcome.FINISHED


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
