"""Attention over packed rows that keeps each example to itself, without a mask as large as the row
squared.

Three kinds: `segments` calls torch's attention once for each example, `varlen` calls torch's variable-length
kernel once for the row (CUDA only), `mask` lets transformers make a block mask from the positions.
"""

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

Kind = Literal["segments", "varlen", "mask"]
LARGEST_HEAD = 256
SEGMENTS, VARLEN = "tunedesk_segments", "tunedesk_varlen"


def segments_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: torch.Tensor | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention interface over one packed row.

    query: [1, heads, tokens, head_dim]; key and value may have fewer heads. cu_seq_lens_q: where each example
    begins, and the end, [examples + 1]. sliding_window: tokens that a token sees, itself included; softcap:
    scores become softcap * tanh(scores / softcap). Returns [1, tokens, heads, head_dim].
    """
    parts = []
    for start, end in pairwise(_bounds(cu_seq_lens_q).tolist()):
        one = (query[:, :, start:end], key[:, :, start:end], value[:, :, start:end])
        if softcap:
            parts.append(_capped(*one, scaling, dropout, sliding_window, softcap))
            continue
        window = _window(end - start, sliding_window, query.device)
        parts.append(
            scaled_dot_product_attention(
                *one,
                attn_mask=window,
                dropout_p=dropout,
                is_causal=window is None,
                scale=scaling,
                enable_gqa=query.shape[1] != key.shape[1],
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2), None


def _bounds(given: torch.Tensor | None) -> torch.Tensor:
    if given is None:
        raise ValueError("packed attention needs the bounds of the examples")
    return given


def _window(tokens: int, width: int | None, device: torch.device) -> torch.Tensor | None:
    """Which tokens each one sees, [tokens, tokens], true: seen; None when it sees all before it."""
    if not width or tokens <= width:
        return None
    seen = torch.ones(tokens, tokens, dtype=torch.bool, device=device)
    return seen.tril_().triu_(1 - width)


def _capped(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scaling: float | None,
    dropout: float,
    width: int | None,
    cap: float,
) -> torch.Tensor:
    """One example with softly capped scores (Gemma 2), which torch's own attention does not have."""
    tokens, groups = query.shape[2], query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    scores = cap * torch.tanh((query @ key.transpose(2, 3)).float() * (scale / cap))
    seen = _window(tokens, width or tokens, query.device)
    if seen is None:
        seen = torch.ones(tokens, tokens, dtype=torch.bool, device=query.device).tril_()
    shares = scores.masked_fill(~seen, -torch.inf).softmax(dim=-1).to(value.dtype)
    return torch.dropout(shares, dropout, train=dropout > 0) @ value


def varlen_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int = 0,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The same by torch's variable-length kernel; query, key and value in bfloat16 or float16 on a GPU."""
    from torch.nn.attention.varlen import varlen_attn

    bounds = _bounds(cu_seq_lens_q)
    out = varlen_attn(
        _by_token(query),
        _by_token(key),
        _by_token(value),
        bounds,
        bounds,
        max_length_q,
        max_length_q,
        scale=scaling,
        window_size=(sliding_window - 1 if sliding_window else -1, 0),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(out, torch.Tensor)  # a tuple only with return_aux
    return out[None], None


def _by_token(heads: torch.Tensor) -> torch.Tensor:
    """[1, heads, tokens, head_dim] as [tokens, heads, head_dim]."""
    return heads[0].transpose(0, 1).contiguous()


AttentionInterface.register(SEGMENTS, segments_attention)
AttentionInterface.register(VARLEN, varlen_attention)


def has_softcap(config: Any) -> bool:
    """Whether scores are softly capped, which neither torch's attention nor its kernels do."""
    return bool(getattr(config.get_text_config(), "attn_logit_softcapping", None))


def plain_attention(config: Any) -> str:
    """transformers' own attention for a model of this configuration, with a cache or a block mask."""
    return "eager" if has_softcap(config) else "sdpa"


def fitting_kind(model: PreTrainedModel) -> Kind:
    """The fastest way of training on packed rows.

    On a processor one call for each example beats a block mask by 1.25x to 2.9x (rows of 1,024 to 4,096
    tokens). A GPU prefers one call.
    """
    if model.device.type != "cuda":
        return "segments"
    return "mask" if reason_against("varlen", model) else "varlen"


def reason_against(kind: Kind, model: PreTrainedModel) -> str:
    """Why the model cannot be trained with this kind; "" when it can."""
    if kind != "varlen":
        return ""
    if has_softcap(model.config):
        return "the kernel has no soft cap, which this model needs"
    if not _has_varlen(model):
        return "the kernel needs a GPU that computes in 16 bits"
    if not _fits_the_kernel(model):
        return "the kernel does not take heads of this model's size"
    return ""


def _fits_the_kernel(model: torch.nn.Module) -> bool:
    """Heads of at most 256 values, a multiple of 8, the same for keys and values (Flash Attention's README).

    The layers are asked, not the configuration: some families have larger heads in some of their layers.
    """
    modules = list(model.modules())
    sizes = {module.head_dim for module in modules if hasattr(module, "head_dim")}
    if any(hasattr(module, "v_head_dim") for module in modules):
        return False
    return all(isinstance(size, int) and size <= LARGEST_HEAD and size % 8 == 0 for size in sizes)


def _has_varlen(model: PreTrainedModel) -> bool:
    """Ampere and newer, in bfloat16 or float16."""
    return (
        model.device.type == "cuda"
        and torch.version.cuda is not None
        and torch.cuda.get_device_capability(model.device) >= (8, 0)
        and model.dtype in (torch.bfloat16, torch.float16)
    )


def use_attention(model: PreTrainedModel, kind: Kind) -> None:
    names = {"segments": SEGMENTS, "varlen": VARLEN, "mask": plain_attention(model.config)}
    model.set_attn_implementation(names[kind])


@contextlib.contextmanager
def attention(model: PreTrainedModel, name: str) -> Iterator[None]:
    """Use another attention, by transformers' name, within this block."""
    before = model.config._attn_implementation
    model.set_attn_implementation(name)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
