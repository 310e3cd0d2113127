"""The first weights of the starter model: random, but with attention that copies from the start.

A model of this size finds the two heads that copy only after millions of tokens: one looks at the
token before, a later one looks for the place where the present token stood before (Olsson et al. 2022,
"In-context Learning and Induction Heads"). Here both are set by hand and then trained like all else,
which saves most of that time.
"""

from __future__ import annotations

import torch
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaAttention

SPREAD = 0.02  # of random weights
IDENTITY = 0.04  # of the embeddings; larger ones, as they also make the output
CONSTANT = 0.3  # a part that all embeddings share, so that a head can look by position alone
LOOK_BACK = 12.0  # attention score of the token before, for each of the quick rotations used
LOOK_UP = 16.0  # attention score of a token that follows the same token as the present one
SLOW = 15  # rotary pairs from here on turn so slowly that they compare content, not position
PAIRS = 32  # rotary pairs of a head


def set_first_weights(model: LlamaForCausalLM, seed: int) -> None:
    """Overwrites the model's weights in place.

    The width is split: identity of the token, one constant, identity of the token before, and the rest.
    At the end all is turned by one random rotation, so that no single weight stands out (blocks of 4-bit
    weights are scaled by their largest one).
    """
    draw = torch.Generator().manual_seed(seed)
    width = model.config.hidden_size
    size = 2 * (PAIRS - SLOW)
    identity, constant, before = slice(0, 128), 128, slice(129, 129 + size)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0.0, SPREAD, generator=draw)
        for layer in model.model.layers:  # what writes starts at nothing, so as not to cover the copies
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embeddings = model.get_input_embeddings().weight
        embeddings.mul_(IDENTITY / SPREAD)
        embeddings[:, constant] = CONSTANT
        embeddings[:, before] = 0.0
        scale = float(embeddings.pow(2).mean().sqrt())
        first, *others = model.model.layers
        _look_back(first.self_attn, constant, identity, before, scale)
        for layer in others[:2]:
            _look_up(layer.self_attn, identity, before, scale)
        _rotate(model, torch.linalg.qr(torch.randn(width, width, generator=draw))[0])


def _look_back(
    attention: LlamaAttention, constant: int, identity: slice, before: slice, scale: float
) -> None:
    """Head 0 attends to the token before and writes a part of its identity beside the present one's."""
    query, key = attention.q_proj.weight, attention.k_proj.weight
    strength = (LOOK_BACK * 8.0) ** 0.5 / (CONSTANT / scale)  # 8 = square root of the head's width
    turns = _rotations(attention)
    query[: 2 * PAIRS], key[: 2 * PAIRS] = 0.0, 0.0
    for pair in range(6):
        query[pair, constant] = strength
        key[pair, constant] = strength * torch.cos(turns[pair])
        key[pair + PAIRS, constant] = strength * torch.sin(turns[pair])
    size = before.stop - before.start
    value, out = attention.v_proj.weight, attention.o_proj.weight
    value[:size], out[:, :size] = 0.0, 0.0
    value[range(size), range(identity.start, identity.start + size)] = scale**0.5
    out[range(before.start, before.stop), range(size)] = scale**0.5


def _look_up(attention: LlamaAttention, identity: slice, before: slice, scale: float) -> None:
    """Heads 0 and 1 attend to what followed the present token earlier, and add its identity to the output."""
    size = before.stop - before.start
    strength = (LOOK_UP * 8.0 / size) ** 0.5 / (IDENTITY / scale)
    rows = [*range(SLOW, PAIRS), *range(PAIRS + SLOW, 2 * PAIRS)]
    for head in range(2):
        start = head * 2 * PAIRS
        block = slice(start, start + 2 * PAIRS)
        for part in (attention.q_proj.weight, attention.k_proj.weight):
            part[block] = 0.0
        attention.q_proj.weight[
            [start + row for row in rows], range(identity.start, identity.start + size)
        ] = strength
        attention.k_proj.weight[[start + row for row in rows], range(before.start, before.stop)] = strength
        attention.v_proj.weight[block], attention.o_proj.weight[:, block] = 0.0, 0.0
        copied = range(identity.start + 64 * head, identity.start + 64 * (head + 1))
        attention.v_proj.weight[range(block.start, block.stop), copied] = (2 * scale) ** 0.5
        attention.o_proj.weight[copied, range(block.start, block.stop)] = (2 * scale) ** 0.5


def _rotations(attention: LlamaAttention) -> torch.Tensor:
    """The angle by which each rotary pair turns from one token to the next."""
    base = float(attention.config.rope_parameters["rope_theta"])
    return base ** (-torch.arange(PAIRS) / PAIRS)


def _rotate(model: LlamaForCausalLM, turn: torch.Tensor) -> None:
    """The same model in other coordinates: norms weigh all coordinates alike, so nothing changes."""
    embeddings = model.get_input_embeddings().weight
    embeddings.copy_(embeddings @ turn)
    for layer in model.model.layers:
        attention, feed = layer.self_attn, layer.mlp
        for reader in (attention.q_proj, attention.k_proj, attention.v_proj, feed.gate_proj, feed.up_proj):
            reader.weight.copy_(reader.weight @ turn)
        for writer in (attention.o_proj, feed.down_proj):
            writer.weight.copy_(turn.T @ writer.weight)
