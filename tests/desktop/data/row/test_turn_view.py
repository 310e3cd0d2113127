"""What the editor shows of a row in each format, and what it lets be changed."""

import pytest

from tunedesk.desktop.data.row.turn_view import row_view

CHAT_TURN = {"role": "user", "content": "Hi"}


def texts(view):
    return [(turn.role, [text.text for text in turn.texts]) for turn in view.turns]


def test_a_chat_turn_can_be_changed_in_every_way():
    view = row_view({"messages": [CHAT_TURN, {"role": "assistant", "content": "Ho", "weight": 0}]})
    assert texts(view) == [("user", ["Hi"]), ("assistant", ["Ho"])]
    assert all(turn.can_move and "developer" in turn.roles for turn in view.turns)
    assert [turn.is_trained for turn in view.turns] == [None, False]
    assert view.can_change and view.turns[1].can_call


def test_alpaca_has_a_field_for_each_string_and_no_roles_to_choose():
    view = row_view({"instruction": "Do", "input": "this", "output": "done", "system": "Be kind"})
    assert texts(view) == [("system", ["Be kind"]), ("user", ["Do", "this"]), ("output", ["done"])]
    assert [text.label for text in view.turns[1].texts] == ["instruction", "input"]
    assert not any(turn.roles or turn.can_move for turn in view.turns)
    assert not view.can_change


def test_pieces_of_content_have_a_field_each_and_what_is_no_text_is_shown():
    parts = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "x"}}]
    turn = row_view({"messages": [{"role": "user", "content": parts}]}).turns[0]
    assert [text.text for text in turn.texts] == ["See", None]
    assert "image_url" in turn.texts[1].shown
    assert turn.texts[0].pointer == "/messages/0/content/0/text"


@pytest.mark.parametrize("content", [{}, {"content": None}])
def test_a_turn_without_text_can_be_given_one(content):
    turn = row_view({"messages": [{"role": "user", **content}]}).turns[0]
    assert [(text.text, text.pointer, text.place) for text in turn.texts] == [
        ("", "/messages/0/content", "/messages/0")
    ]


def test_text_of_a_wrong_type_is_shown_and_not_edited():
    text = row_view({"messages": [{"role": "user", "content": 5}]}).turns[0].texts[0]
    assert (text.text, text.shown) == (None, "5")


def test_sharegpt_has_openais_roles_and_its_own_call():
    call = {"from": "function_call", "value": '{"name": "add", "arguments": {"a": 1}}'}
    view = row_view({"conversations": [{"from": "human", "value": "Add"}, call]})
    assert texts(view) == [("user", ["Add"]), ("assistant", [])]
    assert view.turns[1].calls[0].name == "add"
    assert "function_call" in view.turns[0].roles
    assert view.can_change


def test_a_pair_has_its_answers_beside_each_other():
    view = row_view({"prompt": "Q", "chosen": "good", "rejected": "bad"})
    assert view.is_pair and not view.is_judged
    assert [turn.texts[0].text for turn in (*view.turns, *view.chosen, *view.rejected)] == [
        "Q",
        "good",
        "bad",
    ]


def test_one_answer_with_a_label_is_judged():
    view = row_view({"prompt": "Q", "completion": "A", "label": False})
    assert view.is_judged and view.label is False
    assert view.turns[1].is_trained is None, "there is nothing to imitate"


def test_tools_have_their_parts_by_pointer():
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    shown = row_view({"messages": [CHAT_TURN], "tools": [tool]}).tools[0]
    assert (shown.name, shown.base) == ("add", "/tools/0/function")
    as_text = row_view({"messages": [CHAT_TURN], "tools": '[{"name": "add"}]'}).tools[0]
    assert (as_text.name, as_text.base) == ("add", "")


@pytest.mark.parametrize("row", [{}, {"a": 1}, {"messages": None}, {"messages": [1, None, []]}, {"text": 5}])
def test_a_broken_row_is_shown_as_far_as_it_goes(row):
    row_view(row)


def test_a_row_of_an_unknown_format_is_not_shown_as_a_conversation():
    assert not row_view({"a": 1}).is_shown
