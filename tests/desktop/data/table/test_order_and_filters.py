"""Sorting and filtering what the table shows; the file's order changes only when that is asked for."""

from PySide6.QtWidgets import QMenu

from tests.desktop.conftest import settle
from tests.desktop.finding import WAIT, act, buttons, named, words_on
from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.data.table.table_side import TableSide
from tunedesk.desktop.widgets.elided_label import ElidedLabel


def cells(table, column):
    model = table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def numbers(table):
    return [int(str(cell).replace(",", "")) for cell in cells(table, Column.NUMBER)]


def sort_by(qtbot, app, table, column):
    before = numbers(table)
    table.header_clicked.emit(column)
    qtbot.waitUntil(lambda: numbers(table) != before and app.background.is_idle, timeout=WAIT)


def type_search(qtbot, app, text):
    field = named(app.window, "Search in all rows")
    field.clear()
    qtbot.keyClicks(field, text)
    field.textChanged.emit(text)
    qtbot.wait(1)
    settle(qtbot, app)


def choose_filter(qtbot, app, section, words):
    side = app.window.findChild(TableSide)
    side.filter_menu.aboutToShow.emit()
    (menu,) = [each for each in side.filter_menu.findChildren(QMenu) if each.title() == section]
    next(each for each in menu.actions() if each.text() == words).trigger()
    settle(qtbot, app)


def test_a_click_on_a_head_sorts_up_then_down_then_as_the_file_has_it(qtbot, app, table):
    sort_by(qtbot, app, table, Column.USER)
    up = [text.casefold() for text in cells(table, Column.USER) if text]
    assert numbers(table) != list(range(1, 61))
    sort_by(qtbot, app, table, Column.USER)
    down = [text.casefold() for text in cells(table, Column.USER) if text]
    assert sorted(down) == sorted(up) and down != up
    sort_by(qtbot, app, table, Column.USER)
    assert numbers(table) == list(range(1, 61))
    assert not app.data.document.is_modified


def test_an_edited_row_keeps_its_place_and_the_line_below_says_so(qtbot, app, table):
    sort_by(qtbot, app, table, Column.USER)
    order = numbers(table)
    editor = named(app.window, "Text of turn 2, user")
    qtbot.keyClicks(editor, "Zzz ")
    editor.flush()
    settle(qtbot, app)
    assert numbers(table) == order
    told = [each.accessibleName() for each in app.window.findChildren(ElidedLabel)]
    assert any("edited rows keep their place" in words for words in told)


def test_the_file_is_sorted_as_one_undo_step_when_asked(qtbot, app, table):
    before = [app.data.document.raw(row) for row in app.data.document.row_ids()]
    sort_by(qtbot, app, table, Column.USER)
    act(app.window, "Sort the file this way").trigger()
    qtbot.waitUntil(
        lambda: [app.data.document.raw(row) for row in app.data.document.row_ids()] != before, timeout=WAIT
    )
    settle(qtbot, app)
    assert sorted(app.data.document.raw(row) for row in app.data.document.row_ids()) == sorted(before)
    assert numbers(table) == list(range(1, 61))
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(
        lambda: [app.data.document.raw(row) for row in app.data.document.row_ids()] == before, timeout=WAIT
    )


def test_filters_add_up_and_each_can_be_taken_away(qtbot, app, table):
    choose_filter(qtbot, app, "Findings", "Rows with errors")
    with_errors = numbers(table)
    assert 0 < len(with_errors) < 60
    choose_filter(qtbot, app, "Role", "Has a user turn")
    both = numbers(table)
    assert set(both) < set(with_errors)
    (chip,) = buttons(app.window, "Has a user turn")
    chip.click()
    settle(qtbot, app)
    assert numbers(table) == with_errors
    buttons(app.window, "Rows with errors")[0].click()
    settle(qtbot, app)
    assert len(numbers(table)) == 60


def test_stars_can_be_filtered(qtbot, app, table):
    table.select_rows([table.model().row_id(3)], table.model().row_id(3))
    act(app.window, "Star rows").trigger()
    settle(qtbot, app)
    choose_filter(qtbot, app, "Starred", "Starred")
    assert numbers(table) == [4]


def test_a_regular_expression_is_searched_when_the_switch_is_on(qtbot, app, table):
    type_search(qtbot, app, "invoice [0-9]+")
    qtbot.waitUntil(lambda: "No row matches" in words_on(app.window), timeout=WAIT)
    act(app.window, "Regular expression").trigger()
    qtbot.waitUntil(lambda: 0 < table.model().rowCount() < 60 and table.isVisible(), timeout=WAIT)
    type_search(qtbot, app, "invoice [0-9")
    qtbot.waitUntil(
        lambda: any("is not a regular expression" in words for words in words_on(app.window)), timeout=WAIT
    )
    act(app.window, "Regular expression").trigger()


def test_when_no_row_matches_a_button_shows_all_again(qtbot, app, table):
    type_search(qtbot, app, "no row says this")
    qtbot.waitUntil(lambda: "No row matches" in words_on(app.window), timeout=WAIT)
    buttons(app.window, "Show all rows")[0].click()
    settle(qtbot, app)
    assert len(numbers(table)) == 60


def test_all_rows_with_the_same_finding_are_selected(qtbot, app, table):
    app.data.reveal_row(8)
    act(app.window, "Select rows with this finding").trigger()
    assert table.selected_count() == 2
    act(app.window, "Invert selection").trigger()
    assert table.selected_count() == 58
