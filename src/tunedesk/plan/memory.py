"""How much memory a LoRA run will fill, by a closed formula with its parts; it measures nothing.

Source: the planner formula of the project's engine research. Peak = weights + adapter + activations + loss +
one dequantised weight, then the allocator's share and the device's fixed cost. The factors of what a block
saves were counted with saved-tensor hooks at three shapes; nothing was fitted to the published longest
contexts of Llama-3.1-8B QLoRA, which it meets within 2-6 % from 16 to 80 GB.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunedesk.template.model_folder import ModelFolder, ModelShape

Activations = Literal["keep", "recompute", "offload"]
"""Until the backward pass: all kept; only each block's input kept and the rest computed again; the inputs too
moved to main memory."""

NF4_BYTES = 0.5159
"""Bytes a weight in NF4, doubly quantised: half a byte, an 8-bit scale for 64, a float32 for 16,384."""
SAVED_WITH_CASTS = 2.28
"""What peft keeps with float32 adapters under autocast, against the least a block must keep (2.23-2.29)."""
SAVED_PLAIN = 1.9
"""The same where adapters and activations have one type, so that nothing is kept twice (1.87-1.89)."""
MASTER_BYTES = 8
"""Bytes an adapter weight without the optimizer's state: float32 weight and gradient."""
OPTIMIZER_BYTES = {"adamw": 8.0, "adamw_8bit": 2.03}
"""Bytes an adapter weight for AdamW's two moments: float32, or 8 bits with a float32 scale for 256."""
LOGIT_BYTES = 16
"""Bytes a logit at the peak of a plain cross-entropy: logits, their float32 copy, softmax and gradient."""
FUSED_LOGIT_BYTES = 10
"""Bytes a logit of the chunk that a fused loss holds: logits, their float32 copy and the gradient."""
LOSS_PIECE_BYTES = 32 << 20
"""Float32 logits that the engine's fused loss holds at once; with what belongs to them they are 84 MB."""
FEWEST_LOSS_ROWS = 16
HEAD_NORMS = ("Qwen3", "Gemma3", "Olmo2", "Olmo3", "Exaone4", "Apertus")
"""Architectures that normalise queries and keys."""
FOUR_NORMS = ("Gemma2", "Gemma3")
"""Architectures whose blocks have a norm before and behind both of their parts."""
SOFT_CAPS = ("Gemma2",)
"""Architectures whose attention scores are softly capped, so that all of them are held."""
PACKED_LAYERS = ("Phi3",)
"""Architectures with one layer for query, key and value, and one for the two factors of the gated block."""
ALLOCATOR_SHARE = 0.06
GPU_CONTEXT = 500_000_000
"""What a CUDA context holds before the first tensor."""
CPU_PROCESS = 400_000_000
"""Resident size of the engine after its imports (torch, transformers, peft, bitsandbytes), on Linux."""
HEAP_BLOCKS = 4
"""So many blocks' activations a processor's heap holds on to after they were freed: 2 to 7 were measured in
twelve set-ups on Linux, where it fills the holes only in part. Telling it to give them back at once (mallopt,
with an M_MMAP_THRESHOLD of a megabyte) brings the peak to that of the tensors, for a quarter more time."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The settings and the facts about the data that decide about memory.

    micro_batch_tokens: of the largest micro-batch that is really computed (see `largest_micro_batch`).
    longest: tokens of the longest example as it is cut, the least that a micro-batch can be; 0: not known.
    pairs: an example is two answers with their prompt, both of up to `longest` tokens.
    trained_share: the part of the tokens that get a loss. has_bfloat16: whether a card computes in it.
    """

    quantization: Literal["nf4", "none"] = "nf4"
    lora_rank: int = 16
    micro_batch_tokens: int = 2048
    activations: Activations = "keep"
    fused_loss: bool = True
    fused_lora: bool = True
    optimizer: Literal["adamw", "adamw_8bit"] = "adamw"
    pairs: bool = False
    longest: int = 0
    device: Literal["gpu", "cpu"] = "gpu"
    has_bfloat16: bool = True
    trained_share: float = 1.0

    @property
    def compute_bytes(self) -> int:
        """bfloat16 on a card that has it, else float32."""
        return 2 if self.device == "gpu" and self.has_bfloat16 else 4

    @property
    def smallest_micro_batch(self) -> int:
        """Tokens of the longest example, with both answers of a pair."""
        return self.longest * (2 if self.pairs else 1)


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes at the peak of a training step, by part; they add up to the total.

    offloaded: bytes that lie in main memory instead; they are not part of the total.
    """

    weights: int
    adapter: int
    activations: int
    loss: int
    overhead: int
    offloaded: int = 0

    @property
    def total(self) -> int:
        return self.weights + self.adapter + self.activations + self.loss + self.overhead


def largest_micro_batch(
    tokens: Sequence[int], batch_size: int, micro_batch_tokens: int, max_length: int, *, pairs: bool = False
) -> int:
    """Tokens of the largest row that can be computed at once: a step holds no more than its longest examples.

    tokens: of each training row, uncut. An example longer than `micro_batch_tokens` is computed whole. pairs:
    `tokens` are those of the longer answer, and the other one is taken to be as long.
    """
    answers = 2 if pairs else 1
    longest = heapq.nlargest(batch_size, (answers * min(each, max_length) for each in tokens))
    return min(max([micro_batch_tokens, *longest[:1]]), sum(longest))


def loss_chunk(vocab: int) -> int:
    """Positions whose logits the engine's fused loss holds at once."""
    return max(FEWEST_LOSS_ROWS, LOSS_PIECE_BYTES // (4 * vocab))


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
    shape = model.shape
    return peak_memory(
        model,
        plan,
        weights=_weight_bytes(shape, plan),
        trained=adapter_parameters(shape, plan.lora_rank),
        block=saved_by_block(model, plan) * plan.micro_batch_tokens,
    )


def peak_memory(
    model: ModelFolder, plan: MemoryPlan, *, weights: int, trained: int, block: float, besides: int = 0
) -> MemoryEstimate:
    """The parts and what comes on top of them.

    weights: bytes; trained: adapter weights; block: bytes that a block saves of the whole micro-batch;
    besides: bytes that are saved outside of blocks.
    """
    shape = model.shape
    activations = kept_activations(shape, plan, block) + besides
    adapter = int(trained * (MASTER_BYTES + OPTIMIZER_BYTES[plan.optimizer]))
    loss = _loss_bytes(shape, plan)
    dequantised = 0
    if plan.quantization == "nf4":
        dequantised = plan.compute_bytes * max(inputs * outputs for inputs, outputs in linear_matrices(shape))
    parts = weights + adapter + activations + loss + dequantised
    fixed = GPU_CONTEXT if plan.device == "gpu" else CPU_PROCESS + int(HEAP_BLOCKS * block)
    overhead = int(ALLOCATOR_SHARE * parts) + dequantised + fixed
    return MemoryEstimate(weights, adapter, activations, loss, overhead, _offloaded_bytes(shape, plan))


def _weight_bytes(shape: ModelShape, plan: MemoryPlan) -> int:
    each = NF4_BYTES if plan.quantization == "nf4" else plan.compute_bytes
    embeddings = shape.vocab * shape.hidden * (1 if shape.tied else 2)
    norms = (2 * shape.layers + 1) * shape.hidden
    return int(linear_parameters(shape) * each) + (embeddings + norms) * plan.compute_bytes


def saved_floor(shape: ModelShape, value_bytes: int) -> int:
    """The least bytes a token that one block must save for its backward pass without computing again.

    The inputs of two norms and of the linear layers, query, key, value and output of attention, and the two
    factors of the gated product.
    """
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    return value_bytes * (4 * shape.hidden + 2 * query + 2 * key + 2 * shape.intermediate)


def saved_by_block(model: ModelFolder, plan: MemoryPlan) -> float:
    """Bytes a token that one block saves for its backward pass when nothing is computed again.

    With fused LoRA it is a count, equal to that of the engine's dry run (1.1 to 1.6 times the floor). A norm
    keeps what it normalises in float32, whatever it is computed in.
    """
    shape, size = model.shape, plan.compute_bytes
    if not plan.fused_lora:
        return saved_floor(shape, size) * (SAVED_WITH_CASTS if plan.device == "gpu" else SAVED_PLAIN)
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    norms = 4 if model.architecture.startswith(FOUR_NORMS) else 2
    saved = norms * 4 * (shape.hidden + 1) + 2 * size * shape.hidden
    # Query, key, value, output and its logarithms; on a processor the output is put together from examples.
    outputs = 1 if plan.device == "gpu" else 2
    saved += size * ((1 + outputs) * query + 2 * key) + 4 * shape.heads
    if model.architecture.startswith(HEAD_NORMS):
        saved += 4 * (query + key + shape.heads + shape.kv_heads)
    saved += 2 * size * shape.intermediate
    if model.architecture.startswith(SOFT_CAPS):
        # Tangents and shares in float32 and the mask, of a whole row on a card, of an example on a processor.
        # Keys and values are kept once for each query's head; attention itself keeps no output.
        seen = plan.longest if plan.device == "cpu" and plan.longest else plan.micro_batch_tokens
        saved += (8 * shape.heads + 1) * seen + size * ((3 - outputs) * query - 2 * key)
        saved -= 4 * shape.heads
    if model.architecture.startswith(PACKED_LAYERS):
        # The gated block is not fused: the gate's activation and the product are kept as well. On a processor
        # the values are a part of what the packed layer gave, all of which stays.
        saved += 2 * size * shape.intermediate + (size * (query + key) if plan.device == "cpu" else 0)
    return saved


def kept_activations(shape: ModelShape, plan: MemoryPlan, block: float) -> int:
    """Bytes of all activations at the peak. block: bytes that one block saves of the whole micro-batch."""
    hidden, inner, size = shape.hidden, shape.intermediate, plan.compute_bytes
    tokens = plan.micro_batch_tokens
    if plan.activations == "keep":
        kept = block * shape.layers
    elif plan.activations == "recompute" or plan.device == "cpu":  # where main memory is all there is
        kept = tokens * size * hidden * shape.layers + block
    else:
        kept = block + 2 * tokens * size * hidden  # one input is computed with while the next one arrives
    backward = size * (3 * inner + 2 * hidden + shape.heads * shape.head_dim)
    return int(kept + tokens * backward)


def _loss_bytes(shape: ModelShape, plan: MemoryPlan) -> int:
    trained = math.ceil(plan.micro_batch_tokens * plan.trained_share)
    if plan.fused_loss:
        piece = min(trained, loss_chunk(shape.vocab)) * shape.vocab * FUSED_LOGIT_BYTES
        return piece + trained * shape.hidden * plan.compute_bytes  # the gradient of the hidden states
    return trained * shape.vocab * LOGIT_BYTES


def _offloaded_bytes(shape: ModelShape, plan: MemoryPlan) -> int:
    if plan.activations != "offload" or plan.device == "cpu":
        return 0
    return plan.micro_batch_tokens * plan.compute_bytes * shape.hidden * shape.layers
