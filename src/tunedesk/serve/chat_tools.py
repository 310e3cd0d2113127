"""Calls of tools in what a model wrote: the forms that chat templates teach, read back into OpenAI's."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

# Hermes, Qwen 2.5 and 3, SmolLM 3 and many others: one JSON object between these two.
OPEN, CLOSE = "<tool_call>", "</tool_call>"
_TAGGED = re.compile(re.escape(OPEN) + r"\s*(.*?)\s*(?:" + re.escape(CLOSE) + r"|\Z)", re.DOTALL)
# Llama 3 writes "parameters", the others "arguments".
_ARGUMENTS = ("arguments", "parameters")
_STARTS = (OPEN, "{", "[")


@dataclass(frozen=True, slots=True)
class Call:
    """arguments: JSON text of an object. id: made here, as OpenAI's look."""

    name: str
    arguments: str
    id: str


def calls_in(text: str, names: Collection[str]) -> tuple[str, tuple[Call, ...]]:
    """The text without its calls, and the calls; all text and no calls where one part cannot be read.

    names: tools that were offered. What calls another one is text: it may be an example that the user wanted.
    Forms: <tool_call>{...}</tool_call>, also several; an answer that is one JSON object or a list of them
    (Llama 3, Mistral), each with "name" and "arguments" or "parameters".
    """
    if OPEN in text:
        found = [list(_read(match.group(1), names)) for match in _TAGGED.finditer(text)]
        said = _TAGGED.sub("", text).strip()
    else:
        found, said = [list(_read(text.strip(), names))], ""
    if not found or not all(found):
        return text, ()
    return said, tuple(call for calls in found for call in calls)


def safe_length(text: str) -> int:
    """How much of an answer that is still being written cannot become a call any more."""
    start = len(text) - len(text.lstrip())
    body = text[start:]
    if not body or any(body.startswith(sign) or sign.startswith(body) for sign in _STARTS):
        return 0
    if (place := text.find(OPEN)) >= 0:
        return place
    kept = next((size for size in range(len(OPEN) - 1, 0, -1) if text.endswith(OPEN[:size])), 0)
    return len(text) - kept


def _read(text: str, names: Collection[str]) -> Iterator[Call]:
    """Nothing when `text` is not calls, and nothing but calls."""
    value = _parsed(text)
    listed = value if isinstance(value, list) else [value]
    calls = [_call(item, names) for item in listed]
    if all(call is not None for call in calls):
        yield from (call for call in calls if call is not None)


def _call(value: Any, names: Collection[str]) -> Call | None:
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    function = inner if isinstance(inner, dict) else value
    name = function.get("name")
    if not isinstance(name, str) or name not in names:
        return None
    arguments: Any = next((function[key] for key in _ARGUMENTS if key in function), {})
    if isinstance(arguments, str):
        arguments = _parsed(arguments)
    # Written anew as ASCII: a model may name half a character, which no answer can carry.
    return Call(name, json.dumps(arguments), _new_id()) if isinstance(arguments, dict) else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _new_id() -> str:
    return f"call_{secrets.token_hex(12)}"
