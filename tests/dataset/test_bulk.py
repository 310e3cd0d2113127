"""Claims about one change made to many rows."""

import json

import pytest

from tunedesk.dataset.bulk import (
    Action,
    AddKey,
    AppendToSystem,
    RemoveKey,
    RemoveSystem,
    RenameRole,
    SetSystem,
    SetWeight,
    TrimTexts,
    change_row,
    change_rows,
    label_of,
)
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError

TURNS = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": " hi "},
    {"role": "assistant", "content": "Hello.", "weight": 1},
    {"role": "user", "content": "and?"},
    {"role": "assistant", "content": "\nWell. "},
]
CHAT = json.dumps({"messages": TURNS, "id": 7}).encode()
PROMPT = b'{"prompt": "a ", "completion": " b"}'


def turns(raw: bytes, action: Action) -> list[dict[str, object]]:
    changed = json.loads(change_row(raw, action))
    assert changed["id"] == 7
    return changed["messages"]


def weights(which: str) -> list[object]:
    return [turn.get("weight") for turn in turns(CHAT, SetWeight(which)) if turn["role"] == "assistant"]


def test_weights_choose_the_trained_answers():
    assert weights("all") == [1, None]
    assert weights("last") == [0, None]
    assert weights("none") == [0, 0]


def test_a_row_that_is_so_already_keeps_its_bytes():
    odd = CHAT.replace(b": ", b" :  ")
    assert change_row(odd, SetWeight("all")) == odd
    assert change_row(odd, SetSystem("Be kind.")) == odd
    assert change_row(odd, RemoveKey("none")) == odd
    assert change_row(odd, AddKey("id", "8")) == odd
    assert change_row(odd, AddKey("id", "7", overwrite=True)) == odd


def test_the_system_prompt_is_set_added_appended_and_removed():
    bare = change_row(CHAT, RemoveSystem())
    assert [turn["role"] for turn in json.loads(bare)["messages"]] == ["user", "assistant"] * 2
    assert turns(CHAT, SetSystem("New"))[0]["content"] == "New"
    assert turns(bare, SetSystem("New"))[0] == {"role": "system", "content": "New"}
    assert turns(CHAT, AppendToSystem("And short."))[0]["content"] == "Be kind.\nAnd short."
    assert turns(bare, AppendToSystem("Short."))[0]["content"] == "Short."


def test_roles_are_renamed_as_they_stand_in_the_row():
    assert [turn["role"] for turn in turns(CHAT, RenameRole("user", "human"))][1] == "human"
    sharegpt = b'{"conversations": [{"from": "bot", "value": "x"}]}'
    assert b'"from": "gpt"' in change_row(sharegpt, RenameRole("bot", "gpt"))


def test_keys_are_added_and_removed():
    assert json.loads(change_row(PROMPT, AddKey("source", '"mail"')))["source"] == "mail"
    assert json.loads(change_row(CHAT, AddKey("id", "true", overwrite=True)))["id"] is True
    assert json.loads(change_row(CHAT, AddKey("id", "7.0", overwrite=True)))["id"] == 7.0
    assert list(json.loads(change_row(PROMPT, RemoveKey("prompt")))) == ["completion"]


def test_texts_are_trimmed_where_told():
    assert [turn["content"] for turn in turns(CHAT, TrimTexts())][1::3] == ["hi", "Well."]
    assert turns(CHAT, TrimTexts("end"))[1]["content"] == " hi"
    assert turns(CHAT, TrimTexts("both", ("assistant",)))[1]["content"] == " hi "
    assert json.loads(change_row(PROMPT, TrimTexts("start"))) == {"prompt": "a ", "completion": "b"}


def test_only_the_ends_of_a_turn_in_pieces_are_trimmed():
    pieces = [{"type": "text", "text": " a "}, {"type": "text", "text": " b "}]
    row = json.dumps({"messages": [{"role": "user", "content": pieces}]}).encode()
    content = json.loads(change_row(row, TrimTexts()))["messages"][0]["content"]
    assert [piece["text"] for piece in content] == ["a ", " b"]


def test_rows_that_an_action_does_not_fit_are_told(make):
    twice = b'{"prompt": "a", "prompt": "b", "completion": ""}'
    document = make(b"\n".join([CHAT, PROMPT, b"no json", twice, CHAT]) + b"\n")
    snapshot = document.snapshot()
    done = change_rows(snapshot, list(snapshot.ids), SetWeight("none"))
    assert [document.position_of(row) for row in done.rows] == [0, 4]
    assert [document.position_of(left.row) for left in done.left_out] == [1, 2, 3]
    assert all(left.reason for left in done.left_out)
    document.replace_many(done.rows, label_of(SetWeight("none")))
    again = change_rows(document.snapshot(), [snapshot.ids[0]], SetWeight("none"))
    assert again.rows == {} and again.unchanged == 1


def test_an_action_without_sense_is_refused_before_any_row(make):
    snapshot = make(CHAT + b"\n").snapshot()
    with pytest.raises(UserError, match="not JSON"):
        change_rows(snapshot, [], AddKey("a", "{oops"))
    with pytest.raises(UserError, match="no name"):
        change_rows(snapshot, [], RenameRole("user", ""))


def test_a_change_of_many_rows_can_be_cancelled_and_tells_how_far_it_is(make):
    snapshot = make((CHAT + b"\n") * 200).snapshot()
    assert change_rows(snapshot, snapshot.ids, RemoveSystem(), cancelled=lambda: True) is None
    seen: list[int] = []
    change_rows(snapshot, snapshot.ids, RemoveSystem(), progress=lambda done, total: seen.append(done))
    assert seen == sorted(seen) and seen[-1] == 200


def test_tables_and_other_formats_are_changed_by_what_their_keys_mean(make):
    mapping = ColumnMapping(system="rules", user="q", assistant="a")
    document = make(b'{"q": " hi ", "a": "yes", "rules": "Old"}\n')
    document.mapping = mapping
    snapshot = document.snapshot()
    (row,) = snapshot.ids
    assert change_rows(snapshot, [row], SetSystem("New")).rows == {
        row: b'{"q": " hi ", "a": "yes", "rules": "New"}'
    }
    assert json.loads(change_rows(snapshot, [row], TrimTexts(roles=("user",))).rows[row])["q"] == "hi"
    alpaca = b'{"instruction": "Do it ", "input": "", "output": "Done", "system": "Old"}'
    assert json.loads(change_row(alpaca, AppendToSystem("New")))["system"] == "Old\nNew"
    assert json.loads(change_row(alpaca, TrimTexts()))["instruction"] == "Do it"
    pair = b'{"prompt": "p ", "chosen": " good", "rejected": "bad "}'
    assert json.loads(change_row(pair, TrimTexts())) == {"prompt": "p", "chosen": "good", "rejected": "bad"}
