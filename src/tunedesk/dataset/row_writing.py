"""Writes a row's value as one line of JSON, in the habit of the line that it replaces."""

import json
import re
from typing import Any

from tunedesk.dataset.json_tokens import tokens
from tunedesk.dataset.parsing import BOM
from tunedesk.dataset.splicing import Dump, respelled

# Separators that readers which use str.splitlines() take for line ends.
_LINE_SEPARATORS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def dump_row(value: dict[str, Any], like: bytes = b"") -> bytes:
    """The value as one line of JSON in the habit of `like`: its separators, and whether it escapes non-ASCII.

    `like` is the line that the value was changed from: what both have in common is written as it stands
    there, numbers such as 1.10 above all. U+0085, U+2028 and U+2029 are escaped unless `like` holds them
    plain, and lone surrogates always.
    """
    habit = like.removeprefix(BOM).decode("utf-8", "replace")
    comma, colon = _separators(habit)
    escapes = habit.isascii() and re.search(r"\\u(?!00[0-7])[0-9a-fA-F]{4}", habit) is not None

    def dump(part: Any) -> str:
        return json.dumps(part, ensure_ascii=escapes, separators=(comma, colon))

    return _escaped(_in_spelling(habit, value, dump, comma, colon), habit).encode("utf-8")


def _in_spelling(habit: str, value: Any, dump: Dump, comma: str, colon: str) -> str:
    """Written into the old text where that spells anything otherwise than a fresh one would."""
    plain = dump(value)
    if not habit:
        return plain
    try:
        return plain if dump(json.loads(habit)) == habit else respelled(habit, value, dump, comma, colon)
    except (ValueError, RecursionError):
        return plain


def _escaped(text: str, habit: str) -> str:
    for separator, escaped in _LINE_SEPARATORS.items():
        if separator in text and separator not in habit:
            text = text.replace(separator, escaped)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _separators(habit: str) -> tuple[str, str]:
    """The first comma and colon outside of strings, with the blanks around them."""
    found = {",": ", ", ":": ": "}
    missing = set(found)
    for token in tokens(habit):
        if token.text in missing:
            before = habit[max(0, token.start - 16) : token.start]
            after = habit[token.end : token.end + 16]
            left = before[len(before.rstrip(" \t")) :]
            found[token.text] = left + token.text + after[: len(after) - len(after.lstrip(" \t"))]
            missing.discard(token.text)
        if not missing:
            break
    return found[","], found[":"]
