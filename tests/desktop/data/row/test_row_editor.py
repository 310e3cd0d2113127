"""Rows of every format edited through the window: what is clicked and typed stands in the document."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QPlainTextEdit, QScrollArea

from tests.desktop.conftest import settle
from tests.desktop.finding import WAIT, act, buttons, named, press, said_name, words_on

TOOL = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Book a seat",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "seats": {"type": "integer"},
                "class": {"enum": ["economy", "business"]},
                "fast": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "who": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
            "required": ["city", "seats"],
        },
    },
}
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "book", "arguments": '{"city":"Rome","note":"x"}'},
}
WITH_CALL = {
    "messages": [
        {"role": "user", "content": "Book"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        {"role": "assistant", "content": "Done."},
    ],
    "tools": [TOOL, {"type": "function", "function": {"name": "cancel"}}],
    "extra": 7,
}
PAIR = {
    "input": {"messages": [{"role": "user", "content": "How?"}]},
    "preferred_output": [{"role": "assistant", "content": "Press the red button."}],
    "non_preferred_output": [{"role": "assistant", "content": "Press the green button."}],
}


@pytest.fixture
def opened(qtbot, open_window, tmp_path):
    """Opens a file with one row, or with some."""

    def open_rows(*rows):
        file = tmp_path / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        app = open_window(file)
        app.window.activateWindow()
        return app

    return open_rows


def row_of(app, number=1):
    return json.loads(app.data.document.raw_at(number - 1))


def write(qtbot, app, name, text):
    """Replace what stands in a field."""
    editor = named(app.window, name)
    editor.setFocus()
    editor.selectAll()
    with qtbot.waitSignal(editor.text_edited, timeout=WAIT):
        qtbot.keyClicks(editor, text)


def choose(qtbot, app, name, text):
    chooser = named(app.window, name)
    chooser.setCurrentIndex(chooser.findText(text))
    chooser.activated.emit(chooser.currentIndex())


def arguments(app, turn=1, call=0):
    return json.loads(row_of(app)["messages"][turn]["tool_calls"][call]["function"]["arguments"])


def press_key(app, qtbot, key, modifiers):
    qtbot.keyClick(app.window.focusWidget(), key, modifiers)


def test_each_string_of_an_alpaca_row_is_edited_where_it_stands(qtbot, opened):
    app = opened({"instruction": "Translate", "input": "house", "output": "Haus", "id": 3})
    write(qtbot, app, "Text of turn 1, input", "tree")
    write(qtbot, app, "Text of turn 2, output", "Baum")
    assert row_of(app) == {"instruction": "Translate", "input": "tree", "output": "Baum", "id": 3}
    assert not act(app.window, "Add turn").isEnabled()


def test_sharegpt_keeps_its_own_words_for_roles(qtbot, opened):
    turns = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]
    app = opened({"conversations": turns})
    named(app.window, "Text of turn 2, assistant").setFocus()
    press_key(app, qtbot, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert row_of(app)["conversations"][1]["from"] == "system"
    write(qtbot, app, "Text of turn 1, user", "Hey")
    assert row_of(app)["conversations"][0] == {"from": "human", "value": "Hey"}


@pytest.mark.parametrize(("key", "role"), [("S", "system"), ("U", "user"), ("A", "assistant"), ("T", "tool")])
def test_each_role_has_its_key(qtbot, opened, key, role):
    app = opened({"messages": [{"role": "developer", "content": "Hi"}]})
    named(app.window, "Text of turn 1, developer").setFocus()
    both = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    press_key(app, qtbot, getattr(Qt.Key, f"Key_{key}"), both)
    assert row_of(app)["messages"][0]["role"] == role


def test_keys_walk_from_turn_to_turn_and_on_to_the_answers(qtbot, opened):
    app = opened(PAIR)
    named(app.window, "Text of turn 1, user").setFocus()
    seen = []
    for _ in range(3):
        press_key(app, qtbot, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
        seen.append(app.window.focusWidget().accessibleName())
    assert seen == [
        "Text of chosen answer, assistant",
        "Text of rejected answer, assistant",
        "Text of rejected answer, assistant",
    ]
    press_key(app, qtbot, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert app.window.focusWidget().accessibleName() == "Text of chosen answer, assistant"


def test_a_copy_of_a_turn_has_all_of_its_keys(qtbot, opened):
    app = opened(WITH_CALL)
    named(app.window, "Text of turn 2, assistant").setFocus()
    act(app.window, "Duplicate turn").trigger()
    assert row_of(app)["messages"][2] == WITH_CALL["messages"][1]
    act(app.window, "Undo duplicate turn").trigger()
    settle(qtbot, app)
    assert row_of(app) == WITH_CALL


def test_an_argument_is_typed_and_the_others_stay_as_they_are(qtbot, opened):
    app = opened(WITH_CALL)
    assert "Required, but missing" in words_on(app.window)
    write(qtbot, app, "seats, call 1 of turn 2", "2")
    assert row_of(app)["messages"][1]["tool_calls"][0]["function"]["arguments"] == (
        '{"city":"Rome","note":"x","seats":2}'
    )
    assert "Required, but missing" not in words_on(app.window)
    assert "The tool's schema does not name this key" in words_on(app.window)
    write(qtbot, app, "city, call 1 of turn 2", "Oslo")
    act(app.window, "Undo edit arguments").trigger()
    settle(qtbot, app)
    assert arguments(app) == {"city": "Rome", "note": "x", "seats": 2}


def test_what_is_no_number_is_kept_and_said(qtbot, opened):
    app = opened(WITH_CALL)
    write(qtbot, app, "seats, call 1 of turn 2", "two")
    assert arguments(app)["seats"] == "two"
    assert "Not a whole number" in words_on(app.window)
    write(qtbot, app, "seats, call 1 of turn 2", "2")
    assert arguments(app)["seats"] == 2
    assert "Not a whole number" not in words_on(app.window)


def test_choices_lists_and_groups_have_their_own_fields(qtbot, opened):
    app = opened(WITH_CALL)
    choose(qtbot, app, "class, call 1 of turn 2", "business")
    choose(qtbot, app, "fast, call 1 of turn 2", "true")
    press(qtbot, app.window, "Add to tags")
    write(qtbot, app, "tags.1, call 1 of turn 2", "window")
    write(qtbot, app, "who.name, call 1 of turn 2", "Ann")
    assert arguments(app) == {
        "city": "Rome",
        "note": "x",
        "class": "business",
        "fast": True,
        "tags": ["window"],
        "who": {"name": "Ann"},
    }
    choose(qtbot, app, "fast, call 1 of turn 2", "(left out)")
    act(named(app.window, "Conversation", QScrollArea), "Leave out tags").trigger()
    assert arguments(app) == {"city": "Rome", "note": "x", "class": "business", "who": {"name": "Ann"}}


def test_typing_into_a_new_argument_keeps_the_cursor(qtbot, opened):
    app = opened(WITH_CALL)
    write(qtbot, app, "who.name, call 1 of turn 2", "An")
    qtbot.keyClicks(app.window.focusWidget(), "n")
    app.data.flush()
    assert arguments(app)["who"] == {"name": "Ann"}


def test_the_arguments_can_be_written_as_json_also_when_they_are_none(qtbot, opened):
    app = opened(WITH_CALL)
    act(named(app.window, "Call 1 of turn 2, book"), "As JSON").trigger()
    write(qtbot, app, "Arguments of call 1 of turn 2 as JSON", '{"city": ')
    assert row_of(app)["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"city": '
    assert "The arguments are no JSON object, so that there is no form for them." in words_on(app.window)
    write(qtbot, app, "Arguments of call 1 of turn 2 as JSON", '{"city": "Bonn"}')
    assert arguments(app) == {"city": "Bonn"}


@pytest.mark.parametrize("text", ['{"price": 1.50}', '{"a": 1, "a": 2}', '{"a": 1e999}', '{"a": NaN}', "[1]"])
def test_arguments_that_a_form_would_rewrite_are_shown_as_json(opened, text):
    call = {**CALL, "function": {"name": "book", "arguments": text}}
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]
    app = opened({"messages": messages, "tools": [TOOL]})
    assert named(app.window, "Arguments of call 1 of turn 2 as JSON").toPlainText() == text


def test_arguments_that_are_an_object_stay_one(qtbot, opened):
    call = {"type": "function", "function": {"name": "book", "arguments": {"city": "Rome", "seats": 1}}}
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]
    app = opened({"messages": messages, "tools": [TOOL]})
    write(qtbot, app, "seats, call 1 of turn 2", "3")
    made = row_of(app)["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert made == {"city": "Rome", "seats": 3}
    act(named(app.window, "Call 1 of turn 2, book"), "As JSON").trigger()
    write(qtbot, app, "Arguments of call 1 of turn 2 as JSON", '{"city": ')
    assert row_of(app)["messages"][1]["tool_calls"][0]["function"]["arguments"] == made
    assert "Not in the row yet, since it is no JSON object." in words_on(app.window)


def test_a_finding_about_a_call_leads_to_its_fields(qtbot, opened):
    app = opened(WITH_CALL)
    turns = named(app.window, "Conversation", QScrollArea)
    turns.go_to_pointer("/messages/1/tool_calls/0/function/arguments", 0)
    assert app.window.focusWidget().accessibleName() == "city, call 1 of turn 2"


def test_keys_of_turns_do_nothing_where_turns_are_not_seen(opened):
    app = opened(WITH_CALL)
    act(app.window, "JSON").trigger()
    asked = ["Delete turn", "Role: user", "Add tool call", "Next turn"]
    assert not any(act(app.window, text).isEnabled() for text in asked)
    assert act(app.window, "Offer words").isEnabled()
    act(app.window, "Conversation").trigger()
    assert all(act(app.window, text).isEnabled() for text in asked)
    assert not act(app.window, "Offer words").isEnabled()


def test_calls_are_added_renamed_and_deleted(qtbot, opened):
    app = opened(WITH_CALL)
    named(app.window, "Text of turn 4, assistant").setFocus()
    act(app.window, "Add tool call").trigger()
    assert row_of(app)["messages"][3]["tool_calls"][0]["function"] == {"name": "book", "arguments": "{}"}
    choose(qtbot, app, "Function of call 1 of turn 4", "cancel")
    assert row_of(app)["messages"][3]["tool_calls"][0]["function"]["name"] == "cancel"
    act(named(app.window, "Call 1 of turn 4, cancel"), "Delete this call").trigger()
    assert row_of(app)["messages"][3] == {"role": "assistant", "content": "Done."}
    assert row_of(app)["extra"] == 7


def test_a_function_that_no_tool_has_is_said(qtbot, opened):
    app = opened(WITH_CALL)
    name = named(app.window, "Function of call 1 of turn 2")
    name.setEditText("fly")
    app.data.flush()
    assert row_of(app)["messages"][1]["tool_calls"][0]["function"]["name"] == "fly"
    assert "The row's tools have no function named fly." in words_on(app.window)


def test_looking_at_hard_characters_changes_nothing(qtbot, opened):
    hard = "\ufeff\ud83d\u2029\u00a0\r\x00"
    call = {"function": {"name": hard, "arguments": json.dumps({hard: hard, "b": [hard], "c": {"d": hard}})}}
    tool = {"function": {"name": hard, "description": hard, "parameters": {"description": hard}}}
    turns = [{"role": hard, "content": hard}, {"role": "assistant", "tool_calls": [call], "name": hard}]
    app = opened({"messages": turns, "tools": [tool]}, {"prompt": hard, "chosen": hard, "rejected": "x"})
    press(qtbot, app.window, "1 tool")
    for view in ("JSON", "What will be trained", "Conversation"):
        act(app.window, view).trigger()
        app.data.flush()
    for action in ("Show invisible characters", "Next row", "Previous row", "Show invisible characters"):
        act(app.window, action).trigger()
        app.data.flush()
    settle(qtbot, app)
    assert not app.data.document.is_modified
    assert act(app.window, "Undo").isEnabled() is False


def test_the_tools_of_a_row_unfold_and_are_edited(qtbot, opened):
    app = opened(WITH_CALL)
    press(qtbot, app.window, "2 tools")
    write(qtbot, app, "Description of tool 1", "Book seats")
    assert row_of(app)["tools"][0]["function"]["description"] == "Book seats"
    parameters = named(app.window, "Parameters of tool 2, a JSON Schema")
    assert parameters.toPlainText() == ""
    write(qtbot, app, "Parameters of tool 2, a JSON Schema", '{"type": "object"}')
    assert row_of(app)["tools"][1]["function"]["parameters"] == {"type": "object"}
    write(qtbot, app, "Parameters of tool 2, a JSON Schema", '{"type": ')
    assert row_of(app)["tools"][1]["function"]["parameters"] == {"type": "object"}
    assert any(words.startswith("Not in the row yet") for words in words_on(app.window))


def test_answers_stand_side_by_side_with_their_differing_words_marked(qtbot, opened):
    app = opened(PAIR)
    chosen = named(app.window, "Text of chosen answer, assistant")
    rejected = named(app.window, "Text of rejected answer, assistant")

    def marked(editor):
        return [(each.cursor.selectedText(), each.format.fontUnderline(), each.format.fontStrikeOut())
                for each in editor.extraSelections()]  # fmt: skip

    assert marked(chosen) == [("red", True, False)]
    assert marked(rejected) == [("green", False, True)]
    write(qtbot, app, "Text of rejected answer, assistant", "Press the red button.")
    assert marked(chosen) == [] and marked(rejected) == []
    assert "Both answers say the same." in words_on(app.window)


def test_answers_are_swapped_in_one_step(qtbot, opened):
    app = opened(PAIR)
    act(app.window, "Swap answers").trigger()
    assert row_of(app)["preferred_output"] == PAIR["non_preferred_output"]
    assert row_of(app)["non_preferred_output"] == PAIR["preferred_output"]
    act(app.window, "Undo swap chosen and rejected").trigger()
    settle(qtbot, app)
    assert row_of(app) == PAIR


def test_one_answer_is_judged_good_or_bad(qtbot, opened):
    app = opened({"prompt": "2+2?", "completion": "5", "label": True}, {"prompt": "a", "completion": "b"})
    assert act(app.window, "Good").isChecked()
    press(qtbot, app.window, "Bad")
    assert row_of(app)["label"] is False
    assert act(app.window, "Bad").isChecked() and not act(app.window, "Good").isChecked()
    act(app.window, "Next row").trigger()
    assert not buttons(app.window, "Bad")
    assert not act(app.window, "Bad").isEnabled()
    assert not act(app.window, "Swap answers").isEnabled()


def test_what_cannot_be_seen_is_shown_and_can_be_hidden(qtbot, opened):
    app = opened({"messages": [{"role": "user", "content": "a\u200bb"}]})
    editor = named(app.window, "Text of turn 1, user")
    assert "\u200b" not in editor.document().toRawText()
    act(app.window, "Show invisible characters").trigger()
    assert "\u200b" in editor.document().toRawText()
    act(app.window, "Show blanks and line ends").trigger()
    act(app.window, "Show invisible characters").trigger()
    app.data.flush()
    assert not app.data.document.is_modified


def test_everything_that_can_be_focused_has_a_name(opened):
    app = opened(WITH_CALL)
    shown = [
        each
        for kind in (QAbstractButton, QComboBox, QPlainTextEdit)
        for each in named(app.window, "Conversation", QScrollArea).findChildren(kind)
        if each.isVisible()
    ]
    assert len(shown) > 20
    assert not [each for each in shown if not (each.accessibleName() or said_name(each))]


def test_of_a_preference_both_answers_are_shown_as_they_are_trained(qtbot, opened):
    app = opened(PAIR)
    act(app.window, "What will be trained").trigger()
    settle(qtbot, app)
    text = named(app.window, "Text that the model is trained on")
    qtbot.waitUntil(lambda: "Press the red button." in text.exact_text(), timeout=WAIT)
    act(app.window, "Rejected").trigger()
    assert "Press the green button." in text.exact_text()
    trained = "".join(each.cursor.selectedText() for each in text.extraSelections())
    assert "Press the green button." in trained and "How?" not in trained
