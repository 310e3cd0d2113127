"""One dataset's edits: what the window is told of them, also when it is told late."""

import json

import pytest
from PySide6.QtGui import QIcon

from tunedesk.dataset.document import Document
from tunedesk.dataset.order import Order
from tunedesk.desktop.data.session import DatasetSession
from tunedesk.desktop.data.table.row_model import RowModel


class LateBackground:
    """Does the work at once and hands its results on when it is asked to: a drawing thread that is busy."""

    def __init__(self):
        self.waiting = []

    def run(self, work, then, failed=None, **more):
        found = work(None)
        self.waiting.append(lambda: then(found))

    def hand_on(self):
        waiting, self.waiting = self.waiting, []
        for then in waiting:
            then()


def line(text):
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": turns}).encode()


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(line(f"Question {number}") + b"\n" for number in range(6)))
    return Document.open(file, tmp_path / "state.db")


@pytest.mark.parametrize("count", [1, 1500])
@pytest.mark.parametrize("arranged", ["as the file", "filtered", "sorted"])
def test_a_row_that_is_gone_before_its_coming_is_told_is_never_shown(qapp, document, arranged, count):
    background = LateBackground()
    session = DatasetSession(document, background)
    model = RowModel(lambda: session.now, lambda row_id: (0, 0, 0), lambda severity: QIcon())
    if arranged == "filtered":
        model.show_only(Order.of_ids(list(document.row_ids())))
    elif arranged == "sorted":
        model.show_sorted(Order.of_ids(list(document.row_ids())[::-1]))
    shown = []
    session.changed.connect(model.apply)
    session.changed.connect(lambda change: shown.append(sorted(model.ids)))
    session.change_document(lambda rows: rows.insert(2, [line("New")] * count, "Add"), "Adding")
    session.undo()
    background.hand_on()
    assert shown == [sorted(document.row_ids())] * 2
    session.redo()
    session.undo()
    session.redo()
    background.hand_on()
    assert sorted(model.ids) == sorted(document.row_ids())
    assert len(document) == 6 + count
