"""QLT and PII of single rows: answers that were cut off, and secrets that a model would learn by heart."""

import re
from collections.abc import Iterator

from tunedesk.lint.edits import ReplaceText
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule

_FENCE = re.compile(r"^\s*```", re.MULTILINE)
_JSON_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|"|[{}\[\]]')
_PAIRS = {"}": "{", "]": "["}
# The shapes that providers give their keys; each begins with a prefix of its own, so that chance hits are
# rare.
_SECRET = re.compile(
    r"-----BEGIN (?P<private>(?:[A-Z]+ )?PRIVATE KEY)-----.*?(?:-----END (?P=private)-----|\Z)"
    r"|\bsk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bhf_[A-Za-z0-9]{30,}\b|\bxox[abeoprs]-[A-Za-z0-9-]{20,}|\bAIza[0-9A-Za-z_-]{35}"
    r"|\bey[JI][A-Za-z0-9_-]{10,}\.ey[JI][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    re.DOTALL,
)
# One of these stands in every secret; looking for them first saves the search.
SECRET_SIGNS = tuple(
    [
        "-----BEGIN",
        "sk-",
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "hf_",
        "xox",
        "AIza",
        "eyJ",
        "eyI",
    ]
)
MAX_JUDGED = 1_000_000  # characters of an answer; a longer one is no answer but a file
_DISTINCT = 10  # characters; "sk-xxxxxxxxxxxxxxxxxxxx" in a manual is no secret
_MASK = "[secret removed]"


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


def secret(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if not any(sign in text.text for sign in SECRET_SIGNS):
            continue
        for match in _SECRET.finditer(text.text):
            found = match.group()
            if len(set(found)) < _DISTINCT:
                continue
            edit = ReplaceText(text.pointer, match.start(), match.end(), found, _MASK)
            fix = Fix(FixKind.UNSAFE, "Remove the secret", (edit,))
            message = f"This looks like a secret key ({found[:6]}...); a tuned model can repeat it to anyone."
            yield Hit(text.pointer, message, match.start(), match.end(), fix)


RULES = (
    Rule(
        "QLT002",
        "cut-off-answer",
        "An answer ends before it is complete.",
        Severity.WARNING,
        check=cut_off_answer,
    ),
    Rule(
        "PII002",
        "secret",
        "A text holds what looks like a secret key.",
        Severity.ERROR,
        check=secret,
        fix=FixKind.UNSAFE,
    ),
)
