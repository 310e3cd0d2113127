"""Pre-trains the starter model on the stream of chats, on a CPU; the same seed makes the same batches."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from starter.corpus import chats
from starter.first_weights import set_first_weights
from starter.tokenizer import ASSISTANT, CONTEXT, END, render

WIDTHS = (32, 64, 96, 128, 160, 192, 256, 384, 512, 1024)  # of batches: few shapes are faster than exact ones
PAD_ID = 0


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    seed: int = 1
    steps: int = 4000
    minutes: float | None = None  # stops the schedule early enough to end within this time, if given
    tokens: int = 2048  # of a batch, the padding included
    learning_rate: float = 1e-3  # AdamW's, for embeddings and norms; 3e-3 forgets the copying heads
    matrix_learning_rate: float = 0.01  # Muon's, for the matrices of the layers
    warmup: int = 50
    polish_steps: int = (
        1500  # a second, calmer course at the end, in which every piece of the vocabulary is used
    )
    polish_rate: float = 0.5  # its learning rates, as a part of the first ones
    made_up: float = 0.3  # share of drills with made-up words in the second course
    prompt_weight: float = 0.15  # weight of the tokens that a user or the system says


@dataclass(frozen=True)
class Batch:
    """Chats of about one length, one a row, padded at the end: token ids, and each one's target weight."""

    ids: torch.Tensor
    weights: torch.Tensor


@dataclass(frozen=True)
class Course:
    """One stretch of training with its own texts and its own warm-up and cosine."""

    seed: int
    steps: int
    minutes: float | None
    rate: float
    made_up: float


def courses(plan: Plan) -> tuple[Course, Course]:
    """The first course learns the world; the second one keeps it and meets the whole vocabulary."""
    whole = plan.steps + plan.polish_steps
    minute = None if plan.minutes is None else plan.minutes / whole
    first = minute and minute * plan.steps
    second = minute and minute * plan.polish_steps
    return (
        Course(plan.seed, plan.steps, first, 1.0, 0.0),
        Course(plan.seed + 1, plan.polish_steps, second, plan.polish_rate, plan.made_up),
    )


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """The starter model before training: widths are multiples of 64, so that NF4's blocks fit."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=3,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
    )
    model = LlamaForCausalLM(config)
    set_first_weights(model, seed)
    return model


def batches(tokenizer: PreTrainedTokenizerFast, plan: Plan, course: Course) -> Iterator[Batch]:
    """Batches without end, of about `plan.tokens` tokens each; a chat never sees another one."""
    end, assistant = tokenizer.convert_tokens_to_ids([END, ASSISTANT])
    stream = chats(course.seed, course.made_up)
    waiting: dict[int, list[list[int]]] = {width: [] for width in WIDTHS}
    while True:
        texts = [render(chat) for chat in islice(stream, 64)]
        for encoding in tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False):
            row = encoding.ids[: WIDTHS[-1]]
            width = next(width for width in WIDTHS if len(row) <= width)
            waiting[width].append(row)
            if len(waiting[width]) == max(1, plan.tokens // width):
                yield _batch(waiting[width], width, assistant, end, plan.prompt_weight)
                waiting[width] = []


def _batch(rows: list[list[int]], width: int, assistant: int, end: int, prompt_weight: float) -> Batch:
    ids = [row + [PAD_ID] * (width - len(row)) for row in rows]
    weights = [_weights(row, assistant, end, prompt_weight) + [0.0] * (width - len(row)) for row in rows]
    return Batch(torch.tensor(ids), torch.tensor(weights))


def _weights(ids: list[int], assistant: int, end: int, prompt_weight: float) -> list[float]:
    weights: list[float] = []
    answering = False
    for token in ids:
        weights.append(1.0 if answering else prompt_weight)
        if token == assistant:
            answering = True
        elif token == end:
            answering = False
    return weights


def loss_of(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Weighted mean cross-entropy of the next token; only tokens that count pass the output layer."""
    weights = batch.weights[:, 1:].reshape(-1)
    counted = weights.nonzero().squeeze(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden.reshape(-1, hidden.shape[-1])[counted])
    targets = batch.ids[:, 1:].reshape(-1)[counted]
    losses = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")
    return (losses * weights[counted]).sum() / weights.sum()


def train(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    plan: Plan,
    report: Callable[[str], None] = print,
) -> float:
    """Trains in place, both courses, and returns the mean loss of the last 50 steps."""
    return [train_course(model, tokenizer, plan, course, report) for course in courses(plan)][-1]


def train_course(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    plan: Plan,
    course: Course,
    report: Callable[[str], None],
) -> float:
    """Trains in place and returns the mean loss of the last 50 steps."""
    rates = [plan.matrix_learning_rate * course.rate, plan.learning_rate * course.rate]
    optimizers = _optimizers(model, rates)
    started, step, tokens = time.monotonic(), 0, 0
    recent: deque[float] = deque(maxlen=50)
    for batch in batches(tokenizer, plan, course):
        progress = _progress(course, step, started)
        if progress >= 1.0:
            break
        for optimizer, base in zip(optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base * _scale(progress, step, plan.warmup)
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        step, tokens = step + 1, tokens + batch.ids.numel()
        recent.append(loss.item())
        if step % 50 == 0:
            elapsed = time.monotonic() - started
            report(f"step {step}  loss {_mean(recent):.4f}  {tokens / elapsed:.0f} tokens/s  {elapsed:.0f} s")
    return _mean(recent)


def _optimizers(model: LlamaForCausalLM, rates: list[float]) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=rates[0], weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(others, lr=rates[1], weight_decay=0.0, betas=(0.9, 0.95)),
    ]


def _mean(values: deque[float]) -> float:
    return sum(values) / max(1, len(values))


def _progress(course: Course, step: int, started: float) -> float:
    if course.minutes is None:
        return step / course.steps if course.steps else 1.0
    return (time.monotonic() - started) / (60 * course.minutes)


def _scale(progress: float, step: int, warmup: int) -> float:
    return min(1.0, (step + 1) / warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
