"""Counts tokens as OpenAI's models do, from rank files that ship with TuneDesk; opens no network and reads no
environment variable.

Chats are counted as OpenAI's cookbook describes it ("How to count tokens with tiktoken" and
"Chat_finetuning_data_prep"): an estimate, because the service does not publish how it frames a conversation.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tiktoken

from tunedesk import paths
from tunedesk.dataset.example import Example, Message, Tool
from tunedesk.errors import UserError
from tunedesk.template.conversation import is_trained

PER_MESSAGE = 3
PER_NAME = 1
FOR_THE_REPLY = 3
# The framing of tools, by the same cookbook page: for each function, its properties and their choices.
PER_FUNCTION = {"o200k_base": 7, "cl100k_base": 10}
PROPERTIES, PER_PROPERTY, CHOICES, PER_CHOICE, AFTER_FUNCTIONS = 3, 3, -3, 3, 12
PER_CALL = 3  # our estimate: nobody documents how a call is framed; as much as a message

LONGEST_RUN = 100_000
"""Characters of white space in one piece. tiktoken 0.14 panics on a million of them, with an error that is no
Exception; a longer run is counted in pieces, which may add a token for each.
"""
_RUN = re.compile(rf"\s{{{LONGEST_RUN}}}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Constants of an encoding, as published in tiktoken_ext/openai_public.py of tiktoken 0.14.0 (MIT)."""

    sha256: str
    pattern: str
    special: Mapping[str, int]


_ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_O200K = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]*[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]+{_ENDINGS}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]+[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]*{_ENDINGS}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_P50K = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
_PLANS = {
    "o200k_base": _Plan(
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        _O200K,
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "cl100k_base": _Plan(
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        _CL100K,
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
    "p50k_base": _Plan(
        "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069", _P50K, {"<|endoftext|>": 50256}
    ),
}
ENCODINGS = tuple(_PLANS)
_BARE = frozenset({"prompt-completion", "prompt-only", "text"})
# Beginnings of model names, the first that fits counts (tiktoken 0.14.0, tiktoken/model.py).
_MODELS = (
    ("gpt-4o", "o200k_base"), ("chatgpt-4o", "o200k_base"), ("gpt-4.1", "o200k_base"),
    ("gpt-4.5", "o200k_base"), ("gpt-5", "o200k_base"), ("o1", "o200k_base"),
    ("o3", "o200k_base"), ("o4", "o200k_base"),
    ("gpt-4", "cl100k_base"), ("gpt-3.5", "cl100k_base"), ("gpt-35", "cl100k_base"),
    ("babbage-002", "cl100k_base"), ("davinci-002", "cl100k_base"),
    ("text-davinci-002", "p50k_base"), ("text-davinci-003", "p50k_base"),
)  # fmt: skip


# Tokens of one training example, beginnings of names as above (Azure's model list of 2026; OpenAI's guide).
_CONTEXTS = (
    ("gpt-4.1-nano", 32_768), ("gpt-4o", 65_536), ("gpt-4.1", 65_536), ("o4-mini", 65_536),
    ("gpt-3.5-turbo", 16_385), ("gpt-35-turbo", 16_385), ("babbage-002", 16_384), ("davinci-002", 16_384),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExampleTokens:
    """total: with the framing of the chat. trained: of the answers that get a loss, without framing."""

    total: int
    trained: int


def encoding_for_model(name: str) -> str | None:
    """The encoding of a model or a fine-tuned one (`ft:gpt-4o-mini:…`); None for a model nobody knows."""
    bare = name.removeprefix("ft:").strip().lower()
    return next((encoding for begin, encoding in _MODELS if bare.startswith(begin)), None)


def training_context(name: str) -> int | None:
    """Tokens behind which an example is cut when this model is trained; None where that is not known."""
    bare = name.removeprefix("ft:").strip().lower()
    return next((context for begin, context in _CONTEXTS if bare.startswith(begin)), None)


@lru_cache(maxsize=len(_PLANS))
def load_encoding(name: str) -> tiktoken.Encoding:
    """An encoding from resources/tokenizers; UserError when its file is missing or damaged.

    Takes 0.2 s and 80 MB the first time. KeyError for a name that is not in ENCODINGS.
    """
    plan = _PLANS[name]
    source = paths.resources() / "tokenizers" / f"{name}.tiktoken"
    try:
        data = source.read_bytes()
    except OSError as error:
        raise UserError(
            f"{source} cannot be read: {error.strerror}.", hint="Install TuneDesk again."
        ) from error
    if hashlib.sha256(data).hexdigest() != plan.sha256:
        raise UserError(f"{source} is damaged.", hint="Install TuneDesk again.")
    return tiktoken.Encoding(
        name, pat_str=plan.pattern, mergeable_ranks=_ranks(data), special_tokens=dict(plan.special)
    )


def _ranks(data: bytes) -> dict[bytes, int]:
    pairs = (line.split() for line in data.splitlines() if line)
    return {binascii.a2b_base64(token): int(rank) for token, rank in pairs}


def count_text(text: str, encoding: tiktoken.Encoding) -> int:
    """Tokens of a bare text. Control words such as <|endoftext|> are text; half a character counts as the
    replacement character, as tiktoken itself does it.
    """
    if len(text) <= LONGEST_RUN:
        return len(encoding.encode_ordinary(text))
    return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces(text))


def _pieces(text: str) -> Iterable[str]:
    """The text, cut behind every LONGEST_RUN characters of white space in a row."""
    begin = 0
    for run in _RUN.finditer(text):
        yield text[begin : run.end()]
        begin = run.end()
    if begin < len(text):
        yield text[begin:]


def tokens_of_example(example: Example, encoding: tiktoken.Encoding) -> ExampleTokens:
    """All tokens of an example and those of its trained answers, by the cookbook's rules (an estimate).

    Bare prompts and completions, and bare texts, have no framing. Of a preference both answers count.
    """
    if is_bare(example):
        counts = [count_text(turn.content or "", encoding) for turn in example.messages]
        answers = zip(example.messages, counts, strict=True)
        return ExampleTokens(sum(counts), sum(count for turn, count in answers if turn.role == "assistant"))
    answers_too = (*example.messages, *example.chosen, *example.rejected)
    total = sum(_framed(turn, encoding) for turn in answers_too) + tokens_of_tools(example.tools, encoding)
    pair = (*example.chosen, *example.rejected)
    trained = sum(_said(turn, encoding) for turn in pair or example.messages if is_trained(example, turn))
    return ExampleTokens(total + FOR_THE_REPLY if answers_too else 0, trained)


def is_bare(example: Example) -> bool:
    """Whether the texts stand for themselves, without a chat around them."""
    places = ("/prompt", "/completion", "/text")
    return example.format in _BARE and all(turn.pointer in places for turn in example.messages)


def _framed(turn: Message, encoding: tiktoken.Encoding) -> int:
    count = PER_MESSAGE + count_text(turn.role, encoding) + _said(turn, encoding)
    for named in (turn.name, turn.tool_call_id):
        count += PER_NAME + count_text(named, encoding) if named else 0
    return count


def _said(turn: Message, encoding: tiktoken.Encoding) -> int:
    """Tokens of what a turn says: its text and its calls."""
    if turn.content is not None:
        count = count_text(turn.content, encoding)
    else:
        count = sum(count_text(part.text, encoding) for part in turn.parts if part.text is not None)
    for call in turn.tool_calls:
        count += PER_CALL + count_text(call.name, encoding) + count_text(call.arguments, encoding)
    return count


def tokens_of_tools(tools: Sequence[Tool], encoding: tiktoken.Encoding) -> int:
    """Tokens that the definitions of tools add, by the cookbook's formula of 2024 (an estimate)."""
    if not tools:
        return 0
    per_function = PER_FUNCTION.get(encoding.name, PER_FUNCTION["cl100k_base"])
    count = AFTER_FUNCTIONS
    for tool in tools:
        count += per_function + count_text(f"{tool.name}:{tool.description.removesuffix('.')}", encoding)
        properties = tool.parameters.get("properties") if tool.parameters else None
        if isinstance(properties, Mapping) and properties:
            count += PROPERTIES + sum(_of_property(key, properties[key], encoding) for key in properties)
    return count


def _of_property(key: str, schema: Any, encoding: tiktoken.Encoding) -> int:
    known = schema if isinstance(schema, Mapping) else {}
    count = PER_PROPERTY
    choices = known.get("enum")
    if isinstance(choices, list):
        count += CHOICES + sum(PER_CHOICE + count_text(_written(choice), encoding) for choice in choices)
    text = str(known.get("description", "")).removesuffix(".")
    return count + count_text(f"{key}:{_written(known.get('type', ''))}:{text}", encoding)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
