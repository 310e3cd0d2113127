"""What shows only in comparison stays right while rows come, change and go."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.lint.answer_format import is_near
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.finding import Finding


def pair(question: object, answer: object, **keys: object) -> ParsedRow:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return parse_row(json.dumps({"prompt": question, "completion": text, **keys}).encode())


def routed(number: int, category: str = "billing", urgency: str = "high") -> ParsedRow:
    return pair(
        f"question {number}", {"category": category, "urgency": urgency, "reply": f"r{number} " + "x" * 50}
    )


def index_of(rows: dict[int, ParsedRow], splits: dict[str, list[ParsedRow]] | None = None) -> CorpusIndex:
    index = CorpusIndex(splits)
    for row_id, parsed in rows.items():
        index.put(row_id, parsed)
    return index


def found(index: CorpusIndex, rows: dict[int, ParsedRow]) -> dict[int, tuple[Finding, ...]]:
    return {row_id: index.findings(row_id) for row_id in rows if index.findings(row_id)}


def random_row(source: random.Random) -> ParsedRow:
    """Mostly well-formed answers, often the same ones, sometimes out of format or not readable at all."""
    kind = source.random()
    if kind < 0.06:
        return parse_row(source.choice([b"", b"{", b"[]", b'{"messages": []}', b'{"a": 1, "a": 2}']))
    question = f"question {source.randrange(12)}"
    if kind < 0.12:
        return pair(question, source.choice(["plain text", "", {"category": "billing"}, ["list"]]))
    weights = [30, 30, 1, 1, 1]
    category = source.choices(["billing", "technical", "biling", "Billing", "technial"], weights)[0]
    return pair(question, {"category": category, "urgency": source.choice(["high", "low"])})


@pytest.mark.parametrize("seed", range(12))
def test_after_any_edits_the_findings_equal_a_rebuild(seed: int) -> None:
    source = random.Random(seed)
    splits = {"valid": [pair("question 3", "x"), pair("question 5", "y")]}
    rows: dict[int, ParsedRow] = {}
    index = CorpusIndex(splits)
    shown: dict[int, tuple[Finding, ...]] = {}
    for step in range(250):
        row_id = source.randrange(60)
        if source.random() < 0.25:
            rows.pop(row_id, None)
            index.remove(row_id)
        else:
            rows[row_id] = random_row(source)
            index.put(row_id, rows[row_id])
        if step % source.randint(1, 5):
            continue
        for changed in index.affected():
            shown[changed] = index.findings(changed)
        rebuilt = found(index_of(rows, splits), rows)
        assert {row: findings for row, findings in shown.items() if findings} == rebuilt
        assert found(index, rows) == rebuilt


def test_of_equal_rows_all_but_the_first_are_duplicates() -> None:
    rows = {5: pair("a", "b"), 2: pair("a", "b"), 9: pair("a", "b"), 7: pair("a", "c", note=1)}
    index = index_of(rows)
    duplicates = {row: f.related for row in rows for f in index.findings(row) if f.code == "DUP001"}
    assert duplicates == {5: (2,), 9: (2,)}
    index.remove(2)
    assert index.findings(5)[0].code == "DUP004"
    assert [f.code for f in index.findings(9)] == ["DUP001", "DUP004"]


def test_the_order_of_keys_does_not_hide_a_duplicate() -> None:
    index = index_of(
        {
            1: parse_row(b'{"prompt": "a", "completion": "b"}'),
            2: parse_row(b'{"completion":"b","prompt":"a"}'),
        }
    )
    assert [f.code for f in index.findings(2)] == ["DUP001"]


def test_a_contradiction_is_told_on_both_sides() -> None:
    index = index_of({1: pair("Same?", "yes"), 2: pair(" same? ", "no"), 3: pair("Other?", "no")})
    assert [f.code for f in index.findings(1)] == ["DUP004"]
    assert index.findings(2)[0].related == (1,)
    assert index.findings(3) == ()
    index.put(2, pair(" same? ", "YES "))
    assert index.findings(1) == index.findings(2) == ()


def test_a_changed_row_affects_its_partners_only() -> None:
    index = index_of({1: pair("Same?", "yes"), 2: pair("Same?", "no"), 3: pair("Other?", "no")})
    assert index.affected() == {1, 2}
    assert index.affected() == set()
    index.put(3, pair("Same?", "maybe"))
    assert index.affected() == {1, 2, 3}
    index.remove(2)
    index.remove(3)
    assert index.affected() == {1, 2, 3}


def test_another_system_text_makes_another_question() -> None:
    def translated(language: str) -> ParsedRow:
        turns = [("system", f"Translate to {language}."), ("user", "Good morning"), ("assistant", language)]
        messages = [{"role": role, "content": text} for role, text in turns]
        return parse_row(json.dumps({"messages": messages}).encode())

    index = index_of({1: translated("French"), 2: translated("German")}, {"valid": [translated("Dutch")]})
    assert index.affected() == set()


def test_open_ended_rows_without_a_question_do_not_contradict() -> None:
    index = index_of(
        {1: pair("", "once upon a time"), 2: pair("", "long ago")}, {"valid": [pair("", "soon")]}
    )
    assert index.affected() == set()


def test_a_leak_names_the_other_split() -> None:
    index = index_of({1: pair("a", "b")}, {"heldout": [pair("A", "other")]})
    (leak,) = index.findings(1)
    assert leak.code == "DUP003"
    assert "heldout" in leak.message


def test_a_format_is_expected_only_from_a_clear_majority() -> None:
    rows = {number: routed(number) for number in range(19)} | {100: pair("odd", "plain")}
    index = index_of(rows)
    assert [f.code for f in index.findings(100)] == ["QLT005"]
    index.remove(0)
    assert index.findings(100) == ()
    mixed = {n: routed(n) for n in range(80)} | {100 + n: pair(f"odd {n}", "plain") for n in range(20)}
    assert found(index_of(mixed), mixed) == {}


def test_other_keys_are_another_format() -> None:
    rows = {number: routed(number) for number in range(30)} | {100: pair("odd", {"category": "billing"})}
    assert "category, reply, urgency" in index_of(rows).findings(100)[0].message


def test_a_rare_spelling_of_a_frequent_label_is_underlined_and_mended() -> None:
    rows = {number: routed(number) for number in range(30)} | {100: routed(100, "Biling")}
    (finding,) = index_of(rows).findings(100)
    value = rows[100].value
    assert value is not None
    assert value["completion"][finding.start : finding.end] == "Biling"
    assert finding.fix is not None
    mended = parse_row(finding.fix.apply(rows[100]) or b"").value
    assert mended is not None
    assert json.loads(mended["completion"])["category"] == "billing"


def test_a_label_is_found_in_nested_answers_too() -> None:
    def nested(number: int, category: str) -> ParsedRow:
        return pair(f"q{number}", {"meta": {"category": "Biling", "n": [1]}, "category": category})

    rows = {number: nested(number, "billing") for number in range(30)} | {100: nested(100, "Biling")}
    (finding,) = index_of(rows).findings(100)
    assert finding.fix is not None
    mended = parse_row(finding.fix.apply(rows[100]) or b"").value
    assert mended is not None
    assert json.loads(mended["completion"]) == {
        "meta": {"category": "Biling", "n": [1]},
        "category": "billing",
    }


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["grade1"] * 40 + ["grade2"], "digits differ on purpose"),
        (["low"] * 40 + ["new"], "short words are near to anything"),
        (["billing"] * 40 + ["refund"], "another word"),
        (["billing"] * 20 + ["biling"] * 20, "both are frequent"),
        (
            [f"name {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60)] + ["billing"],
            "no labels but names",
        ),
    ],
)
def test_labels_that_differ_on_purpose_are_left_alone(labels: list[str], reason: str) -> None:
    rows = {number: pair(f"q{number}", {"label": label}) for number, label in enumerate(labels)}
    assert found(index_of(rows), rows) == {}, reason


def test_nearness_of_words() -> None:
    assert is_near("Billing ", "billing")
    assert is_near("blling", "billing")
    assert is_near("technicla", "technical")
    assert not is_near("billing", "billing")
    assert not is_near("abnormal", "normal")
    assert not is_near("male", "female")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
ODD_TURN = st.fixed_dictionaries(
    {}, optional={"role": JSON_VALUES, "content": JSON_VALUES, "weight": JSON_VALUES}
)
ODD_ROW = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(ODD_TURN | JSON_VALUES, max_size=3) | JSON_VALUES,
        "prompt": JSON_VALUES,
        "completion": JSON_VALUES,
        "conversations": JSON_VALUES,
    },
)


@given(ODD_ROW, st.integers(min_value=0, max_value=2**70))
def test_no_row_breaks_the_index(value: dict[str, object], number: int) -> None:
    index = CorpusIndex()
    index.put(1, parse_row(json.dumps({**value, "number": number}).encode()))
    assert isinstance(index.findings(1), tuple)
