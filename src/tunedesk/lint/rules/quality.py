"""QLT of single rows: answers that were cut off or go round in circles, and gaps that were never filled
in."""

import re
from collections.abc import Iterator

from tunedesk.lint.finding import Severity
from tunedesk.lint.row_facts import normal
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Group, Hit, Rule

_FENCE = re.compile(r"^\s*```", re.MULTILINE)
_JSON_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|"|[{}\[\]]')
_PAIRS = {"}": "{", "]": "["}
_WORD = re.compile(r"\w+")
_LONGEST_LOOKED = 20_000  # characters of an answer in which a loop is looked for
_LONGEST_PHRASE = 30  # words
_ROUNDS = 4
_LEAST_LOOP = 11  # words that repeat earlier ones; "no, no, no, no" is emphasis
_LEAST_ECHO = 40  # characters; a short answer may well be the question's own word
MAX_PLACEHOLDERS = 20  # in one text
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"\bTODO\b|\bFIXME\b|\bTBD\b|\bXXXX+\b|(?i:\blorem ipsum\b)"
    r"|\[(?i:(?:your|insert|enter|add|company|customer|first|last|full|product|agent|recipient|sender)[ _]?"
    r"(?:[a-z]+[ _]?){0,4}|name|date|link|address|phone|email|e-mail|url|city)\](?!\()"
    r"|<(?i:(?:your|insert|enter)[ _-][a-z _-]{2,40})>"
    r"|\{\{\s*[A-Za-z_][\w.]{1,30}\s*\}\}|(?<![\w\\}^_$%{\"'])\{[a-z_][a-z0-9_]{1,30}\}(?![\w}])"
)
MAX_JUDGED = 1_000_000  # characters of an answer; a longer one is no answer but a file


def cut_off_answer(view: RowView) -> Iterator[Hit]:
    for answer in view.answers:
        text = answer.text.rstrip()
        if len(text) > MAX_JUDGED:
            continue
        if len(_FENCE.findall(text)) % 2:
            yield Hit(answer.pointer, "A code block is opened and never closed.", *_last_line(text))
        elif text.lstrip().startswith(("{", "[")) and _is_unclosed(text):
            yield Hit(answer.pointer, "The answer's JSON ends before it is complete.", *_last_line(text))


def _is_unclosed(text: str) -> bool:
    """Whether brackets or a quote are open at the end of a text that is JSON so far."""
    open_brackets: list[str] = []
    for match in _JSON_PIECE.finditer(text):
        piece = match.group()
        if piece == '"':
            return True
        if piece in "{[":
            open_brackets.append(piece)
        elif piece in _PAIRS:
            if not open_brackets or open_brackets.pop() != _PAIRS[piece]:
                return False
            if not open_brackets and match.end() < len(text):
                return False  # something follows the first value: prose that begins with a bracket
    return bool(open_brackets) and _begins_like_json(text)


def _begins_like_json(text: str) -> bool:
    """'{"' and '[{' begin JSON; '[Note: ...' begins a sentence."""
    start = re.sub(r"\s+", "", text[:40])
    return start.startswith(('{"', "[{", '["', "[["))


def _last_line(text: str) -> tuple[int, int]:
    return text.rfind("\n") + 1, len(text)


def repetition(view: RowView) -> Iterator[Hit]:
    """An answer that goes round in circles, or only repeats the question."""
    asked = [message.content or "" for message in view.example.messages if message.role == "user"]
    questions = {normal(text) for text in asked}
    for answer in view.answers:
        loop = _find_loop(answer.text[:_LONGEST_LOOKED])
        if loop is not None:
            yield Hit(answer.pointer, "The answer says the same again and again.", *loop)
        elif len(answer.text) >= _LEAST_ECHO and normal(answer.text) in questions:
            yield Hit(answer.pointer, "The answer only repeats the question.", 0, len(answer.text))


def _find_loop(text: str) -> tuple[int, int] | None:
    """(start, end) of the first phrase of up to 30 words that stands four times in a row or more."""
    words = list(_WORD.finditer(text))
    names = [word.group() for word in words]
    for period in range(1, min(_LONGEST_PHRASE, len(names) // _ROUNDS) + 1):
        run, least = 0, max((_ROUNDS - 1) * period, _LEAST_LOOP)
        for at in range(period, len(names)):
            run = run + 1 if names[at] == names[at - period] else 0
            if run >= least and any(name.isalpha() for name in names[at - period : at]):
                return words[at - run - period + 1].start(), words[at].end()
    return None


def placeholder_text(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.is_call:
            continue
        code = [match.span() for match in _CODE.finditer(text.text)]
        for _, match in zip(range(MAX_PLACEHOLDERS), _PLACEHOLDER.finditer(text.text), strict=False):
            if not any(start <= match.start() < end for start, end in code):
                message = f'"{match.group().strip()}" seems to stand for something that was never filled in.'
                yield Hit(text.pointer, message, match.start(), match.end())


RULES = (
    Rule(
        "QLT002",
        "cut-off-answer",
        "An answer ends before it is complete.",
        Severity.WARNING,
        check=cut_off_answer,
    ),
    Rule(
        "QLT003",
        "repetition",
        "An answer repeats itself, or the question.",
        Severity.WARNING,
        check=repetition,
        group=Group.PEDANTIC,
    ),
    Rule(
        "QLT006",
        "placeholder-text",
        "A text has a gap that was never filled in.",
        Severity.WARNING,
        check=placeholder_text,
        group=Group.PEDANTIC,
    ),
)
