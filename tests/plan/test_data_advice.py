"""Each of the five pieces of advice says what the rows are like, with its figure and what to do."""

from collections import Counter

import pytest

from tests.plan.test_statistics import facts, statistics_of
from tunedesk.plan.data_advice import DataAdvice, Standing, data_advice, evenness
from tunedesk.plan.row_statistics import RowFacts
from tunedesk.plan.statistics import DataStatistics

NAMES = ("enough", "consistent", "representative", "balanced", "descriptive")


def advice(name: str, rows: list[RowFacts]) -> DataAdvice:
    found = data_advice(statistics_of(rows))
    assert tuple(item.name for item in found) == NAMES
    assert all(item.figure and item.sentence and item.source for item in found)
    assert all(item.todo for item in found if item.standing is not Standing.GOOD)
    return found[NAMES.index(name)]


def many(count: int) -> list[RowFacts]:
    return [
        facts(f"Where is parcel {number}?", f"It is in hall {number}.", system="Be brief.")
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "standing", "todo"),
    [
        (3, Standing.POOR, "Write 7 more, 47 for a first try."),
        (20, Standing.LOOK, "Write 30 more."),
        (60, Standing.LOOK, "Train, look at the errors, and add examples for them."),
        (120, Standing.GOOD, ""),
    ],
)
def test_whether_there_are_enough(rows: int, standing: Standing, todo: str) -> None:
    found = advice("enough", many(rows))
    assert (found.standing, found.todo) == (standing, todo)


def test_an_empty_dataset_is_told_to_begin() -> None:
    (only,) = data_advice(DataStatistics())
    assert (only.name, only.figure) == ("enough", "0 examples")


def test_one_question_with_two_answers_is_inconsistent() -> None:
    assert advice("consistent", many(30)).standing is Standing.GOOD
    found = advice("consistent", [*many(30), facts("Where is parcel 3?", "No idea.", system="Be brief.")])
    assert (found.standing, found.figure) == (Standing.POOR, "1 question answered differently")
    prompts = [facts(f"q{number}", f"a{number}", system=f"You are {number}.") for number in range(9)]
    assert advice("consistent", prompts).figure == "9 system prompts"


def test_many_refusals_and_many_languages_are_told() -> None:
    refusing = [facts(f"q{number}", "I'm sorry, but I cannot help with that.") for number in range(10)]
    assert advice("representative", [*refusing, *many(10)]).figure == "50% refusals"
    german = [
        facts(
            f"Frage {number}",
            f"Das Paket ist noch nicht da und wird morgen mit der Post in Halle {number} sein.",
        )
        for number in range(10)
    ]
    english = [
        facts(
            f"q {number}", f"The parcel is not here yet and will be in hall {number} with the mail tomorrow."
        )
        for number in range(30)
    ]
    found = advice("representative", [*german, *english])
    assert found.figure == "en 75%, de 25% (40 rows looked at)"
    assert advice("representative", english).standing is Standing.GOOD


def test_a_class_that_stands_for_most_rows_is_told() -> None:
    even = [facts(f"q{number}", ("spam", "ham")[number % 2]) for number in range(60)]
    assert advice("balanced", even).standing is Standing.GOOD
    found = advice("balanced", [facts(f"q{number}", "ham" if number < 3 else "spam") for number in range(60)])
    assert found.figure == "2 classes, most often 'spam' with 95%"
    assert "'ham' with 3" in found.todo
    assert advice("balanced", many(40)).figure == "answers are no classes"


def test_rows_without_instructions_are_told() -> None:
    assert advice("descriptive", many(10)).standing is Standing.GOOD
    assert advice("descriptive", [facts("a", "b")]).figure == "0% with a system prompt, 0 different"
    assert "Some rows" in advice("descriptive", [*many(3), facts("a", "b")]).sentence


def test_evenness_is_one_for_equal_classes() -> None:
    assert evenness(Counter(a=5, b=5, c=5)) == pytest.approx(1)
    assert evenness(Counter(a=99, b=1)) < 0.1
    assert evenness(Counter(a=3)) == 1
