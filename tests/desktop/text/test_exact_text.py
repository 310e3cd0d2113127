"""Text goes through the editors without loss, whatever characters it holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QColor, QDropEvent, QInputMethodEvent, QTextDocument

from tests.desktop.finding import WAIT
from tunedesk.desktop.text.exact_edit import LIMIT, ExactEdit, Mark
from tunedesk.desktop.text.exact_text import BASES, Carrier, utf16_length, utf16_part
from tunedesk.desktop.theme.tokens import LIGHT

HARD = (
    "a\u00a0b\u2028c\u2029d\re\r\nf\ng\ufdd0h\ufdd1i\x00j\u200bk\ufeffl\ufffcm\x0bn\x85o\tp"
    "\N{GRINNING FACE}q\ud83dr\udfffs\x1f"
)
HARD_CHARACTERS = "ab \n\r\t\u00a0\u2028\u2029\ufdd0\ufdd1\u0085\ud800\udc00\N{GRINNING FACE}" + chr(
    BASES[0] + 1
)


@pytest.fixture
def editor(qtbot):
    editor = ExactEdit("Text")
    qtbot.addWidget(editor)
    editor.show()
    return editor


def through_qt(text):
    """What a document makes of a text, without the cost of laying it out."""
    carrier = Carrier.for_text(text)
    document = QTextDocument()
    document.setPlainText(carrier.to_widget(text))
    return carrier.from_widget(document.toRawText())


@pytest.mark.parametrize("plane", range(0x11))
def test_every_character_there_is_survives(plane):
    for start in range(plane * 0x10000, (plane + 1) * 0x10000, 0x4000):
        text = "".join(map(chr, range(start, start + 0x4000)))
        assert through_qt(text) == text


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.sampled_from("ab \n\r\t\u00a0\u2028\u2029\ufdd0\ufdd1\u0085\ud800\udc00😀" + chr(BASES[0] + 1))
    )
)
def test_any_mixture_of_hard_characters_survives(qapp, text):
    assert through_qt(text) == text


@pytest.mark.parametrize("text", ["\ufeffabc", "\ufffeabc", "\ufeff", "\ufeff\ufeffa", "a\n\ufeffb"])
@pytest.mark.parametrize("shown", [True, False])
def test_a_byte_order_mark_is_a_character_like_any_other(editor, text, shown):
    editor.show_invisible(shown)
    editor.show_text(text)
    assert editor.exact_text() == text
    editor.selectAll()
    copied = editor.createMimeDataFromSelection()
    editor.show_text("")
    editor.insertFromMimeData(copied)
    assert editor.exact_text() == text


def test_an_editor_gives_back_what_it_was_given(editor):
    editor.show_text(HARD)
    assert editor.exact_text() == HARD


def test_typing_changes_nothing_but_what_was_typed(qtbot, editor):
    editor.show_text(HARD)
    editor.setFocus()
    qtbot.keyClicks(editor, "xyz")
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT) as told:
        pass
    assert told.args == ["xyz" + HARD]


def test_looking_at_a_text_tells_of_no_edit(qtbot, editor):
    editor.show_text(HARD)
    with qtbot.assertNotEmitted(editor.text_edited):
        editor.setFocus()
        editor.flush()
        editor.clearFocus()


def test_shift_enter_is_a_line_feed_too(qtbot, editor):
    editor.show_text("ab")
    editor.cursor_to(1)
    qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert editor.exact_text() == "a\nb"


def test_copying_keeps_a_no_break_space(editor):
    editor.show_text("a\u00a0b\nc")
    editor.selectAll()
    assert editor.createMimeDataFromSelection().text() == "a\u00a0b\nc"


def test_pasting_a_character_that_stands_in_for_another_keeps_both(editor):
    editor.show_text("one\rtwo")
    data = QMimeData()
    data.setText(chr(BASES[0]))
    editor.cursor_to(0)
    editor.insertFromMimeData(data)
    assert editor.exact_text() == chr(BASES[0]) + "one\rtwo"


def test_line_ends_of_other_systems_are_pasted_as_line_feeds(editor):
    data = QMimeData()
    data.setText("one\r\ntwo\rthree")
    editor.insertFromMimeData(data)
    assert editor.exact_text() == "one\ntwo\nthree"


def dropped(text_data, editor):
    return QDropEvent(
        QPointF(editor.cursorRect().center()),
        Qt.DropAction.CopyAction,
        text_data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )


def test_what_is_copied_here_is_pasted_here_without_loss(editor):
    editor.show_text(HARD)
    editor.selectAll()
    copied = editor.createMimeDataFromSelection()
    editor.show_text("")
    editor.insertFromMimeData(copied)
    assert editor.exact_text() == HARD


def test_what_is_dropped_here_arrives_without_loss(editor):
    editor.show_text(HARD)
    editor.selectAll()
    dragged = editor.createMimeDataFromSelection()
    editor.show_text("")
    editor.dropEvent(dropped(dragged, editor))
    assert editor.exact_text() == HARD


def test_text_from_another_program_keeps_what_cannot_be_seen(editor):
    data = QMimeData()
    data.setText("a\u00a0b\u200bc\u2028d\u00ade\u202ef\tg \x00h")
    editor.dropEvent(dropped(data, editor))
    assert editor.exact_text() == data.text()


def test_an_input_method_can_type_what_cannot_be_seen(qtbot, editor):
    editor.show_text("ab")
    editor.cursor_to(1)
    composing = QInputMethodEvent("compo", [])
    editor.inputMethodEvent(composing)
    assert editor.exact_text() == "ab", "what is still composed is no text yet"
    done = QInputMethodEvent("", [])
    done.setCommitString("\u200b\u00a0")
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT) as told:
        editor.inputMethodEvent(done)
    assert told.args == ["a\u200b\u00a0b"]


def test_a_no_break_space_that_is_typed_is_shown_like_any_other(qtbot, editor):
    editor.show_text("ab")
    editor.cursor_to(1)
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT) as told:
        qtbot.keyClicks(editor, "\u00a0")
    assert told.args == ["a\u00a0b"]
    assert "\u00a0" not in editor.document().toRawText()
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.exact_text() == "ab"


@pytest.mark.parametrize("shown", [True, False])
def test_marks_of_what_cannot_be_seen_come_and_go_without_touching_the_text(editor, shown):
    editor.show_text(HARD)
    editor.cursor_to(3)
    editor.show_invisible(not shown)
    editor.show_invisible(shown)
    assert editor.exact_text() == HARD
    assert editor.exact_position(editor.textCursor().position()) == 3


def test_showing_blanks_changes_no_text(qtbot, editor):
    editor.show_text("a \tb  \n")
    with qtbot.assertNotEmitted(editor.text_edited):
        editor.show_blanks(True)
        editor.flush()
        editor.show_blanks(False)
        editor.flush()
    assert editor.exact_text() == "a \tb  \n"


def test_the_name_of_a_mark_is_said_where_the_mouse_is(editor):
    editor.show_text("a\u200bb")
    cursor = editor.textCursor()
    cursor.setPosition(1)
    start = editor.cursorRect(cursor)
    place = editor.viewport().mapTo(editor, start.center())
    place.setX(place.x() + 8)
    assert editor.words_at(place) == "U+200B zero width space"


def drawn(editor):
    """The places, in tenths of the width, where something is drawn in the colour of marks."""
    image, wanted = editor.grab().toImage(), QColor(LIGHT.warning).rgb()
    return {
        10 * x // image.width()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixel(x, y) == wanted
    }


def test_a_mark_is_drawn_where_the_character_stands(qtbot, editor):
    editor.resize(400, 80)
    editor.show_text("a\u200b" + "b" * 20)
    assert drawn(editor) and max(drawn(editor)) < 3
    editor.show_text("\N{GRINNING FACE}" + "b" * 20 + "\u00a0")
    assert drawn(editor) and min(drawn(editor)) > 2
    editor.show_invisible(False)
    assert not drawn(editor)


def test_marks_far_down_in_one_long_line_are_drawn_too(qtbot, editor):
    editor.resize(400, 80)
    editor.show_text("word " * 4000 + "\u200b")
    assert not drawn(editor)
    editor.cursor_to(20_001)
    assert editor.verticalScrollBar().value() > 0
    assert drawn(editor)


def test_a_text_that_is_too_long_is_shown_in_part_and_kept_whole(editor):
    text = "x" * (LIMIT + 1)
    editor.show_text(text)
    assert editor.isReadOnly()
    assert len(editor.toPlainText()) < LIMIT
    assert editor.exact_text() == text
    editor.show_text("short again")
    assert not editor.isReadOnly()


def test_places_are_counted_in_characters_not_in_utf16(editor):
    editor.show_text("😀\r😀 here")
    editor.mark((Mark(4, 8, "error", "there"),))
    assert editor.extraSelections()[0].cursor.selectedText() == "here"
    assert editor.exact_position(editor.qt_position(4)) == 4


def test_showing_the_same_text_again_leaves_the_cursor_alone(editor):
    editor.show_text("some text")
    editor.cursor_to(4)
    editor.show_text("some text")
    assert editor.textCursor().position() == 4


def test_utf16_length_counts_what_qt_counts(qapp):
    text = "a😀b"
    document = QTextDocument()
    document.setPlainText(text)
    assert utf16_length(text) == document.characterCount() - 1


def test_a_part_between_two_of_qts_positions(qapp):
    text = "a\N{GRINNING FACE}b"
    assert utf16_part(text, 1, 3) == "\N{GRINNING FACE}"
    assert utf16_part(text, 2, 4) == "\ufffdb"
    assert utf16_part("abc", 1, 2) == "b"
