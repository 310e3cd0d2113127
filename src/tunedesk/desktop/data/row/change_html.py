"""The difference between two texts as lines with signs, changed words marked; knows strings only."""

import difflib
import re
from collections.abc import Iterator
from html import escape

from tunedesk.desktop.theme.tokens import Tokens

CONTEXT = 2
"""Unchanged lines shown around a change."""


def change_html(before: str, after: str, tokens: Tokens) -> str:
    """HTML for a text browser: "-" lines go, "+" lines come, unchanged ones further away are left out."""
    old, new = _lines(before), _lines(after)
    parts: list[str] = []
    for group in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(CONTEXT):
        if parts:
            parts.append(_line(" ", "\u2026", ""))
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                parts += [_line(" ", escape(text), "") for text in old[i1:i2]]
            else:
                parts += _replaced(old[i1:i2], new[j1:j2], tokens)
    return "".join(parts)


def heading_html(text: str) -> str:
    return f'<p style="margin:8px 0 2px 0;"><b>{escape(text)}</b></p>' if text else ""


def _replaced(old: list[str], new: list[str], tokens: Tokens) -> Iterator[str]:
    """Lines that go above lines that come; where they pair up, the words that differ are underlined."""
    paired = len(old) == len(new)
    for number, text in enumerate(old):
        marked = _marked(text, new[number]) if paired else escape(text)
        yield _line("\u2212", marked, tokens.cut)
    for number, text in enumerate(new):
        marked = _marked(text, old[number]) if paired else escape(text)
        yield _line("+", marked, tokens.trained)


def _marked(text: str, other: str) -> str:
    words, others = _words(text), _words(other)
    matcher = difflib.SequenceMatcher(a=words, b=others, autojunk=False)
    parts = []
    for kind, i1, i2, _, _ in matcher.get_opcodes():
        piece = escape("".join(words[i1:i2]))
        parts.append(piece if kind == "equal" else f"<b><u>{piece}</u></b>")
    return "".join(parts)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|.", text)


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _line(sign: str, html: str, colour: str) -> str:
    back = f"background:{colour};" if colour else ""
    return f'<p style="{back}margin:0;white-space:pre-wrap;">{sign} {html}</p>'
