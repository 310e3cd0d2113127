"""The loop computes what plain code and transformers.Trainer compute, with padded batches and full logits."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import Trainer, TrainingArguments, get_cosine_schedule_with_warmup

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


ACCUMULATING = msgspec.structs.replace(
    FAST,
    epochs=17,
    max_steps=50,
    micro_batch_tokens=48,  # two rows a step
    learning_rate=2e-3,
    warmup_ratio=0.1,
    weight_decay=0.01,
    max_grad_norm=2.0,
    eval_steps=10,
)


def trainers_losses(run: RunFolder, folder: Path) -> list[float]:
    """Fifty steps of transformers.Trainer: padded batches of two, two of them a step, its own clipping."""
    job, hyper = run.job(), run.job().hyperparameters
    data = prepare_data(run, job, ChatTemplate.load(Path(job.model.path)))
    model: Any = new_adapter(load_base_model(Path(job.model.path), hyper.quantization), hyper)
    total = schedule.total_steps(len(data.train), hyper)
    plan = BatchPlan(len(data.train), hyper.batch_size, total * hyper.batch_size, hyper.seed)
    order = [data.train[index] for step in range(1, total + 1) for index in plan.step(step)]
    adam = torch.optim.AdamW(
        [one for one in model.parameters() if one.requires_grad],
        lr=hyper.learning_rate,
        weight_decay=hyper.weight_decay,
    )
    rates = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda done: schedule.learning_rate(min(done + 1, total), total, hyper) / hyper.learning_rate
    )
    trainer = InOrder(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder),
            max_steps=total,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=hyper.batch_size // 2,
            max_grad_norm=hyper.max_grad_norm,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=order,
        data_collator=padded,
        optimizers=(adam, rates),
    )
    trainer.train()
    pieces = trainer.pieces
    return [sum(pieces[at : at + 2]) for at in range(0, len(pieces), 2)]


class InOrder(Trainer):  # type: ignore[misc]
    """The Trainer with our order of examples; it keeps each micro-batch's share of its step's loss."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.pieces: list[float] = []

    def _get_train_sampler(self, *_: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*arguments, **named)
        self.pieces.append(loss.item())
        return loss


@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_fifty_steps_lose_what_the_trainer_of_transformers_loses(
    tmp_path: Path, tiny_model: Path, quantization: str
) -> None:
    hyper = msgspec.structs.replace(ACCUMULATING, quantization=quantization)
    run = make_run(tmp_path, tiny_model, hyper)
    history = train_here(run)
    ours = [step.loss for step in history.steps.values()]
    theirs = trainers_losses(run, tmp_path / "trainer")
    assert len(ours) == len(theirs) == 50
    assert ours == pytest.approx(theirs, rel=1e-4)
    clipped = sum(step.grad_norm > hyper.max_grad_norm for step in history.steps.values())
    assert 10 < clipped < 50, "some gradients were shortened, others not"
    assert ours[-1] < 0.7 * ours[0]


def test_the_rate_is_that_of_transformers_and_its_warm_up_one_step_ahead() -> None:
    """There the first step has a rate of zero, which learns nothing; here it has the second one's."""
    hyper = msgspec.structs.replace(ACCUMULATING, warmup_ratio=0.1)
    adam = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=hyper.learning_rate)
    theirs = get_cosine_schedule_with_warmup(adam, num_warmup_steps=5, num_training_steps=50)
    for done in range(50):
        ours = schedule.learning_rate(done + 1 if done >= 5 else done, 50, hyper)
        assert ours == pytest.approx(theirs.get_last_lr()[0], rel=1e-12)
        adam.step()
        theirs.step()


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
