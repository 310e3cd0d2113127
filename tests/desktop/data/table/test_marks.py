"""Stars, reviews, tags, notes and drafts in the table: real keys on a copy of the sample."""

from PySide6.QtCore import Qt

from tests.desktop.conftest import settle
from tests.desktop.finding import act, named
from tunedesk.dataset.marks import RowMarks
from tunedesk.desktop.data.table.columns import Column
from tunedesk.desktop.data.table.mark_plans import common_tags, parsed_tags

ROW = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}'
SAID = Qt.ItemDataRole.AccessibleTextRole


def marks_at(app, place):
    document = app.data.document
    return document.marks(document.id_at(place))


def said(table, row, column):
    return table.model().index(row, column).data(SAID)


def select(table, *rows):
    table.select_places([(row, row) for row in rows])


def type_marks(qtbot, app, action, text):
    act(app.window, action).trigger()
    bar = app.window.focusWidget()
    bar.selectAll()
    qtbot.keyClicks(bar, text)
    qtbot.keyClick(bar, Qt.Key.Key_Return)


def test_a_star_is_given_to_all_rows_that_are_selected_and_is_one_undo_step(qtbot, app, table):
    select(table, 1, 4)
    act(app.window, "Star rows").trigger()
    assert [row for row in range(60) if marks_at(app, row).star] == [1, 4]
    assert said(table, 1, Column.STAR) == "Starred"
    assert not app.data.document.is_modified, "marks are no part of the file"
    act(app.window, "Undo star 2 rows").trigger()
    settle(qtbot, app)
    assert said(table, 1, Column.STAR) is None
    act(app.window, "Redo star 2 rows").trigger()
    settle(qtbot, app)
    assert said(table, 4, Column.STAR) == "Starred"


def test_stars_are_taken_away_when_all_have_one(app, table):
    select(table, 0)
    act(app.window, "Star rows").trigger()
    select(table, 0, 1)
    act(app.window, "Star rows").trigger()
    assert marks_at(app, 0).star and marks_at(app, 1).star
    act(app.window, "Star rows").trigger()
    assert not marks_at(app, 0).star and not marks_at(app, 1).star


def test_a_click_on_the_place_of_the_star_stars_that_row(qtbot, app, table):
    place = table.visualRect(table.model().index(2, Column.STAR)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert marks_at(app, 2).star


def test_reviewed_is_said_and_taken_back(app, table):
    select(table, 3)
    act(app.window, "Mark as reviewed").trigger()
    assert said(table, 3, Column.REVIEWED) == "Reviewed"
    act(app.window, "Mark as reviewed").trigger()
    assert said(table, 3, Column.REVIEWED) is None


def test_tags_are_typed_for_several_rows_and_bring_their_column(qtbot, app, table):
    assert table.isColumnHidden(Column.TAGS)
    select(table, 0, 1)
    type_marks(qtbot, app, "Tags…", "billing, needs  work,")
    assert marks_at(app, 0).tags == ("billing", "needs work") == marks_at(app, 1).tags
    assert not table.isColumnHidden(Column.TAGS)
    assert table.hasFocus(), "the next key goes to the table again"
    select(table, 1, 2)
    type_marks(qtbot, app, "Tags…", "shipping")
    assert marks_at(app, 1).tags == ("billing", "needs work", "shipping"), "other tags of one row stay"
    assert marks_at(app, 2).tags == ("shipping",)


def test_a_tag_that_all_rows_had_goes_when_it_is_deleted_from_the_line(qtbot, app, table):
    select(table, 0, 1)
    type_marks(qtbot, app, "Tags…", "a, b")
    type_marks(qtbot, app, "Tags…", "b")
    assert marks_at(app, 0).tags == ("b",) == marks_at(app, 1).tags


def test_tags_in_use_are_offered_while_one_is_typed(qtbot, app, table):
    select(table, 0)
    type_marks(qtbot, app, "Tags…", "billing")
    select(table, 1)
    act(app.window, "Tags…").trigger()
    field = named(app.window, "Tags of row")
    qtbot.keyClicks(field, "bil")
    popup = field.offers
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert field.text() == "billing, "
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert marks_at(app, 1).tags == ("billing",)


def test_a_note_is_shown_and_said_whole(qtbot, app, table):
    select(table, 5)
    type_marks(qtbot, app, "Note…", "Ask Ada whether this is still true")
    assert said(table, 5, Column.NOTE) == "Ask Ada whether this is still true"
    assert not table.isColumnHidden(Column.NOTE)


def test_escape_leaves_the_line_and_changes_nothing(qtbot, app, table):
    select(table, 0)
    act(app.window, "Note…").trigger()
    field = named(app.window, "Note on row")
    qtbot.keyClicks(field, "never mind")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible() and table.hasFocus()
    assert marks_at(app, 0).note == ""


def add_drafts(qtbot, app):
    session = app.data.session
    session.append_many([ROW, ROW], "Draft rows", RowMarks(draft=True, source="model helper, 2026-11-21"))
    settle(qtbot, app)


def test_drafts_say_that_they_are_and_who_made_them(qtbot, app, table):
    add_drafts(qtbot, app)
    assert said(table, 60, Column.USER) == "draft: Hi"
    tip = table.model().index(60, Column.USER).data(Qt.ItemDataRole.ToolTipRole)
    assert "Draft" in tip and "helper" in tip


def test_drafts_are_accepted_or_discarded(qtbot, app, table):
    add_drafts(qtbot, app)
    select(table, 59, 60)
    act(app.window, "Accept drafts").trigger()
    assert marks_at(app, 60).reviewed and not marks_at(app, 60).draft
    assert marks_at(app, 60).source, "where it came from stays known"
    assert not marks_at(app, 59).reviewed, "a row that is no draft is left alone"
    select(table, 59, 60, 61)
    act(app.window, "Discard drafts").trigger()
    assert len(app.data.document) == 61
    act(app.window, "Undo discard draft").trigger()
    settle(qtbot, app)
    assert marks_at(app, 61).draft


def test_a_copy_of_a_row_takes_no_marks(app, table):
    select(table, 0)
    act(app.window, "Star rows").trigger()
    act(app.window, "Duplicate rows").trigger()
    assert marks_at(app, 0).star and not marks_at(app, 1).star


def test_every_row_of_a_thousand_is_marked_at_once(qtbot, app, table):
    app.data.session.append_many([ROW] * 1000, "Add", RowMarks())
    settle(qtbot, app)
    table.selectAll()
    act(app.window, "Star rows").trigger()
    settle(qtbot, app)
    assert len(app.data.document.snapshot().marked_rows()) == 1060
    act(app.window, "Undo star 1,060 rows").trigger()
    settle(qtbot, app)
    assert not app.data.document.snapshot().marked_rows()


def test_tags_are_what_stands_between_commas():
    assert parsed_tags(" a,b  c,, a ") == ("a", "b c")
    assert common_tags([RowMarks(tags=("x", "y")), RowMarks(tags=("y",))]) == ("y",)
    assert common_tags([]) == ()
