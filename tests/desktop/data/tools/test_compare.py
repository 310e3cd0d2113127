"""Another file beside this one: what differs, and a colleague's changes taken over as one undo step."""

import shutil

from tests.desktop.finding import WAIT, buttons, named, press, words_on


def open_compare(qtbot, app):
    app.data.looking_tools.compare.action.trigger()
    page = app.data.tool_shelf.open_tool
    qtbot.waitUntil(lambda: named(page, "Their copy was made of").count() > 0, timeout=WAIT)
    return page


def copy_of(helpdesk, tmp_path):
    return shutil.copy(helpdesk / "datasets" / "train.jsonl", tmp_path / "ada.jsonl")


def wait_for(qtbot, page, words):
    qtbot.waitUntil(lambda: any(words in each for each in words_on(page)), timeout=WAIT)


def test_the_same_file_has_no_difference(qtbot, app, table, helpdesk, tmp_path):
    page = open_compare(qtbot, app)
    app.data.looking_tools.compare.choose_file(copy_of(helpdesk, tmp_path))
    wait_for(qtbot, page, "No difference; 60 rows the same.")
    assert not buttons(page, "Take over their changes")[0].isEnabled()


def test_their_changes_are_shown_and_taken_over_as_one_undo_step(qtbot, app, table, helpdesk, tmp_path):
    path = copy_of(helpdesk, tmp_path)
    rows = path.read_bytes().splitlines(keepends=True)
    first = rows[0].replace(b"on Monday", b"on Friday")
    assert first != rows[0]
    path.write_bytes(first + b"".join(rows[1:-1]))
    before = [app.data.document.raw(row) for row in app.data.document.row_ids()]
    page = open_compare(qtbot, app)
    app.data.looking_tools.compare.choose_file(path)
    wait_for(qtbot, page, "1 changed, 1 removed")
    assert "Friday" in page.difference.toPlainText()
    press(qtbot, page, "Take over their changes")
    qtbot.waitUntil(lambda: len(app.data.document) == 59, timeout=WAIT)
    assert app.data.document.raw_at(0) == first.rstrip(b"\n")
    wait_for(qtbot, page, "One undo takes it back.")
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(
        lambda: [app.data.document.raw(row) for row in app.data.document.row_ids()] == before, timeout=WAIT
    )


def test_what_both_changed_is_kept_twice_and_shown(qtbot, app, table, helpdesk, tmp_path):
    path = copy_of(helpdesk, tmp_path)
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(rows[0].replace(b"on Monday", b"on Friday") + b"".join(rows[1:]))
    document = app.data.document
    version = document.name_version("given to Ada")
    ours = document.raw_at(0).replace(b"on Monday", b"on Sunday")
    app.data._open.session.change_many({document.id_at(0): ours}, "Edit text")
    page = open_compare(qtbot, app)
    box = named(page, "Their copy was made of")
    box.setCurrentText(f"version {version.name}")
    box.activated.emit(box.currentIndex())
    app.data.looking_tools.compare.choose_file(path)
    wait_for(qtbot, page, "1 changed")
    press(qtbot, page, "Take over their changes")
    wait_for(qtbot, page, "Both sides changed the same")
    texts = b"".join(document.raw(row) for row in document.row_ids())
    assert b"on Sunday" in texts and b"on Friday" in texts
