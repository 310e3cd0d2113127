"""The task of the engine benchmark: a random Qwen3 with its tokenizer, and skewed chats made of its words."""

import json
import random
import time
from pathlib import Path
from typing import Any

from common import Task

LETTERS = "bcdfghklmnprstvw"
VOWELS = "aeiou"
TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}"
    "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
HELD_OUT = 48
# The head is a third of the layers, as in Qwen3-0.6B; the big one has the shape of an 8 B model.
SMALL: dict[str, Any] = {
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "vocab_size": 4096,
    "tie_word_embeddings": True,
}
BIG: dict[str, Any] = {
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151_936,
    "tie_word_embeddings": False,
}


def make_task(folder: Path, rows: int, *, big: bool) -> tuple[Task, Path, float]:
    """The task, the held-out rows, and the tokens a second that the device's products alone would allow."""
    draw = random.Random(11)
    words = [_word(draw) for _ in range(3000)]
    sizes = BIG if big else SMALL
    model = _write_model(folder / "model", words, sizes, gpu=big)
    chats = [_chat(draw, words) for _ in range(rows + HELD_OUT)]
    (folder / "chats.jsonl").write_text("".join(json.dumps(chat) + "\n" for chat in chats[:rows]))
    rendered = _rendered(model, chats)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rendered[:rows]))
    held_out = folder / "held_out.jsonl"
    held_out.write_text("".join(json.dumps(row) + "\n" for row in rendered[rows:]))
    tokens = sum(len(row["ids"]) for row in rendered)
    trained = sum(label >= 0 for row in rendered for label in row["labels"]) / tokens
    task = Task(
        model=str(model),
        rows=str(folder / "rows.jsonl"),
        chats=str(folder / "chats.jsonl"),
        output="",
        sequences=8,
        rank=16,
        alpha=32,
        learning_rate=1e-3,
        max_length=1024,
        row_tokens=4096 if big else 2048,
        seed=1,
    )
    return task, held_out, _limit(sizes, trained, gpu=big)


def _word(draw: random.Random) -> str:
    return "".join(draw.choice(LETTERS) + draw.choice(VOWELS) for _ in range(draw.randint(1, 3)))


def _chat(draw: random.Random, words: list[str]) -> dict[str, Any]:
    """One to three turns; most are short and a few are long, as in real data. Words follow Zipf's law."""

    def text(length: int) -> str:
        return " ".join(words[min(len(words) - 1, int(draw.paretovariate(0.7)))] for _ in range(length))

    messages = []
    for _ in range(draw.choice((1, 1, 2))):
        length = min(170, max(4, int(draw.lognormvariate(3.1, 0.9))))
        messages.append({"role": "user", "content": text(max(2, length // 2))})
        messages.append({"role": "assistant", "content": text(length)})
    return {"messages": messages}


def _write_model(folder: Path, words: list[str], sizes: dict[str, Any], *, gpu: bool) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(words)] * 3, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=4096
    )
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)
    config = Qwen3Config(
        **sizes, max_position_embeddings=4096, eos_token_id=2, pad_token_id=0, bos_token_id=None
    )
    torch.manual_seed(3)
    kind = torch.bfloat16 if gpu else torch.float32
    before = torch.get_default_dtype()
    torch.set_default_dtype(kind)
    Qwen3ForCausalLM(config).save_pretrained(folder)
    torch.set_default_dtype(before)
    return folder


def _rendered(model: Path, chats: list[dict[str, Any]]) -> list[dict[str, list[int]]]:
    from tunedesk.dataset.example import example_of
    from tunedesk.template.chat_template import ChatTemplate

    template = ChatTemplate.load(model)
    rows = []
    for chat in chats:
        rendered = template.render(example_of(chat))
        labels = [token if flag else -100 for token, flag in zip(rendered.ids, rendered.mask, strict=True)]
        rows.append({"ids": list(rendered.ids), "labels": labels})
    return rows


def _limit(sizes: dict[str, Any], trained: float, *, gpu: bool) -> float:
    """Tokens a second if only the products counted: 4 operations a weight and token (forward and input
    gradient), the head on trained tokens only.
    """
    hidden, heads = sizes["hidden_size"], sizes["num_attention_heads"] * sizes["head_dim"]
    keys = sizes["num_key_value_heads"] * sizes["head_dim"]
    layer = 2 * hidden * heads + 2 * hidden * keys + 3 * hidden * sizes["intermediate_size"]
    work = 4 * (sizes["num_hidden_layers"] * layer + trained * hidden * sizes["vocab_size"])
    return _products_per_second(gpu=gpu) / work


def _products_per_second(*, gpu: bool) -> float:
    """Operations a second of a large matrix product, on one core or on the card."""
    import torch

    size = 8192 if gpu else 1024
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    device, kind = ("cuda", torch.bfloat16) if gpu else ("cpu", torch.float32)
    one = torch.randn(size, size, device=device, dtype=kind)
    best = 0.0
    for _ in range(12):
        began = time.perf_counter()
        one @ one
        if gpu:
            torch.cuda.synchronize()
        best = max(best, 2.0 * size**3 / (time.perf_counter() - began))
    torch.set_num_threads(threads)
    return best
