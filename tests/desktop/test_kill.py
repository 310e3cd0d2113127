"""kill -9 of the window while it edits: no committed edit is missing, and undo goes on from there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desktop.conftest import settle
from tests.desktop.finding import act

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("edits", [1, 7, 23])
def test_no_committed_edit_is_missing_after_a_kill(qtbot, open_window, helpdesk, edits):
    before = json.loads((helpdesk / "datasets" / "train.jsonl").read_bytes().splitlines()[0])
    program = [sys.executable, "-m", "tests.desktop.killed_window", str(helpdesk)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        while int(window.stdout.readline()) < edits:
            pass
        window.kill()
        said = window.stdout.read().split()
    committed = max([edits, *map(int, said)])

    app = open_window(helpdesk)
    text = json.loads(app.data.document.raw_at(0))["messages"][1]["content"]
    # The edit after the last one that was told may have been committed too.
    assert text in (f"Edit {committed}.", f"Edit {committed + 1}.")
    act(app.window, "Undo edit text").trigger()
    settle(qtbot, app)
    assert json.loads(app.data.document.raw_at(0)) == before
