"""Claims about conversion: nothing is lost that was not told, and what is told is right."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dataset.rows_of_formats import CALL, EXTRA, MAPPING, ROWS, TOOL, mapping_of
from tunedesk.dataset.converting import convert, convert_row, style_for
from tunedesk.dataset.example import RowFormat, detect_format, example_of
from tunedesk.dataset.target_profiles import PROFILES, profile_named

F = RowFormat
GENERIC = profile_named("generic")
texts = st.text(max_size=4) | st.sampled_from(["Why?", "two\nlines", '{"a": 1}'])
extras = st.dictionaries(
    st.sampled_from(["id", "x", "from", "system", "prompt", "label", "text", "input", "train", "history"]),
    st.none() | st.integers() | texts | st.lists(st.booleans(), max_size=2),
    max_size=2,
)
arguments = st.dictionaries(st.sampled_from("ab"), st.integers() | texts, max_size=2)


@st.composite
def calls(draw, number):
    written = draw(arguments | arguments.map(lambda value: json.dumps(value, ensure_ascii=False)) | texts)
    call = {"id": draw(st.sampled_from([f"call{number:05d}", "other"])), "type": "function"}
    return {**call, "function": {"name": "add", "arguments": written}, **draw(extras)}


@st.composite
def turns(draw, role):
    turn = {"role": role, "content": draw(texts | st.just([{"type": "text", "text": "piece"}]))}
    if draw(st.integers(0, 7)) == 0:
        turn["name"] = "Ann"
    if role == "assistant" and draw(st.integers(0, 4)) == 0:
        turn["weight"] = 0
    return {**turn, **draw(extras)} if draw(st.integers(0, 5)) == 0 else turn


@st.composite
def chats(draw):
    messages = [draw(turns("system"))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 3))):
        messages += [draw(turns("user")), draw(turns("assistant"))]
    if draw(st.integers(0, 3)) == 0:
        call = draw(calls(1))
        messages += [
            {"role": "user", "content": "Add"},
            {"role": "assistant", "content": draw(st.none() | texts), "tool_calls": [call]},
            {"role": "tool", "content": "4", "tool_call_id": call["id"]},
            {"role": "assistant", "content": "four"},
        ]
    if draw(st.integers(0, 5)) == 0:
        messages.insert(
            draw(st.integers(0, len(messages))),
            draw(turns(draw(st.sampled_from(["developer", "function", "human", "user", "observation"])))),
        )
    row = {"messages": messages, **draw(extras)}
    return {**row, "tools": draw(st.sampled_from([[], None, [TOOL], [{**TOOL, "strict": True}]]))} if draw(
        st.integers(0, 3)
    ) == 0 else row  # fmt: skip


def raw(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@settings(max_examples=200)
@given(chats(), st.sampled_from([F.ALPACA, F.SHAREGPT, F.PROMPT_COMPLETION, F.CHAT]), st.booleans())
def test_a_chat_comes_back_as_it_was_where_no_loss_was_told(value, to, as_text):
    there = convert_row(1, raw(value), None, to, GENERIC, "text" if as_text else None)
    if there.raw is None:
        assert there.refusal is not None and there.refusal.why
        return
    if there.losses or detect_format(value) is not F.CHAT:
        return
    back = convert_row(1, there.raw, None, F.CHAT, GENERIC)
    assert back.raw is not None
    assert json.loads(back.raw) == value


@settings(max_examples=200)
@given(chats(), st.sampled_from(PROFILES), st.data())
def test_a_row_for_a_target_is_in_its_format_with_its_keys(value, profile, data):
    to = data.draw(st.sampled_from([kind for kind in profile.formats if kind is not F.MAPPED]))
    made = convert_row(1, raw(value), None, to, profile)
    if made.raw is None:
        return
    new = json.loads(made.raw)
    assert detect_format(new) is to
    assert profile.row_keys is None or set(new) <= profile.row_keys
    for turn in example_of(new).messages:
        assert not turn.parts or profile.parts
        for call in turn.tool_calls:
            assert call.is_text or profile.arguments != "text"


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("to", [kind for kind in F if kind is not F.UNKNOWN])
def test_every_row_becomes_each_format_or_says_why_not(name, to):
    made = convert_row(7, raw(ROWS[name]), mapping_of(name), to)
    if made.raw is None:
        assert made.refusal is not None and made.refusal.row == 7 and made.refusal.why
    else:
        assert detect_format(json.loads(made.raw), mapping_of(name) if to is F.MAPPED else None) is to
        assert {key: json.loads(made.raw)[key] for key in EXTRA} == EXTRA


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_is_what_it_shall_be_keeps_its_bytes(name):
    odd = b"  " + raw(ROWS[name]).replace(b"1.5", b"1.50")
    kind = detect_format(ROWS[name], mapping_of(name))
    made = convert_row(1, odd, mapping_of(name), kind)
    assert (made.raw, made.losses) == (odd, ())


def losses(value, to, target="generic", **options):
    made = convert_row(1, raw(value), None, to, profile_named(target), **options)
    assert made.raw is not None, made.refusal
    return json.loads(made.raw), sorted((loss.pointer, loss.what) for loss in made.losses)


USER, ASSISTANT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


def test_weight_is_kept_renamed_or_told():
    value = {"messages": [USER, {**ASSISTANT, "weight": 0}, USER, ASSISTANT]}
    assert losses(value, F.CHAT, "openai") == (value, [])
    row, told = losses(value, F.CHAT, "axolotl")
    assert (row["messages"][1], told) == ({**ASSISTANT, "train": False}, [])
    assert losses(row, F.CHAT, "openai") == (value, [])
    row, told = losses(value, F.CHAT, "trl")
    assert (row["messages"][1], told) == (
        ASSISTANT,
        [("/messages/1", "weight 0 (the answer will be trained)")],
    )


def test_tool_arguments_are_text_or_objects_as_the_target_wants_them():
    value = {
        "messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}],
        "tools": [TOOL],
    }
    row, told = losses(value, F.CHAT, "trl")
    call = row["messages"][1]["tool_calls"][0]
    assert (call["function"]["arguments"], told) == ({"a": 2, "b": 2}, [])
    assert losses(row, F.CHAT, "openai") == (value, [])
    row, told = losses(value, F.CHAT, "mistral")
    assert row == value
    other = json.loads(json.dumps(value).replace("call00001", "call_abc"))
    row, told = losses(other, F.CHAT, "mistral")
    assert row["messages"][1]["tool_calls"][0]["id"] == "call00001"
    assert told == [("/messages/1/tool_calls/0", "the ids of tool calls (they are numbered anew)")]


def test_a_result_keeps_the_call_it_belongs_to_when_ids_are_numbered_anew():
    two = [{**CALL, "id": "x"}, {**CALL, "id": "y"}]
    answers = [{"role": "tool", "content": name, "tool_call_id": name} for name in ("y", "x")]
    value = {
        "messages": [USER, {"role": "assistant", "content": None, "tool_calls": two}, *answers, ASSISTANT]
    }
    row, _ = losses(value, F.CHAT, "mistral")
    assert [turn["tool_call_id"] for turn in row["messages"][2:4]] == ["call00002", "call00001"]


def test_keys_that_a_target_rejects_are_told_one_by_one():
    row, told = losses({"messages": [USER, ASSISTANT], "id": 1, "a/b": 2}, F.CHAT, "openai")
    assert row == {"messages": [USER, ASSISTANT]}
    assert told == [("/a~1b", "the key a/b"), ("/id", "the key id")]


def test_tools_are_told_where_a_target_rejects_them():
    row, told = losses({"messages": [USER, ASSISTANT], "tools": [TOOL]}, F.CHAT, "together")
    assert (row, told) == ({"messages": [USER, ASSISTANT]}, [("/tools", "the key tools")])


def test_what_a_string_cannot_hold_is_told():
    value = {
        "messages": [{"role": "system", "content": "s"}, {**USER, "name": "Ann"}, ASSISTANT, USER, ASSISTANT]
    }
    row, told = losses(value, F.PROMPT_COMPLETION, style="text")
    assert row == {"prompt": "s\n\nq", "completion": "a"}
    assert [what for _, what in told] == [
        "the role of the system text (it stands before the question)",
        "the name of a speaker",
        "second and later turns (the first answer stays)",
    ]


def test_lists_of_messages_say_that_earlier_answers_are_not_trained():
    value = {"messages": [USER, ASSISTANT, USER, ASSISTANT]}
    row, told = losses(value, F.PROMPT_COMPLETION, "trl")
    assert row == {"prompt": [USER, ASSISTANT, USER], "completion": [ASSISTANT]}
    assert told == [("/messages/1", "the training of earlier answers (only the last one is trained)")]
    not_trained = {"messages": [USER, {**ASSISTANT, "weight": 0}, USER, ASSISTANT]}
    assert losses(not_trained, F.PROMPT_COMPLETION, "trl") == (row, [])


def test_of_two_answers_the_better_one_is_imitated_and_a_bad_one_never():
    row, told = losses(ROWS["trl-preference"], F.CHAT)
    assert [turn["content"] for turn in row["messages"]] == ["What is 2+2?", "4"]
    assert told == [("/rejected", "the rejected answer")]
    bad = convert_row(3, raw({"prompt": "q", "completion": "a", "label": False}), None, F.CHAT)
    assert bad.refusal is not None and "bad" in bad.refusal.why


@pytest.mark.parametrize("to", [F.PREFERENCE, F.TRL_PREFERENCE, F.ALPACA, F.SHAREGPT])
@pytest.mark.parametrize(
    "name", ["preference", "trl-preference of messages", "trl-preference without prompt"]
)
def test_pairs_go_from_one_dialect_to_the_other(name, to):
    value = {**ROWS[name], "input": {"messages": [{"role": "user", "content": "What is 2+2?"}]}} if (
        name == "preference"
    ) else ROWS[name]  # fmt: skip
    row, told = losses(value, to)
    example = example_of(row)
    assert [turn.content for turn in example.messages] == ["What is 2+2?"]
    assert [turn.content for turn in (*example.chosen, *example.rejected)] == ["4", "5"]
    assert told == []


def test_the_last_answer_becomes_the_grader_s_reference():
    row, told = losses({"messages": [USER, ASSISTANT]}, F.REINFORCEMENT)
    assert (row, told) == ({"messages": [USER], "reference_answer": "a"}, [])


def test_alpaca_has_no_place_for_tools_and_sharegpt_has_one():
    refused = convert_row(1, raw(ROWS["chat"]), None, F.ALPACA)
    assert refused.refusal is not None and "role tool" in refused.refusal.why
    row, told = losses(ROWS["chat"], F.SHAREGPT)
    assert [turn["from"] for turn in row["conversations"]] == [
        *("system", "human", "function_call", "observation", "gpt", "human", "gpt")
    ]
    assert [what for _, what in told] == [
        "the name of a speaker",
        "the pieces of a text (they become one text)",
    ]
    back, _ = losses(row, F.CHAT, "openai")
    assert back["messages"][2] == ROWS["chat"]["messages"][2]
    assert back["tools"] == [TOOL]


def test_a_table_becomes_chat_with_its_fixed_system_text():
    made = convert_row(1, raw({"question": "q", "reply": 4, "id": 1}), MAPPING, F.CHAT)
    assert made.raw is not None
    assert json.loads(made.raw) == {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "4"},
        ],
        "id": 1,
    }


def test_numbers_keep_their_spelling_or_it_is_told():
    value = b'{"instruction": "q", "input": "", "output": "a", "price": 1.10, "big": 1e3}'
    made = convert_row(1, value, None, F.CHAT)
    assert made.raw is not None and b'"price": 1.10, "big": 1e3' in made.raw
    assert made.losses == ()
    tools = b'[{"type": "function", "function": {"name": "f", "parameters": {"maximum": 1.10}}}]'
    asked = b'{"messages": [{"role": "user", "content": "q"}], "tools": %s}' % tools
    answers = b'[{"role": "assistant", "content": "%s"}]'
    pair = b'{"input": %s, "preferred_output": %s, "non_preferred_output": %s}'
    moved = convert_row(1, pair % (asked, answers % b"a", answers % b"b"), None, F.TRL_PREFERENCE)
    assert [loss.what for loss in moved.losses] == ["how the number 1.10 is spelled"]


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"messages": 3}', b'{"x": NaN}', b'{"a": 1, "a": 2}'])
def test_a_broken_row_is_refused_with_its_number(broken):
    found = convert([(1, raw(ROWS["chat"])), (2, broken)], None, F.SHAREGPT)
    assert [one.row for one in found.rows] == [1]
    assert [refusal.row for refusal in found.refusals] == [2]


@pytest.mark.parametrize(
    ("broken", "begins"), [(b'{"x": NaN}', "NaN is not"), (b"[]", "the line"), (b"{'a': 1}", "JSON wants")]
)
def test_a_reason_begins_small_unless_it_begins_with_a_name(broken, begins):
    refusal = convert_row(1, broken, None, F.CHAT).refusal
    assert refusal is not None and refusal.why.startswith(begins)
    assert not refusal.why.endswith(".")


def test_pictures_are_refused_where_only_text_is_taken():
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    value = {"messages": [{"role": "user", "content": [picture]}, ASSISTANT]}
    assert losses(value, F.CHAT, "openai") == (value, [])
    for to in (F.SHAREGPT, F.ALPACA):
        refused = convert_row(1, raw(value), None, to)
        assert refused.refusal is not None and "picture" in refused.refusal.why


def test_older_functions_become_tools_where_nobody_knows_them():
    call = {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}}
    value = {
        "messages": [USER, call, {"role": "function", "name": "add", "content": "4"}, ASSISTANT],
        "functions": [TOOL["function"]],
    }
    assert losses(value, F.CHAT, "openai") == (value, [])
    row, told = losses(value, F.CHAT, "azure")
    assert row["tools"] == [TOOL]
    assert row["messages"][1]["tool_calls"][0]["id"] == row["messages"][2]["tool_call_id"] == "call00001"
    assert row["messages"][2]["role"] == "tool"
    assert len(told) == 3


def test_a_style_is_lists_where_the_target_takes_them():
    assert style_for(F.PROMPT_COMPLETION, profile_named("trl")) == "messages"
    assert style_for(F.PROMPT_COMPLETION, profile_named("openai")) == "text"
    assert style_for(F.CHAT, replace(GENERIC, messages_as_prompt=False)) == "text"


@pytest.mark.parametrize("call", [{"content": None}, {}])
def test_together_gets_a_text_beside_each_call(call):
    asked = {"role": "assistant", **call, "tool_calls": [{"id": "c1", "function": {"name": "f"}}]}
    made = convert_row(
        1, raw({"messages": [USER, asked, ASSISTANT]}), None, F.CHAT, profile_named("together")
    )
    assert made.raw is not None
    assert json.loads(made.raw)["messages"][1]["content"] == ""
