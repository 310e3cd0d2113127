"""The memory formula against published limits and against its own arithmetic."""

import pytest

from tests.plan.models import LLAMA31_8B, QWEN3_8B
from tunedesk.plan.memory import (
    MemoryPlan,
    adapter_parameters,
    estimate_memory,
    largest_micro_batch,
    linear_parameters,
)

GIB = 2**30
# Llama-3.1-8B QLoRA rank 32, batch 1, Hugging Face with FA2: longest contexts that Unsloth published.
PUBLISHED = [(16, 2_551), (24, 5_789), (40, 12_264), (48, 15_502), (80, 28_454)]


@pytest.mark.parametrize(("gigabytes", "tokens"), PUBLISHED)
def test_the_published_longest_contexts_fill_the_card_to_within_a_tenth(gigabytes: int, tokens: int) -> None:
    plan = MemoryPlan(lora_rank=32, micro_batch_tokens=tokens, checkpointing=True)
    # The published set-up keeps embeddings and head in float32: two bytes more for each of their weights.
    head = 2 * 2 * LLAMA31_8B.shape.vocab * LLAMA31_8B.shape.hidden
    needed = estimate_memory(LLAMA31_8B, plan).total + head
    assert needed / (gigabytes * GIB) == pytest.approx(1.0, abs=0.1)


def test_a_micro_batch_holds_no_more_than_the_longest_examples_of_a_step() -> None:
    assert largest_micro_batch([100] * 50, 8, 2048, 512) == 800
    assert largest_micro_batch([100] * 50, 40, 2048, 512) == 2048
    assert largest_micro_batch([100, 5000], 8, 2048, 4096) == 4096
    assert largest_micro_batch([], 8, 2048, 512) == 0


def test_the_parts_add_up_to_the_total() -> None:
    estimate = estimate_memory(QWEN3_8B, MemoryPlan())
    parts = (estimate.weights, estimate.adapter, estimate.activations, estimate.loss, estimate.overhead)
    assert sum(parts) == estimate.total


def test_the_linear_layers_of_qwen3_8b_have_the_published_6_95_billion_weights() -> None:
    assert linear_parameters(QWEN3_8B.shape) == pytest.approx(6.95e9, rel=0.01)


def test_an_adapter_grows_in_proportion_to_its_rank() -> None:
    assert adapter_parameters(QWEN3_8B.shape, 32) == 2 * adapter_parameters(QWEN3_8B.shape, 16)


def test_checkpointing_saves_activations_and_nothing_else() -> None:
    plain = estimate_memory(QWEN3_8B, MemoryPlan(checkpointing=False))
    saving = estimate_memory(QWEN3_8B, MemoryPlan(checkpointing=True))
    assert saving.activations < plain.activations / 5
    assert (saving.weights, saving.adapter, saving.loss) == (plain.weights, plain.adapter, plain.loss)


def test_four_bits_need_about_a_quarter_of_sixteen() -> None:
    quantised = estimate_memory(QWEN3_8B, MemoryPlan(quantization="nf4")).weights
    embeddings = 2 * 2 * QWEN3_8B.shape.vocab * QWEN3_8B.shape.hidden
    whole = estimate_memory(QWEN3_8B, MemoryPlan(quantization="none")).weights
    assert (quantised - embeddings) / (whole - embeddings) == pytest.approx(0.258, abs=0.002)
