"""Counts of a dataset."""

import pytest

from tunedesk.plan.facts import DataFacts


def test_the_length_that_most_rows_do_not_exceed_is_a_length_of_a_row() -> None:
    facts = DataFacts(200, 0, list(range(1, 201)), 100)
    assert facts.longest(0.995) == 199
    assert facts.longest(1.0) == 200


def test_counts_of_no_rows_are_zero() -> None:
    facts = DataFacts(0, 0, [], 0)
    assert (facts.longest(0.995), facts.total_tokens, facts.trained_share) == (0, 0, 0.0)


def test_the_trained_share_is_a_part_of_all_tokens() -> None:
    assert DataFacts(2, 0, [30, 10], 10).trained_share == pytest.approx(0.25)
