"""Long conversations come in helpings; whatever is asked for is there at once."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QPlainTextEdit, QPushButton, QWidget

from tests.desktop.finding import WAIT
from tunedesk.desktop.data.data_actions import make_data_actions
from tunedesk.desktop.data.row.turn_editor import CARDS_AT_ONCE, TurnEditor
from tunedesk.desktop.data.row.turn_view import row_view
from tunedesk.desktop.text.exact_edit import Mark


@pytest.fixture
def editor(qtbot):
    owner = QWidget()
    actions = make_data_actions(owner)
    editor = TurnEditor(actions.add_turn, actions.swap, actions.judge_good, actions.judge_bad)
    editor.owner = owner
    qtbot.addWidget(owner)
    qtbot.addWidget(editor)
    editor.resize(600, 500)
    editor.show()
    return editor


def conversation(turns):
    roles = ("user", "assistant")
    return row_view({"messages": [{"role": roles[n % 2], "content": f"Text {n}"} for n in range(turns)]})


def texts(editor):
    return [each.toPlainText() for each in editor.findChildren(QPlainTextEdit) if each.isVisibleTo(editor)]


def show(editor, turns):
    editor.show_row(conversation(turns), read_only=False, same_row=False)


def test_the_first_turns_come_at_once_and_the_others_without_being_asked(qtbot, editor):
    show(editor, 30)
    assert 0 < len(texts(editor)) < 30
    qtbot.waitUntil(lambda: len(texts(editor)) == 30, timeout=WAIT)
    assert texts(editor) == [f"Text {n}" for n in range(30)]


def test_a_shorter_row_shown_meanwhile_shows_no_more_than_its_own(qtbot, editor):
    show(editor, 30)
    show(editor, 2)
    qtbot.wait(1)  # lets what was begun for the other row come
    assert texts(editor) == ["Text 0", "Text 1"]


def test_a_thousand_turns_are_shown_when_asked_for(qtbot, editor):
    show(editor, 100)
    qtbot.waitUntil(lambda: len(texts(editor)) == CARDS_AT_ONCE, timeout=WAIT)
    more = next(each for each in editor.findChildren(QPushButton) if each.text().startswith("Show 40 of 60"))
    more.click()
    qtbot.waitUntil(lambda: len(texts(editor)) == 2 * CARDS_AT_ONCE, timeout=WAIT)


def test_a_turn_far_down_is_gone_to_with_its_marks(qtbot, editor):
    show(editor, 100)
    editor.mark({"/messages/90/content": (Mark(0, 4, "error", "There"),)})
    editor.go_to_pointer("/messages/90/content", 2)
    assert editor.current_card.number == 90
    field = editor.current_card.editors[0]
    assert field.toPlainText() == "Text 90"
    assert [each.cursor.selectedText() for each in field.extraSelections()] == ["Text"]


def test_edits_of_turns_that_are_no_longer_shown_are_not_told(qtbot, editor):
    show(editor, 3)
    show(editor, 1)
    with qtbot.assertNotEmitted(editor.text_edited):
        editor.flush()


def test_a_narrow_card_has_its_buttons_in_a_menu(qtbot, editor):
    show(editor, 2)
    names = {each.toolTip() for each in editor.findChildren(QWidget) if each.isVisibleTo(editor)}
    assert "Delete this turn" in names and "More for this turn" not in names
    editor.resize(330, 500)
    qtbot.waitUntil(lambda: editor.width() == 330, timeout=WAIT)
    names = {each.toolTip() for each in editor.findChildren(QWidget) if each.isVisibleTo(editor)}
    assert "More for this turn" in names and "Delete this turn" not in names


def test_the_wheel_scrolls_and_changes_no_role(qtbot, editor):
    show(editor, 3)
    chooser = next(each for each in editor.findChildren(QComboBox) if each.isVisible())
    with qtbot.assertNotEmitted(editor.role_chosen):
        wheel = QWheelEvent(
            QPointF(5, 5),
            QPointF(chooser.mapToGlobal(QPoint(5, 5))),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(chooser, wheel)
    assert chooser.currentText() == "user"


def test_tab_goes_from_turn_to_turn_in_the_order_in_which_they_are_read(qtbot, editor):
    show(editor, 1)
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]
    editor.show_row(
        row_view(
            {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "Three"}]}
        ),
        read_only=False,
        same_row=False,
    )
    names = [name for name in tabbed(qtbot, editor) if name.startswith("Text of")]
    assert names == [
        "Text of turn 1, part 1",
        "Text of turn 1, part 2",
        "Text of turn 2, assistant",
    ]


def tabbed(qtbot, editor):
    """What Tab visits, by name, from the first text on."""
    with qtbot.waitActive(editor):
        editor.activateWindow()
    editor.go_to(0)
    start = editor.focusWidget()
    names = [start.accessibleName()]
    while True:
        qtbot.wait(0)
        editor.focusNextChild()
        if editor.focusWidget() is start or len(names) > 60:
            return names
        names.append(editor.focusWidget().accessibleName())
