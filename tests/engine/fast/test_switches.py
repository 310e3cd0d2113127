"""Every switch changes speed and memory, and no loss and no gradient, in every family that people tune."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST, chat_row, make_run
from tests.tiny_families import FAMILIES, write_tiny_family
from tunedesk.engine.data import prepare_data
from tunedesk.engine.methods.choice import objective_of
from tunedesk.engine.ready_model import ReadyModel, load_ready_model
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder

ROWS = [
    chat_row("what is red" + " and blue" * count, "yes " * (1 + count % 3) + "no") for count in range(1, 7)
]
PLAIN = msgspec.structs.replace(
    FAST, quantization="none", micro_batch_tokens=96, max_length=128, packing=False, fused_loss=False,
    fused_lora=False, attention="mask", activations="keep",
)  # fmt: skip


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_family(tmp_path_factory.mktemp("family"), request.param)


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
        assert not told, settings
        assert other == pytest.approx(loss, rel=1e-5), settings
        assert float((found - expected).norm()) < 2e-5 * float(expected.norm()), settings


def test_four_bits_are_trained_alike_on_both_paths(tiny_model: Path, tmp_path: Path) -> None:
    loss, expected, _, _ = gradient(tmp_path, tiny_model, quantization="nf4")
    fused = {"fused_loss": True, "fused_lora": True, "packing": True, "attention": "auto"}
    other, found, told, _ = gradient(tmp_path, tiny_model, quantization="nf4", **fused)
    assert not told
    assert other == pytest.approx(loss, rel=1e-5)
    assert float((found - expected).norm()) < 2e-5 * float(expected.norm())
