"""Export through its page: losses first, then the files."""

import json

from tests.desktop.finding import WAIT, buttons, named, words_on

BUTTON = "Write into a folder…"


def open_export(app):
    app.data.making_tools.export.action.trigger()
    return app.data.tool_shelf.open_tool


def choose(page, name, words):
    box = named(page, name)
    items = [box.itemText(number) for number in range(box.count())]
    place = next(number for number, item in enumerate(items) if item.startswith(words))
    box.setCurrentIndex(place)
    box.activated.emit(place)


def wait_for(qtbot, page, words):
    qtbot.waitUntil(lambda: any(words in each for each in words_on(page)), timeout=WAIT)


def test_rows_that_cannot_be_written_are_told_and_in_the_way(qtbot, app, table):
    page = open_export(app)
    wait_for(qtbot, page, "rows cannot be written. Mend them, or leave them out.")
    wait_for(qtbot, page, "Cannot be written")
    assert not buttons(page, BUTTON)[0].isEnabled()
    buttons(page, "Leave out rows that cannot be written")[0].click()
    qtbot.waitUntil(lambda: buttons(page, BUTTON)[0].isEnabled(), timeout=WAIT)


def test_what_would_be_lost_is_listed_before_it_is(qtbot, app, table):
    document = app.data.document
    raw = document.raw_at(0).replace(b"{", b'{"ticket": 7, ', 1)
    document.replace(document.id_at(0), raw, "Add a key")
    app.data.save()
    qtbot.waitUntil(lambda: not document.is_modified and app.background.is_idle, timeout=WAIT)
    page = open_export(app)
    choose(page, "For", "Together AI")
    buttons(page, "Leave out rows that cannot be written")[0].click()
    wait_for(qtbot, page, "Would be lost")
    wait_for(qtbot, page, "row 1")


def test_the_files_are_written_into_the_folder(qtbot, app, table, tmp_path):
    page = open_export(app)
    buttons(page, "Leave out rows that cannot be written")[0].click()
    qtbot.waitUntil(lambda: buttons(page, BUTTON)[0].isEnabled(), timeout=WAIT)
    app.data.making_tools.export.write_into(tmp_path / "out")
    wait_for(qtbot, page, "Written into")
    (file,) = (tmp_path / "out").glob("*.jsonl")
    rows = file.read_bytes().splitlines()
    assert len(rows) > 50
    assert all("messages" in json.loads(raw) for raw in rows)
