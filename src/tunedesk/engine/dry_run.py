"""A training step without weights and without memory: the model on torch's meta device, what it would save
counted exactly.

Two sizes of the model are built, with one block and with two, and their difference is what a block takes.
"""

from dataclasses import dataclass
from typing import Any

import torch

from tunedesk.engine.adapter import new_adapter
from tunedesk.engine.fast.fused_lora import fuse_lora
from tunedesk.engine.fast.fused_mlp import fuse_mlps
from tunedesk.engine.start_up import light_imports
from tunedesk.plan.memory import NF4_BYTES, MemoryEstimate, MemoryPlan, peak_memory
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.template.model_folder import ModelFolder

with light_imports():
    from transformers import AttentionInterface, AutoConfig, AutoModelForCausalLM, PretrainedConfig

DRY_SEGMENTS, DRY_VARLEN = "tunedesk_dry_segments", "tunedesk_dry_varlen"


@dataclass(frozen=True, slots=True)
class Counted:
    """Bytes and numbers of one block, and of all that is not in blocks; saved: for the whole micro-batch."""

    block_saved: int
    block_weights: float
    block_trained: int
    other_saved: int
    other_weights: float
    other_trained: int


class _Attention(torch.autograd.Function):
    """Saves what torch's own attention does, and computes nothing: the meta device has no kernels."""

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, capped: int
    ) -> torch.Tensor:
        """Any layout of three dimensions and the head's. capped: tokens that each one sees where scores are
        capped, which holds all of them, and keys and values for each query's head; 0: they are not.
        """
        out = torch.empty_like(query, memory_format=torch.contiguous_format)
        sums = query.new_empty(query.shape[:-1], dtype=torch.float32)
        if capped:
            scores = [query.new_empty((*sums.shape, capped), dtype=torch.float32) for _ in range(2)]
            seen = query.new_empty((query.shape[2], capped), dtype=torch.bool)
            ctx.save_for_backward(query, torch.empty_like(out), torch.empty_like(out), *scores, seen)
        else:
            ctx.save_for_backward(query, key, value, out, sums)
        return out


def _dry_segments(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: Any,
    softcap: float | None = None,
    max_length_q: int = 0,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    out = _Attention.apply(query, key, value, max_length_q if softcap else 0)
    return torch.cat([out], dim=2).transpose(1, 2), None


def _dry_varlen(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: Any,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    if softcap:  # which the kernel does not have: transformers' own attention, by heads, over the whole row
        return _Attention.apply(query, key, value, query.shape[2]).transpose(1, 2), None
    out: torch.Tensor = _Attention.apply(
        *(each.transpose(1, 2).contiguous() for each in (query, key, value)), 0
    )
    return out, None


AttentionInterface.register(DRY_SEGMENTS, _dry_segments)
AttentionInterface.register(DRY_VARLEN, _dry_varlen)


def dry_run(base: ModelFolder, plan: MemoryPlan, hyper: Hyperparameters) -> tuple[MemoryEstimate, int]:
    """The memory of a step of this model, and what one block of it saves, in bytes.

    As `plan.memory.estimate_memory`, with weights, adapter and saved activations counted and not calculated.
    """
    config = AutoConfig.from_pretrained(base.path, local_files_only=True, trust_remote_code=False)
    counted = count(config, plan, hyper)
    layers = base.shape.layers
    estimate = peak_memory(
        base,
        plan,
        weights=round(counted.other_weights + layers * counted.block_weights),
        trained=counted.other_trained + layers * counted.block_trained,
        block=counted.block_saved,
        besides=counted.other_saved,
    )
    return estimate, counted.block_saved


def count(config: PretrainedConfig, plan: MemoryPlan, hyper: Hyperparameters) -> Counted:
    """What one block and what the rest of a model takes, from models of one block and of two."""
    dtype = torch.bfloat16 if plan.device == "gpu" else torch.float32
    attention = DRY_VARLEN if plan.device == "gpu" else DRY_SEGMENTS
    saved, weights, trained = [], [], []
    for layers in (1, 2):
        model = build(with_layers(config, layers), hyper, dtype, attention, fused=plan.fused_lora)
        saved.append(saved_bytes(model, plan.micro_batch_tokens, plan.longest))
        weights.append(_weight_bytes(model, plan.quantization == "nf4", plan.compute_bytes))
        trained.append(sum(each.numel() for each in model.parameters() if each.requires_grad))
    return Counted(
        block_saved=saved[1] - saved[0],
        block_weights=weights[1] - weights[0],
        block_trained=trained[1] - trained[0],
        other_saved=2 * saved[0] - saved[1],
        other_weights=2 * weights[0] - weights[1],
        other_trained=2 * trained[0] - trained[1],
    )


def with_layers(config: PretrainedConfig, layers: int) -> PretrainedConfig:
    """The same configuration with fewer blocks; the given one is left as it is."""
    copy = type(config).from_dict(config.to_dict())
    text = copy.get_text_config()
    text.num_hidden_layers = layers
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:layers]
    return copy


def build(
    config: PretrainedConfig,
    hyper: Hyperparameters,
    dtype: torch.dtype,
    attention: str,
    *,
    fused: bool,
    device: str = "meta",
) -> Any:
    """The model with its adapter, frozen but for that, ready to be run once."""
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention)
    model.requires_grad_(False)
    tuned = new_adapter(model, hyper)
    if fused:
        fuse_lora(tuned)
        fuse_mlps(tuned, config.get_text_config())
    else:  # autocast computes peft's float32 layers in the model's own type
        for parameter in tuned.parameters():
            parameter.data = parameter.data.to(dtype)
    tuned.train()
    return tuned


def saved_bytes(model: Any, tokens: int, longest: int = 0) -> int:
    """What the blocks of a model keep for the backward pass of one packed row, each storage once.

    longest: tokens of its longest example, 0 where it is one.
    """
    own = {each.untyped_storage()._cdata for each in (*model.parameters(), *model.buffers())}
    sizes: dict[int, int] = {}
    alive = []  # an address may be given again once its tensor is gone

    def look(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            sizes[storage._cdata] = storage.nbytes()
            alive.append(tensor)
        return tensor

    device = next(model.parameters()).device
    ids = torch.zeros(1, tokens, dtype=torch.long, device=device)
    positions = torch.arange(tokens, device=device)[None]
    bounds = torch.tensor([0, tokens], dtype=torch.int32, device=device)
    decoder = model.get_base_model().get_decoder()
    with torch.autograd.graph.saved_tensors_hooks(look, lambda tensor: tensor):
        decoder(
            input_ids=ids,
            position_ids=positions,
            use_cache=False,
            cu_seq_lens_q=bounds,
            cu_seq_lens_k=bounds,
            max_length_q=longest or tokens,
            max_length_k=longest or tokens,
        )
    return sum(sizes.values())


def _weight_bytes(model: Any, four_bits: bool, value_bytes: int) -> float:
    """Of the frozen weights as they will lie in memory; all linear layers but the head are quantised."""
    base = model.get_base_model()
    head = base.get_output_embeddings()
    quantised = {
        id(module.weight)
        for module in model.modules()
        if four_bits and isinstance(module, torch.nn.Linear) and module is not head
    }
    frozen = [each for each in model.parameters() if not each.requires_grad]
    return sum(each.numel() * (NF4_BYTES if id(each) in quantised else value_bytes) for each in frozen)
