"""The statistics of a dataset are right at once and stay right when single rows change."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tunedesk import paths
from tunedesk.dataset.document import Document
from tunedesk.dataset.example import example_of
from tunedesk.plan.data_advice import data_advice
from tunedesk.plan.row_statistics import RowFacts, facts_of_row
from tunedesk.plan.statistics import (
    Bucket,
    CutRow,
    DataStatistics,
    Spread,
    epochs_suggested,
    examples_needed,
    gather,
    spread_of,
    update_row,
)
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import CountCache, TemplateCounter
from tunedesk.template.encoding import RowTokens


def facts(question: str, answer: str, *, tokens: int = 10, trained: int = 4, system: str = "") -> RowFacts:
    turns = [{"role": "system", "content": system}] if system else []
    turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return facts_of_row(
        example_of({"messages": turns}), RowTokens(tokens, trained, tokens - trained), with_language=True
    )


def statistics_of(rows: Sequence[RowFacts]) -> DataStatistics:
    found = DataStatistics()
    for row_id, row in enumerate(rows, start=1):
        found.put(row_id, row)
    return found


@pytest.mark.parametrize(
    ("rows", "epochs"),
    [
        *((count, 25) for count in (1, 2, 3, 4)),
        (5, 20),
        (10, 10),
        (20, 5),
        (33, 3),
        (34, 3),
        (1_000, 3),
        (8_333, 3),
        (8_334, 2),
        (12_500, 2),
        (12_501, 1),
        (1_000_000, 1),
        (0, 0),
    ],
)
def test_epochs_are_those_of_the_cookbooks_rule(rows: int, epochs: int) -> None:
    assert epochs_suggested(rows) == epochs


def test_what_is_missing_to_the_next_mark() -> None:
    assert [examples_needed(rows) for rows in (0, 7, 10, 49, 50, 99, 100, 5_000)] == [
        10,
        3,
        40,
        1,
        50,
        1,
        0,
        0,
    ]


def test_totals_and_billing() -> None:
    found = statistics_of([facts("a", "b", tokens=size, trained=size // 2) for size in (10, 20, 30)])
    assert (found.total_tokens, found.trained_tokens, len(found)) == (60, 30, 3)
    assert found.billing_tokens(None) == 60
    assert found.billing_tokens(15) == 10 + 15 + 15
    assert spread_of(found.tokens) == Spread(10, 20, 30, 30, 20.0)
    assert found.longest(0.5) == 20


def test_rows_behind_the_limit_with_what_they_lose() -> None:
    found = statistics_of(
        [facts("a", "b", tokens=10), facts("a", "c", tokens=13), facts("a", "d", tokens=40)]
    )
    assert found.cut_rows(12) == (CutRow(2, 13, 4, 1), CutRow(3, 40, 4, 4))
    assert found.cut_rows(40) == ()


def test_a_bucket_of_the_histogram_ends_at_the_limit() -> None:
    found = statistics_of([facts("a", "b", tokens=size) for size in (1, 90, 100, 101, 120, 240)])
    buckets = found.histogram(limit=105)
    assert sum(bucket.rows for bucket in buckets) == 6
    assert sum(bucket.rows for bucket in buckets if bucket.is_cut) == 2
    assert [bucket for bucket in buckets if bucket.rows] == [
        Bucket(1, 10, 1, False),
        Bucket(81, 90, 1, False),
        Bucket(91, 100, 1, False),
        Bucket(101, 105, 1, False),
        Bucket(111, 120, 1, True),
        Bucket(231, 240, 1, True),
    ]
    assert all(after.first == before.last + 1 for before, after in pairwise(buckets))
    assert DataStatistics().histogram(100) == ()
    assert statistics_of([facts("a", "b", tokens=0)]).histogram() == (Bucket(0, 0, 1, False),)


def test_labels_are_counted_where_answers_name_classes() -> None:
    found = statistics_of([facts(str(number), ("spam", "ham")[number % 3 == 0]) for number in range(12)])
    assert found.classes() == {"": {"spam": 8, "ham": 4}}
    free = statistics_of([facts(str(number), f"answer {number}") for number in range(12)])
    assert free.classes() == {}
    rows = [json.dumps({"kind": "a" if number % 2 else "b", "text": f"t{number}"}) for number in range(12)]
    assert statistics_of([facts(row, row) for row in rows]).classes() == {"kind": {"a": 6, "b": 6}}


def test_a_question_with_two_answers_is_a_conflict_until_one_goes() -> None:
    found = statistics_of([facts("Who?", "Ann"), facts("Who?", "ann "), facts("When?", "Now")])
    assert found.conflicts == 0
    found.put(4, facts("Who?", "Bob"))
    assert found.conflicts == 1
    found.put(4, facts("Who?", "Ann"))
    assert found.conflicts == 0


def test_after_any_edits_the_sums_are_those_of_the_rows_that_are_left() -> None:
    chance = random.Random(3)
    pool = [
        facts(
            chance.choice("abc"),
            chance.choice(["yes", "no", '{"k": "v"}', "Sorry, I cannot do that.", ""]),
            tokens=chance.randint(1, 50),
            system=chance.choice(["", "Be brief."]),
        )
        for _ in range(40)
    ]
    edited, rows = DataStatistics(), dict[int, RowFacts]()
    for _ in range(400):
        row_id = chance.randint(1, 30)
        if chance.random() < 0.4:
            edited.remove(row_id)
            rows.pop(row_id, None)
        else:
            rows[row_id] = chance.choice(pool)
            edited.put(row_id, rows[row_id])
    fresh = DataStatistics()
    for row_id, row in rows.items():
        fresh.put(row_id, row)
    assert sums(edited) == sums(fresh)
    for row_id in list(rows):
        edited.remove(row_id)
    assert sums(edited) == sums(DataStatistics())


def sums(found: DataStatistics) -> dict[str, object]:
    return {
        name: dict(value) if isinstance(value, dict) else value
        for name, value in vars(found).items()
        if not name.startswith("_")
    }


def test_the_samples_statistics(tmp_path: Path) -> None:
    source = tmp_path / "train.jsonl"
    source.write_bytes((paths.sample_project() / "datasets" / "train.jsonl").read_bytes())
    document = Document.open(source, tmp_path / "state.db")
    counter = TemplateCounter(ChatTemplate.load(paths.starter_model()))
    cache, seen = CountCache(), list[tuple[int, int]]()

    def gathered(**named: Any) -> DataStatistics:
        return gather(document.snapshot().rows(), len(document), counter, cache=cache, **named)

    found = gathered(progress=lambda done, total: seen.append((done, total)))
    assert len(found) == len(document) == seen[-1][0] == seen[-1][1]
    assert found.trained_tokens > 0 and found.languages["en"] > 0.5 * len(found)
    assert {"category", "urgency"} <= set(found.classes())
    edited, gone = document.id_at(1), document.id_at(0)
    document.delete([gone], "Delete")
    document.replace(edited, document.raw(document.id_at(7)), "Edit")
    update_row(found, gone, None, counter)
    update_row(found, edited, document.raw(edited), counter)
    assert sums(gathered()) == sums(found)
    assert len(gathered(cancelled=lambda: True)) == 0
    document.close()


def test_blank_and_broken_lines_are_no_examples() -> None:
    good = facts("What is it?", "A pen.")
    nothing = facts_of_row(example_of(None), None, with_language=True)
    found = statistics_of([nothing, good, nothing])
    assert (len(found), found.examples, found.uncounted) == (3, 1, 2)
    assert found.turns == {2: 1}
    assert found.looked_at_language == 1
    assert data_advice(found)[0].figure == "1 example"
    found.remove(2)
    assert found.examples == 0
    assert [advice.name for advice in data_advice(found)] == ["enough"]
