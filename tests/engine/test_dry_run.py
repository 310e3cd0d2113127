"""The dry run on the meta device counts what a real step saves, to the byte, and the formula agrees."""

from typing import Any

import msgspec
import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

from tests.plan.models import LLAMA31_8B, QWEN3_06B, QWEN3_8B, model
from tunedesk.engine.attention import SEGMENTS
from tunedesk.engine.dry_run import build, count, saved_bytes, with_layers
from tunedesk.engine.fast import fused_loss
from tunedesk.plan import memory
from tunedesk.plan.memory import MemoryPlan, adapter_parameters, estimate_memory, saved_by_block
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.template.model_folder import ModelFolder, ModelShape

HYPER = Hyperparameters(lora_rank=4)
TOKENS = 32
FAMILIES = [
    ("LlamaForCausalLM", LlamaConfig),
    ("MistralForCausalLM", MistralConfig),
    ("Qwen2ForCausalLM", Qwen2Config),
    ("Qwen3ForCausalLM", Qwen3Config),
    ("Gemma2ForCausalLM", Gemma2Config),
    ("Gemma3ForCausalLM", Gemma3TextConfig),
    ("Phi3ForCausalLM", Phi3Config),
]


def tiny(kind: Any) -> PretrainedConfig:
    sizes = {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    config: PretrainedConfig = kind(
        **sizes, pad_token_id=0, **({} if kind is Phi3Config else {"head_dim": 16})
    )
    return config


def tiny_folder(architecture: str) -> ModelFolder:
    return model(architecture, architecture, ModelShape(3, 64, 4, 2, 16, 128, 512, True))


def real_bytes(config: PretrainedConfig, layers: int, *, fused: bool) -> int:
    made = build(with_layers(config, layers), HYPER, torch.float32, SEGMENTS, fused=fused, device="cpu")
    return saved_bytes(made, TOKENS)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(("architecture", "kind"), FAMILIES)
def test_the_meta_device_saves_what_the_processor_saves(architecture: str, kind: Any, fused: bool) -> None:
    config = tiny(kind)
    plan = MemoryPlan(device="cpu", micro_batch_tokens=TOKENS, lora_rank=4, fused_lora=fused)
    found = count(config, plan, HYPER)
    for layers in (1, 3):
        assert found.other_saved + layers * found.block_saved == real_bytes(config, layers, fused=fused)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize(("architecture", "kind"), FAMILIES)
def test_the_formula_counts_the_same_where_lora_is_fused(architecture: str, kind: Any, device: Any) -> None:
    plan = MemoryPlan(device=device, micro_batch_tokens=TOKENS, lora_rank=4)
    found = count(tiny(kind), plan, HYPER)
    formula = saved_by_block(tiny_folder(architecture), plan) * TOKENS
    # Gemma's norms keep two numbers more of each token, which only so narrow a model feels.
    assert formula == pytest.approx(found.block_saved, rel=0.02 if "Gemma" in architecture else 1e-9)


@pytest.mark.parametrize(
    ("folder", "kind"), [(QWEN3_8B, Qwen3Config), (LLAMA31_8B, LlamaConfig), (QWEN3_06B, Qwen3Config)]
)
def test_a_model_of_full_size_is_counted_without_its_memory(folder: ModelFolder, kind: Any) -> None:
    shape = folder.shape
    config = kind(
        vocab_size=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        tie_word_embeddings=shape.tied,
    )
    plan = MemoryPlan(micro_batch_tokens=4096)
    found = count(config, plan, Hyperparameters(lora_rank=16))
    assert found.block_saved == saved_by_block(folder, plan) * 4096
    assert found.block_trained * shape.layers == adapter_parameters(shape, 16)
    weights = found.other_weights + found.block_weights * shape.layers
    assert weights == pytest.approx(estimate_memory(folder, plan).weights, rel=1e-4)


def test_the_configuration_that_is_asked_is_left_as_it_is() -> None:
    config = tiny(Qwen3Config)
    before = config.to_dict()
    fewer = with_layers(config, 1)
    assert (fewer.num_hidden_layers, len(fewer.layer_types)) == (1, 1)
    assert config.to_dict() == before


def test_dora_is_counted_too() -> None:
    plan = MemoryPlan(device="cpu", micro_batch_tokens=TOKENS, lora_rank=4, fused_lora=False)
    plain = count(tiny(LlamaConfig), plan, HYPER)
    found = count(tiny(LlamaConfig), plan, msgspec.structs.replace(HYPER, dora=True))
    assert found.block_trained > plain.block_trained
    assert found.block_saved > plain.block_saved


def test_capped_scores_grow_with_the_longest_example() -> None:
    def found(longest: int, device: Any) -> int:
        plan = MemoryPlan(device=device, micro_batch_tokens=64, longest=longest, lora_rank=4)
        formula = saved_by_block(tiny_folder("Gemma2ForCausalLM"), plan) * 64
        block = count(tiny(Gemma2Config), plan, HYPER).block_saved
        assert formula == pytest.approx(block, rel=0.02)
        return block

    assert found(64, "cpu") - found(32, "cpu") == 64 * 32 * (8 * 4 + 1)
    assert found(64, "gpu") == found(32, "gpu")  # a mask over the whole row


def test_planner_and_engine_cut_the_loss_into_the_same_pieces() -> None:
    assert fused_loss.PIECE_BYTES == memory.LOSS_PIECE_BYTES
    assert fused_loss.FEWEST_ROWS == memory.FEWEST_LOSS_ROWS
