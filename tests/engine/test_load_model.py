"""A base model comes from local safetensors, in four bits where asked, and never with foreign code."""

import json
from pathlib import Path
from typing import Any

import bitsandbytes
import pytest
import torch

from tests.tiny_model import write_tiny_model
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError

CPU = torch.device("cpu")


def test_nf4_quantises_every_linear_layer_twice_and_nothing_else(tiny_model: Path) -> None:
    model: Any = load_base_model(tiny_model, "nf4", CPU)
    small = [module for module in model.modules() if isinstance(module, bitsandbytes.nn.Linear4bit)]
    assert len(small) == 4 * 7
    assert all(module.weight.quant_state.nested for module in small)
    assert all(module.weight.quant_state.quant_type == "nf4" for module in small)
    assert not any(module.support_avx512bf16_for_cpu for module in small)
    assert type(model.lm_head) is torch.nn.Linear
    assert model.get_input_embeddings().weight.dtype == torch.float32


def test_without_quantisation_the_weights_are_those_of_the_file(tiny_model: Path) -> None:
    model = load_base_model(tiny_model, "none", CPU)
    assert not any(isinstance(module, bitsandbytes.nn.Linear4bit) for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not model.training


def test_a_model_that_brings_its_own_code_is_refused(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "foreign")
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Model"}
    (model / "config.json").write_text(json.dumps(config))
    (model / "evil.py").write_text("raise SystemExit('foreign code ran')")
    with pytest.raises(UserError):
        load_base_model(model, "nf4", CPU)


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "damaged")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(UserError, match="damaged"):
        load_base_model(model, "none", CPU)


def test_imports_made_light_leave_the_compiler_as_it_was() -> None:
    before = torch.compile, torch.compiler.disable
    with light_imports():
        assert torch.compile is not before[0]

        @torch.compile(dynamic=True)
        def twice(value: int) -> int:
            return 2 * value

        assert twice(2) == 4
    assert (torch.compile, torch.compiler.disable) == before
