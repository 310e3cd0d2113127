"""Random models of the families that people tune, each so small that a step takes milliseconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tiny_model import write_tiny_model

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,  # so that every part of the network is heard in the logits
}
WINDOW = 6
"""Tokens that a token sees in layers with a window; shorter than the examples of the tests."""


def _configs() -> dict[str, Callable[[dict[str, Any]], Any]]:
    import transformers as hf

    every_second = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": WINDOW}
    return {
        "llama": lambda sizes: hf.LlamaConfig(**sizes),
        "llama with biases": lambda sizes: hf.LlamaConfig(**sizes, attention_bias=True, mlp_bias=True),
        "qwen2": lambda sizes: hf.Qwen2Config(**_without(sizes, "head_dim")),
        "qwen3": lambda sizes: hf.Qwen3Config(**sizes),
        "mistral": lambda sizes: hf.MistralConfig(**sizes, sliding_window=WINDOW),
        "gemma": lambda sizes: hf.GemmaConfig(**sizes),
        "gemma2": lambda sizes: hf.Gemma2Config(
            **sizes, **every_second, query_pre_attn_scalar=8, attn_logit_softcapping=5.0,
            final_logit_softcapping=3.0,
        ),
        "gemma3": lambda sizes: hf.Gemma3TextConfig(**sizes, **every_second, query_pre_attn_scalar=8),
        "phi3": lambda sizes: hf.Phi3Config(**_without(sizes, "head_dim"), sliding_window=None),
        "granite": lambda sizes: hf.GraniteConfig(
            **_without(sizes, "head_dim"), logits_scaling=4.0, residual_multiplier=0.5
        ),
        "cohere": lambda sizes: hf.CohereConfig(**_without(sizes, "head_dim"), logit_scale=0.25),
        "gpt2": lambda sizes: hf.GPT2Config(
            **_only(sizes, "vocab_size", "pad_token_id", "eos_token_id", "bos_token_id", "initializer_range"),
            n_embd=32, n_layer=2, n_head=4, n_positions=256, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        ),
        "phi": lambda sizes: hf.PhiConfig(**_without(sizes, "head_dim")),
        "gpt_neox": lambda sizes: hf.GPTNeoXConfig(**_without(sizes, "head_dim", "num_key_value_heads")),
        "opt": lambda sizes: hf.OPTConfig(
            **_only(sizes, "vocab_size", "pad_token_id", "eos_token_id", "bos_token_id", "hidden_size"),
            num_hidden_layers=2, num_attention_heads=4, ffn_dim=48, word_embed_proj_dim=32, dropout=0.0,
            max_position_embeddings=256, init_std=0.3,
        ),
        "olmo2": lambda sizes: hf.Olmo2Config(**_without(sizes, "head_dim")),
    }  # fmt: skip


def _without(sizes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in sizes.items() if name not in names}


def _only(sizes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: sizes[name] for name in names}


FAMILIES = (
    *("llama", "llama with biases", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3", "phi3"),
    *("granite", "cohere", "olmo2", "phi", "gpt_neox", "gpt2"),
)


def write_tiny_family(folder: Path, family: str, seed: int = 5) -> Path:
    """A model folder of this family, with the tokenizer and the template of the tiny Llama."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write_tiny_model(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = _configs()[family]({**SIZES, "vocab_size": len(tokenizer), **ends, "bos_token_id": None})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
