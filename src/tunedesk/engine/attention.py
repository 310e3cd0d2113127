"""Attention over packed rows that keeps each example to itself, without a mask as large as the row
squared.
"""

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

PACKED = "tunedesk_packed"
PLAIN = "sdpa"


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention interface over one packed row.

    query: [1, heads, tokens, head_dim]; key and value may have fewer heads. cu_seq_lens_q: where each example
    begins, and the end, [examples + 1]. Returns [1, tokens, heads, head_dim].
    """
    if cu_seq_lens_q is None:
        raise ValueError("packed attention needs the bounds of the examples")
    bounds = cu_seq_lens_q.tolist()
    grouped = query.shape[1] != key.shape[1]
    parts = [
        scaled_dot_product_attention(
            query[:, :, start:end],
            key[:, :, start:end],
            value[:, :, start:end],
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=grouped,
        )
        for start, end in pairwise(bounds)
    ]
    return torch.cat(parts, dim=2).transpose(1, 2), None


AttentionInterface.register(PACKED, packed_attention)


def training_attention(model: PreTrainedModel) -> str:
    """The attention that packed rows are trained with.

    On a processor one call for each example beats a block mask by 1.25x to 2.9x (rows of 1,024 to 4,096
    tokens). A GPU prefers one call: there, and where layers have windows or soft caps, transformers makes the
    block mask from the positions.
    """
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    softcap = getattr(config, "attn_logit_softcapping", None)
    plain = kinds == {"full_attention"} and not window and not softcap
    return PACKED if plain and model.device.type == "cpu" else model.config._attn_implementation


@contextlib.contextmanager
def attention(model: PreTrainedModel, kind: str) -> Iterator[None]:
    """Use another attention within this block."""
    before = model.config._attn_implementation
    model.set_attn_implementation(kind)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
