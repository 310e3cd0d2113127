"""Which attention a card would be given, asked of models that stand on no card."""

import pytest
import torch
from transformers import Gemma2Config, LlamaConfig, LlamaForCausalLM, PretrainedConfig
from transformers.models.gemma2 import Gemma2ForCausalLM

from tunedesk.engine import attention
from tunedesk.engine.attention import fitting_kind, reason_against

SIZES = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1}


@pytest.fixture(autouse=True)
def a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The properties of a card that computes in 16 bits."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(attention.PreTrainedModel, "device", torch.device("cuda", 0))


def llama(head_dim: int) -> LlamaForCausalLM:
    return _built(
        LlamaForCausalLM, LlamaConfig(**SIZES, num_hidden_layers=2, vocab_size=64, head_dim=head_dim)
    )


def _built(kind: type, config: PretrainedConfig):  # type: ignore[no-untyped-def]
    with torch.device("meta"):
        return kind(config).to(torch.bfloat16)


@pytest.mark.parametrize("head_dim", [64, 128, 256])
def test_usual_heads_take_the_kernel(head_dim: int) -> None:
    assert fitting_kind(llama(head_dim)) == "varlen"


@pytest.mark.parametrize("head_dim", [12, 512])
def test_heads_that_the_kernel_does_not_take_are_masked(head_dim: int) -> None:
    model = llama(head_dim)
    assert fitting_kind(model) == "mask"
    assert "heads of this model's size" in reason_against("varlen", model)


def test_one_layer_with_larger_heads_is_enough() -> None:
    model = llama(64)
    model.model.layers[1].self_attn.head_dim = 512
    assert fitting_kind(model) == "mask"


def test_capped_scores_are_masked() -> None:
    model = _built(Gemma2ForCausalLM, Gemma2Config(**SIZES, num_hidden_layers=2, vocab_size=64, head_dim=32))
    assert fitting_kind(model) == "mask"
