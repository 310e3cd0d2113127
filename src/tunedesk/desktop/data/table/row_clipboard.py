"""Rows to the clipboard and from it: as a table for spreadsheets, and exactly, for TuneDesk itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from tunedesk.dataset.cells import parse_cells
from tunedesk.dataset.left_out import LeftOut
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table.mark_plans import counted
from tunedesk.desktop.widgets.notice_bar import Notice
from tunedesk.errors import UserError

if TYPE_CHECKING:  # comes with the first paste
    from tunedesk.dataset.spreadsheet import PastedOver

ROWS_MIME = "application/x-tunedesk-rows"
"""Rows as they are, one a line."""
SAMPLES = 20
NOTICE = "clipboard"
TOLD = 3
"""So many reasons of what was left out are said."""


class RowClipboard(QObject):
    notice_raised = Signal(Notice)
    failed = Signal(Exception)

    def __init__(
        self,
        background: Background,
        dataset: Callable[[], OpenDataset | None],
        selected: Callable[[], Sequence[int]],
        flush: Callable[[], None],
        parent: QObject,
    ) -> None:
        """selected: ids of rows. flush: puts what is being typed into the document."""
        super().__init__(parent)
        self._background = background
        self._dataset = dataset
        self._selected = selected
        self._flush = flush

    @property
    def can_paste(self) -> bool:
        data, dataset = QGuiApplication.clipboard().mimeData(), self._dataset()
        is_editable = dataset is not None and not dataset.session.read_only
        return is_editable and data is not None and (data.hasFormat(ROWS_MIME) or data.hasText())

    def copy(self, *, cut: bool = False) -> None:
        """In the background: nobody knows how long the rows are. cut: they are deleted then."""
        self._flush()
        dataset, rows = self._dataset(), self._selected()
        if dataset is None or not len(rows):
            return
        snapshot = dataset.session.now

        def work(job: Job) -> tuple[str, bytes, tuple[LeftOut, ...]] | None:
            from tunedesk.dataset.spreadsheet import copy_rows

            raws = [snapshot.raw(row) for row in rows]
            copied = copy_rows(raws, mapping=snapshot.mapping, cancelled=job.is_cancelled)
            if copied is None:
                return None
            return copied.text, b"\n".join(raws), copied.left_out

        def then(made: tuple[str, bytes, tuple[LeftOut, ...]] | None) -> None:
            if made is None:
                return
            data = QMimeData()
            data.setText(made[0])
            data.setData(ROWS_MIME, made[1])
            QGuiApplication.clipboard().setMimeData(data)
            if made[2]:
                self._tell("As a table, the copy does not say everything. ", made[2])
            if cut:
                dataset.session.delete(rows)

        self._background.run(work, then, self.failed.emit, owner=self, label="Copying")

    def paste(self) -> None:
        """As new rows below the current one."""
        self._flush()
        dataset, data = self._dataset(), QGuiApplication.clipboard().mimeData()
        if dataset is None or data is None:
            return
        session, rows = dataset.session, self._selected()
        exact = bytes(data.data(ROWS_MIME).data()) if data.hasFormat(ROWS_MIME) else b""
        text, snapshot = data.text(), session.now

        def work(job: Job) -> tuple[Sequence[bytes], tuple[LeftOut, ...]] | None:
            from tunedesk.dataset.spreadsheet import paste_new

            if raws := exact.split(b"\n") if exact else _json_lines(text):
                return raws, ()
            pasted = paste_new(text, _samples(snapshot), mapping=snapshot.mapping, cancelled=job.is_cancelled)
            return None if pasted is None else (pasted.raws, pasted.left_out)

        def then(made: tuple[Sequence[bytes], tuple[LeftOut, ...]] | None) -> None:
            if made is None:
                return
            raws, left_out = made
            if not raws:
                self.failed.emit(
                    UserError(
                        "Nothing on the clipboard could be made a row.",
                        hint="Copy rows, lines of JSON, or cells of a spreadsheet, with a header if you can.",
                    )
                )
                return
            last = rows[-1] if len(rows) and rows[-1] in session.now.ids else None
            position = len(session.now) if last is None else session.now.ids.index(last) + 1
            session.insert(position, raws, counted("Paste", len(raws)))
            if left_out:
                self._tell(f"{counted('Pasted', len(raws))}. ", left_out)

        self._background.run(work, then, self.failed.emit, owner=self, label="Pasting")

    def paste_over(self) -> None:
        """Over the rows that are selected; over those that follow, too, when one is selected."""
        self._flush()
        dataset = self._dataset()
        text = QGuiApplication.clipboard().text()
        if dataset is None or not text or not len(self._selected()):
            return
        snapshot = dataset.session.now
        chosen, shown = self._selected(), dataset.model.ids
        if len(chosen) == 1:
            first = shown.index(chosen[0])
            chosen = shown[first : first + max(1, len(parse_cells(text)))]

        def work(job: Job) -> PastedOver:
            from tunedesk.dataset.sheet_columns import columns_of
            from tunedesk.dataset.spreadsheet import paste_over

            rows = [(row, snapshot.raw(row)) for row in chosen]
            values = [value for _, raw in rows if (value := parse_row(raw).value) is not None]
            columns = columns_of(values, snapshot.mapping)
            return paste_over(rows, columns, text, mapping=snapshot.mapping)

        def then(pasted: PastedOver) -> None:
            if pasted.rows:
                dataset.session.change_many(pasted.rows, counted("Paste over", len(pasted.rows)))
            if pasted.left_out or not pasted.rows:
                said = counted("Pasted over", len(pasted.rows)) if pasted.rows else "Nothing was changed"
                self._tell(f"{said}. ", pasted.left_out)

        self._background.run(work, then, self.failed.emit, owner=self, label="Pasting")

    def _tell(self, words: str, left_out: Sequence[LeftOut]) -> None:
        reasons = list(dict.fromkeys(each.reason for each in left_out))
        more = f" And {len(reasons) - TOLD:,} more." if len(reasons) > TOLD else ""
        details = "\n".join(f"Line {each.row}: {each.reason}" for each in left_out[:1000])
        self.notice_raised.emit(
            Notice(words + " ".join(reasons[:TOLD]) + more, "info", details=details, key=NOTICE)
        )


def _json_lines(text: str) -> list[bytes]:
    """Lines that are all JSON objects; [] when one is not."""
    lines = [line.strip().encode("utf-8", "surrogatepass") for line in text.split("\n") if line.strip()]
    if not lines or not all(line.startswith(b"{") for line in lines):
        return []
    return lines if all(parse_row(line).value is not None for line in lines) else []


def _samples(snapshot: Snapshot) -> list[bytes]:
    return [snapshot.raw_at(place) for place in range(min(len(snapshot), SAMPLES))]
