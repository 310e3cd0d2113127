"""Claims about edits of rows of every format: they change what they name, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dataset.rows_of_formats import (
    ASSISTANT,
    CALL,
    EXTRA,
    MAPPING,
    ROWS,
    TOOL,
    USER,
    leaves,
    mapping_of,
)
from tunedesk.dataset.example import RowFormat, detect_format, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.row_edits import (
    add_tool_call,
    delete_tool_call,
    delete_turn,
    insert_turn,
    move_turn,
    new_row,
    set_content,
    set_role,
    set_tool_call,
    set_tools,
    set_weight,
    swap_preference,
    value_at,
)
from tunedesk.errors import UserError

names = pytest.mark.parametrize("name", ROWS)


def turns_of(row, mapping=None):
    example = example_of(row, mapping)
    return [*example.messages, *example.chosen, *example.rejected]


def changed(before, after):
    old, new = leaves(before), leaves(after)
    return {pointer for pointer in old.keys() | new.keys() if old.get(pointer) != new.get(pointer)}


def spoken(row, mapping=None):
    return [(turn.role, turn.content) for turn in example_of(row, mapping).messages]


@names
def test_every_fixture_is_in_its_format_and_survives_reading(name):
    before = json.dumps(ROWS[name])
    assert detect_format(ROWS[name], mapping_of(name)) == name.split(" ")[0]
    assert turns_of(ROWS[name], mapping_of(name))
    assert json.dumps(ROWS[name]) == before


@given(st.sampled_from(sorted(ROWS)), st.text(max_size=5), st.data())
def test_a_new_text_changes_one_string_and_is_shown(name, text, data):
    row, mapping = ROWS[name], mapping_of(name)
    pointers = [turn.text_pointer for turn in turns_of(row, mapping) if turn.text_pointer]
    pointers += [part.pointer for turn in turns_of(row, mapping) for part in turn.parts]
    pointer = data.draw(st.sampled_from(pointers))
    edited = set_content(row, pointer, text, mapping)
    allowed = {pointer}
    if name == "trl-preference without prompt" and pointer == "/chosen/0/content":
        allowed.add("/rejected/0/content")
    assert changed(row, edited) == (allowed if value_at(row, pointer) != text else set())
    assert value_at(edited, pointer) == text


@given(st.sampled_from(sorted(ROWS)), st.data())
def test_a_text_is_edited_by_the_turn_s_place_too(name, data):
    row, mapping = ROWS[name], mapping_of(name)
    messages = example_of(row, mapping).messages
    index = data.draw(st.integers(0, len(messages) - 1))
    turn = messages[index]
    if turn.parts or not turn.pointer or (turn.tool_calls and name == "sharegpt"):
        with pytest.raises(UserError):
            set_content(row, index, "new", mapping)
        return
    edited = set_content(row, index, "new", mapping)
    assert example_of(edited, mapping).messages[index].content == "new"


@given(st.sampled_from(sorted(ROWS)), st.data())
def test_a_turn_put_in_and_taken_out_leaves_the_row_as_it_was(name, data):
    row, mapping = ROWS[name], mapping_of(name)
    place = data.draw(st.integers(0, len(example_of(row, mapping).messages)))
    try:
        longer = insert_turn(row, place, "user", "more", mapping)
    except UserError as error:
        assert "no more turns" in error.message
        return
    before, after = spoken(row, mapping), spoken(longer, mapping)
    assert len(after) == len(before) + 1
    new = next(index for index in range(len(after)) if after[:index] + after[index + 1 :] == before)
    assert after[new][1] == "more"
    assert delete_turn(longer, new, mapping) == row


@given(st.sampled_from(sorted(ROWS)), st.data())
def test_a_turn_moved_there_and_back_leaves_the_row_as_it_was(name, data):
    row, mapping = ROWS[name], mapping_of(name)
    count = len(example_of(row, mapping).messages)
    start, end = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    try:
        moved = move_turn(row, start, end, mapping)
    except UserError:
        return
    if name != "trl-preference without prompt":
        assert spoken(moved, mapping)[end] == spoken(row, mapping)[start]
    assert move_turn(moved, end, start, mapping) == row


@names
def test_a_role_is_written_in_the_format_s_own_words(name):
    row, mapping = ROWS[name], mapping_of(name)
    for index, turn in enumerate(example_of(row, mapping).messages):
        if not turn.role_pointer:
            with pytest.raises(UserError, match="roles"):
                set_role(row, index, "user", mapping)
            continue
        edited = set_role(row, index, "user", mapping)
        assert example_of(edited, mapping).messages[index].role == "user"
        assert turn.role_pointer in changed(row, edited) or turn.role == "user"
    assert set_role(ROWS["sharegpt"], 1, "assistant")["conversations"][0]["from"] == "gpt"
    assert set_role(ROWS["sharegpt"], 4, "tool")["conversations"][3]["from"] == "observation"


def test_a_mapped_column_of_turns_keeps_its_own_words():
    mapping = ColumnMapping(messages="talk", role_key="who", text_key="said")
    row = {"talk": [{"who": "Human", "said": "q"}, {"who": "GPT", "said": "a"}], "id": 1}
    assert insert_turn(row, 2, "user", "more", mapping)["talk"][2] == {"who": "Human", "said": "more"}
    assert set_role(row, 0, "assistant", mapping)["talk"][0] == {"who": "GPT", "said": "q"}
    assert set_content(row, 1, "b", mapping)["talk"][1] == {"who": "GPT", "said": "b"}
    as_text = {"talk": json.dumps(row["talk"])}
    with pytest.raises(UserError, match="one text"):
        set_content(as_text, 0, "x", mapping)


@names
def test_only_turns_of_chat_and_sharegpt_have_weights(name):
    row, mapping = ROWS[name], mapping_of(name)
    for index, turn in enumerate(example_of(row, mapping).messages):
        if name not in ("chat", "sharegpt") or turn.pointer == "/system":
            with pytest.raises(UserError, match="weights"):
                set_weight(row, index, 0, mapping)
            continue
        edited = set_weight(row, index, 0)
        assert changed(row, edited) <= {f"{turn.pointer}/weight"}
        assert example_of(edited).messages[index].weight == 0
        assert "weight" not in value_at(set_weight(edited, index, None), turn.pointer)


def test_axolotl_s_train_flag_is_the_weight_where_it_stands():
    row = {"conversations": [{"from": "gpt", "value": "a", "train": True}]}
    assert set_weight(row, 0, 0) == {"conversations": [{"from": "gpt", "value": "a", "train": False}]}
    assert set_weight(row, 0, None) == {"conversations": [{"from": "gpt", "value": "a"}]}


def test_both_sides_keep_what_they_begin_with():
    row = ROWS["trl-preference without prompt"]
    edited = set_content(row, 0, "What is 3+1?")
    assert edited["chosen"][0] == edited["rejected"][0] == {"role": "user", "content": "What is 3+1?"}
    longer = insert_turn(row, 0, "system", "Be brief.")
    assert [len(longer["chosen"]), len(longer["rejected"])] == [3, 3]
    assert set_content(row, "/chosen/1", "four")["rejected"] == row["rejected"]


def test_answers_of_a_preference_take_turns_by_their_pointer():
    longer = insert_turn(ROWS["preference"], "/preferred_output/-", "tool", "x")
    assert [turn["role"] for turn in longer["preferred_output"]] == ["assistant", "tool"]
    assert delete_turn(longer, "/preferred_output/1") == ROWS["preference"]
    assert move_turn(longer, "/preferred_output/0", 1)["preferred_output"][0]["role"] == "tool"


@names
def test_swapping_the_answers_twice_changes_nothing(name):
    row, mapping = ROWS[name], mapping_of(name)
    example = example_of(row, mapping)
    if not example.chosen:
        with pytest.raises(UserError, match="two answers"):
            swap_preference(row, mapping)
        return
    swapped = swap_preference(row, mapping)
    assert [turn.content for turn in example_of(swapped).chosen] == [
        turn.content for turn in example.rejected
    ]
    assert json.dumps(swap_preference(swapped, mapping)) == json.dumps(row)


def test_one_answer_alone_changes_sides():
    assert swap_preference({"prompt": "q", "chosen": "a"}) == {"prompt": "q", "rejected": "a"}
    mapping = ColumnMapping(user="q", chosen="good", rejected="bad")
    assert swap_preference({"q": "x", "good": 1, "bad": 2}, mapping) == {"q": "x", "good": 2, "bad": 1}


def test_system_texts_in_columns_come_and_go():
    row = {"instruction": "Add", "output": "4"}
    with_system = insert_turn(row, 0, "system", "Be kind.")
    assert with_system == {**row, "system": "Be kind."}
    assert delete_turn(with_system, 0) == {**row, "system": ""}
    cells = {"question": "q", "reply": "a"}
    no_fixed = ColumnMapping(system="rules", user="question", assistant="reply")
    assert insert_turn(cells, 0, "system", "Be kind.", no_fixed) == {**cells, "rules": "Be kind."}


def test_the_mapping_s_own_system_text_is_not_edited_in_a_row():
    with pytest.raises(UserError, match="mapping"):
        set_content({"question": "q", "reply": "a"}, 0, "x", MAPPING)


def test_a_number_in_a_table_stays_a_number():
    mapping = ColumnMapping(user="text", assistant="label")
    assert set_content({"text": "x", "label": 1}, 1, "2", mapping) == {"text": "x", "label": 2}
    assert set_content({"text": "x", "label": 1}, 1, "spam", mapping) == {"text": "x", "label": "spam"}
    assert set_content({"text": "x", "label": True}, 1, "2", mapping) == {"text": "x", "label": "2"}


def test_a_step_and_its_label_stay_together():
    row = insert_turn(ROWS["stepwise"], 2, "assistant", "Check.")
    assert (row["completions"], row["labels"]) == (["Count.", "Check.", "4"], [True, True, False])
    moved = move_turn(row, 3, 1)
    assert (moved["completions"], moved["labels"]) == (["4", "Count.", "Check."], [False, True, True])


def test_a_tool_call_changes_in_its_own_way_of_writing():
    row = ROWS["chat"]
    pointer = "/messages/2/tool_calls/0"
    edited = set_tool_call(row, pointer, "sum", '{"a": 1.10}')
    assert changed(row, edited) == {f"{pointer}/function/name", f"{pointer}/function/arguments"}
    assert edited["messages"][2]["tool_calls"][0]["function"] == {"name": "sum", "arguments": '{"a": 1.10}'}
    as_object = {
        "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}]
    }
    new = set_tool_call(as_object, "/messages/0/tool_calls/0", "g", '{"a": 1}')
    assert new["messages"][0]["tool_calls"] == [{"function": {"name": "g", "arguments": {"a": 1}}}]
    with pytest.raises(UserError, match="object"):
        set_tool_call(as_object, "/messages/0/tool_calls/0", "g", "oops")
    with pytest.raises(LookupError):
        set_tool_call(row, "/messages/0", "g", "{}")


def test_a_sharegpt_call_is_written_into_its_text():
    row = ROWS["sharegpt"]
    edited = set_tool_call(row, "/conversations/1/value", "sum", '{"a": 1}')
    assert changed(row, edited) == {"/conversations/1/value"}
    assert json.loads(edited["conversations"][1]["value"]) == {"name": "sum", "arguments": {"a": 1}}
    two = add_tool_call(row, 2, "more")
    assert [call.name for call in example_of(two).messages[2].tool_calls] == ["add", "more"]
    with pytest.raises(UserError, match="several"):
        set_tool_call(two, "/conversations/1/value", "sum", "{}")
    with pytest.raises(UserError, match="turn of its own"):
        delete_tool_call(row, "/conversations/1/value")


def test_calls_are_added_and_taken_out():
    row = ROWS["chat"]
    two = add_tool_call(row, 2, "more", '{"x": 1}')
    calls = two["messages"][2]["tool_calls"]
    assert calls[0] == CALL
    assert calls[1] == {
        "id": "call00002",
        "type": "function",
        "function": {"name": "more", "arguments": '{"x": 1}'},
    }
    assert delete_tool_call(two, "/messages/2/tool_calls/1") == row
    assert "tool_calls" not in delete_tool_call(row, "/messages/2/tool_calls/0")["messages"][2]
    with pytest.raises(UserError, match="tool call"):
        add_tool_call(row, 1, "f")
    old = {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}]}
    assert delete_tool_call(old, "/messages/0/function_call") == {"messages": [{"role": "assistant"}]}


def test_tools_are_written_where_and_how_the_format_has_them():
    assert set_tools(ROWS["chat"], None) == {
        key: item for key, item in ROWS["chat"].items() if key != "tools"
    }
    assert set_tools(ROWS["preference"], [])["input"] == {"messages": [USER], "parallel_tool_calls": False}
    assert set_tools({"messages": []}, [TOOL]) == {"messages": [], "tools": [TOOL]}
    assert json.loads(set_tools(ROWS["sharegpt"], [TOOL])["tools"]) == [TOOL]


@pytest.mark.parametrize("kind", [kind for kind in RowFormat if kind not in ("mapped", "unknown")])
def test_a_new_row_is_in_the_format_that_was_asked_for(kind):
    value = json.loads(new_row(kind))
    assert detect_format(value) is kind
    assert all(turn.content == "" for turn in turns_of(value))


def test_a_new_row_of_a_table_has_its_columns():
    assert json.loads(new_row(RowFormat.MAPPED, "Be kind.", MAPPING)) == {
        "rules": "Be kind.",
        "question": "",
        "reply": "",
    }
    with pytest.raises(ValueError):
        new_row(RowFormat.MAPPED)


@names
def test_unknown_keys_survive(name):
    row, mapping = ROWS[name], mapping_of(name)
    last = example_of(row, mapping).messages[-1]
    edited = set_content(row, last.pointer, "new", mapping)
    assert {key: edited[key] for key in EXTRA} == EXTRA
    assert ASSISTANT == {"role": "assistant", "content": "4"}
