"""Splitting a dataset through its page: the plan is shown before anything is written."""

import json
import shutil

import pytest

from tests.desktop.finding import WAIT, buttons, named, press, words_on


@pytest.fixture
def alone(helpdesk):
    """A project with training rows only, none of which is broken."""
    path = helpdesk / "datasets" / "train.jsonl"
    good = [raw for raw in path.read_bytes().splitlines(keepends=True) if _is_good(raw)]
    path.write_bytes(b"".join(good))
    for name in ("valid", "heldout"):
        (helpdesk / "datasets" / f"{name}.jsonl").unlink()
    manifest = helpdesk / "project.json"
    content = json.loads(manifest.read_text())
    content["datasets"] = {"train": "datasets/train.jsonl"}
    manifest.write_text(json.dumps(content))
    return helpdesk


def _is_good(raw):
    try:
        return isinstance(json.loads(raw), dict)
    except ValueError:
        return False


def open_split(app):
    app.data.making_tools.split.action.trigger()
    return app.data.tool_shelf.open_tool


def wait_for(qtbot, page, words):
    qtbot.waitUntil(lambda: any(words in each for each in words_on(page)), timeout=WAIT)


def test_the_parts_are_shown_before_anything_is_written(qtbot, open_window, alone):
    app = open_window(alone)
    page = open_split(app)
    wait_for(qtbot, page, "No question stands in two parts.")
    shown = {"Training", "Validation", "Held-out", "Rows"}
    qtbot.waitUntil(lambda: shown <= set(words_on(page)), timeout=WAIT)
    assert sorted(path.name for path in (alone / "datasets").iterdir()) == ["train.jsonl"]


def test_the_parts_become_datasets_of_the_project_and_the_file_stays(qtbot, open_window, alone):
    app = open_window(alone)
    before = (alone / "datasets" / "train.jsonl").read_bytes()
    page = open_split(app)
    wait_for(qtbot, page, "No question stands in two parts.")
    press(qtbot, page, "Write the parts")
    qtbot.waitUntil(lambda: set(app.desk.splits()) == {"train", "valid", "heldout", "other"}, timeout=WAIT)
    assert (alone / "datasets" / "train.jsonl").read_bytes() == before
    parts = [
        (alone / "datasets" / f"train-{role}.jsonl").read_bytes() for role in ("train", "valid", "heldout")
    ]
    assert sorted(b"".join(parts).splitlines()) == sorted(before.splitlines())
    assert named(app.window, "Split").count() == 4
    qtbot.waitUntil(lambda: app.background.is_idle, timeout=WAIT)


def test_files_that_are_there_are_overwritten_only_when_told(qtbot, open_window, alone):
    shutil.copy(alone / "datasets" / "train.jsonl", alone / "datasets" / "train-valid.jsonl")
    app = open_window(alone)
    page = open_split(app)
    wait_for(qtbot, page, "No question stands in two parts.")
    assert not page.apply_button.isEnabled()
    buttons(page, "Overwrite train-valid.jsonl")[0].click()
    assert page.apply_button.isEnabled()


def test_by_chance_alone_the_leaks_are_told(qtbot, open_window, alone):
    path = alone / "datasets" / "train.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    again = [raw.replace(b"{", b'{"copy": 1, ', 1) for raw in rows]
    path.write_bytes(b"".join([*rows, *again]))
    app = open_window(alone)
    page = open_split(app)
    wait_for(qtbot, page, "No question stands in two parts.")
    box = named(page, "How")
    box.setCurrentIndex(2)
    box.activated.emit(2)
    wait_for(qtbot, page, "would stand in more than one part")


def test_a_key_that_no_row_has_is_explained(qtbot, open_window, alone):
    app = open_window(alone)
    page = open_split(app)
    box = named(page, "How")
    box.setCurrentIndex(3)
    box.activated.emit(3)
    wait_for(qtbot, page, "needs the key that holds the date")
    assert not page.apply_button.isEnabled()
