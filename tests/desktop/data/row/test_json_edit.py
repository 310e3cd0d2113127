"""The JSON editor: words offered by place, brackets found, and nothing typed is lost."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tunedesk.dataset.parsing import parse_row
from tunedesk.desktop.data.row.json_edit import JsonEdit
from tunedesk.desktop.data.row.json_places import bracket_pair, spot_at
from tunedesk.desktop.data.row.json_words import words_at
from tunedesk.desktop.data.row.raw_view import RawView


def words(text):
    """What is offered at the place of the sign |."""
    spot = spot_at(text.replace("|", ""), text.index("|"))
    return () if spot is None else words_at(spot)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"|', "messages"),
        ('{"mess|', "messages"),
        ('{"messages": [{"|', "role"),
        ('{"messages": [{"role": "user", "c|"}]}', "content"),
        ('{"messages": [{"role": "|"}]}', "assistant"),
        ('{"messages": [{"role": |', "assistant"),
        ('{"conversations": [{"from": "g|"', "gpt"),
        ('{"conversations": [{"|"', "from"),
        ('{"messages": [{"tool_calls": [{"function": {"|', "arguments"),
        ('{"tools": [{"function": {"|', "description"),
        ('{"tools": [{"function": {"parameters": {"type": "|', "object"),
        ('{"prompt": "x", "completion": "y", "label": |}', "true"),
        ('{"messages": [{"weight": |', "0"),
        ('{"input": {"|', "parallel_tool_calls"),
    ],
)
def test_the_words_of_the_place_are_offered(text, word):
    assert word in words(text)


@pytest.mark.parametrize(
    "text", ["|", '{"messages": []} |', '{"messages": [{"content": "ro|', '{"x": {"|', '{"messages": [|']
)
def test_where_anything_can_stand_nothing_is_offered(text):
    assert words(text) == ()


def test_a_key_that_stands_there_is_not_offered_again():
    assert "role" not in words('{"messages": [{"role": "user", "|"}]}')
    assert "content" not in words('{"messages": [{"|", "content": "x"}]}')


def test_keys_of_another_format_are_not_offered():
    assert words('{"prompt": "x", "|"}') == (
        "tools",
        "completion",
        "chosen",
        "rejected",
        "label",
    )


@pytest.mark.parametrize("text", ['{"a": "}"}', '{"a": [1, {"b": "\\"]"}]}'])
def test_brackets_in_texts_are_no_brackets(text):
    assert bracket_pair(text, 0) == (0, len(text) - 1)
    assert bracket_pair(text, len(text)) == (len(text) - 1, 0)


def test_a_bracket_without_a_counterpart_is_named():
    assert bracket_pair('{"a": [1}', 7) == (6, None)
    assert bracket_pair("x", 1) is None


@pytest.fixture
def editor(qtbot):
    editor = JsonEdit("JSON")
    qtbot.addWidget(editor)
    editor.show()
    editor.setFocus()
    return editor


def test_words_come_while_typing_and_tab_takes_one(qtbot, editor):
    editor.show_text('{"messages": [{"role": "user", }]}')
    editor.cursor_to(31)
    qtbot.keyClicks(editor, '"co')
    assert editor.offered_words() == ["content"]
    qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Tab)
    assert editor.exact_text() == '{"messages": [{"role": "user", "content": }]}'
    assert editor.offered_words() == []


def test_enter_takes_a_word_and_escape_none(qtbot, editor):
    editor.show_text('{"messages": [{"role": ""}]}')
    editor.cursor_to(24)
    qtbot.keyClick(editor, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert "tool" in editor.offered_words()
    qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)
    assert editor.offered_words() == []
    qtbot.keyClicks(editor, "as")
    qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Return)
    assert editor.exact_text() == '{"messages": [{"role": "assistant"}]}'


def test_a_word_without_quotes_is_written_without(qtbot, editor):
    editor.show_text('{"prompt": "x", "completion": "y", "label": }')
    editor.cursor_to(44)
    qtbot.keyClick(editor, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert editor.offered_words() == ["true", "false"]
    qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Return)
    assert editor.exact_text() == '{"prompt": "x", "completion": "y", "label": true}'


def test_a_text_is_typed_without_being_asked(qtbot, editor):
    editor.show_text('{"messages": [{"content": ""}]}')
    editor.cursor_to(27)
    qtbot.keyClicks(editor, "role and content")
    assert editor.offered_words() == []


def test_the_bracket_beside_the_cursor_and_its_counterpart_are_marked(editor):
    editor.show_text('{"ä": [1, 2], "\N{GRINNING FACE}": 3}')
    editor.cursor_to(6)
    assert sorted(each.cursor.selectedText() for each in editor.extraSelections()) == ["[", "]"]
    editor.cursor_to(3)
    assert not editor.extraSelections()


def test_what_is_half_written_stays_and_says_where_it_is_wrong(qtbot):
    view = RawView()
    qtbot.addWidget(view)
    view.show()
    view.raw_edited.connect(lambda raw: view.show_row(parse_row(raw), read_only=False))
    view.show_row(parse_row(b'{"prompt": "a", "completion": "b"}'), read_only=False)
    text = view.editor.exact_text()
    view.editor.setFocus()
    view.editor.cursor_to(text.index('"b"'))
    qtbot.keyClick(view.editor, Qt.Key.Key_Delete)
    view.flush()
    assert view.editor.exact_text() == text.replace('"b"', 'b"')
    assert view.words().startswith("Line 3, character ")
    qtbot.keyClicks(view.editor, '"')
    view.flush()
    assert view.editor.exact_text() == text
    assert view.words() == ""
