"""Any sequence of typing, pasting, deleting and looking leaves exactly the text that was meant."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tunedesk.desktop.text.clipboard import mime_of
from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.text.exact_text import BASES

CHARACTERS = st.sampled_from(
    "ab \n\r\t\x00\u00a0\u00ad\u200b\u200d\u200e\u202e\u2028\u2029\ufdd0\ufeff\ufffe\u0085\u05d0\u0915\ud800"
    "\N{GRINNING FACE}\U000e0041" + chr(BASES[0] + 1)
)
TEXTS = st.text(CHARACTERS, max_size=12)
PLACES = st.integers(0, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("paste"), PLACES, TEXTS),
        st.tuples(st.just("type"), PLACES, st.sampled_from(["x", "\u00a0", "\u200b"])),
        st.tuples(st.just("enter"), PLACES, st.just("\n")),
        st.tuples(st.just("cut"), PLACES, PLACES),
        st.tuples(st.just("backspace"), PLACES, st.none()),
        st.tuples(st.just("invisible"), st.booleans(), st.none()),
        st.tuples(st.just("blanks"), st.booleans(), st.none()),
    ),
    max_size=8,
)


def at(editor, place, until=None):
    """Put the cursor before a character, or select up to another."""
    cursor = editor.textCursor()
    cursor.setPosition(editor.qt_position(place))
    if until is not None:
        cursor.setPosition(editor.qt_position(until), QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def do(editor, text, step):
    """One step in the editor; what the text is afterwards."""
    what, first, second = step
    if what == "invisible":
        editor.show_invisible(first)
        return text
    if what == "blanks":
        editor.show_blanks(first)
        return text
    place = min(first, len(text))
    if what == "cut":
        until = min(place + second, len(text))
        at(editor, place, until)
        copied = editor.createMimeDataFromSelection() if until > place else mime_of("")
        editor.textCursor().removeSelectedText()
        editor.insertFromMimeData(copied)  # what was cut comes back as it was
        at(editor, place, until)
        editor.textCursor().removeSelectedText()
        return text[:place] + text[until:]
    at(editor, place)
    if what == "backspace":
        if place and not ({text[place - 1], text[place : place + 1]} & set("\n\r\u2029")):
            editor.textCursor().deletePreviousChar()
            return text[: place - 1] + text[place:]
        return text
    if what == "paste":
        editor.insertFromMimeData(mime_of(second))
    elif what == "enter":
        QTest.keyClick(editor, Qt.Key.Key_Return)
    else:
        event = QKeyEvent(QKeyEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, second)
        QApplication.sendEvent(editor, event)
    return text[:place] + second + text[place:]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, STEPS)
def test_the_editor_says_what_was_done_to_it(qapp, text, steps):
    editor = ExactEdit("Text")
    editor.show_text(text)
    for step in steps:
        text = do(editor, text, step)
        assert editor.exact_text() == text
    editor.flush()
    editor.show_text(text)
    assert editor.exact_text() == text
