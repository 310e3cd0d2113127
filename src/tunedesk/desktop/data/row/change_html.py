"""The difference between two texts as lines with signs, changed words marked; knows strings only."""

import difflib
import re
from collections.abc import Iterator
from html import escape

from tunedesk.dataset.text_diff import diff_texts
from tunedesk.desktop.text.invisible import INVISIBLE, is_right_to_left, is_strange, short_name
from tunedesk.desktop.theme.tokens import Tokens

_INVISIBLE = re.compile(f"[{re.escape(INVISIBLE)}]")
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
                parts += [_line(" ", _visible(text), "") for text in old[i1:i2]]
            else:
                parts += _replaced(old[i1:i2], new[j1:j2], tokens)
    return "".join(parts)


def heading_html(text: str) -> str:
    return f'<p style="margin:8px 0 2px 0;"><b>{escape(text)}</b></p>' if text else ""


def _replaced(old: list[str], new: list[str], tokens: Tokens) -> Iterator[str]:
    """Lines that go above lines that come; where they pair up, the words that differ are underlined."""
    paired = len(old) == len(new)
    for number, text in enumerate(old):
        marked = _marked(text, new[number]) if paired else _visible(text)
        yield _line("\u2212", marked, tokens.cut)
    for number, text in enumerate(new):
        marked = _marked(text, old[number]) if paired else _visible(text)
        yield _line("+", marked, tokens.trained)


def _marked(text: str, other: str) -> str:
    parts = []
    for piece in diff_texts(other, text):
        if piece.kind != "removed":
            html = _visible(piece.text)
            parts.append(html if piece.kind == "same" else f"<b><u>{html}</u></b>")
    return "".join(parts)


def _visible(text: str) -> str:
    """Characters that cannot be seen by their names, as a fix may be about nothing else."""
    right_to_left = is_right_to_left(text)

    def named(match: re.Match[str]) -> str:
        if not is_strange(text, match.start(), right_to_left):
            return match.group()
        return f"\x02{short_name(match.group())}\x03"

    marked = escape(_INVISIBLE.sub(named, text))
    return marked.replace("\x02", "<small>[").replace("\x03", "]</small>")


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _line(sign: str, html: str, colour: str) -> str:
    back = f"background:{colour};" if colour else ""
    return f'<p style="{back}margin:0;white-space:pre-wrap;">{sign} {html}</p>'
