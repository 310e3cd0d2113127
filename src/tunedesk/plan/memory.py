"""How much memory a LoRA run will fill, by a closed formula with its parts; it measures nothing.

Source: the planner formula of the project's engine research (peak = weights + adapter + activations + loss +
one dequantised weight, then the allocator's share). Its factors were counted with saved-tensor hooks at three
shapes; against published longest contexts of Llama-3.1-8B QLoRA it is within 2-6 % from 16 to 80 GB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunedesk.template.model_folder import ModelFolder, ModelShape

NF4_BYTES = 0.5159
"""Bytes a weight in NF4, doubly quantised: half a byte, an 8-bit scale for 64, a float32 for 16,384."""
SAVED_FACTOR = 2.28
"""What peft with float32 adapters under autocast keeps, against the least a layer must (measured)."""
OPTIMIZER_BYTES = 16
"""Bytes an adapter weight: float32 weight and gradient, two float32 moments of AdamW."""
LOGIT_BYTES = 16
"""Bytes a logit at the peak of a plain cross-entropy: logits, their float32 copy, softmax and gradient."""
ALLOCATOR_SHARE = 0.06
GPU_CONTEXT = 500_000_000
"""What a CUDA context holds before the first tensor."""
CPU_PROCESS = 400_000_000
"""Resident size of the engine after its imports (torch, transformers, peft, bitsandbytes), on Linux."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The settings that decide about memory."""

    quantization: str = "nf4"
    lora_rank: int = 16
    micro_batch_tokens: int = 2048
    checkpointing: bool = False
    device: Literal["gpu", "cpu"] = "gpu"
    trained_share: float = 1.0

    @property
    def compute_bytes(self) -> int:
        """bfloat16 on a card, float32 on a processor."""
        return 2 if self.device == "gpu" else 4


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes at the peak of a training step, by part; they add up to the total."""

    weights: int
    adapter: int
    activations: int
    loss: int
    overhead: int

    @property
    def total(self) -> int:
        return self.weights + self.adapter + self.activations + self.loss + self.overhead


def largest_micro_batch(
    tokens: Sequence[int], batch_size: int, micro_batch_tokens: int, max_length: int
) -> int:
    """Tokens of the largest row that can be computed at once: a step holds no more than its longest examples.

    tokens: of each training row, uncut. An example longer than `micro_batch_tokens` is computed whole.
    """
    longest = sorted((min(each, max_length) for each in tokens), reverse=True)[:batch_size]
    return min(max([micro_batch_tokens, *longest[:1]]), sum(longest))


def linear_matrices(shape: ModelShape) -> tuple[tuple[int, int], ...]:
    """(inputs, outputs) of the seven linear layers of one block: q, k, v, o, gate, up, down."""
    hidden, inner = shape.hidden, shape.intermediate
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    attention = ((hidden, query), (hidden, key), (hidden, key), (query, hidden))
    return (*attention, (hidden, inner), (hidden, inner), (inner, hidden))


def linear_parameters(shape: ModelShape) -> int:
    """Weights of all adapted linear layers; embeddings, head and norms are not among them."""
    return shape.layers * sum(inputs * outputs for inputs, outputs in linear_matrices(shape))


def adapter_parameters(shape: ModelShape, rank: int) -> int:
    """Trainable weights of LoRA with `rank` on every linear layer."""
    return shape.layers * rank * sum(inputs + outputs for inputs, outputs in linear_matrices(shape))


def estimate_memory(model: ModelFolder, plan: MemoryPlan) -> MemoryEstimate:
    """Peak bytes of a training step of `model` under `plan`."""
    shape, size = model.shape, plan.compute_bytes
    weights = _weight_bytes(shape, plan)
    adapter = adapter_parameters(shape, plan.lora_rank) * OPTIMIZER_BYTES
    activations = int(plan.micro_batch_tokens * _activation_bytes_per_token(shape, plan))
    loss = int(plan.micro_batch_tokens * plan.trained_share * LOGIT_BYTES * shape.vocab)
    dequantised = size * max(inputs * outputs for inputs, outputs in linear_matrices(shape))
    fixed = GPU_CONTEXT if plan.device == "gpu" else CPU_PROCESS
    overhead = int(ALLOCATOR_SHARE * (weights + adapter + activations + loss)) + dequantised + fixed
    return MemoryEstimate(weights, adapter, activations, loss, overhead)


def _weight_bytes(shape: ModelShape, plan: MemoryPlan) -> int:
    each = NF4_BYTES if plan.quantization == "nf4" else plan.compute_bytes
    embeddings = shape.vocab * shape.hidden * (1 if shape.tied else 2)
    norms = (2 * shape.layers + 1) * shape.hidden
    return int(linear_parameters(shape) * each) + (embeddings + norms) * plan.compute_bytes


def _activation_bytes_per_token(shape: ModelShape, plan: MemoryPlan) -> float:
    hidden, inner, size = shape.hidden, shape.intermediate, plan.compute_bytes
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    layer = size * (4 * hidden + 2 * query + 2 * key + 2 * inner) * SAVED_FACTOR
    kept = size * hidden * shape.layers + layer if plan.checkpointing else layer * shape.layers
    return kept + size * (3 * inner + 2 * hidden + query)
