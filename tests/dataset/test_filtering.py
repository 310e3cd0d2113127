"""Claims about conditions on rows."""

import json

import msgspec
import pytest

from tunedesk.dataset import query
from tunedesk.dataset.filtering import (
    Above,
    Below,
    Both,
    Condition,
    Contains,
    Either,
    Equals,
    HasFinding,
    HasTag,
    IsEmpty,
    MatchesPattern,
    Not,
    filter_rows,
    matches,
    needs_text,
)
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.sort_keys import Column, ColumnKind, RowFacts, RowView
from tunedesk.errors import UserError

QUESTION = Column(ColumnKind.QUESTION)
SCORE = Column(ColumnKind.KEY, "score")
TOKENS = Column(ColumnKind.TOKENS)


def row(prompt: str = "Where is my parcel?", **more: object) -> RowView:
    raw = json.dumps({"prompt": prompt, "completion": "There.", **more}).encode()
    return RowView(1, lambda: raw, RowFacts(40, ("MSG001",)), RowMarks(tags=("late",)))


def test_texts_are_compared_without_case():
    assert matches(Contains(QUESTION, "PARCEL"), row())
    assert not matches(Contains(QUESTION, "package"), row())
    assert matches(Equals(QUESTION, "where is MY parcel?"), row())
    assert not matches(Equals(QUESTION, "where"), row())


def test_numbers_are_compared_as_numbers_also_when_they_are_written_as_text():
    for score in (7, 7.0, "7", "7.0"):
        assert matches(Above(SCORE, 6.5), row(score=score)) and not matches(Above(SCORE, 7), row(score=score))
        assert matches(Below(SCORE, 10), row(score=score))
    assert matches(Equals(TOKENS, "40"), row()) and matches(Equals(TOKENS, "40.0"), row())
    assert not matches(Equals(TOKENS, "many"), row())


def test_what_is_no_number_is_neither_below_nor_above():
    for score in (None, "high", [1], "nan"):
        assert not matches(Above(SCORE, 0), row(score=score))
        assert not matches(Below(SCORE, 0), row(score=score))


def test_patterns_are_found_and_broken_ones_are_told():
    assert matches(MatchesPattern(QUESTION, r"^where\b"), row())
    assert not matches(MatchesPattern(QUESTION, r"^where\b", case=True), row())
    with pytest.raises(UserError, match="not a regular expression"):
        matches(MatchesPattern(QUESTION, "("), row())


def test_a_pattern_that_takes_too_long_is_told_with_the_row(monkeypatch):
    monkeypatch.setattr(query, "TIMEOUT", 0.05)
    with pytest.raises(UserError, match="row 1"):
        matches(MatchesPattern(QUESTION, r"(?:a|b|ab)*[cd]$"), row("ab" * 3000))


def test_empty_tags_and_findings():
    assert matches(IsEmpty(QUESTION), row(" \n")) and not matches(IsEmpty(QUESTION), row())
    assert matches(IsEmpty(SCORE), row())
    assert matches(HasTag("late"), row()) and not matches(HasTag("lat"), row())
    assert matches(HasFinding(), row()) and matches(HasFinding("MSG001"), row())
    assert not matches(HasFinding("MSG002"), row())


def test_conditions_combine():
    yes, no = HasTag("late"), HasTag("early")
    assert matches(Both((yes, Not(no))), row()) and not matches(Both((yes, no)), row())
    assert matches(Either((no, yes)), row()) and not matches(Either((no,)), row())
    assert matches(Both(()), row()) and not matches(Either(()), row())


def test_a_condition_survives_being_stored():
    condition = Both((Contains(QUESTION, "x"), Not(Either((HasFinding(), Above(TOKENS, 3))))))
    assert msgspec.json.decode(msgspec.json.encode(condition), type=Condition) == condition


def test_rows_are_filtered_in_their_order(make):
    lines = [json.dumps({"prompt": prompt, "completion": ""}) for prompt in ("aa", "b", "ab")]
    document = make("\n".join(lines).encode() + b"\n")
    found = list(filter_rows(document.snapshot(), Contains(QUESTION, "a")))
    assert [document.position_of(row) for row in found] == [0, 2]
    assert list(filter_rows(document.snapshot(), Contains(QUESTION, "a"), cancelled=lambda: True)) == []
    number = Column(ColumnKind.NUMBER)
    assert [document.position_of(row) for row in filter_rows(document.snapshot(), Above(number, 1))] == [1, 2]


def test_only_conditions_on_texts_read_the_rows():
    assert needs_text(Both((HasTag("a"), Not(Contains(QUESTION, "a")))))
    assert not needs_text(Either((HasTag("a"), HasFinding(), Below(TOKENS, 3))))
