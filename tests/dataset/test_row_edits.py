"""Claims about edits of one row's value."""

import json

import pytest

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import (
    delete_at,
    delete_turn,
    dump_row,
    insert_turn,
    move_turn,
    new_row,
    set_at,
    set_content,
    set_role,
    set_weight,
    value_at,
)
from tunedesk.errors import UserError

ROW = {
    "id": 7,
    "messages": [{"role": "user", "content": "Hi", "name": "Ann"}, {"role": "assistant", "content": "Hello"}],
    "extra": {"kept": [1.5, None]},
}
PAIR = {"prompt": "2+2", "completion": "4", "source": "school"}


def roles(row):
    return [turn["role"] for turn in row["messages"]]


def test_unknown_keys_survive_every_edit():
    row = ROW
    for edited in (
        set_content(row, 0, "Bye"),
        set_role(row, 0, "system"),
        set_weight(row, 1, 0),
        insert_turn(row, 0, "system", "x"),
        delete_turn(row, 1),
        move_turn(row, 0, 1),
    ):
        assert edited["id"] == 7
        assert edited["extra"] == {"kept": [1.5, None]}
        assert any(turn.get("name") == "Ann" for turn in edited["messages"])


def test_an_edit_leaves_the_value_it_was_given_alone():
    before = json.dumps(ROW)
    set_content(ROW, 0, "x")
    set_weight(ROW, 0, 1)
    move_turn(ROW, 0, 1)
    delete_at(ROW, "/messages/0/name")
    set_at(ROW, "/extra/kept/0", 2)
    assert json.dumps(ROW) == before


def test_content_of_prompt_and_completion_goes_to_its_key():
    assert set_content(PAIR, 0, "x") == {**PAIR, "prompt": "x"}
    assert set_content(PAIR, 1, "y") == {**PAIR, "completion": "y"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda: set_role(PAIR, 0, "user"),
        lambda: set_weight(PAIR, 1, 0),
        lambda: insert_turn(PAIR, 0, "user", ""),
        lambda: delete_turn(PAIR, 0),
        lambda: move_turn(PAIR, 0, 1),
    ],
)
def test_turns_cannot_be_changed_where_there_is_no_list_of_them(edit):
    with pytest.raises(UserError, match="prompt and completion"):
        edit()


def test_no_weight_means_no_key():
    weighted = set_weight(ROW, 1, 0)
    assert weighted["messages"][1]["weight"] == 0
    assert set_weight(weighted, 1, None) == ROW


def test_turns_are_inserted_moved_and_deleted_where_asked():
    row = insert_turn(ROW, 0, "system", "Be kind.")
    assert roles(row) == ["system", "user", "assistant"]
    assert roles(insert_turn(row, 3, "user", "More?")) == ["system", "user", "assistant", "user"]
    assert roles(move_turn(row, 0, 2)) == ["user", "assistant", "system"]
    assert roles(delete_turn(row, 1)) == ["system", "assistant"]


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_a_turn_that_is_not_there_is_an_error(index):
    with pytest.raises(IndexError):
        set_content(ROW, index, "x")
    with pytest.raises(IndexError):
        delete_turn(ROW, index)
    with pytest.raises(IndexError):
        set_content(PAIR, index, "x")


def test_a_first_turn_can_be_added_where_messages_is_broken():
    assert insert_turn({"messages": None}, 0, "user", "x") == {"messages": [{"role": "user", "content": "x"}]}


def test_a_turn_that_is_no_object_becomes_one_when_it_is_edited():
    assert set_content({"messages": ["oops"]}, 0, "x") == {"messages": [{"content": "x"}]}


def test_pointers_reach_every_place_and_unescape_their_keys():
    value = {"a/b": {"c~d": [10, {"": 1}]}}
    assert value_at(value, "") == value
    assert value_at(value, "/a~1b/c~0d/0") == 10
    assert value_at(value, "/a~1b/c~0d/1/") == 1
    assert set_at(value, "/a~1b/c~0d/-", 5) == {"a/b": {"c~d": [10, {"": 1}, 5]}}
    assert set_at({}, "/new", 1) == {"new": 1}
    assert delete_at(value, "/a~1b/c~0d/0") == {"a/b": {"c~d": [{"": 1}]}}
    assert delete_at({"a": 1, "b": 2}, "/a") == {"b": 2}


@pytest.mark.parametrize(
    "pointer", ["/x", "/messages/2", "/messages/-1", "/messages/0/role/0", "bare", "/id/x"]
)
def test_a_pointer_to_nothing_is_an_error(pointer):
    with pytest.raises(LookupError):
        value_at(ROW, pointer)
    with pytest.raises(LookupError):
        delete_at(ROW, pointer)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": [1, 2], "b": "x"}',
        b'{"a":[1,2],"b":"x"}',
        b'{"a" : [1 , 2] , "b" : "x"}',
        '{"a": "é, :"}'.encode(),
        b'{"a": "\\u00e9"}',
        b'{"s": ",:", "a": 1}',
        '{"a": "x\u2028y"}'.encode(),
        b'{"a": "\\ud800"}',
        b'{"a": "tab\\t and control \\u0001", "b": "\xc3\xa9"}',
    ],
)
def test_an_unchanged_value_is_written_in_the_habit_of_its_row(raw):
    assert dump_row(parse_row(raw).value, like=raw) == raw


def test_without_an_example_text_stays_readable():
    assert dump_row({"a": "é", "b": 1}) == '{"a": "é", "b": 1}'.encode()


def test_a_control_escape_alone_is_no_habit_of_escaping_everything():
    assert dump_row({"a": "é\x01"}, like=b'{"a": "\\u0001"}') == '{"a": "é\\u0001"}'.encode()


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_a_pasted_line_separator_is_escaped(separator):
    raw = dump_row({"a": f"x{separator}y"}, like=b'{"a": "xy"}')
    assert len(raw.decode().splitlines()) == 1
    assert json.loads(raw) == {"a": f"x{separator}y"}


def test_new_rows_are_in_their_format():
    assert json.loads(new_row(RowFormat.PROMPT_COMPLETION)) == {"prompt": "", "completion": ""}
    chat = json.loads(new_row(RowFormat.CHAT, system="Be kind."))
    assert roles(chat) == ["system", "user", "assistant"]
    assert roles(json.loads(new_row(RowFormat.CHAT))) == ["user", "assistant"]
    with pytest.raises(ValueError):
        new_row(RowFormat.UNKNOWN)
