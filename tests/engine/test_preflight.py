"""Before a run counts as started its largest row is tried and measured; nothing is changed by it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, chat_row, losses, make_run, rows, train_here
from tests.engine.staged import Staged, with_room_for
from tests.engine.test_preference import preference_run
from tunedesk.engine.control import ControlWatch
from tunedesk.engine.event_log import EventLog
from tunedesk.engine.preflight import Peak, does_not_fit, preflight
from tunedesk.engine.training import Training, prepare
from tunedesk.errors import UserError
from tunedesk.plan.memory import GPU_CONTEXT, MemoryPlan, estimate_memory
from tunedesk.runs.events import Evaluated, EventBase, Preflighted, Sampled, Started, Step
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.model_folder import read_model_folder


def prepared(run: RunFolder, log: EventLog, *, resume: bool = False) -> Training:
    return prepare(run, run.job(), log, ControlWatch(run), resume=resume)


def bits(training: Training) -> list[torch.Tensor]:
    state = training.optimizer.state()
    return [training.optimizer.vector.detach().clone(), *(state[name].clone() for name in sorted(state))]


@pytest.mark.parametrize("method", ["sft", "dpo"])
@pytest.mark.parametrize("resume", [False, True])
def test_weights_optimizer_and_random_numbers_are_as_before(
    tmp_path: Path, tiny_model: Path, method: str, resume: bool
) -> None:
    hyper = msgspec.structs.replace(FAST, lora_dropout=0.3, max_steps=8)
    run = preference_run(tmp_path, tiny_model, method, hyper) if method == "dpo" else None
    run = run or make_run(tmp_path, tiny_model, hyper)
    if resume:
        train_here(run, after=stop_after(run, 3))
        run.control_path.unlink()
    with EventLog(run.events_path, run.job().run, 2) as log:
        training = prepared(run, log, resume=resume)
        before, stream = bits(training), torch.random.get_rng_state()
        preflight(training)
        assert len(before) == len(bits(training))
        assert all(torch.equal(one, other) for one, other in zip(before, bits(training), strict=True))
        assert torch.equal(stream, torch.random.get_rng_state())
        assert not bool(training.optimizer.gradient.any())
        assert training.model.training


def stop_after(run: RunFolder, step: int) -> Callable[[EventBase], None]:
    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == step:
            run.ask("stop")

    return stop


def test_it_is_told_before_the_run_counts_as_started(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    history = train_here(run)
    kinds = [type(event) for event in run.read_events()]
    assert kinds.count(Preflighted) == 1
    assert kinds.index(Preflighted) < kinds.index(Started)
    assert kinds.index(Started) < min(kinds.index(Sampled), kinds.index(Evaluated), kinds.index(Step))
    told = history.preflight
    assert told is not None and told.activations == "keep"
    assert told.seconds > 0 and told.total_seconds > told.seconds


def test_the_row_that_is_tried_is_the_largest_that_comes(tmp_path: Path, tiny_model: Path) -> None:
    long = chat_row("what says the cat" + " and the bird" * 7, "yes")
    run = make_run(tmp_path, tiny_model, train=[*rows(30), long])
    seen: list[int] = []

    def watch(training: Training) -> None:
        for step in range(1, training.total + 1):
            examples = [training.data.train[index] for index in training.plan.step(step)]
            batches = training.objective.micro_batches(examples, training.most_tokens, training.device)
            seen.extend(batch.tokens for batch in batches)

    history = train_here(run, stage=watch)
    assert history.preflight is not None and history.preflight.tokens == max(seen)


def test_what_was_measured_is_this_process_and_at_least_what_it_holds(
    tmp_path: Path, tiny_model: Path
) -> None:
    history = train_here(make_run(tmp_path, tiny_model))
    told = history.preflight
    assert told is not None
    # A step's figure is taken after it; neither falls below what torch and the model need at the least.
    assert 50e6 < told.measured_bytes < told.free_bytes
    assert told.measured_bytes > 0.5 * history.steps[1].memory_bytes
    assert told.predicted_bytes > 50e6


def test_a_row_that_does_not_fit_ends_the_run_before_its_first_step(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    with pytest.raises(UserError, match="did not fit into") as raised:
        train_here(run, stage=with_room_for(32))
    assert "Set " in raised.value.hint or "smaller model" in raised.value.hint
    assert run.history().started is None and not run.checkpoints_dir.exists()


def test_what_cannot_fit_by_far_is_not_even_tried_on_a_processor(tmp_path: Path, tiny_model: Path) -> None:
    """There the system would end the process without a word."""
    tried: list[object] = []

    def stage(training: Training) -> None:
        shape = replace(training.base.shape, layers=40_000_000)
        training.base = replace(training.base, shape=shape)
        training.objective = Staged(training.objective, before=tried.append)

    run = make_run(tmp_path, tiny_model)
    with pytest.raises(UserError, match=r"needs about [\d,.]+ GB, and [\d,.]+ GB are free"):
        train_here(run, stage=stage)
    assert not tried and run.history().preflight is None


def test_the_smallest_change_that_fits_is_offered(tiny_model: Path) -> None:
    base = read_model_folder(tiny_model)
    plan = MemoryPlan(micro_batch_tokens=500_000, longest=64, device="cpu", fused_lora=False)
    predicted = estimate_memory(base, plan).total
    lacking = does_not_fit(base, plan, predicted, int(0.9 * predicted))
    assert "500,000 tokens" in lacking.message and "GB are free" in lacking.message
    assert "activations=recompute" in lacking.hint
    too_low = does_not_fit(base, plan, predicted, 2 * predicted)
    assert "was tried" in too_low.message
    assert "activations=recompute" in too_low.hint


def test_it_leaves_no_trace_in_the_losses(tmp_path: Path, tiny_model: Path) -> None:
    """A run that is stopped and resumed has a preflight more than the unbroken one."""
    hyper = msgspec.structs.replace(FAST, lora_dropout=0.05, max_steps=8)
    whole = losses(train_here(make_run(tmp_path, tiny_model, hyper, run="whole")))
    run = make_run(tmp_path, tiny_model, hyper)
    for step in (2, 5):
        train_here(run, resume=step > 2, after=stop_after(run, step))
        run.control_path.unlink()
    assert losses(train_here(run, resume=True)) == whole


def test_on_a_card_what_the_allocator_has_taken_of_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: asked.append("emptied"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: asked.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 2_000_000_000)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 2_100_000_000)
    with Peak(torch.device("cuda", 0)) as peak:
        assert asked == ["emptied", "reset"]
    assert peak.bytes == 2_100_000_000 + GPU_CONTEXT
