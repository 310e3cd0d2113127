"""What the field's guidance says to a dataset: enough, consistent, representative, balanced, descriptive;
each with its figure, a sentence, where the rule comes from, and what to do.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tunedesk.plan.statistics import CLEAR_GAIN, FEWEST, GOOD_START, DataStatistics

GUIDE = "OpenAI's fine-tuning guide"
LEGACY = "OpenAI's prepare tool: each doubling of the examples helps about as much as the last"
MOST_REFUSALS = 0.2
MOST_OF_A_CLASS = 0.8
FEWEST_OF_A_CLASS = 10
LEAST_EVENNESS = 0.6
MOST_SYSTEM_PROMPTS = 5
OTHER_LANGUAGE = 0.02


class Standing(StrEnum):
    """Good: nothing to do. Look: worth a look. Poor: likely to spoil the result."""

    GOOD = "good"
    LOOK = "look"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class DataAdvice:
    """name: enough, consistent, representative, balanced or descriptive. todo: "" when there is nothing."""

    name: str
    standing: Standing
    figure: str
    sentence: str
    source: str
    todo: str = ""


def data_advice(data: DataStatistics) -> tuple[DataAdvice, ...]:
    """One piece of advice for each of the five; without examples only how many to write."""
    if not data.examples:
        return (_enough(data),)
    return (_enough(data), _consistent(data), _representative(data), _balanced(data), _descriptive(data))


def _enough(data: DataStatistics) -> DataAdvice:
    rows = data.examples
    figure = f"{rows:,} {_examples(rows)}"
    if rows < FEWEST:
        return DataAdvice(
            "enough", Standing.POOR, figure, f"Fewer than {FEWEST} are not accepted by OpenAI and Azure.",
            f"{GUIDE}; Azure's", f"Write {FEWEST - rows} more, {GOOD_START - rows} for a first try.",
        )  # fmt: skip
    if rows < GOOD_START:
        return DataAdvice(
            "enough", Standing.LOOK, figure, f"{GOOD_START} well-made examples are a good beginning.",
            GUIDE, f"Write {GOOD_START - rows} more.",
        )  # fmt: skip
    if rows < CLEAR_GAIN:
        return DataAdvice(
            "enough", Standing.LOOK, figure,
            f"From {GOOD_START} to {CLEAR_GAIN} on, improvements become clear.",
            GUIDE, "Train, look at the errors, and add examples for them.",
        )  # fmt: skip
    return DataAdvice(
        "enough", Standing.GOOD, figure, "That is enough to begin; twice as many would help again.", LEGACY
    )


def _consistent(data: DataStatistics) -> DataAdvice:
    source = f"{GUIDE}: where people agree on 70 %, a model does not do better"
    if data.conflicts:
        figure = (
            f"{data.conflicts:,} {'question' if data.conflicts == 1 else 'questions'} answered differently"
        )
        return DataAdvice(
            "consistent", Standing.POOR if data.conflicts > 0.02 * data.examples else Standing.LOOK, figure,
            "The same question has different answers, so that the model learns to guess between them.",
            source, "Decide for one answer in each; the linter's finding on conflicts lists the rows.",
        )  # fmt: skip
    if len(data.systems) > MOST_SYSTEM_PROMPTS:
        return DataAdvice(
            "consistent", Standing.LOOK, f"{len(data.systems):,} system prompts",
            "The same question never has two answers, but the system prompt differs from row to row.",
            "Microsoft's fine-tuning skill: one system prompt for one task",
            "Use the words that will be used with the tuned model.",
        )  # fmt: skip
    figure = "no question with two answers"
    return DataAdvice("consistent", Standing.GOOD, figure, "The same question has the same answer.", source)


def _representative(data: DataStatistics) -> DataAdvice:
    refusals = data.refusals / data.answered if data.answered else 0.0
    if refusals > MOST_REFUSALS:
        return DataAdvice(
            "representative", Standing.POOR, f"{refusals:.0%} refusals",
            "A model refuses as often as its examples do, also where it should answer.",
            f"{GUIDE}: 60 % refusals in the data where 5 % are wanted make too many",
            "Bring the share of refusals down to what real use will have.",
        )  # fmt: skip
    source = f"{GUIDE}: examples should look like what the model will be asked"
    others = _other_languages(data.languages)
    if others:
        seen = f"{data.looked_at_language:,} rows looked at"
        figure = f"{', '.join(f'{name} {share:.0%}' for name, share in others)} ({seen})"
        return DataAdvice(
            "representative", Standing.LOOK, figure, "There is more than one language.", source,
            "Good if users write in all of them; else take the others out.",
        )  # fmt: skip
    one_turn = sum(rows for turns, rows in data.turns.items() if turns <= 3) / data.examples
    figure = f"{refusals:.0%} refusals, {one_turn:.0%} with one question"
    return DataAdvice(
        "representative", Standing.GOOD, figure,
        "Whether the examples look like real questions only you can tell.", source,
        "" if one_turn < 1 else "If users will ask back, add conversations of several turns.",
    )  # fmt: skip


def _other_languages(languages: Counter[str]) -> list[tuple[str, float]]:
    """All languages with their shares when a second one has OTHER_LANGUAGE of the rows that could be told."""
    told = {name: rows for name, rows in languages.items() if name}
    total = sum(told.values())
    shares = sorted(((name, rows / total) for name, rows in told.items()), key=lambda item: -item[1])
    return shares[:5] if len(shares) > 1 and shares[1][1] >= OTHER_LANGUAGE else []


def _balanced(data: DataStatistics) -> DataAdvice:
    source = "class counts as in OpenAI's prepare tool; evenness is the entropy's share of its maximum"
    classes = {name: labels for name, labels in data.classes().items() if labels}
    if not classes:
        return DataAdvice(
            "balanced", Standing.GOOD, "answers are no classes", "The answers are free text.", source
        )
    name, labels = min(classes.items(), key=lambda item: evenness(item[1]))
    label, rows = labels.most_common(1)[0]
    share, rare = rows / sum(labels.values()), min(labels.items(), key=lambda item: item[1])
    about = f"{name}: " if name else ""
    figure = f"{about}{len(labels)} classes, most often {label!r} with {share:.0%}"
    if len(labels) > 1 and (share > MOST_OF_A_CLASS or evenness(labels) < LEAST_EVENNESS):
        return DataAdvice(
            "balanced", Standing.LOOK, figure,
            "One class stands for most of the rows; the model will prefer it.", source,
            f"Add rows of the others, such as {rare[0]!r} with {rare[1]:,}.",
        )  # fmt: skip
    if rare[1] < FEWEST_OF_A_CLASS <= data.examples / max(len(labels), 1):
        return DataAdvice(
            "balanced", Standing.LOOK, f"{about}{rare[0]!r} has {rare[1]:,} {_examples(rare[1])}",
            "A class with so few rows is hardly learned.", source,
            f"Correct it if it is a slip of the pen, else add rows until it has {FEWEST_OF_A_CLASS}.",
        )  # fmt: skip
    return DataAdvice("balanced", Standing.GOOD, figure, "No class stands out.", source)


def evenness(labels: Counter[str]) -> float:
    """Entropy of the labels by its greatest possible value: 1 for all equally often, near 0 for one only."""
    total = sum(labels.values())
    if len(labels) < 2:
        return 1.0
    return -sum(rows / total * math.log(rows / total) for rows in labels.values()) / math.log(len(labels))


def _descriptive(data: DataStatistics) -> DataAdvice:
    share = data.with_system / data.examples
    figure = f"{share:.0%} with a system prompt, {len(data.systems):,} different"
    source = f"{GUIDE}: keep the instructions that worked best in every example"
    if share == 0:
        return DataAdvice(
            "descriptive", Standing.LOOK, figure,
            "Without instructions the model must guess the task from the answers alone.", source,
            "Below a hundred examples, put the instructions you would give a person into each row.",
        )  # fmt: skip
    if share < 1:
        return DataAdvice(
            "descriptive", Standing.LOOK, figure,
            "Some rows tell the model its task and others do not.", source,
            "Give every row the system prompt that the tuned model will be used with.",
        )  # fmt: skip
    return DataAdvice("descriptive", Standing.GOOD, figure, "Every row tells the model its task.", source)


def _examples(count: int) -> str:
    return "example" if count == 1 else "examples"
