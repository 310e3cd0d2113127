"""Memory that runs out in the middle of a run costs time only: same steps, same examples, same result."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, losses, make_run, train_here
from tests.engine.staged import Staged, with_room_for
from tunedesk.engine.training import Training
from tunedesk.engine.trouble import ran_out_of_memory
from tunedesk.errors import UserError
from tunedesk.runs.events import EventBase, Finished, Started, Step
from tunedesk.runs.run_folder import RunFolder

SHORT = msgspec.structs.replace(FAST, max_steps=8, eval_steps=100)
LONGEST = 24
"""Tokens; no example of these runs is longer."""


def splits(run: RunFolder) -> list[str]:
    return [warning.message for warning in run.history().warnings if warning.code == "split"]


def test_the_same_step_is_taken_again_in_smaller_rows(tmp_path: Path, tiny_model: Path) -> None:
    whole = train_here(make_run(tmp_path, tiny_model, SHORT, run="whole"))
    run = make_run(tmp_path, tiny_model, SHORT)
    history = train_here(run, stage=with_room_for(LONGEST, after_step=3))
    assert isinstance(history.ended, Finished)
    assert {step: one.tokens for step, one in history.steps.items()} == {
        step: one.tokens for step, one in whole.steps.items()
    }
    for step, one in history.steps.items():
        assert one.loss == pytest.approx(whole.steps[step].loss, rel=1e-4)
        assert one.grad_norm == pytest.approx(whole.steps[step].grad_norm, rel=1e-3)
    said = splits(run)[0]
    assert "after step 3" in said and "not 64" in said


def test_each_new_size_is_said_once(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(SHORT, micro_batch_tokens=256))
    assert isinstance(train_here(run, stage=with_room_for(LONGEST, after_step=1)).ended, Finished)
    assert 1 < len(splits(run)) == len(set(splits(run))) < 8


def test_dropout_falls_as_if_the_rows_had_been_small_from_the_first_try(
    tmp_path: Path, tiny_model: Path
) -> None:
    # Two rows each step.
    hyper = msgspec.structs.replace(SHORT, lora_dropout=0.3, micro_batch_tokens=48)
    trainings: list[Training] = []
    seen: list[int] = []
    started: list[EventBase] = []

    def fail_in_the_second_row(training: Training) -> None:
        def refuse(batch: Any) -> None:
            seen.append(batch.tokens)
            if started and len(seen) == 2:
                raise RuntimeError(
                    "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
                )

        trainings.append(training)
        training.objective = Staged(training.objective, before=refuse)

    def forget_the_preflight(event: EventBase) -> None:
        if isinstance(event, Started):
            seen.clear()
            started.append(event)

    found = train_here(
        make_run(tmp_path, tiny_model, hyper), stage=fail_in_the_second_row, after=forget_the_preflight
    )
    small = msgspec.structs.replace(hyper, micro_batch_tokens=trainings[0].most_tokens)
    assert losses(found) == losses(train_here(make_run(tmp_path, tiny_model, small, run="small")))


def test_a_validation_that_does_not_fit_is_split_too(tmp_path: Path, tiny_model: Path) -> None:
    hyper = msgspec.structs.replace(SHORT, eval_steps=4)
    whole = train_here(make_run(tmp_path, tiny_model, hyper, run="whole"))
    run = make_run(tmp_path, tiny_model, hyper)
    history = train_here(run, stage=with_room_for(LONGEST, after_step=1, learning=False))
    assert splits(run)
    for step, evaluation in history.evaluations.items():
        assert evaluation.loss == pytest.approx(whole.evaluations[step].loss, rel=1e-4)


def with_room_for_prompts(count: int) -> Callable[[Training], None]:
    """Out of memory when more prompts than these are answered at once, after the first step."""

    def stage(training: Training) -> None:
        def refuse(module: torch.nn.Module, given: Any, named: dict[str, Any]) -> None:
            asked = bool(named.get("use_cache")) and len(named["input_ids"]) > count
            if asked and training.progress.step:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        training.model.register_forward_pre_hook(refuse, with_kwargs=True)

    return stage


def test_watched_prompts_that_do_not_fit_together_are_answered_one_by_one(
    tmp_path: Path, tiny_model: Path
) -> None:
    whole = train_here(make_run(tmp_path, tiny_model, SHORT, run="whole"))
    history = train_here(make_run(tmp_path, tiny_model, SHORT), stage=with_room_for_prompts(1))
    assert isinstance(history.ended, Finished)
    texts = [[sample.text for sample in run.samples[8].values()] for run in (whole, history)]
    assert len(texts[0]) == 3 and texts[0] == texts[1]


def test_prompts_that_do_not_fit_at_all_keep_no_run_from_its_last_step(
    tmp_path: Path, tiny_model: Path
) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(SHORT, eval_steps=4))
    with pytest.raises(torch.OutOfMemoryError):  # where the ending asks for answers, after all steps
        train_here(run, stage=with_room_for_prompts(0))
    history = run.history()
    assert history.step == 8 and not history.samples
    assert [warning.code for warning in history.warnings if warning.code == "sample"] == ["sample"] * 2
    assert (run.adapter_dir / "adapter_model.safetensors").exists()


def test_what_cannot_be_split_any_further_is_a_failure_with_a_way_out(
    tmp_path: Path, tiny_model: Path
) -> None:
    run = make_run(tmp_path, tiny_model, SHORT)
    with pytest.raises(UserError, match="cannot be divided any further") as raised:
        train_here(run, stage=with_room_for(8, after_step=2))
    assert "max_length" in raised.value.hint
    assert run.history().step == 2


def test_a_resumed_run_keeps_to_the_smaller_rows(tmp_path: Path, tiny_model: Path) -> None:
    hyper = msgspec.structs.replace(SHORT, checkpoint_steps=1)
    whole = train_here(
        make_run(tmp_path, tiny_model, hyper, run="whole"), stage=with_room_for(LONGEST, after_step=1)
    )
    run = make_run(tmp_path, tiny_model, hyper)
    train_here(run, after=stop_after(run, 4), stage=with_room_for(LONGEST, after_step=1))
    run.control_path.unlink()
    said = splits(run)
    resumed = train_here(run, resume=True)
    assert losses(resumed) == losses(whole)
    assert splits(run) == said, "it does not run out again"


def stop_after(run: RunFolder, step: int) -> Callable[[EventBase], None]:
    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == step:
            run.ask("stop")

    return stop


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"), False),
        (ValueError("the tape is out of memory"), False),
    ],
)
def test_only_want_of_memory_counts_as_such(error: Exception, is_it: bool) -> None:
    assert ran_out_of_memory(error) is is_it


def test_any_other_error_is_not_caught(tmp_path: Path, tiny_model: Path) -> None:
    def stage(training: Training) -> None:
        def fail(batch: Any) -> None:
            raise RuntimeError("CUDA error: unspecified launch failure")

        training.objective = Staged(training.objective, before=fail)

    with pytest.raises(RuntimeError, match="launch failure"):
        train_here(make_run(tmp_path, tiny_model, SHORT), stage=stage)
