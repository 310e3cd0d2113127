"""ENC and JSN: lines that cannot be read, or that readers understand differently; most are found while
parsing the line.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from tunedesk.dataset.code_pages import guess_code_page
from tunedesk.dataset.parsing import ParsedRow, ParseProblem, parse_row
from tunedesk.lint.edits import DeleteRow, Edit, ReplaceLine, Rewrite, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule, Scope

_SURROGATES = re.compile("[\ud800-\udfff]")
MAX_MENDED = 1_000_000  # bytes of a broken line that is searched for its open brackets
_CODE_PAGES = {"cp1251": "Windows-1251 (Cyrillic)", "cp1252": "Windows-1252 (western)"}
_CLOSERS = {"{": "}", "[": "]"}


def repair(parsed: ParsedRow, problem: ParseProblem) -> Fix | None:
    """The fix of a problem that was found while reading the line."""
    build = _REPAIRS.get(problem.code)
    return build(parsed, problem) if build is not None else None


def _redecode(parsed: ParsedRow, problem: ParseProblem) -> Fix | None:
    """Read the bytes as the Windows encoding that they most look like; only where a row comes of it, because
    afterwards nobody could tell which bytes stood there.
    """
    codec = guess_code_page(parsed.raw)
    try:
        raw = parsed.raw.decode(codec).encode("utf-8")
    except UnicodeDecodeError:
        return None
    if parse_row(raw).value is None:
        return None
    return Fix(FixKind.UNSAFE, f"Read the line as {_CODE_PAGES[codec]}", (ReplaceLine(raw),))


def _delete_blank(parsed: ParsedRow, problem: ParseProblem) -> Fix:
    return Fix(FixKind.SAFE, "Delete the empty line", (DeleteRow(),))


def _mend_json(parsed: ParsedRow, problem: ParseProblem) -> Fix | None:
    """A comma too much, or an end that is missing; offered only when the line can be read afterwards."""
    if len(parsed.raw) > MAX_MENDED:
        return None
    text = parsed.raw.decode("utf-8-sig")
    candidates = (
        (
            "Delete the comma",
            text[: problem.start] + text[problem.end :],
            text[problem.start : problem.end] == ",",
        ),
        ("Close the line", text + _missing_end(text), True),
    )
    for label, candidate, applies in candidates:
        raw = candidate.encode("utf-8")
        after = parse_row(raw) if applies and candidate != text else None
        if after is not None and after.value is not None and not after.problems:
            return Fix(FixKind.SUGGESTION, label, (ReplaceLine(raw),))
    return None


def _missing_end(text: str) -> str:
    """The quote and brackets that are still open at the end of a line."""
    stack: list[str] = []
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in _CLOSERS:
            stack.append(_CLOSERS[character])
        elif stack and character == stack[-1]:
            stack.pop()
    return ('"' if in_string else "") + "".join(reversed(stack))


def _keep_last(parsed: ParsedRow, problem: ParseProblem) -> Fix:
    return Fix(FixKind.SUGGESTION, "Keep the last value, which is the one readers use", (Rewrite(),))


def _null_numbers(parsed: ParsedRow, problem: ParseProblem) -> Fix | None:
    wrong = [
        pointer
        for pointer, item in _leaves(parsed.value, "")
        if isinstance(item, float) and not math.isfinite(item)
    ]
    edits: tuple[Edit, ...] = tuple(SetValue(pointer, None) for pointer in wrong)
    return Fix(FixKind.UNSAFE, "Write null instead", edits) if edits else None


def _replace_halves(parsed: ParsedRow, problem: ParseProblem) -> Fix | None:
    edits: tuple[Edit, ...] = tuple(
        SetValue(pointer, _SURROGATES.sub("\ufffd", item))
        for pointer, item in _leaves(parsed.value, "")
        if isinstance(item, str) and _SURROGATES.search(item)
    )
    return Fix(FixKind.UNSAFE, "Write the replacement character U+FFFD", edits) if edits else None


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Every value that is no container, with its JSON pointer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{index}")
    else:
        yield pointer, value


# What str.splitlines() takes for a line end, as readers of text files use it; \x1c and the like are no JSON.
_SEPARATORS = re.compile(b"\xe2\x80[\xa8\xa9]|\xc2\x85")
_NAMES = {b"\xe2\x80\xa8": "U+2028", b"\xe2\x80\xa9": "U+2029", b"\xc2\x85": "U+0085"}


def line_separator(view: RowView) -> Iterator[Hit]:
    """Once for each text that holds one plain; escaped ones harm nobody."""
    found = _SEPARATORS.search(view.parsed.raw)
    if found is None:
        return
    fix = Fix(FixKind.SAFE, "Write them as escapes", (ReplaceLine(_escaped(view.parsed.raw)),))
    words = f"{_NAMES[found.group()]} stands plain in the line; some readers end the line there."
    places = [text for text in view.texts if _SEPARATORS.search(text.text.encode("utf-8", "replace"))]
    if not places:
        yield Hit("", words, fix=fix)
    for text in places:
        at = next(place for place, sign in enumerate(text.text) if sign in "\u2028\u2029\x85")
        yield Hit(text.pointer, words, at, at + 1, fix)


def _escaped(raw: bytes) -> bytes:
    """They can stand nowhere but in strings, where an escape means the same."""
    return _SEPARATORS.sub(lambda match: b"\\u" + _NAMES[match.group()][2:].encode().lower(), raw)


_LARGEST = 2**63


def big_integer(view: RowView) -> Iterator[Hit]:
    if not HAS_LONG_NUMBER.search(view.parsed.raw):
        return
    for pointer, item in _leaves(view.value, ""):
        if type(item) is int and not -_LARGEST <= item < 2 * _LARGEST:
            words = "The integer needs more than 64 bits; some readers turn it into a number that is near it."
            yield Hit(pointer, words)


HAS_LONG_NUMBER = re.compile(rb"[0-9]{19}")


_REPAIRS: dict[str, Callable[[ParsedRow, ParseProblem], Fix | None]] = {
    "ENC001": _redecode,
    "ENC005": _delete_blank,
    "JSN001": _mend_json,
    "JSN003": _keep_last,
    "JSN004": _null_numbers,
    "JSN005": _replace_halves,
}


def _rule(code: str, name: str, summary: str, severity: Severity, fix: FixKind | None) -> Rule:
    rejects = severity is Severity.ERROR
    return Rule(code, name, summary, severity, Scope.LINE, fix=fix, rejects=rejects)


RULES = (
    _rule("ENC001", "invalid-utf8", "The line is not UTF-8 text.", Severity.ERROR, FixKind.UNSAFE),
    _rule("ENC005", "blank-line", "The line is empty.", Severity.WARNING, FixKind.SAFE),
    _rule("JSN001", "invalid-json", "The line is not JSON.", Severity.ERROR, FixKind.SUGGESTION),
    _rule("JSN002", "not-an-object", "The line is JSON, but not an object.", Severity.ERROR, None),
    _rule("JSN003", "duplicate-key", "A key stands twice in one object.", Severity.ERROR, FixKind.SUGGESTION),
    _rule(
        "JSN004",
        "non-finite-number",
        "NaN or Infinity, which JSON does not have.",
        Severity.ERROR,
        FixKind.UNSAFE,
    ),
    _rule(
        "JSN005",
        "lone-surrogate",
        "Half of a character, which UTF-8 cannot hold.",
        Severity.ERROR,
        FixKind.UNSAFE,
    ),
    Rule(
        "ENC008",
        "unicode-line-separator",
        "A character that some readers take for the end of the line.",
        Severity.WARNING,
        check=line_separator,
        fix=FixKind.SAFE,
    ),
    Rule(
        "JSN006",
        "big-integer",
        "An integer that needs more than 64 bits.",
        Severity.WARNING,
        check=big_integer,
    ),
)
