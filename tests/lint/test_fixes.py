"""Fixes: proven safe or not called safe, applied in bulk without touching what nobody asked about."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.example import example_of
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.lint.edits import DeleteKey, ReplaceText, SetValue
from tunedesk.lint.finding import Finding, Fix, FixKind, Severity
from tunedesk.lint.fixes import apply_fix, fix_file, fix_rows
from tunedesk.lint.proof import keeps_training
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rows import is_trainable, lint_row
from tunedesk.lint.targets import TARGET_NAMES, Target
from tunedesk.template.chat_template import ChatTemplate

MakeRow = Callable[..., bytes]
GOOD = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'


def finding(raw: bytes, target: Target, code: str) -> Finding:
    return next(found for found in lint_row(parse_row(raw), target) if found.code == code)


def weighted(weight: str) -> bytes:
    return GOOD[:-3] + f', "weight": {weight}}}]}}'.encode()


@pytest.mark.parametrize(("weight", "mended"), [("true", 1), ("1.0", 1), ("null", None), ('"1"', 1)])
def test_a_fix_that_keeps_ids_and_mask_is_safe(local: Target, weight: str, mended: int | None) -> None:
    raw = weighted(weight)
    (found,) = lint_row(parse_row(raw), local)
    assert found.fix is not None
    assert found.fix.kind is FixKind.SAFE
    result = apply_fix(raw, found, local)
    assert result.verified_safe
    assert json.loads(result.raw or b"")["messages"][1].get("weight") == mended


@pytest.mark.parametrize("weight", ["false", '"0"', "0.0"])
def test_a_fix_of_a_row_that_is_trained_all_the_same_is_no_safe_one(local: Target, weight: str) -> None:
    """Services refuse such a weight; the engine here renders the row, and trains the answer."""
    raw = weighted(weight)
    found = finding(raw, local, "CNV010")
    assert found.fix is not None
    trained = example_of(parse_row(raw).value).messages[1].weight != 0
    result = apply_fix(raw, found, local)
    assert (found.fix.kind is FixKind.UNSAFE) == (not result.verified_safe) == trained
    assert finding(raw, Target("openai"), "CNV010").fix == replace(found.fix, kind=FixKind.SAFE)
    assert fix_rows([raw], local, FixKind.SAFE).changed == (() if trained else (1,))


@pytest.mark.parametrize("with_template", [True, False])
def test_a_fix_that_claims_to_be_safe_and_is_not_is_found_out(local: Target, with_template: bool) -> None:
    target = local if with_template else Target("generic")
    view = RowView(parse_row(GOOD), target)
    for edit in (
        SetValue("/messages/1/content", "Hello "),
        SetValue("/messages/1/weight", 0),
        ReplaceText("/messages/0/content", 0, 2, "Hi", "Ho"),
        DeleteKey("/messages/0"),
    ):
        assert not keeps_training(view, Fix(FixKind.SAFE, "liar", (edit,)))
    assert keeps_training(view, Fix(FixKind.SAFE, "note", (SetValue("/note", "kept"),)))
    assert keeps_training(view, Fix(FixKind.SAFE, "weight", (SetValue("/messages/1/weight", 1),)))


def test_a_safe_claim_is_lowered_in_the_finding_itself(
    local: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a weight on a user turn the row is refused, so deleting it is safe; null padding must be
    proven.
    """
    monkeypatch.setattr("tunedesk.lint.proof.keeps_training", lambda view, fix: False)
    assert finding(weighted("null"), local, "SCH006").fix == Fix(
        FixKind.UNSAFE, "Delete weight", (DeleteKey("/messages/1/weight"),)
    )


def test_a_row_that_could_not_be_used_may_change_safely(local: Target) -> None:
    raw = GOOD.replace(b'"user"', b'"human"')
    found = finding(raw, local, "SCH009")
    assert found.fix is not None
    assert found.fix.kind is FixKind.SAFE
    assert apply_fix(raw, found, local).verified_safe
    assert not is_trainable(lint_row(parse_row(raw), local))
    assert is_trainable(lint_row(parse_row(GOOD), local))


def test_a_fix_for_a_row_that_changed_meanwhile_is_refused(local: Target) -> None:
    raw = GOOD.replace(b"Hi", b"Hi\\u0008")
    found = finding(raw, local, "TXT001")
    assert apply_fix(raw, found, local).raw == GOOD
    assert not apply_fix(raw, found, local).verified_safe
    with pytest.raises(UserError, match="changed since"):
        apply_fix(GOOD, found, local)
    with pytest.raises(UserError, match="no fix"):
        apply_fix(GOOD, Finding("CNV003", Severity.ERROR, "", 0, 0, ""), local)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (b'{"prompt": "a", "completion": "b",}', b'{"prompt": "a", "completion": "b"}'),
        (b'{"prompt": "a", "completion": "b', b'{"prompt": "a", "completion": "b"}'),
        (
            b'{"messages": [{"role": "user", "content": "a \\"b"',
            b'{"messages": [{"role": "user", "content": "a \\"b"}]}',
        ),
        (b'{"prompt": "a", "completion": ', None),
        (b"{'prompt': 1}", None),
    ],
)
def test_a_broken_line_is_mended_only_when_it_can_be_read_afterwards(
    broken: bytes, mended: bytes | None
) -> None:
    (found,) = lint_row(parse_row(broken), Target("generic"))
    assert (found.fix.apply(parse_row(broken)) if found.fix is not None else None) == mended


def test_cyrillic_and_western_bytes_are_told_apart() -> None:
    for text, codec in (("Где моя посылка?", "cp1251"), ("Où est le café ?", "cp1252")):
        raw = json.dumps({"prompt": text, "completion": "x"}, ensure_ascii=False)
        (found,) = lint_row(parse_row(raw.encode(codec)), Target("generic"))
        assert found.fix is not None
        assert found.fix.apply(parse_row(raw.encode(codec))) == raw.encode()


ROWS = [
    GOOD.replace(b", ", b" ,  "),
    b"",
    GOOD.replace(b'"user"', b'"human"'),
    weighted("null"),
    GOOD.replace(b"Hi", b"Ho\\u200b"),
    GOOD.replace(b"Hi", b"Where?"),
    GOOD.replace(b"Hi", b"Where?"),
    b"{broken",
]


def test_safe_fixes_in_bulk_touch_only_the_rows_they_mend(local: Target) -> None:
    fixed = fix_rows(ROWS, local, FixKind.SAFE)
    assert fixed.rows == (ROWS[0], GOOD, GOOD, *ROWS[4:])
    assert fixed.applied == {"ENC005": 1, "SCH009": 1, "SCH006": 1}
    assert (fixed.changed, fixed.deleted) == ((3, 4), (2,))
    again = fix_rows(fixed.rows, local, FixKind.SAFE)
    assert again.rows == fixed.rows
    assert not again.applied


def test_unsafe_fixes_also_drop_copies_and_never_follow_suggestions(local: Target) -> None:
    fixed = fix_rows(ROWS, local, FixKind.UNSAFE, {"valid": [parse_row(GOOD.replace(b"Hi", b"Ho"))]})
    # Row 1, 3 and 4 say the same, so do 6 and 7; row 5 asks what the other split asks.
    assert fixed.deleted == (2, 3, 4, 5, 7)
    assert fixed.rows == (ROWS[0], ROWS[5], ROWS[7])
    assert fixed.applied["DUP001"] == 3
    assert fixed.applied["DUP003"] == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_fixed_file_keeps_its_mark_and_its_last_line_and_gets_the_line_ends_that_were_promised(
    tmp_path: Path, local: Target, packed: bool
) -> None:
    content = b"\xef\xbb\xbf" + ROWS[0] + b"\r\n\r\n" + ROWS[2] + b"\n" + ROWS[4]
    path = tmp_path / ("rows.jsonl.gz" if packed else "rows.jsonl")
    path.write_bytes(gzip.compress(content) if packed else content)
    new, fixed = fix_file(path, local, FixKind.SAFE)
    new = gzip.decompress(new) if packed else new
    kept = b"\r\n" if packed else b"\n"
    assert new == b"\xef\xbb\xbf" + ROWS[0] + kept + GOOD + b"\n" + ROWS[4]
    assert fixed.deleted == (2,)


def test_a_file_that_cannot_be_mended_is_refused_with_a_sentence(tmp_path: Path, local: Target) -> None:
    with pytest.raises(UserError, match="does not exist"):
        fix_file(tmp_path / "absent.jsonl", local, FixKind.SAFE)
    (tmp_path / "zeros.jsonl").write_bytes(bytes(100))
    with pytest.raises(UserError, match="no text"):
        fix_file(tmp_path / "zeros.jsonl", local, FixKind.SAFE)


@pytest.mark.parametrize(
    ("name", "content", "mended"),
    [
        ("rows.json", b"[\n %s,\n %s\n]", None),
        ("rows.jsonl", None, None),
        (
            "rows.csv",
            b'prompt,completion\r\n"Hi, you",Hello\r\n\r\nBye,"See you"\r\n',
            b'prompt,completion\r\n"Hi, you",Hello\r\nBye,"See you"\r\n',
        ),
    ],
)
def test_other_containers_are_mended_in_their_own_form(
    tmp_path: Path, local: Target, name: str, content: bytes | None, mended: bytes | None
) -> None:
    if content is None:
        content, mended = (ROWS[2] + b"\n").decode().encode("utf-16"), GOOD + b"\n"  # ENC003 has a safe fix
    elif mended is None:
        content, mended = content % (ROWS[0], ROWS[2]), content % (ROWS[0], GOOD)
    (tmp_path / name).write_bytes(content)
    new, _ = fix_file(tmp_path / name, local, FixKind.SAFE)
    assert new == mended
    lines, _ = fix_file(tmp_path / name, local, FixKind.SAFE, None, tmp_path / "out.jsonl.gz")
    assert gzip.decompress(lines).count(b"{") >= 1


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.floats(0, 2)
    | st.sampled_from(["", " ", "x\b", "1", "<|end|>"]),
    lambda children: (
        st.lists(children, max_size=2) | st.dictionaries(st.sampled_from("ab"), children, max_size=2)
    ),
    max_leaves=4,
)
ROLE = st.sampled_from(["system", "user", "assistant", "human", "gpt", "tool", "", None, 1])
CALL = st.fixed_dictionaries(
    {},
    optional={
        "id": ANYTHING,
        "function": st.fixed_dictionaries({}, optional={"name": ANYTHING, "arguments": ANYTHING}) | ANYTHING,
    },
)
TURN = st.fixed_dictionaries(
    {},
    optional={
        "role": ROLE,
        "content": ANYTHING,
        "weight": ANYTHING,
        "name": ANYTHING,
        "tool_calls": st.lists(CALL | ANYTHING, max_size=2) | ANYTHING,
        "function_call": CALL | ANYTHING,
        "tool_call_id": ANYTHING,
        "from": ROLE,
        "value": ANYTHING,
    },
)
TURNS = st.lists(TURN | ANYTHING, max_size=4) | ANYTHING
PARAMETERS = st.sampled_from(
    [{"type": "object", "required": ["a"]}, {"type": 1}, {"$ref": "#"}, {"$ref": "x"}]
)
TOOL = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({"name": ANYTHING, "parameters": PARAMETERS | ANYTHING})}
)
MORE = {
    **dict.fromkeys(["tools", "functions"], st.lists(TOOL | ANYTHING, max_size=2) | ANYTHING),
    **dict.fromkeys(["chosen", "rejected", "preferred_output", "non_preferred_completion"], TURNS),
    "input": st.fixed_dictionaries({"messages": TURNS}) | ANYTHING,
    **dict.fromkeys(["prompt", "completion", "conversations"], TURNS),
    **dict.fromkeys(["label", "labels", "completions", "text", "id", "answer"], ANYTHING),
    **dict.fromkeys(["instruction", "output", "history", "system", "kto_tag"], ANYTHING),
}
ROW = st.fixed_dictionaries({"messages": TURNS}, optional=MORE) | st.fixed_dictionaries({}, optional=MORE)


@given(ROW, st.sampled_from(["plain", *TARGET_NAMES]))
def test_any_row_can_be_linted_and_its_fixes_come_to_an_end(
    local: Target, value: dict[str, object], name: str
) -> None:
    target = local if name == "local" else Target("local" if name == "plain" else name)
    raw = json.dumps(value).encode()
    for found in lint_row(parse_row(raw), target):
        assert found.fix is None or found.fix.apply(parse_row(raw)) != raw
    fixed = fix_rows([raw], target, FixKind.UNSAFE)
    assert fix_rows(fixed.rows, target, FixKind.UNSAFE).rows == fixed.rows


@pytest.mark.parametrize("broken", [b"caf\xe9", b'{"prompt": "caf\xe9', b'"caf\xe9"'])
def test_bytes_of_another_encoding_are_kept_where_no_row_comes_of_them(broken: bytes) -> None:
    """Read anew, nobody could tell any more what stood there."""
    (found,) = lint_row(parse_row(broken), Target("generic"))
    assert (found.code, found.fix) == ("ENC001", None)
    assert fix_rows([broken], Target("generic"), FixKind.UNSAFE).rows == (broken,)


def called(arguments: object, call_id: str = "call00001") -> bytes:
    asked = {"type": "function", "function": {"name": "f", "arguments": arguments}, "id": call_id}
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": call_id, "content": "1"},
        {"role": "assistant", "content": "Hello"},
    ]
    tools = [{"type": "function", "function": {"name": "f"}}]
    return json.dumps({"messages": turns, "tools": tools}).encode()


def test_a_change_in_calls_tools_or_answers_is_no_safe_one() -> None:
    pair = {"prompt": "Q", "chosen": "A", "rejected": "B"}
    target = Target("generic")
    for raw, edit in (
        (called("{}"), SetValue("/messages/1/tool_calls/0/function/arguments", {})),
        (called("{}"), SetValue("/messages/1/tool_calls/0/id", "other")),
        (called("{}"), SetValue("/tools/0/function/description", "new")),
        (json.dumps(pair).encode(), SetValue("/rejected", "C")),
        (json.dumps({**pair, "label": True}).encode(), SetValue("/chosen", "C")),
    ):
        assert not keeps_training(RowView(parse_row(raw), target), Fix(FixKind.SAFE, "liar", (edit,)))
        kept = Fix(FixKind.SAFE, "note", (SetValue("/note", "kept"),))
        assert keeps_training(RowView(parse_row(raw), target), kept)


def test_a_preference_is_proven_by_rendering_both_answers(template: ChatTemplate) -> None:
    target = Target("trl", template, 1024)
    raw = json.dumps({"prompt": "Q", "chosen": "A", "rejected": "B"}).encode()
    view = RowView(parse_row(raw), target)
    assert keeps_training(view, Fix(FixKind.SAFE, "note", (SetValue("/note", "kept"),)))
    for key in ("prompt", "chosen", "rejected"):
        assert not keeps_training(view, Fix(FixKind.SAFE, "liar", (SetValue(f"/{key}", "C"),)))


def test_calls_are_numbered_anew_together_with_their_results() -> None:
    raw = called('{"a": 1}', "call_123456789")
    fixed = fix_rows([raw], Target("mistral"), FixKind.SAFE)
    assert fixed.applied == {"TLC001": 1}
    turns = json.loads(fixed.rows[0])["messages"]
    assert turns[1]["tool_calls"][0]["id"] == turns[2]["tool_call_id"] == "call00001"


@pytest.mark.parametrize(("name", "expected"), [("openai", '{"a": 1}'), ("trl", {"a": 1})])
def test_arguments_are_written_as_the_target_wants_them(name: str, expected: object) -> None:
    for arguments in ('{"a": 1}', {"a": 1}):
        (row,) = fix_rows([called(arguments)], Target(name), FixKind.SAFE).rows
        assert json.loads(row)["messages"][1]["tool_calls"][0]["function"]["arguments"] == expected


def test_a_file_of_lines_is_mended_as_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD.decode().encode("utf-16"))
    content, fixed = fix_file(path, Target("generic"), FixKind.SAFE)
    assert (content.strip(), fixed.applied) == (GOOD, {"ENC003": 1})
    path.write_bytes(b"[\n" + GOOD + b",\n" + GOOD.replace(b"Hi", b"Ho") + b"\n]\n")
    content, fixed = fix_file(path, Target("openai"), FixKind.SAFE)
    assert (content.split(b"\n")[0], content.count(b"\n"), fixed.applied) == (GOOD, 2, {"ENC006": 1})
    content, fixed = fix_file(path, Target("local"), FixKind.SAFE)
    assert (content, fixed.applied) == (path.read_bytes(), {})
    path.write_bytes(GOOD + b"\r\n")
    assert fix_file(path, Target("azure"), FixKind.SAFE)[0] == GOOD + b"\n"


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def test_unsafe_fixes_in_bulk_lose_no_text_of_another_tools_turns() -> None:
    rows = [
        dumped({"conversations": [{"from": "human", "value": f"Q{n}"}, {"from": "gpt", "value": f"A{n}"}]})
        for n in range(3)
    ]
    fixed = fix_rows(rows, Target("openai"), FixKind.UNSAFE)
    assert [json.loads(raw)["messages"] for raw in fixed.rows] == [
        [{"role": "user", "content": f"Q{n}"}, {"role": "assistant", "content": f"A{n}"}] for n in range(3)
    ]
    assert fixed.deleted == ()


PAIR_BY_OTHER_NAMES = {
    "input": {"messages": [{"role": "user", "content": "Q"}]},
    "chosen": [{"role": "assistant", "content": "yes"}],
    "rejected": [{"role": "assistant", "content": "no"}],
}


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ({"messages": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}, "openai"),
        ({"messages": [{"role": "user", "text": "Q"}, {"role": "assistant", "text": "A"}]}, "azure"),
        (PAIR_BY_OTHER_NAMES, "openai-dpo"),
        ({"prompt": "Q", "completions": ["A"], "completion": None, "labels": [True]}, "together"),
    ],
)
def test_a_key_that_may_be_the_missing_one_by_another_name_is_not_deleted_in_bulk(
    value: dict[str, object], target: str
) -> None:
    """What it holds would be gone, and the row still not be usable."""
    fixed = fix_rows([dumped(value)], Target(target), FixKind.UNSAFE)
    assert [json.loads(raw) for raw in fixed.rows] == [value]


def test_safe_fixes_go_before_unsafe_ones() -> None:
    """An unsafe fix may take what a safe one would have kept."""
    turns = [{"role": "human", "content": "Q"}, {"role": "assistant", "content": "A"}]
    fixed = fix_rows([dumped({"messages": turns, "note": "n"})], Target("openai"), FixKind.UNSAFE)
    assert list(fixed.applied) == ["SCH009", "SCH004"]
