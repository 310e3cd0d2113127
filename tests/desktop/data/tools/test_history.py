"""The history of a dataset through its page: moments, versions, differences, and the way back."""

from PySide6.QtCore import Qt

from tests.desktop.finding import WAIT, named, press, words_on
from tunedesk.dataset.history import HistoryEntry, Version
from tunedesk.desktop.data.tools.moment_list import moments_of


def open_history(app):
    app.data.looking_tools.history.action.trigger()
    return app.data.tool_shelf.open_tool


def titles(page):
    moments = page.list.moments
    return [moments.moment(place).title for place in range(moments.rowCount())]


def names(page):
    moments = page.list.moments
    return [moments.moment(place).name for place in range(moments.rowCount())]


def edit(qtbot, app, text):
    editor = named(app.window, "Text of turn 2, user")
    editor.setFocus()
    qtbot.keyClicks(editor, text)
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT):
        pass


def choose(page, place):
    page.list.setCurrentIndex(page.list.moments.index(place))


def test_each_change_is_a_moment_the_newest_first(qtbot, app, table):
    edit(qtbot, app, "Well. ")
    app.data.actions_of_pane.delete_row.trigger()
    page = open_history(app)
    qtbot.waitUntil(lambda: titles(page) == ["Delete row", "Edit text"], timeout=WAIT)
    assert page.list.moments.moment(0).when.startswith("Today ")


def test_what_differs_from_a_moment_is_shown_word_by_word(qtbot, app, table):
    edit(qtbot, app, "First. ")
    page = open_history(app)
    page.naming_asked.emit("before the second")
    qtbot.waitUntil(lambda: names(page) == ["before the second"], timeout=WAIT)
    page.closed.emit()
    app.data.actions_of_pane.delete_row.trigger()
    open_history(app)
    qtbot.waitUntil(lambda: len(titles(page)) == 2, timeout=WAIT)
    choose(page, 1)
    qtbot.waitUntil(lambda: any("1 removed" in words for words in words_on(page)), timeout=WAIT)
    assert "removed" in page.difference.toPlainText()


def test_going_back_is_one_undo_step(qtbot, app, table):
    before = app.data.document.raw_at(0)
    edit(qtbot, app, "One. ")
    middle = app.data.document.raw_at(0)
    app.data.actions_of_pane.duplicate_row.trigger()
    app.data.actions_of_pane.delete_row.trigger()
    page = open_history(app)
    qtbot.waitUntil(lambda: len(titles(page)) == 3, timeout=WAIT)
    choose(page, 2)
    qtbot.waitUntil(lambda: any("the same" in words for words in words_on(page)), timeout=WAIT)
    assert app.data.document.raw_at(0) == middle != before
    choose(page, 1)
    qtbot.waitUntil(lambda: any("1 removed" in words for words in words_on(page)), timeout=WAIT)
    press(qtbot, page, "Go back to this moment")
    qtbot.waitUntil(lambda: len(app.data.document) == 61, timeout=WAIT)
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: len(app.data.document) == 60, timeout=WAIT)


def test_a_version_is_named_renamed_and_deleted(qtbot, app, table):
    edit(qtbot, app, "One. ")
    page = open_history(app)
    qtbot.keyClicks(named(page, "Name of this moment"), "first draft")
    qtbot.keyClick(named(page, "Name of this moment"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(page) == ["first draft"], timeout=WAIT)
    choose(page, 0)
    qtbot.keyClicks(named(page, "Name of this moment"), "final")
    press(qtbot, page, "Rename")
    qtbot.waitUntil(lambda: names(page) == ["final"], timeout=WAIT)
    choose(page, 0)
    press(qtbot, page, "Delete the version")
    qtbot.waitUntil(lambda: names(page) == [""], timeout=WAIT)


def test_a_name_that_is_taken_is_told(qtbot, app, table):
    app.data.document.name_version("final")
    page = open_history(app)
    told = []
    app.data.looking_tools.failed.connect(told.append)
    page.naming_asked.emit("final")
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert 'There is a version "final" already.' in str(told[0])
    app.reported.clear()


def test_a_version_whose_steps_were_overwritten_stands_by_its_time():
    entries = [HistoryEntry(1, "Old", 10.0, 1, False, None), HistoryEntry(9, "New", 90.0, 1, False, None)]
    lost = Version(1, "lost", 50.0, 5, 300)
    assert [moment.name or moment.title for moment in moments_of(entries, [lost])] == ["New", "lost", "Old"]


def test_steps_keep_their_order_when_the_clock_was_put_back():
    entries = [HistoryEntry(1, "First", 100.0, 1, False, None), HistoryEntry(2, "Second", 5.0, 1, True, None)]
    moments = moments_of(entries, [])
    assert [moment.title for moment in moments] == ["Second", "First"]
    assert [moment.is_undone for moment in moments] == [True, False]
