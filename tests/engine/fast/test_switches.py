"""Every switch changes speed and memory, and no loss and no gradient, in every family that people tune."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.engine.made_runs import FAST, chat_row, make_run
from tests.tiny_families import FAMILIES, write_tiny_family
from tests.tiny_model import write_tiny_model
from tunedesk.engine.data import prepare_data
from tunedesk.engine.evaluate import evaluation_mode
from tunedesk.engine.methods.choice import objective_of
from tunedesk.engine.ready_model import NOT_PACKED, ReadyModel, load_ready_model
from tunedesk.errors import UserError
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder

ROWS = [
    chat_row("what is red" + " and blue" * count, "yes " * (1 + count % 3) + "no") for count in range(1, 7)
]
MIXES = "This model mixes examples that share a row, so each is computed for itself: right, but slower."
PLAIN = msgspec.structs.replace(
    FAST, quantization="none", micro_batch_tokens=96, max_length=128, packing=False, fused_loss=False,
    fused_lora=False, attention="mask", activations="keep",
)  # fmt: skip


# GPT-2 has layers of its own, Conv1D, for which LoRA is computed as peft does.
KNOWN_TO_BE_LEFT_OUT = {"gpt2": {"Fused LoRA is not used: it does not know its layers."}}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_family(tmp_path_factory.mktemp("families") / request.param, request.param)


def gradient(folder: Path, model: Path, **settings: Any) -> tuple[float, torch.Tensor, list[str], ReadyModel]:
    """Loss and gradient of one step over all rows, with an adapter that is not zero; and what was told."""
    hyper = msgspec.structs.replace(PLAIN, **settings)
    run = make_run(
        folder,
        model,
        hyper,
        ROWS,
        run="-".join(f"{name}={value}" for name, value in settings.items()) or "plain",
    )
    job, told = run.job(), []
    data = prepare_data(run, job, ChatTemplate.load(model))
    ready = load_ready_model(
        run.path, job, read_model_folder(model), data, lambda code, sentence: told.append(sentence)
    )
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        noise = torch.randn(ready.optimizer.vector.shape, generator=generator)
        ready.optimizer.vector.add_(noise, alpha=0.05)
    objective = objective_of(job, ready.losses)
    total, share = 0.0, objective.share(data.train)
    for batch in objective.micro_batches(data.train, ready.row_tokens, ready.model.device):
        loss = objective.loss(ready.model, batch).total / share
        loss.backward()
        total += float(loss.detach())
    return total, ready.optimizer.gradient.clone(), told, ready


SWITCHES: tuple[dict[str, Any], ...] = (
    {"fused_loss": True},
    {"fused_lora": True},
    {"packing": True},
    {"packing": True, "attention": "segments"},
    {"activations": "recompute"},
    {"activations": "offload"},
    {"packing": True, "attention": "auto", "fused_loss": True, "fused_lora": True},
    {"packing": True, "attention": "auto", "fused_loss": True, "fused_lora": True, "activations": "offload"},
)


def test_losses_and_gradients_are_those_of_the_plain_path(family: Path, tmp_path: Path) -> None:
    loss, expected, told, _ = gradient(tmp_path, family)
    assert not told and float(expected.norm()) > 0
    for settings in SWITCHES:
        other, found, told, _ = gradient(tmp_path, family, **settings)
        assert set(told) <= KNOWN_TO_BE_LEFT_OUT.get(family.name, set()), settings
        assert other == pytest.approx(loss, rel=1e-5), settings
        assert float((found - expected).norm()) < 2e-5 * float(expected.norm()), settings


def test_four_bits_are_trained_alike_on_both_paths(tiny_model: Path, tmp_path: Path) -> None:
    loss, expected, _, _ = gradient(tmp_path, tiny_model, quantization="nf4")
    fused = {"fused_loss": True, "fused_lora": True, "packing": True, "attention": "auto"}
    other, found, told, _ = gradient(tmp_path, tiny_model, quantization="nf4", **fused)
    assert not told
    assert other == pytest.approx(loss, rel=1e-5)
    assert float((found - expected).norm()) < 2e-5 * float(expected.norm())


@pytest.mark.parametrize("fused", [False, True])
def test_an_evaluation_leaves_the_gradients_in_four_bits_as_they_were(
    tiny_model: Path, tmp_path: Path, fused: bool
) -> None:
    """bitsandbytes 0.50.2 repacks weights in evaluation mode, after which gradients would be wrong."""
    _, expected, _, ready = gradient(tmp_path, tiny_model, quantization="nf4", fused_lora=fused)
    run = make_run(tmp_path, tiny_model, PLAIN, ROWS, run="again")
    data = prepare_data(run, run.job(), ChatTemplate.load(tiny_model))
    objective = objective_of(run.job(), ready.losses)
    batches = objective.micro_batches(data.train, ready.row_tokens, ready.model.device)
    with evaluation_mode(ready.model), torch.no_grad():
        objective.loss(ready.model, batches[0])
    ready.optimizer.clear_gradient()
    for batch in batches:
        (objective.loss(ready.model, batch).total / objective.share(data.train)).backward()
    assert torch.equal(ready.optimizer.gradient, expected)


def test_a_family_that_would_mix_examples_is_trained_one_by_one_and_told(tmp_path: Path) -> None:
    """OPT's block mask pays no heed to positions; told apart by their bounds, examples can share a row."""
    opt = write_tiny_family(tmp_path / "opt", "opt")
    loss, expected, told, _ = gradient(tmp_path, opt)
    assert not told
    other, found, told, ready = gradient(tmp_path, opt, packing=True)
    assert ready.row_tokens == NOT_PACKED
    assert told == [MIXES]
    assert other == pytest.approx(loss, rel=1e-5)
    other, found, told, ready = gradient(tmp_path, opt, packing=True, attention="segments")
    assert not told and ready.row_tokens == 96
    assert other == pytest.approx(loss, rel=1e-5)
    assert float((found - expected).norm()) < 2e-5 * float(expected.norm())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"lora_dropout": 0.1, "fused_lora": True}, "Fused LoRA is not used: it does not know dropout."),
        ({"dora": True, "fused_lora": True}, "Fused LoRA is not used: it does not know DoRA."),
        (
            {"attention": "varlen", "packing": True},
            "attention=varlen is not used, segments instead: "
            "the kernel needs a GPU that computes in 16 bits.",
        ),
    ],
)
def test_what_does_not_suit_is_told_and_left_out(
    tmp_path: Path, tiny_model: Path, settings: dict[str, Any], sentence: str
) -> None:
    _, found, told, _ = gradient(tmp_path, tiny_model, **settings)
    assert told == [sentence]
    assert torch.isfinite(found).all()


def test_the_base_alone_and_two_voices_in_one_batch_are_answered_as_peft_does(
    tmp_path: Path, tiny_model: Path
) -> None:
    _, _, _, ready = gradient(tmp_path, tiny_model, fused_lora=True)
    _, _, _, plain = gradient(tmp_path, tiny_model)
    ids = torch.tensor([[7, 8, 9, 10], [7, 8, 9, 10]])
    for model in (ready.model, plain.model):
        model.eval()
        model.set_attn_implementation("sdpa")
    with torch.no_grad():
        mixed = ready.model(input_ids=ids, adapter_names=["__base__", "default"]).logits
        assert torch.allclose(mixed, plain.model(input_ids=ids, adapter_names=["__base__", "default"]).logits)
        with ready.model.disable_adapter():
            base = ready.model(input_ids=ids).logits
        tuned = ready.model(input_ids=ids).logits
    assert torch.allclose(base[0], mixed[0], atol=1e-5) and torch.allclose(tuned[1], mixed[1], atol=1e-4)
    assert not torch.allclose(base, tuned, atol=1e-2)


def test_a_model_that_computes_no_finite_numbers_is_refused_and_not_blamed_for_its_shape(
    tmp_path: Path,
) -> None:
    model = write_tiny_model(tmp_path / "damaged")
    weights = load_file(model / "model.safetensors")
    weights["model.norm.weight"][3] = float("nan")
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="does not compute finite numbers"):
        gradient(tmp_path, model, packing=True, fused_loss=True, fused_lora=True)
