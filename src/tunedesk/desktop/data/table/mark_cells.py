"""What the columns of marks show and say of a row, and the colours of the table's icons."""

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.marks import RowMarks
from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.theme.icons import icon

_TINTS = {"info": "muted", "star-full": "warning", "check": "ok", "pencil": "muted", "note": "muted"}


def cell_icon(name: str, widget: QWidget) -> QIcon:
    """An icon of a cell, in the colours of the widget's theme; "NAME head" for the head of a column."""
    if name.endswith(" head"):
        return icon(name.removesuffix(" head"), widget, "muted")
    return icon(name, widget, _TINTS.get(name, name if name in ("error", "warning") else "text"))


def icon_name_of(column: Column, marks: RowMarks) -> str:
    """The icon of a cell; "" for none."""
    if column == Column.STAR:
        return "star-full" if marks.star else ""
    if column == Column.REVIEWED:
        return "pencil" if marks.draft else "check" if marks.reviewed else ""
    return ""


def shown_mark(column: Column, marks: RowMarks) -> str:
    if column == Column.TAGS:
        return ", ".join(marks.tags)
    return " ".join(marks.note.split())[:200] if column == Column.NOTE else ""


def said_mark(column: Column, marks: RowMarks) -> str:
    """The cell in words, for its tooltip and for a screen reader."""
    if column == Column.STAR:
        return "Starred" if marks.star else ""
    if column == Column.REVIEWED:
        if marks.draft:
            return source_words(marks)
        return "Reviewed" if marks.reviewed else ""
    return marks.note if column == Column.NOTE else ", ".join(marks.tags)


def source_words(marks: RowMarks) -> str:
    """Whether the row is a draft, and where it came from; "" for a row of the file itself."""
    if marks.draft:
        made = f", made by {marks.source}" if marks.source else ""
        return f"Draft{made}. Accept or discard it."
    return f"From {marks.source}." if marks.source else ""
