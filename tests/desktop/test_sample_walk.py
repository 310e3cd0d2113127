"""An analyst who reads nothing mends the sample: next finding, fix, and where there is none, an edit."""

import json
import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tests.desktop.conftest import settle
from tests.desktop.finding import WAIT, named
from tunedesk import paths

SECONDS_AN_ACTION = 1.5
CHARACTERS_A_SECOND = 5
FIVE_MINUTES = 300


class Analyst:
    """Counts what is pressed and typed."""

    def __init__(self, qtbot, app):
        self.qtbot = qtbot
        self.app = app
        self.actions = self.typed = 0

    def press(self, action):
        assert action.isEnabled(), action.text()
        action.trigger()
        self.actions += 1
        settle(self.qtbot, self.app)

    def apply_what_is_shown(self):
        """Unsafe fixes show first what they would change."""
        for button in self.app.window.findChildren(QPushButton):
            if button.isVisible() and button.isEnabled() and button.text() == "Apply":
                self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
                self.actions += 1
                settle(self.qtbot, self.app)
                return

    def write(self, row):
        """In the JSON view: only what differs is counted as typed, as a person would change only that."""
        actions = self.app.data.actions_of_pane
        self.press(actions.view_json)
        editor = named(self.app.window, "JSON of the row")
        before = editor.exact_text()
        after = json.dumps(row, ensure_ascii=False, indent=2)
        editor.selectAll()
        editor.insertPlainText(after)
        editor.flush()
        self.actions += 2
        self.typed += max(len(after) - len(before), 1)
        settle(self.qtbot, self.app)
        self.press(actions.view_turns)

    @property
    def seconds(self):
        return self.actions * SECONDS_AN_ACTION + self.typed / CHARACTERS_A_SECOND


@pytest.fixture
def sample(tmp_path):
    root = tmp_path / "helpdesk"
    shutil.copytree(paths.sample_project(), root)
    return root


def mends_of(root):
    """The right row for each line that is faulty as shipped; None: the row goes."""
    faults = json.loads((root / "faults.json").read_text(encoding="utf-8"))["faults"]
    lines = (root / "datasets" / "train.jsonl").read_bytes().split(b"\n")
    return {lines[fault["row"] - 1]: fault["mended"] for fault in faults}


def test_all_faults_are_mended_by_keys_in_under_five_minutes(qtbot, open_window, sample):
    mends = mends_of(sample)
    app = open_window(sample)
    linter, document, actions = app.data._open.linter, app.data.document, app.data.actions_of_pane
    qtbot.waitUntil(lambda: linter.is_complete and app.background.is_idle, timeout=WAIT)
    assert len(linter.rows_with_findings()) > 20
    table, analyst = named(app.window, "Examples"), Analyst(qtbot, app)
    while linter.rows_with_findings():
        assert analyst.actions < 200, "the walk does not come to its end"
        if table.current_row_id not in linter.rows_with_findings():
            analyst.press(
                actions.next_finding if table.currentIndex().row() < 380 else actions.previous_finding
            )
        row = table.current_row_id
        findings, raw = linter.findings(row), document.raw(row)
        fixable = [finding for finding in findings if finding.fix is not None]
        if fixable and findings[0].fix is not None:
            analyst.press(actions.fix)
            analyst.apply_what_is_shown()
        if row in document.row_ids() and document.raw(row) == raw:
            mended = mends.get(raw)
            assert mended is not None, f"{findings[0].code} leaves no way on"
            analyst.write(mended)
    assert analyst.seconds < FIVE_MINUTES, (analyst.actions, analyst.typed)
    assert len(document) > 370
