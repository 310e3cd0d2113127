"""Find and replace through its page: nothing changes before the button, and one undo takes it back."""

from PySide6.QtCore import Qt

from tests.desktop.finding import WAIT, buttons, named, press, words_on


def open_replace(qtbot, app, find, by):
    app.data.editing_tools.replace_action.trigger()
    page = app.data.tool_shelf.open_tool
    qtbot.keyClicks(named(page, "Find"), find)
    qtbot.keyClicks(named(page, "Replace by"), by)
    qtbot.keyClick(named(page, "Find"), Qt.Key.Key_Return)
    return page


def wait_for_hits(qtbot, page):
    hits = page.list.hits
    qtbot.waitUntil(lambda: hits.rowCount() > 0, timeout=WAIT)
    return hits


def texts_of(app):
    document = app.data.document
    return [document.raw_at(position) for position in range(len(document))]


def test_all_hits_are_shown_and_nothing_changes_before_the_button(qtbot, app, table):
    before = texts_of(app)
    page = open_replace(qtbot, app, "the", "THE")
    hits = wait_for_hits(qtbot, page)
    assert hits.rowCount() == len(hits.ticked)
    assert buttons(page, f"Replace {hits.rowCount():,} hits")
    assert texts_of(app) == before


def test_ticked_hits_are_replaced_in_one_undo_step(qtbot, app, table):
    before = texts_of(app)
    page = open_replace(qtbot, app, "order", "THE")
    hits = wait_for_hits(qtbot, page)
    count, kept = hits.rowCount(), hits.hit(0)
    hits.tick([0], False)
    press(qtbot, page, f"Replace {count - 1:,} hits")
    qtbot.waitUntil(lambda: texts_of(app) != before, timeout=WAIT)
    after = texts_of(app)
    assert sum(raw.count(b"THE") for raw in after) - sum(raw.count(b"THE") for raw in before) == count - 1
    assert kept.found.encode() in app.data.document.raw(kept.row)
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: texts_of(app) == before, timeout=WAIT)


def test_a_broken_pattern_is_explained_while_typing(qtbot, app, table):
    page = open_replace(qtbot, app, "(", "")
    press(qtbot, page, "Regular expression")
    qtbot.waitUntil(
        lambda: any("not a regular expression" in words for words in words_on(page)), timeout=WAIT
    )
    assert not page.apply_button.isEnabled()


def test_only_the_chosen_turns_are_searched(qtbot, app, table):
    page = open_replace(qtbot, app, "e", "E")
    wait_for_hits(qtbot, page)
    box = named(page, "Look in")
    box.setCurrentIndex([box.itemText(n) for n in range(box.count())].index("Answers"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: _roles(page) == {"assistant"}, timeout=WAIT)


def _roles(page):
    hits = page.list.hits
    return {hits.hit(place).role for place in range(hits.rowCount())}


def test_the_space_bar_unticks_a_hit_and_the_row_of_a_hit_is_shown(qtbot, app, table):
    page = open_replace(qtbot, app, "the", "a")
    hits = wait_for_hits(qtbot, page)
    page.list.setCurrentIndex(hits.index(hits.rowCount() - 1))
    assert table.current_row_id == hits.hit(hits.rowCount() - 1).row
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert len(hits.ticked) == hits.rowCount() - 1


def test_escape_brings_the_row_back(qtbot, app, table):
    page = open_replace(qtbot, app, "the", "a")
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert app.data.tool_shelf.open_tool is None
    assert not page.isVisible()
