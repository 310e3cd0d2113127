"""New examples from a table: templates of texts with {columns} in them, filled from each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.left_out import LeftOut
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row
from tunedesk.dataset.sheet_columns import row_of_turns, text_in_cell
from tunedesk.errors import UserError

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class PromptTemplate(msgspec.Struct, frozen=True):
    """The turns of the new examples; an empty one makes no turn.

    {name} is a column; {{ and }} are a bracket.
    """

    system: str = ""
    user: str = ""
    assistant: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with one row's values. raw: the new example.

    unknown: columns that the row does not have. empty: columns that hold nothing there.
    """

    raw: bytes
    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not (self.unknown or self.empty)


@dataclass(frozen=True, slots=True)
class FilledRows:
    """raws: the new examples. sources: the row that each was made of. mark: says where they come from.

    left_out: rows with an unknown or empty column, which made no example unless that was asked for.
    """

    raws: tuple[bytes, ...]
    sources: tuple[int, ...]
    mark: RowMarks
    left_out: tuple[LeftOut, ...]


def columns_in(template: PromptTemplate) -> tuple[str, ...]:
    """The columns that a template names. UserError with the place for a bracket that stands alone."""
    return tuple(dict.fromkeys(name for _, text in _turns(template) for name in _columns(text)))


def fill(template: PromptTemplate, raw: bytes) -> Filled:
    """The example that one row makes, for a preview. UserError for a broken row or template."""
    names = columns_in(template)
    value = parse_row(raw).value
    if value is None:
        raise UserError("The row is not JSON, so it has no columns.", hint="Mend it, or leave it out.")
    cells = {name: text_in_cell(value[name]) for name in names if name in value}
    turns = [(role, _filled(text, cells)) for role, text in _turns(template)]
    return Filled(
        dump_row(row_of_turns(RowFormat.CHAT, turns)),
        unknown=tuple(name for name in names if name not in cells),
        empty=tuple(name for name in names if name in cells and not cells[name].strip()),
    )


def fill_rows(
    rows: Iterable[tuple[int, bytes]],
    total: int,
    template: PromptTemplate,
    name: str,
    *,
    keep_incomplete: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FilledRows | None:
    """An example for each row of a table; None when cancelled.

    rows: numbers or ids and texts, as from Snapshot.rows() or files.read_rows(). name: of the table, for the
    examples' marks. UserError when the template says nothing or has a broken bracket.
    """
    if not _turns(template):
        raise UserError("The template is empty.", hint="Write what the user says, with {columns} in it.")
    columns_in(template)
    raws: list[bytes] = []
    sources: list[int] = []
    left_out: list[LeftOut] = []
    for done, (row, raw) in enumerate(rows):
        if done % 256 == 0:
            if cancelled():
                return None
            progress(done, total)
        try:
            filled = fill(template, raw)
        except UserError as error:
            left_out.append(LeftOut(row, "", error.message))
            continue
        if not filled.is_complete:
            left_out.append(LeftOut(row, "", _what_lacks(filled)))
        if filled.is_complete or keep_incomplete:
            raws.append(filled.raw)
            sources.append(row)
    progress(total, total)
    return FilledRows(tuple(raws), tuple(sources), RowMarks(source=f"template over {name}"), tuple(left_out))


def _turns(template: PromptTemplate) -> list[tuple[str, str]]:
    texts = (("system", template.system), ("user", template.user), ("assistant", template.assistant))
    return [(role, text) for role, text in texts if text]


def _columns(text: str) -> Iterator[str]:
    for piece in _PIECE.finditer(text):
        if piece[1]:
            yield piece[1]
        elif piece.group() in ("{", "}", "{}"):
            message = (
                f"A bracket stands alone at character {piece.start() + 1}: {text[piece.start() :][:20]!r}."
            )
            raise UserError(message, hint="Write {column} for a column, and {{ or }} for a bracket.")


def _filled(text: str, cells: Mapping[str, str]) -> str:
    """A column that the row lacks stays as it was written, so that nobody overlooks it."""
    return _PIECE.sub(lambda piece: cells.get(piece[1], piece[0]) if piece[1] else piece[0][0], text)


def _what_lacks(filled: Filled) -> str:
    parts = [f"has no column {name!r}" for name in filled.unknown]
    parts += [f"has nothing in the column {name!r}" for name in filled.empty]
    return f"The row {' and '.join(parts)}."
