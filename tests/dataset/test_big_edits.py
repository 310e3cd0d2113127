"""Claims about edits of very many rows: in parts, so that memory stays small, and nobody who reads waits."""

import threading
import tracemalloc
from collections.abc import Iterator, Mapping

from tests.dataset.rows import raws
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.steps import PART_BYTES

ROW_BYTES = 100_000
ROWS = 10 * PART_BYTES // ROW_BYTES


class Made(Mapping[int, bytes]):
    """New texts that are made when they are asked for; `look` is called on the way."""

    def __init__(self, document: Document, look: object = None) -> None:
        self._ids = list(document.row_ids())
        self._look = look

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __getitem__(self, row: int) -> bytes:
        if callable(self._look):
            self._look()
        return b'{"new": %d}' % row


def big_rows() -> bytes:
    return b"".join(b'{"row": %d, "text": "%s"}\n' % (number, b"x" * ROW_BYTES) for number in range(ROWS))


def peak_of(action: object) -> int:
    """Bytes that were in use at most, beyond what was before."""
    assert callable(action)
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_edit_of_all_rows_and_its_undo_never_hold_all_texts(make):
    content = big_rows()
    document = make(content)
    before = raws(document)
    rows = Made(document)
    assert peak_of(lambda: document.replace_many(rows, "Edit")) < 5 * PART_BYTES < len(content)
    assert raws(document) == [rows[row] for row in rows]
    assert peak_of(document.undo) < 5 * PART_BYTES
    assert raws(document) == before
    assert peak_of(lambda: document.delete(document.row_ids(), "Delete")) < 5 * PART_BYTES
    assert len(document) == 0
    assert peak_of(document.undo) < 5 * PART_BYTES
    assert raws(document) == before
    version = document.history()[0]
    document.redo()
    document.undo()
    assert (len(document.at_version(version)), len(document)) == (0, ROWS)


def test_nobody_who_reads_waits_for_an_edit_that_is_being_written(make):
    document = make(b"".join(b"%d\n" % number for number in range(3000)))
    before = raws(document)
    seen: list[object] = []

    def look() -> None:
        if len(seen) < 5:
            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            reader.join(timeout=30)
            assert not reader.is_alive(), "reading waits for the edit"

    def read() -> None:
        state = (
            raws(document),
            document.undo_label,
            document.redo_label,
            document.is_modified,
            document.version,
        )
        marks = document.snapshot().marked_rows()
        seen.append((*state, dict(marks), document.position_of(document.id_at(7))))

    document.replace_many(Made(document, look), "Edit")
    assert seen == [(before, None, None, False, 1, {}, 7)] * 5
    assert document.raw_at(0) == b'{"new": 1}'


def test_marks_of_many_rows_are_shown_at_once(make):
    document = make(b"".join(b"%d\n" % number for number in range(3000)))
    then = document.snapshot()
    reviewed = dict.fromkeys(document.row_ids(), RowMarks(reviewed=True))
    document.set_marks(reviewed, "Reviewed")
    assert document.snapshot().marked_rows() == reviewed
    assert then.marked_rows() == {}
    document.undo()
    assert document.snapshot().marked_rows() == {}
