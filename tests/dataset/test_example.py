"""Claims about seeing a row as a conversation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.example import Message, RowFormat, detect_format, example_of


def test_a_chat_row_gives_its_turns_with_their_pointers():
    value = {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello", "weight": 0},
        ]
    }
    example = example_of(value)
    assert example.format is RowFormat.CHAT
    assert example.messages[2] == Message("assistant", "Hello", 0, "/messages/2")
    assert (example.first_user, example.last_assistant) == ("Hi", "Hello")


def test_prompt_and_completion_are_shown_as_a_user_and_an_assistant():
    example = example_of({"prompt": "2+2", "completion": " 4"})
    assert example.format is RowFormat.PROMPT_COMPLETION
    assert [(m.role, m.content, m.pointer) for m in example.messages] == [
        ("user", "2+2", "/prompt"),
        ("assistant", " 4", "/completion"),
    ]


def test_a_missing_completion_is_a_turn_without_content():
    assert example_of({"prompt": "x"}).messages[1].content is None


@pytest.mark.parametrize("value", [{}, {"text": "x"}, None, [], "x", 3])
def test_anything_else_is_unknown_and_empty(value):
    assert detect_format(value) is RowFormat.UNKNOWN
    assert example_of(value).messages == ()
    assert example_of(value).first_user == ""


@pytest.mark.parametrize("messages", [None, "x", 3, {}, {"role": "user"}])
def test_messages_that_are_no_list_make_a_chat_without_turns(messages):
    example = example_of({"messages": messages})
    assert (example.format, example.messages) == (RowFormat.CHAT, ())


@pytest.mark.parametrize("content", [None, 3, True, ["parts"], {"type": "text"}])
def test_content_that_is_no_text_counts_as_absent(content):
    example = example_of({"messages": [{"role": "user", "content": content}, "no turn", {"content": "x"}]})
    assert [(m.role, m.content) for m in example.messages] == [("user", None), ("", None), ("", "x")]


@pytest.mark.parametrize(("weight", "seen"), [(0, 0), (1, 1), (7, 7), (True, None), (0.5, None), ("1", None)])
def test_only_an_integer_is_a_weight(weight, seen):
    turn = {"role": "assistant", "content": "x", "weight": weight}
    assert example_of({"messages": [turn]}).messages[0].weight == seen


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["messages", "role", "content", "weight"]), inner, max_size=4)
    ),
)


@given(anything)
def test_no_shape_makes_it_raise(value):
    example = example_of(value)
    assert all(isinstance(message.role, str) for message in example.messages)
