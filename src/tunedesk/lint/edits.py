"""The few changes that fixes are made of, as plain values that can be compared, shown and applied to
a row.
"""

from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.row_edits import delete_at, dump_row, set_at, value_at


@dataclass(frozen=True, slots=True)
class DeleteRow:
    """The row goes."""


@dataclass(frozen=True, slots=True)
class ReplaceLine:
    """The whole line becomes `raw`; for lines that cannot be read as JSON."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The value stays and is written anew, so that what readers ignore disappears."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """What stands at the pointer becomes `value`; a key that is absent is added."""

    pointer: str
    value: Any


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """What stands at the pointer goes: a key of an object, or an item of a list."""

    pointer: str


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Characters start..end of the string at the pointer become `text`; `old` is what stood there."""

    pointer: str
    start: int
    end: int
    old: str
    text: str


@dataclass(frozen=True, slots=True)
class RewriteFile:
    """The file as such is written anew: its rows stay; `file_facts.rewrite` does it.

    has_bom: with or without a byte order mark, None as it is. as_utf8: in UTF-8. as_lines: one row a line.
    unix_newlines: lines end in LF.
    """

    has_bom: bool | None = None
    as_utf8: bool = False
    as_lines: bool = False
    unix_newlines: bool = False


Edit = DeleteRow | ReplaceLine | Rewrite | SetValue | DeleteKey | ReplaceText | RewriteFile


def apply_edits(parsed: ParsedRow, edits: tuple[Edit, ...]) -> bytes | None:
    """The new line, None when the row is deleted; LookupError when the row no longer is what the
    edits were made for.
    """
    value: Any = parsed.value
    for edit in edits:
        match edit:
            case DeleteRow():
                return None
            case ReplaceLine(raw):
                return raw
            case Rewrite():
                pass
            case SetValue(pointer, new):
                value = set_at(value, pointer, new)
            case DeleteKey(pointer):
                value = delete_at(value, pointer)
            case ReplaceText():
                value = _replace_text(value, edit)
            case RewriteFile():
                raise LookupError("the file, not a row")
    if not isinstance(value, dict):
        raise LookupError("")
    return dump_row(value, like=parsed.raw)


def _replace_text(value: Any, edit: ReplaceText) -> Any:
    text = value_at(value, edit.pointer)
    if not isinstance(text, str) or text[edit.start : edit.end] != edit.old:
        raise LookupError(edit.pointer)
    return set_at(value, edit.pointer, text[: edit.start] + edit.text + text[edit.end :])
