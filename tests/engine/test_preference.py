"""Pairs teach what they should: the losses are those of the papers, and the preferred answer wins."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.engine.made_runs import ANIMALS, COLOURS, FAST, make_run, train_here
from tunedesk.engine.adapter import new_adapter
from tunedesk.engine.data import prepare_data
from tunedesk.engine.examples import PairExample
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.loss import token_losses
from tunedesk.engine.methods.preference import DirectPreference, OddsRatioPreference, pair_batch
from tunedesk.engine.ready_model import load_ready_model
from tunedesk.engine.reference import FILE, reference_log_probabilities, with_references
from tunedesk.errors import UserError
from tunedesk.runs.job import Job, encode_job
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder

CPU = torch.device("cpu")
PREFERENCE = msgspec.structs.replace(FAST, learning_rate=5e-3, beta=0.3)


def pair_row(question: str, good: str, bad: str) -> bytes:
    """One row in OpenAI's preference format."""
    return json.dumps(
        {
            "input": {"messages": [{"role": "user", "content": question}]},
            "preferred_output": [{"role": "assistant", "content": good}],
            "non_preferred_output": [{"role": "assistant", "content": bad}],
        }
    ).encode()


def pairs(count: int) -> list[bytes]:
    """Questions whose better answer is always yes."""
    made = []
    for number in range(count):
        question = f"what says the {COLOURS[number % 3]} {ANIMALS[number // 3 % 3]}" + " and" * (number % 4)
        made.append(pair_row(question, "yes yes" if number % 2 else "yes", "no"))
    return made


def preference_run(folder: Path, model: Path, method: str, hyper: Any = PREFERENCE) -> RunFolder:
    run = make_run(folder, model, hyper, pairs(12), pairs(15)[12:], run=f"a-{method}-run")
    job = msgspec.structs.replace(run.job(), method=method)
    run.job_path.write_bytes(encode_job(job))
    return run


def pair_data(run: RunFolder) -> tuple[Job, tuple[PairExample, ...]]:
    job = run.job()
    data = prepare_data(run, job, ChatTemplate.load(Path(job.model.path)))
    return job, tuple(one for one in data.train if isinstance(one, PairExample))


def plain_log_probability(model: Any, ids: tuple[int, ...], mask: tuple[int, ...]) -> torch.Tensor:
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, :-1].float()
    each = torch.log_softmax(logits, dim=-1)[torch.arange(len(ids) - 1), torch.tensor(ids[1:])]
    return (each * torch.tensor(mask[1:])).sum()


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_the_preferred_answers_win(tmp_path: Path, tiny_model: Path, method: str) -> None:
    history = train_here(preference_run(tmp_path, tiny_model, method))
    steps = list(history.steps.values())
    assert steps[-1].loss < steps[0].loss
    assert history.last_evaluation is not None
    assert history.last_evaluation.accuracy == 1.0
    assert (history.last_evaluation.margin or 0) > 0


def test_a_direct_preference_begins_at_the_logarithm_of_two(tmp_path: Path, tiny_model: Path) -> None:
    """The adapter changes nothing yet, so both answers are as likely as under the reference."""
    history = train_here(preference_run(tmp_path, tiny_model, "dpo"))
    assert history.steps[1].loss == pytest.approx(0.693147, abs=1e-5)
    assert history.steps[1].margin == pytest.approx(0, abs=1e-4)


def test_packed_pairs_have_the_log_probabilities_of_each_answer_alone(
    tmp_path: Path, tiny_model: Path
) -> None:
    _, examples = pair_data(preference_run(tmp_path, tiny_model, "dpo"))
    model = load_base_model(tiny_model, "none", CPU)
    packed = reference_log_probabilities(model, examples, 256, token_losses)
    with torch.no_grad():
        alone = [
            [plain_log_probability(model, one.ids, one.mask) for one in pair.sequences] for pair in examples
        ]
    torch.testing.assert_close(packed, torch.tensor(alone), rtol=1e-5, atol=1e-5)


def test_references_that_do_not_fit_into_memory_together_are_computed_apart(
    tmp_path: Path, tiny_model: Path
) -> None:
    _, examples = pair_data(preference_run(tmp_path, tiny_model, "dpo"))
    model = load_base_model(tiny_model, "none", CPU)

    def one_pair_fits(model: Any, batch: Any) -> torch.Tensor:
        if len(batch.bounds) > 3:
            raise RuntimeError("CUDA out of memory.")
        return token_losses(model, batch)

    whole = reference_log_probabilities(model, examples, 256, token_losses)
    apart = reference_log_probabilities(model, examples, 256, one_pair_fits)
    torch.testing.assert_close(apart, whole, rtol=1e-5, atol=1e-5)


def test_the_odds_ratio_is_the_paper_s(tmp_path: Path, tiny_model: Path) -> None:
    _, examples = pair_data(preference_run(tmp_path, tiny_model, "orpo"))
    model = load_base_model(tiny_model, "none", CPU)
    with torch.no_grad():
        loss = OddsRatioPreference(0.3, token_losses).loss(model, pair_batch(examples[:1], CPU))
        chance = [
            (plain_log_probability(model, one.ids, one.mask) / one.trained).exp()
            for one in examples[0].sequences
        ]
    good, bad = (each / (1 - each) for each in chance)
    expected = -chance[0].log() - 0.3 * torch.sigmoid(torch.log(good / bad)).log()
    assert float(loss.total) == pytest.approx(float(expected), rel=1e-5)


def test_the_gradient_of_a_step_does_not_depend_on_the_size_of_its_rows(
    tmp_path: Path, tiny_model: Path
) -> None:
    wide = train_here(preference_run(tmp_path / "wide", tiny_model, "dpo"))
    hyper = msgspec.structs.replace(PREFERENCE, micro_batch_tokens=16)
    narrow = train_here(preference_run(tmp_path / "narrow", tiny_model, "dpo", hyper))
    assert [step.loss for step in wide.steps.values()] == pytest.approx(
        [step.loss for step in narrow.steps.values()], rel=1e-3
    )


def test_the_reference_is_kept_and_another_job_s_is_not_taken(tmp_path: Path, tiny_model: Path) -> None:
    run = preference_run(tmp_path, tiny_model, "dpo")
    job, data = run.job(), prepare_data(run, run.job(), ChatTemplate.load(tiny_model))
    model = load_ready_model(run.path, job, read_model_folder(tiny_model), data, ignored)
    first = with_references(model, data, run.path, "one")
    not_asked = replace(model, model=None)
    written = (run.path / FILE).stat().st_mtime_ns
    assert with_references(not_asked, data, run.path, "one") == first
    assert (run.path / FILE).stat().st_mtime_ns == written
    (run.path / FILE).write_bytes(b"damaged")
    assert with_references(model, data, run.path, "one") == first
    assert with_references(model, data, run.path, "two") == first


def test_rows_without_a_pair_are_named(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    run.job_path.write_bytes(encode_job(msgspec.structs.replace(run.job(), method="dpo")))
    with pytest.raises(UserError, match=r"Row 1 of the training data: .*no pair of answers"):
        pair_data(run)


def ignored(code: str, message: str) -> None:
    """These runs are not asked what they warn of."""


def learned(model: Any) -> None:
    """Make an adapter as if it had learned something."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B.default" in name:
                parameter.normal_(std=0.05, generator=torch.Generator().manual_seed(len(name)))


def test_the_loss_is_trl_s(tmp_path: Path, tiny_model: Path) -> None:
    """The same pairs through TRL's trainer, which pads both answers and keeps a reference of its own."""
    trl = pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    from transformers import AutoTokenizer

    run = preference_run(tmp_path, tiny_model, "dpo")
    data: Any = prepare_data(run, run.job(), ChatTemplate.load(tiny_model))
    model = new_adapter(load_base_model(tiny_model, "none", CPU), PREFERENCE)
    known = reference_log_probabilities(model, data.train, 256, token_losses).tolist()
    examples = [replace(pair, reference=tuple(two)) for pair, two in zip(data.train, known, strict=True)]
    rows = [json.loads(raw) for raw in pairs(12)]
    columns = {"prompt": [one["input"]["messages"] for one in rows]}
    columns["chosen"] = [one["preferred_output"] for one in rows]
    columns["rejected"] = [one["non_preferred_output"] for one in rows]
    settings = {"use_cpu": True, "bf16": False, "gradient_checkpointing": False, "report_to": []}
    trainer = trl.DPOTrainer(
        model=model,
        args=trl.DPOConfig(str(tmp_path / "trl"), beta=0.3, per_device_train_batch_size=12, **settings),
        train_dataset=datasets.Dataset.from_dict(columns),
        processing_class=AutoTokenizer.from_pretrained(tiny_model),
    )
    learned(model)
    model.eval()
    with torch.no_grad():
        ours = DirectPreference(0.3, token_losses).loss(model, pair_batch(examples, CPU))
        theirs = trainer.compute_loss(model, next(iter(trainer.get_train_dataloader())))
    assert abs(float(theirs) - 0.6931) > 0.01
    assert float(ours.total) / len(examples) == pytest.approx(float(theirs), rel=1e-4)
