"""Scores of JSON answers."""

import pytest

from tunedesk.evaluate.exact_match import JsonScore, exact_match, score_json

REFERENCE = '{"category": "billing", "urgency": "high", "reply": "We will look."}'


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"category": "billing", "urgency": "high", "reply": "Other words."}', JsonScore(True, True)),
        (' {"urgency":"high","category":"billing"}\n', JsonScore(True, True)),
        ('{"category": "billing", "urgency": "low"}', JsonScore(True, False)),
        ('{"category": "billing"}', JsonScore(True, False)),
        ('{"category": "Billing", "urgency": "high"}', JsonScore(True, False)),
        ('{"category": "billing", "urgency": "high"', JsonScore(False, False)),
        ('Sure: {"category": "billing", "urgency": "high"}', JsonScore(False, False)),
        ('["billing", "high"]', JsonScore(False, False)),
        ("", JsonScore(False, False)),
        ("[" * 100_000, JsonScore(False, False)),
    ],
)
def test_an_answer_is_exact_when_it_is_json_with_the_same_category_and_urgency(
    answer: str, score: JsonScore
) -> None:
    assert score_json(REFERENCE, answer) == score


def test_one_and_true_are_different_answers() -> None:
    assert not score_json('{"a": 1}', '{"a": true}', keys=["a"]).exact


def test_a_key_that_the_reference_lacks_must_be_lacking() -> None:
    assert score_json('{"a": 1}', '{"a": 1}', keys=["a", "b"]).exact
    assert not score_json('{"a": 1}', '{"a": 1, "b": null}', keys=["a", "b"]).exact


def test_the_share_counts_every_reference() -> None:
    assert exact_match([REFERENCE] * 4, [REFERENCE, "x", REFERENCE, ""]) == 0.5
    assert exact_match([], []) == 0.0
    with pytest.raises(ValueError):
        exact_match([REFERENCE], [])
