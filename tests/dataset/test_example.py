"""Claims about seeing a row as a conversation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.example import (
    Example,
    Message,
    Part,
    RowFormat,
    ToolCall,
    detect_format,
    example_of,
)
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.row_edits import value_at


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
    assert example.messages[2] == Message(
        "assistant", "Hello", 0, "/messages/2", "/messages/2/content", "/messages/2/role"
    )
    assert (example.first_user, example.last_assistant) == ("Hi", "Hello")


def test_prompt_and_completion_are_shown_as_a_user_and_an_assistant():
    example = example_of({"prompt": "2+2", "completion": " 4"})
    assert example.format is RowFormat.PROMPT_COMPLETION
    assert [(m.role, m.content, m.pointer) for m in example.messages] == [
        ("user", "2+2", "/prompt"),
        ("assistant", " 4", "/completion"),
    ]


def test_a_missing_completion_is_a_turn_without_content():
    assert example_of({"prompt": "x", "completion": None}).messages[1].content is None
    assert example_of({"completion": "x"}).messages[0].content is None


@pytest.mark.parametrize("value", [{}, {"story": "x"}, None, [], "x", 3])
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


KEYS = [
    *("messages", "role", "content", "weight", "tools", "tool_calls", "function", "name", "arguments"),
    *("prompt", "completion", "chosen", "rejected", "label", "completions", "labels", "text"),
    *("input", "preferred_output", "non_preferred_output", "conversations", "from", "value"),
    *("instruction", "output", "history", "system", "kto_tag", "function_call"),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["user", "assistant"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=4)
    ),
    max_leaves=30,
)
MAPPING = ColumnMapping(system="system", user="input", assistant="output", messages="messages", label="label")


def texts_of(example: Example) -> list[Part | Message]:
    """Everything that says where its text stands."""
    turns = [*example.messages, *example.chosen, *example.rejected]
    parts = [part for turn in turns for part in turn.parts if part.text is not None]
    return [*parts, *(turn for turn in turns if turn.text_pointer)]


@given(
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=4) | anything, st.sampled_from([None, MAPPING])
)
def test_no_shape_makes_it_raise_and_every_pointer_leads_to_its_text(value, mapping):
    example = example_of(value, mapping)
    assert example.format is detect_format(value, mapping)
    assert all(isinstance(message.role, str) for message in example.messages)
    for one in texts_of(example):
        pointer = one.pointer if isinstance(one, Part) else one.text_pointer
        text = one.text if isinstance(one, Part) else one.content
        found = value_at(value, pointer)
        assert found == text or json.dumps(found) == text


def shown(value, mapping=None):
    example = example_of(value, mapping)
    return [(turn.role, turn.content, turn.text_pointer) for turn in example.messages]


def shown_tools(example):
    return [(tool.name, tool.description, tool.parameters, tool.pointer) for tool in example.tools]


USER, ASSISTANT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"messages": [USER, ASSISTANT]}, "chat"),
        ({"messages": [USER], "id": 7}, "chat"),
        ({"messages": [ASSISTANT, USER], "extra": 1}, "chat"),
        ({"messages": 3, "reference_answer": "x"}, "chat"),
        ({"messages": [USER], "tools": []}, "chat"),
        ({"messages": [USER], "reference_answer": "x"}, "reinforcement"),
        ({"messages": [USER, ASSISTANT, USER], "solution": "x"}, "reinforcement"),
        ({"input": {"messages": [USER]}, "preferred_output": [ASSISTANT]}, "preference"),
        ({"input": {"messages": 3}}, "preference"),
        ({"preferred_completion": None}, "preference"),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "trl-preference"),
        ({"chosen": [USER, ASSISTANT], "rejected": 3}, "trl-preference"),
        ({"messages": [USER], "chosen": [ASSISTANT], "rejected": [ASSISTANT]}, "trl-preference"),
        ({"prompt": "q", "completion": "a", "label": True}, "unpaired-preference"),
        ({"prompt": "q", "completion": "a", "label": "False"}, "unpaired-preference"),
        ({"prompt": "q", "completion": "a", "label": "spam"}, "prompt-completion"),
        ({"prompt": "q", "completions": ["a"], "labels": [True]}, "stepwise"),
        ({"prompt": "q", "completion": 3}, "prompt-completion"),
        ({"completion": [ASSISTANT]}, "prompt-completion"),
        ({"prompt": [USER]}, "prompt-only"),
        ({"prompt": "q", "solution": "4"}, "prompt-only"),
        ({"prompt": "q", "response": "4"}, "unknown"),
        ({"text": "x", "id": 3}, "text"),
        ({"text": "x", "label": "spam"}, "unknown"),
        ({"instruction": "q", "output": "a"}, "alpaca"),
        ({"instruction": 3}, "alpaca"),
        ({"instruction": "q", "chosen": "a", "rejected": "b"}, "alpaca"),
        ({"instruction": "q", "response": "a"}, "unknown"),
        ({"conversations": "broken"}, "sharegpt"),
        ({"input": "q", "output": "a"}, "unknown"),
    ],
)
def test_the_keys_tell_the_format_even_of_a_broken_row(value, kind):
    assert detect_format(value) == kind
    assert example_of(value).format == kind


def test_axolotl_s_train_flag_is_a_weight_where_there_is_no_other():
    turns = [
        {**ASSISTANT, "train": False},
        {**ASSISTANT, "train": False, "weight": 1},
        {**ASSISTANT, "train": 0},
    ]
    assert [turn.weight for turn in example_of({"messages": turns}).messages] == [0, 1, None]


def test_text_parts_are_one_text_in_several_places():
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    turn = example_of({"messages": [{"role": "user", "content": parts}]}).messages[0]
    assert (turn.content, turn.text_pointer) == ("Hello", "")
    assert turn.parts == (
        Part("Hel", "/messages/0/content/0/text"),
        Part("lo", "/messages/0/content/1/text"),
    )


def test_a_turn_with_a_picture_has_no_text_but_its_parts():
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    turn = example_of({"messages": [{"role": "user", "content": parts}]}).messages[0]
    assert turn.content is None
    assert turn.parts == (Part("What?", "/messages/0/content/0/text"), Part(None, "/messages/0/content/1"))


def test_tool_calls_are_seen_with_arguments_as_text_and_as_objects():
    calls = [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"type": "function", "function": {"name": "g", "arguments": {"b": "é"}}},
    ]
    turn = {"role": "assistant", "content": None, "tool_calls": calls}
    result = {"role": "tool", "tool_call_id": "1", "name": "f", "content": "42"}
    tools = [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    ]
    example = example_of({"messages": [turn, result], "tools": tools})
    assert example.messages[0].tool_calls == (
        ToolCall("1", "f", '{"a": 1}', True, "/messages/0/tool_calls/0"),
        ToolCall(None, "g", '{"b": "é"}', False, "/messages/0/tool_calls/1"),
    )
    assert (example.messages[1].tool_call_id, example.messages[1].name) == ("1", "f")
    assert shown_tools(example) == [("f", "d", {"type": "object"}, "/tools/0")]


def test_the_older_function_call_is_a_tool_call_too():
    turn = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    example = example_of({"messages": [turn], "functions": [{"name": "f"}]})
    assert example.messages[0].tool_calls == (ToolCall(None, "f", "{}", True, "/messages/0/function_call"),)
    assert shown_tools(example) == [("f", "", None, "/functions/0")]


def test_both_spellings_of_openai_s_preference_show_the_two_answers():
    for good, bad in (
        ("preferred_output", "non_preferred_output"),
        ("preferred_completion", "non_preferred_completion"),
    ):
        example = example_of({"input": {"messages": [USER]}, good: [ASSISTANT], bad: [ASSISTANT]})
        assert example.messages[0].text_pointer == "/input/messages/0/content"
        assert example.chosen[0].text_pointer == f"/{good}/0/content"
        assert example.rejected[0].pointer == f"/{bad}/0"
        assert example.is_preference and not example.is_supervised


def test_trl_s_preference_without_a_prompt_shows_what_both_sides_begin_with():
    other = {"role": "assistant", "content": "b"}
    example = example_of({"chosen": [USER, ASSISTANT], "rejected": [USER, other]})
    assert [turn.pointer for turn in example.messages] == ["/chosen/0"]
    assert [turn.pointer for turn in example.chosen + example.rejected] == ["/chosen/1", "/rejected/1"]
    same = example_of({"chosen": [USER, ASSISTANT], "rejected": [USER, ASSISTANT]})
    assert len(same.chosen) == len(same.rejected) == 1


def test_what_the_assistant_said_in_a_prompt_is_not_trained():
    example = example_of({"prompt": [USER, ASSISTANT, USER], "completion": [ASSISTANT]})
    assert [turn.weight for turn in example.messages] == [None, 0, None, None]


def test_alpaca_joins_instruction_and_input_and_begins_with_its_history():
    row = {
        "instruction": "Add",
        "input": "2, 2",
        "output": "4",
        "system": "Be brief",
        "history": [["a", "b"]],
    }
    assert shown(row) == [
        ("system", "Be brief", "/system"),
        ("user", "a", "/history/0/0"),
        ("assistant", "b", "/history/0/1"),
        ("user", "Add\n2, 2", ""),
        ("assistant", "4", "/output"),
    ]
    assert [part.pointer for part in example_of(row).messages[3].parts] == ["/instruction", "/input"]
    assert shown({"instruction": "Add", "input": "", "output": "4"})[0] == ("user", "Add", "/instruction")
    judged = example_of({"instruction": "q", "input": "", "output": "a", "kto_tag": False})
    assert judged.label is False and not judged.is_supervised


def test_sharegpt_speaks_in_openai_s_roles():
    call = {"from": "function_call", "value": '{"name": "f", "arguments": {"a": 1}}'}
    turns = [
        {"from": "human", "value": "q"},
        call,
        {"from": "observation", "value": "42"},
        {"from": "gpt", "value": "a", "train": False},
        {"role": "user", "content": "more"},
        {"from": "elf", "value": "x"},
    ]
    example = example_of({"conversations": turns, "system": "s", "tools": '[{"name": "f"}]'})
    assert [turn.role for turn in example.messages] == [
        *("system", "user", "assistant", "tool", "assistant", "user", "elf")
    ]
    assert example.messages[2].tool_calls == (
        ToolCall(None, "f", '{"a": 1}', False, "/conversations/1/value"),
    )
    assert example.messages[4].weight == 0
    assert example.messages[5].text_pointer == "/conversations/4/content"
    assert example.tools[0].name == "f"


def test_a_function_call_that_is_no_json_is_no_answer():
    example = example_of({"conversations": [{"from": "function_call", "value": "oops"}]})
    assert [(turn.role, turn.content) for turn in example.messages] == [("function_call", "oops")]


def test_text_is_one_answer_that_is_trained_whole():
    assert shown({"text": "once"}) == [("assistant", "once", "/text")]
    assert example_of({"text": "once"}).is_supervised


def test_steps_and_labels_and_plain_prompts_are_conversations_too():
    assert shown({"prompt": "q", "completions": ["a", "b"], "labels": [True, False]}) == [
        ("user", "q", "/prompt"),
        ("assistant", "a", "/completions/0"),
        ("assistant", "b", "/completions/1"),
    ]
    assert example_of({"prompt": "q", "completion": "a", "label": "true"}).label is True


def test_a_mapping_says_what_columns_mean():
    mapping = ColumnMapping(user="frage/1", assistant="antwort", system_text="Be kind.")
    row = {"frage/1": "q", "antwort": 3, "id": 1}
    assert shown(row) == []
    assert shown(row, mapping) == [
        ("system", "Be kind.", ""),
        ("user", "q", "/frage~11"),
        ("assistant", "3", "/antwort"),
    ]
    assert detect_format({"messages": []}, mapping) is RowFormat.CHAT


def test_a_mapped_column_of_turns_may_be_a_list_or_its_text():
    mapping = ColumnMapping(messages="dialogue", role_key="who", text_key="said")
    turns = [{"who": "human", "said": "q"}, {"who": "gpt", "said": "a"}]
    assert shown({"dialogue": turns}, mapping) == [
        ("user", "q", "/dialogue/0/said"),
        ("assistant", "a", "/dialogue/1/said"),
    ]
    assert [turn[:2] for turn in shown({"dialogue": json.dumps(turns)}, mapping)] == [
        ("user", "q"),
        ("assistant", "a"),
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"reasoning_content": "a", "thinking": "b"}, "a"),
        ({"reasoning_content": None, "reasoning": "c"}, "c"),
        ({"thinking": ""}, ""),
        ({"thinking": ["a"]}, None),
        ({}, None),
    ],
)
def test_a_thought_is_read_from_the_first_of_its_keys_that_is_set(
    keys: dict[str, object], expected: str | None
) -> None:
    turn = {"role": "assistant", "content": "Yes.", **keys}
    assert example_of({"messages": [turn]}).messages[0].reasoning == expected


def test_the_answer_of_a_preference_is_the_chosen_one_and_not_an_earlier_turn_of_its_prompt() -> None:
    prompt = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "How can I help?"},
        {"role": "user", "content": "Where is it?"},
    ]
    pair = {
        "prompt": prompt,
        "chosen": [{"role": "assistant", "content": "In Rome."}],
        "rejected": "No idea.",
    }
    assert example_of(pair).answer == "In Rome."
    assert example_of({"messages": prompt}).answer == "How can I help?"
