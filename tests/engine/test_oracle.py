"""The loop computes what plain code computes: padded batches, full logits, one parameter at a time."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, make_run, train_here
from tunedesk.engine import schedule
from tunedesk.engine.adapter import new_adapter
from tunedesk.engine.data import prepare_data
from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.packing import BatchPlan
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate

STEPS = 10


def plain_losses(run: RunFolder) -> list[float]:
    """Ten steps of LoRA training in as few words as PyTorch allows; packing, masks of ours and events
    are absent.
    """
    job, hyper = run.job(), run.job().hyperparameters
    data = prepare_data(run, job, ChatTemplate.load(Path(job.model.path)))
    model: Any = new_adapter(
        load_base_model(Path(job.model.path), hyper.quantization, torch.device("cpu")), hyper
    )
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    adam = torch.optim.AdamW(parameters, weight_decay=hyper.weight_decay, foreach=False)
    plan = BatchPlan(len(data.train), hyper.batch_size, STEPS * hyper.batch_size, hyper.seed)
    total = schedule.total_steps(len(data.train), hyper)
    losses = []
    for step in range(1, STEPS + 1):
        batch = padded([data.train[index] for index in plan.step(step)])
        loss = model(**batch).loss
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, hyper.max_grad_norm)
        adam.param_groups[0]["lr"] = schedule.learning_rate(step, total, hyper)
        adam.step()
        losses.append(loss.item())
    return losses


def padded(examples: list[TrainingExample]) -> dict[str, torch.Tensor]:
    longest = max(len(example.ids) for example in examples)
    rows, labels, mask = [], [], []
    for example in examples:
        free = longest - len(example.ids)
        rows.append([*example.ids, *[0] * free])
        mask.append([1] * len(example.ids) + [0] * free)
        trained = [token if flag else -100 for token, flag in zip(example.ids, example.mask, strict=True)]
        labels.append([*trained, *[-100] * free])
    return {
        "input_ids": torch.tensor(rows),
        "attention_mask": torch.tensor(mask),
        "labels": torch.tensor(labels),
    }


@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_the_first_steps_lose_what_a_plain_loop_loses(
    tmp_path: Path, tiny_model: Path, quantization: str
) -> None:
    hyper = msgspec.structs.replace(FAST, quantization=quantization, weight_decay=0.01)
    run = make_run(tmp_path, tiny_model, hyper)
    history = train_here(run)
    ours = [history.steps[step].loss for step in range(1, STEPS + 1)]
    assert ours == pytest.approx(plain_losses(run), rel=2e-5)
    assert ours[-1] < ours[0]


def test_small_micro_batches_change_nothing_but_rounding(tmp_path: Path, tiny_model: Path) -> None:
    whole = train_here(make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, micro_batch_tokens=512)))
    pieces = train_here(
        make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, micro_batch_tokens=16), run="pieces")
    )
    assert [step.loss for step in whole.steps.values()] == pytest.approx(
        [step.loss for step in pieces.steps.values()], rel=1e-4
    )


def test_computing_activations_twice_changes_no_loss(tmp_path: Path, tiny_model: Path) -> None:
    once = train_here(make_run(tmp_path, tiny_model))
    hyper = msgspec.structs.replace(FAST, activations="recompute")
    twice = train_here(make_run(tmp_path, tiny_model, hyper, run="twice"))
    assert [step.loss for step in once.steps.values()] == [step.loss for step in twice.steps.values()]
