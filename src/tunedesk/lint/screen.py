"""Tells in microseconds that no rule can object to a row, so that the rules need not look at it one by one.

Most rows of a good file are ordinary: nothing but roles and texts, in the usual order, without a sign that
any rule looks for. Saying "not ordinary" is always allowed and only costs time; a test holds this file equal
to the rules.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.rules.injection import ROLE_SIGNS, THINK_SIGN, literals_of
from tunedesk.lint.rules.lines import HAS_LONG_NUMBER
from tunedesk.lint.rules.quality import SECRET_SIGNS
from tunedesk.lint.target_facts import TAKES_ANY_KEY, accepts
from tunedesk.lint.targets import Target

# The few bytes that a suspicious text must hold one of; all others are dropped before looking.
_NO_MARKS = bytes(byte for byte in range(256) if byte not in b"<`\\-_")
_SIGNS = [sign.encode() for sign in SECRET_SIGNS]
_JOINED_SIGNS = tuple(sign for sign in _SIGNS if b"-" in sign or b"_" in sign)
_CAPITAL_SIGNS = re.compile(b"|".join(sign for sign in _SIGNS if sign.startswith(b"A")))
_OTHER_SIGNS = tuple(sign for sign in _SIGNS if sign not in _JOINED_SIGNS and not sign.startswith(b"A"))
_NEXT = {"": ("system", "user"), "system": ("user",), "user": ("assistant",), "assistant": ("user",)}


def is_ordinary(parsed: ParsedRow, target: Target) -> bool:
    """True: no rule that reads the row without rendering it has a finding for the target."""
    value = parsed.value
    if value is None or parsed.problems or not _is_usual(target) or not _keys_are_known(parsed, target):
        return False
    texts = _texts(value)
    if texts is None or ("prompt" in value and not accepts(target, RowFormat.PROMPT_COMPLETION)):
        return False
    return not _needs_a_look(parsed.raw, " ".join(texts), target)


def _is_usual(target: Target) -> bool:
    """Not with rules that are off for others, and not where rows are shown through a mapping."""
    return not target.pedantic and not target.select and target.mapping is None and target.is_supervised


def _keys_are_known(parsed: ParsedRow, target: Target) -> bool:
    """Nothing but the keys of a chat or a pair, or others that do not matter to the target."""
    value = parsed.value or {}
    if len(value) == 1 or (len(value) == 2 and "prompt" in value and "completion" in value):
        return True
    if target.name not in TAKES_ANY_KEY or "tools" in value or "functions" in value or None in value.values():
        return False
    if detect_format(value) not in (RowFormat.CHAT, RowFormat.PROMPT_COMPLETION):
        return False
    return HAS_LONG_NUMBER.search(parsed.raw) is None


def _texts(value: dict[str, Any]) -> list[str] | None:
    """All texts of a row in the usual shape, None for any other shape."""
    messages = value.get("messages")
    if messages is None:
        pair = [value.get("prompt"), value.get("completion")]
        usual = "messages" not in value and all(type(text) is str for text in pair)
        return pair if usual and _is_whole_answer(pair[1]) else None  # type: ignore[return-value,arg-type]
    if type(messages) is not list:
        return None
    texts: list[str] = []
    role = ""
    for turn in messages:
        if type(turn) is not dict or len(turn) != 2 or turn.get("role") not in _NEXT[role]:
            return None
        role = turn["role"]
        text = turn.get("content")
        if type(text) is not str or not _is_fine(role, text):
            return None
        texts.append(text)
    return texts if role == "assistant" else None


def _is_fine(role: str, text: str) -> bool:
    return _is_whole_answer(text) if role == "assistant" else bool(text) and not text.isspace()


def _is_whole_answer(text: str) -> bool:
    """Not empty, and when it begins like JSON, complete JSON."""
    if not text or text[0].isspace():
        return False
    if text[0] not in "{[":
        return True
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _needs_a_look(raw: bytes, text: str, target: Target) -> bool:
    """Whether a text holds anything that a rule about texts may object to.

    The signs are looked for in the line's bytes, one byte a character; where escapes may hide one, the rules
    decide.
    """
    if not text.isprintable() and not text.replace("\n", "").replace("\t", "").isprintable():
        return True
    marks = raw.translate(None, _NO_MARKS)
    if b"\\" in marks and (b"\\u" in raw or b"\\/" in raw):
        return True
    angled, others = _beginnings(literals_of(target))
    if b"`" in marks or (angled and b"<" in marks and _holds(raw, angled)) or _holds(raw, others):
        return True
    if (b"-" in marks or b"_" in marks) and _holds(raw, _JOINED_SIGNS):
        return True
    if (b"<" in marks and THINK_SIGN in raw) or _holds(raw, ROLE_SIGNS):
        return True
    return "\ufffd" in text or _CAPITAL_SIGNS.search(raw) is not None or _holds(raw, _OTHER_SIGNS)


def _holds(raw: bytes, signs: Iterable[bytes]) -> bool:
    return any(sign in raw for sign in signs)


@lru_cache(maxsize=16)
def _beginnings(literals: frozenset[str]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What the control tokens begin with, those with an angle bracket apart: few signs to look for,
    not hundreds.
    """
    found = sorted({literal[:2].encode() for literal in literals})
    return tuple(sign for sign in found if sign[:1] == b"<"), tuple(
        sign for sign in found if sign[:1] != b"<"
    )
