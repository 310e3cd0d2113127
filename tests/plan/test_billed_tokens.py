"""Tokens as a provider will count them."""

import json

from tunedesk.plan.billed_tokens import count_billed


def row(text: str) -> bytes:
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": turns}).encode()


def test_a_model_of_openai_is_counted_as_the_cookbook_does() -> None:
    found = count_billed([row("Is it open?"), row("Is it closed?")], "gpt-4.1-mini-2025-04-14")
    assert found is not None
    # 3 for the reply, then for each turn 3, its role and its text, by the rule of the cookbook.
    assert found.low == found.high == 2 * (3 + (3 + 1 + 4) + (3 + 1 + 2))
    assert (found.rows, found.uncounted, found.trained) == (2, 0, 2 * 2)


def test_a_tuned_model_is_counted_as_its_base() -> None:
    rows = [row("Is it open?")]
    assert count_billed(rows, "ft:gpt-4.1-mini:acme::1") == count_billed(rows, "gpt-4.1-mini")


def test_another_models_tokens_are_a_range() -> None:
    rows = [row("Is it open?")] * 10
    known, unknown = count_billed(rows, "gpt-4.1"), count_billed(rows, "meta-llama/Llama-3.1-8B-Instruct")
    assert known is not None and unknown is not None
    assert unknown.low < known.low < unknown.high
    assert "30 %" in unknown.how and " to " in unknown.text


def test_rows_that_nobody_can_count_are_told() -> None:
    found = count_billed([b"no json", row("Is it open?")], "gpt-4.1")
    assert found is not None
    assert (found.rows, found.uncounted) == (2, 1)


def test_a_long_row_counts_up_to_where_the_provider_cuts_it() -> None:
    found = count_billed([row("word " * 70_000)], "gpt-4.1")
    assert found is not None
    assert found.low == 65_536


def test_counting_can_be_cancelled() -> None:
    assert count_billed([row("a")], "gpt-4.1", cancelled=lambda: True) is None
