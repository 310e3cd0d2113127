"""What changed between two states of the rows, read as text: changed words, added and removed rows."""

import json
from collections.abc import Iterator
from html import escape
from itertools import islice

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtWidgets import QTextBrowser

from tunedesk.dataset.diffing import RowChange, RowDiff
from tunedesk.dataset.example import example_of
from tunedesk.dataset.json_pointer import value_at
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_pairing import RowSource
from tunedesk.dataset.text_diff import diff_texts
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import Tokens, tokens_of
from tunedesk.desktop.widgets.layout import GRID

MOST_CHANGES = 200
"""Shown at once; how many more there are is said."""
LONGEST = 400
"""Characters of a text that is shown whole; of longer ones the parts around changes."""
AROUND = 60


class DifferenceView(QTextBrowser):
    row_asked = Signal(int)
    """The id of a row to show in the table."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What changed")
        self.setOpenLinks(False)
        set_look(self, "bare")
        self.document().setDocumentMargin(GRID)
        self.anchorClicked.connect(self._follow)
        self._shown: tuple[RowDiff, RowSource, RowSource] | None = None
        self._links_old = False

    def show_difference(
        self, difference: RowDiff, old: RowSource, new: RowSource, *, links_old: bool = False
    ) -> None:
        """links_old: the old rows are those of the table, not the new ones."""
        self._shown = (difference, old, new)
        self._links_old = links_old
        self._redraw()

    def show_nothing(self) -> None:
        self._shown = None
        self.clear()

    def _redraw(self) -> None:
        if self._shown is None:
            self.clear()
            return
        difference, old, new = self._shown
        parts = [
            _head(change, change.old if self._links_old else change.new, tokens_of(self))
            + "".join(_body(change, old, new, tokens_of(self)))
            for change in islice(difference.changes, MOST_CHANGES)
        ]
        left = len(difference.changes) - MOST_CHANGES
        if left > 0:
            parts.append(f"<p>{left:,} more changes are not shown.</p>")
        self.setHtml("".join(parts))

    def _follow(self, address: QUrl) -> None:
        self.row_asked.emit(int(address.toString().removeprefix("row:")))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return None


def summary_of(difference: RowDiff) -> str:
    """Like "3 rows changed, 1 added, 200 the same"."""
    words = [f"{difference.count(kind):,} {kind}" for kind in ("changed", "added", "removed", "moved")]
    parts = [part for part in words if not part.startswith("0 ")]
    return f"{', '.join(parts) if parts else 'No difference'}; {difference.same:,} rows the same."


def _head(change: RowChange, linked: int | None, tokens: Tokens) -> str:
    number = (change.new_position if change.new_position is not None else change.old_position or 0) + 1
    name = f"Row {number:,}"
    if linked is not None:
        name = f'<a href="row:{linked}" style="color:{tokens.accent}">{name}</a>'
    moved = " and moved" if change.kind == "changed" and change.is_moved else ""
    kind = f'<span style="color:{tokens.muted}">{change.kind}{moved}</span>'
    return f'<p style="margin:12px 0 2px 0"><b>{name}</b> {kind}</p>'


def _body(change: RowChange, old: RowSource, new: RowSource, tokens: Tokens) -> Iterator[str]:
    if change.kind == "changed" and change.old is not None and change.new is not None:
        before, after = old.raw(change.old), new.raw(change.new)
        if not change.pointers:
            yield _paragraph(f'<span style="color:{tokens.muted}">only written in another way</span>')
        for pointer in change.pointers:
            told = _text_at(before, pointer), _text_at(after, pointer)
            yield _paragraph(f'<span style="color:{tokens.muted}">{escape(pointer)}</span>')
            yield _paragraph(_words_html(*told, tokens))
    elif change.kind == "added" and change.new is not None:
        yield _paragraph(_marked(_in_short(new.raw(change.new)), "added", tokens))
    elif change.kind == "removed" and change.old is not None:
        yield _paragraph(_marked(_in_short(old.raw(change.old)), "removed", tokens))
    elif change.old_position is not None:
        yield _paragraph(f'<span style="color:{tokens.muted}">was row {change.old_position + 1:,}</span>')


def _words_html(old: str, new: str, tokens: Tokens) -> str:
    pieces = diff_texts(old, new)
    last = len(pieces) - 1
    parts = []
    for place, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "same" and len(text) > LONGEST:
            head = "" if place == 0 else text[:AROUND]
            tail = "" if place == last else text[-AROUND:]
            text = f"{head} \u2026 {tail}"
        parts.append(_marked(text, piece.kind, tokens))
    return "".join(parts)


def _marked(text: str, kind: str, tokens: Tokens) -> str:
    """Colour is never the only sign: what goes is struck out, what comes is underlined."""
    shown = escape(text.encode("utf-8", "backslashreplace").decode())
    if kind == "removed":
        return f'<span style="background:{tokens.cut}"><s>{shown}</s></span>'
    if kind == "added":
        return f'<span style="background:{tokens.trained}"><u>{shown}</u></span>'
    return shown


def _paragraph(html: str) -> str:
    return f'<p style="margin:0 0 2px 12px;white-space:pre-wrap">{html}</p>'


def _text_at(raw: bytes, pointer: str) -> str:
    """What stands at a place, as a person reads it; "" where nothing does."""
    value = parse_row(raw).value
    if value is None:
        return raw.decode("utf-8", "replace")
    try:
        found = value_at(value, pointer)
    except LookupError:
        return ""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _in_short(raw: bytes) -> str:
    """A row in two lines: its first question and its last answer."""
    example = example_of(parse_row(raw).value)
    lines = [text for text in (example.first_user, example.last_assistant) if text]
    text = "\n".join(lines) if lines else raw.decode("utf-8", "replace")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "\u2026"
