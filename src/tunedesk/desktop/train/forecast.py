"""What a run with given settings will need on this computer, and what stands in its way. Knows no Qt."""

from collections.abc import Sequence
from pathlib import Path

from tunedesk.desktop.train.wizard import Forecast, Reading
from tunedesk.plan.advice import recommend
from tunedesk.plan.disk import run_bytes
from tunedesk.plan.fitting import smallest_change
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.limits import cautions
from tunedesk.plan.memory import estimate_memory
from tunedesk.plan.readiness import machine_obstacles
from tunedesk.plan.time import PastRun, estimate_seconds, training_flops_per_token
from tunedesk.runs.events import Step
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import Method
from tunedesk.runs.planning import memory_plan, tokens_read, total_steps
from tunedesk.runs.run_folder import RunFolder, RunState, list_runs
from tunedesk.template.model_folder import ModelFolder


def forecast(
    settings: Hyperparameters,
    reading: Reading,
    model: ModelFolder,
    hardware: Hardware,
    free_disk: int,
    past: Sequence[PastRun] = (),
    method: Method = "sft",
) -> Forecast:
    """free_disk: bytes where the run will lie. Without a past run the processor is measured for a moment."""
    facts = reading.facts
    steps = total_steps(facts.rows, settings)
    plan = memory_plan(model, settings, facts, hardware, method)
    memory = estimate_memory(model, plan)
    time = estimate_seconds(
        model,
        tokens_read(facts, settings, method),
        hardware,
        trained_share=plan.trained_share,
        recompute=plan.activations != "keep",
        past=past,
    )
    disk = run_bytes(model, settings.lora_rank, settings.optimizer, settings.keep_checkpoints)
    changes = smallest_change(model, plan, hardware.free_for_training)
    return Forecast(
        steps,
        memory,
        time,
        machine_obstacles(memory, hardware, disk, free_disk, changes),
        largest_row=plan.micro_batch_tokens,
        activations=plan.activations,
        changes=changes,
        plan=plan,
        cautions=cautions(settings, recommend(facts, model, hardware, method), facts, model),
    )


def past_runs(runs_dir: Path, model: ModelFolder, hardware: Hardware, trained_share: float) -> list[PastRun]:
    """Speeds of this project's finished runs of the same model; they ran on this computer."""
    flops = training_flops_per_token(model, trained_share)
    speeds = [
        _speed(RunFolder(run.path))
        for run in reversed(list_runs(runs_dir))
        if run.state is RunState.FINISHED and run.model_path == model.path
    ]
    return [PastRun(hardware.device, model.name, flops, speed) for speed in speeds if speed]


def _speed(folder: RunFolder) -> float:
    """Mean tokens a second over all steps; 0 when the run has none."""
    steps = [event for event in folder.read_events() if isinstance(event, Step)]
    seconds = sum(step.seconds or 0.0 for step in steps)
    return sum(step.tokens or 0 for step in steps) / seconds if seconds else 0.0
