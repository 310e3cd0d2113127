"""The data pane through its widgets: real clicks and keys on a copy of the sample."""

import json

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from tests.desktop.conftest import close, settle
from tests.desktop.finding import WAIT, act, buttons, named, notice, press, words_on
from tunedesk.desktop.data.table.row_model import Column

ENTER = Qt.Key.Key_Return


def rows_of(path):
    return path.read_bytes().splitlines()


def shown(table, row, column):
    return table.model().index(row, column).data()


def press_row(qtbot, table, number):
    """Click on a row as its number is shown, from 1."""
    index = table.model().index(number - 1, Column.USER)
    table.scrollTo(index)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())


def text_of(app, turn, role):
    return named(app.window, f"Text of turn {turn}, {role}")


def type_into(qtbot, editor, text):
    editor.setFocus()
    qtbot.keyClicks(editor, text)
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT):
        pass


def test_every_row_of_the_file_is_in_the_table(app, table, helpdesk):
    assert table.model().rowCount() == 60
    first = json.loads(rows_of(helpdesk / "datasets" / "train.jsonl")[0])
    assert shown(table, 0, Column.USER) == first["messages"][1]["content"]
    assert shown(table, 0, Column.ANSWER) == first["messages"][2]["content"]
    assert "60 rows" in words_on(app.window)


def test_tokens_are_counted_with_the_chosen_models_template(qtbot, app, table):
    table.repaint()
    qtbot.waitUntil(lambda: shown(table, 0, Column.TOKENS) not in ("", None), timeout=WAIT)
    assert int(shown(table, 0, Column.TOKENS)) > 50


def test_what_is_typed_is_in_the_document_before_it_is_saved(qtbot, app, table, helpdesk):
    before = rows_of(helpdesk / "datasets" / "train.jsonl")
    type_into(qtbot, text_of(app, 2, "user"), "Well. ")
    row = json.loads(app.data.document.raw_at(0))
    assert row["messages"][1]["content"].startswith("Well. ")
    assert rows_of(helpdesk / "datasets" / "train.jsonl") == before
    assert "Edits kept, not saved to the file" in words_on(app.window)


def test_typing_is_one_undo_step_even_after_the_window_was_opened_again(qtbot, open_window, helpdesk):
    app = open_window(helpdesk)
    before = app.data.document.raw_at(0)
    editor = text_of(app, 2, "user")
    type_into(qtbot, editor, "One ")
    type_into(qtbot, editor, "two ")
    close(qtbot, app)
    again = open_window(helpdesk)
    assert b"One two " in again.data.document.raw_at(0)
    undo = act(again.window, "Undo edit text")
    undo.trigger()
    settle(qtbot, again)
    assert again.data.document.raw_at(0) == before
    assert not text_of(again, 2, "user").toPlainText().startswith("One")


def test_keys_of_undo_reach_the_document_from_inside_an_editor(qtbot, app):
    before = app.data.document.raw_at(0)
    editor = text_of(app, 2, "user")
    type_into(qtbot, editor, "Well. ")
    app.window.activateWindow()
    qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, app)
    assert app.data.document.raw_at(0) == before


def test_leaving_a_row_puts_what_was_typed_into_the_row_it_was_typed_in(qtbot, app, table):
    second = app.data.document.raw_at(1)
    editor = text_of(app, 2, "user")
    editor.setFocus()
    qtbot.keyClicks(editor, "Late ")
    press_row(qtbot, table, 2)
    assert b"Late " in app.data.document.raw_at(0)
    assert app.data.document.raw_at(1) == second


def test_a_finding_is_mended_by_its_button(qtbot, app, table):
    press_row(qtbot, table, 56)
    assert json.loads(app.data.document.raw_at(55))["messages"][1]["role"] == "human"
    press(qtbot, app.window, "Change the role to user")
    settle(qtbot, app)
    assert json.loads(app.data.document.raw_at(55))["messages"][1]["role"] == "user"
    assert shown(table, 55, Column.FINDINGS) is None
    act(app.window, "Undo fix SCH009").trigger()
    settle(qtbot, app)
    assert shown(table, 55, Column.FINDINGS) == "1"


def test_a_row_that_cannot_be_read_opens_as_json_and_is_mended_there(qtbot, app, table):
    press_row(qtbot, table, 8)
    editor = named(app.window, "JSON of the row")
    text = editor.toPlainText()
    assert text.count("\n") > 5, "it is laid out for reading"
    comma = text.rindex(",")
    editor.cursor_to(comma + 1)
    editor.setFocus()
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT):
        qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    settle(qtbot, app)
    assert json.loads(app.data.document.raw_at(7))["messages"][2]["role"] == "assistant"
    assert b"\n" not in app.data.document.raw_at(7)
    assert shown(table, 7, Column.FINDINGS) is None


WITH_END_TOKEN = (
    b'{"messages": [{"role": "user", "content": "Please say <|end|> twice."}, '
    b'{"role": "assistant", "content": "No."}]}'
)


def test_a_fix_that_changes_what_is_trained_shows_the_change_and_is_one_undo_step(qtbot, app, table):
    app.data.append_row(WITH_END_TOKEN, "Add row")
    settle(qtbot, app)
    press_row(qtbot, table, 61)
    press(qtbot, app.window, "Delete <|end|>")
    settle(qtbot, app)
    assert app.data.document.raw_at(60) == WITH_END_TOKEN, "nothing is changed before the answer"
    assert "<|end|>" in named(app.window, "What would change").toPlainText()
    press(qtbot, app.window, "Apply")
    settle(qtbot, app)
    assert b"<|end|>" not in app.data.document.raw_at(60)
    act(app.window, "Undo fix INJ001").trigger()
    settle(qtbot, app)
    assert app.data.document.raw_at(60) == WITH_END_TOKEN


def test_a_change_that_is_left_alone_changes_nothing(qtbot, app, table):
    app.data.append_row(WITH_END_TOKEN, "Add row")
    settle(qtbot, app)
    press_row(qtbot, table, 61)
    press(qtbot, app.window, "Delete <|end|>")
    settle(qtbot, app)
    press(qtbot, app.window, "Leave it")
    assert app.data.document.raw_at(60) == WITH_END_TOKEN
    assert not buttons(app.window, "Apply")


def test_a_change_offered_for_one_row_is_gone_when_another_is_shown(qtbot, app, table):
    app.data.append_row(WITH_END_TOKEN, "Add row")
    settle(qtbot, app)
    press_row(qtbot, table, 61)
    press(qtbot, app.window, "Delete <|end|>")
    settle(qtbot, app)
    press_row(qtbot, table, 60)
    assert not buttons(app.window, "Apply")


def test_saving_writes_the_edited_row_and_leaves_the_others_byte_for_byte(qtbot, app, helpdesk):
    file = helpdesk / "datasets" / "train.jsonl"
    before = rows_of(file)
    type_into(qtbot, text_of(app, 2, "user"), "Well. ")
    act(app.window, "Save").trigger()
    settle(qtbot, app)
    after = rows_of(file)
    assert after[1:] == before[1:]
    assert json.loads(after[0])["messages"][1]["content"].startswith("Well. ")
    assert "Saved" in words_on(app.window)
    assert not act(app.window, "Save").isEnabled()


def test_search_narrows_the_table_and_clearing_it_shows_all(qtbot, app, table):
    search = named(app.window, "Search in all rows")
    wanted = [number for number in range(60) if b"Hello there" in app.data.document.raw_at(number)]
    assert 0 < len(wanted) < 60
    qtbot.keyClicks(search, "hello THERE")
    qtbot.waitUntil(lambda: table.model().rowCount() == len(wanted), timeout=WAIT)
    assert [shown(table, row, Column.NUMBER) for row in range(len(wanted))] == [str(n + 1) for n in wanted]
    assert f"{len(wanted)} of 60 rows" in words_on(app.window)
    search.clear()
    qtbot.waitUntil(lambda: table.model().rowCount() == 60, timeout=WAIT)


def test_only_rows_with_findings_can_be_shown(qtbot, app, table):
    act(app.window, "Only rows with findings").trigger()
    qtbot.waitUntil(lambda: table.model().rowCount() < 60, timeout=WAIT)
    assert [shown(table, row, Column.NUMBER) for row in range(4)] == ["8", "23", "38", "56"]


def test_f8_walks_through_the_findings_and_back(qtbot, app, table):
    following, before = act(app.window, "Next finding"), act(app.window, "Previous finding")
    places = []
    for step in (following, following, following, before):
        step.trigger()
        places.append(table.currentIndex().row() + 1)
    assert places == [8, 23, 38, 23]


def test_ctrl_enter_goes_to_the_next_row_from_inside_an_editor(qtbot, app, table):
    app.window.activateWindow()
    editor = text_of(app, 2, "user")
    editor.setFocus()
    qtbot.keyClick(editor, ENTER, Qt.KeyboardModifier.ControlModifier)
    assert table.currentIndex().row() == 1


def test_deleted_rows_come_back_with_undo(qtbot, app, table):
    before = [app.data.document.raw_at(number) for number in range(60)]
    press_row(qtbot, table, 3)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert table.model().rowCount() == 58
    assert app.data.document.raw_at(2) == before[4]
    act(app.window, "Undo delete 2 rows").trigger()
    settle(qtbot, app)
    assert [app.data.document.raw_at(number) for number in range(60)] == before


def test_rows_are_added_duplicated_and_moved(qtbot, app, table):
    first = app.data.document.raw_at(0)
    act(app.window, "Duplicate rows").trigger()
    assert app.data.document.raw_at(1) == first
    assert table.currentIndex().row() == 1, "the copy is selected"
    act(app.window, "Move rows down").trigger()
    assert app.data.document.raw_at(2) == first
    assert table.currentIndex().row() == 2, "the row stays selected where it went"
    act(app.window, "Add row").trigger()
    row = json.loads(app.data.document.raw_at(3))
    assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]


def test_turns_are_added_moved_and_deleted(qtbot, app):
    def roles():
        return [turn["role"] for turn in json.loads(app.data.document.raw_at(0))["messages"]]

    text_of(app, 3, "assistant").setFocus()
    press(qtbot, app.window, "Add turn")
    assert roles() == ["system", "user", "assistant", "user"]
    act(app.window, "Move turn up").trigger()
    assert roles() == ["system", "user", "user", "assistant"]
    act(app.window, "Delete turn").trigger()
    assert roles() == ["system", "user", "assistant"]


def test_a_role_is_chosen_by_key(qtbot, app):
    chooser = named(app.window, "Role of turn 2")
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_Up)
    assert json.loads(app.data.document.raw_at(0))["messages"][1]["role"] == "system"


def test_an_answer_can_be_left_out_of_training(qtbot, app):
    qtbot.mouseClick(named(app.window, "Train on turn 3"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert json.loads(app.data.document.raw_at(0))["messages"][2]["weight"] == 0
    qtbot.mouseClick(named(app.window, "Train on turn 3"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert "weight" not in json.loads(app.data.document.raw_at(0))["messages"][2]


def test_the_preview_shows_what_is_trained_and_where_it_is_cut(qtbot, app):
    act(app.window, "What will be trained").trigger()
    settle(qtbot, app)
    text = named(app.window, "Text that the model is trained on")
    answer = json.loads(app.data.document.raw_at(0))["messages"][2]["content"]
    trained = "".join(each.cursor.selectedText() for each in text.extraSelections())
    assert answer in trained
    assert "trained" in text.describe(text.token_at(text.exact_text().index(answer)))
    length = named(app.window, "Maximum length")
    length.setValue(100)
    settle(qtbot, app)
    assert any(words.startswith("Cut: ") for words in words_on(app.window))
    assert "cut off" in text.describe(101)


def test_another_split_is_shown_when_it_is_chosen(qtbot, app, table):
    chooser = named(app.window, "Split")
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    settle(qtbot, app)
    assert app.data.document.path.name == "valid.jsonl"
    assert table.model().rowCount() == 5


def test_a_rule_page_opens_beside_the_row_and_closes_again(qtbot, app, table):
    press_row(qtbot, table, 56)
    press(qtbot, app.window, "SCH009")
    page = named(app.window, "Rule page")
    assert "human" in page.toPlainText()
    act(app.window, "Close this panel").trigger()
    assert not page.isVisible()


def test_a_file_dropped_on_the_window_is_opened(qtbot, app, table, tmp_path):
    loose = tmp_path / "loose.jsonl"
    loose.write_bytes(b'{"prompt": "Two and two?", "completion": "Four."}\n')
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(loose))])
    event = QDropEvent(
        QPointF(200, 200),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    app.window.dropEvent(event)
    settle(qtbot, app)
    assert app.data.document.path == loose
    assert table.model().rowCount() == 1
    assert text_of(app, 2, "completion").toPlainText() == "Four."


def test_a_change_by_another_program_is_offered_as_a_merge(qtbot, app, table, helpdesk):
    file = helpdesk / "datasets" / "train.jsonl"
    type_into(qtbot, text_of(app, 2, "user"), "Mine. ")
    file.write_bytes(file.read_bytes() + b'{"prompt": "Theirs?", "completion": "Yes."}\n')
    app.data.look_at_disk()
    settle(qtbot, app)
    assert "Another program has changed train.jsonl" in notice(app.window)
    press(qtbot, app.window, "Merge your edits into it")
    settle(qtbot, app)
    assert b"Mine. " in app.data.document.raw_at(0)
    assert b"Theirs?" in app.data.document.raw_at(60)
    assert table.model().rowCount() == 61


def test_what_was_typed_while_another_program_changed_the_file_is_kept_by_the_merge(
    qtbot, app, table, helpdesk
):
    file = helpdesk / "datasets" / "train.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines, b'{"prompt": "Theirs?", "completion": "Yes."}\n']))
    type_into(qtbot, text_of(app, 2, "user"), "Mine. ")
    assert "Another program has changed train.jsonl" in notice(app.window)
    assert b"Mine. " not in app.data.document.raw_at(0)
    app.data.look_at_disk()
    settle(qtbot, app)
    press(qtbot, app.window, "Merge your edits into it")
    settle(qtbot, app)
    assert b"Mine. " in app.data.document.raw_at(0)
    app.reported.clear()


def test_an_answer_of_the_chat_becomes_the_last_row(qtbot, app, table):
    app.panes.example_made.emit("train", WITH_END_TOKEN)
    settle(qtbot, app)
    assert app.data.document.raw_at(60) == WITH_END_TOKEN
    assert table.currentIndex().row() == 60


@pytest.mark.parametrize("key", ["Undo", "Redo", "Save"])
def test_nothing_can_be_undone_or_saved_before_anything_was_done(app, key):
    assert not act(app.window, key).isEnabled()
