"""Answers held-out rows with one voice and scores them; which rows and model is the caller's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunedesk.dataset.example import example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.evaluate.answers import AnswerDesk, GivenAnswer
from tunedesk.evaluate.exact_match import DEFAULT_KEYS, JsonScore, score_json, share
from tunedesk.runs.generation import ChatMessage, Sampling, Voice


@dataclass(frozen=True, slots=True)
class Question:
    """One held-out row (counted from 1): what is asked and the answer it should get."""

    row: int
    prompt: tuple[ChatMessage, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Graded:
    question: Question
    answer: GivenAnswer
    score: JsonScore


@dataclass(frozen=True, slots=True)
class HeldoutResult:
    """Scores of one voice, as shares of 0 to 1. stopped: answers that the model ended by itself."""

    voice: Voice
    rows: tuple[Graded, ...]

    @property
    def exact(self) -> float:
        return share([row.score.exact for row in self.rows])

    @property
    def valid_json(self) -> float:
        return share([row.score.valid for row in self.rows])

    @property
    def stopped(self) -> float:
        return share([row.answer.reason == "end" for row in self.rows])


def heldout_questions(
    rows: Iterable[tuple[int, bytes]], mapping: ColumnMapping | None = None
) -> tuple[Question, ...]:
    """A question for each row that ends with an answer; others have nothing to compare with."""
    found = []
    for number, raw in rows:
        value = parse_row(raw).value
        messages = example_of(value, mapping).messages if value is not None else ()
        if len(messages) < 2 or messages[-1].role != "assistant" or messages[-1].content is None:
            continue
        prompt = tuple(ChatMessage(message.role, message.content or "") for message in messages[:-1])
        found.append(Question(number, prompt, messages[-1].content))
    return tuple(found)


def read_heldout(path: Path, mapping: ColumnMapping | None = None) -> tuple[Question, ...]:
    """UserError: unreadable, or without a row that ends with an answer."""
    questions = heldout_questions(read_rows(path), mapping)
    if not questions:
        raise UserError(f"{path} has no row that ends with an answer.", hint="Choose another held-out file.")
    return questions


def evaluate_heldout(
    desk: AnswerDesk,
    questions: Sequence[Question],
    voice: Voice,
    *,
    keys: Sequence[str] = DEFAULT_KEYS,
    max_tokens: int = 128,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> HeldoutResult:
    """Greedy answers of the loaded model to all questions, scored. UserError: the engine failed."""
    prompts = [question.prompt for question in questions]
    answers = desk.answers(prompts, voice, Sampling(max_tokens=max_tokens), progress)
    graded = [
        Graded(question, answer, score_json(question.reference, answer.text, keys))
        for question, answer in zip(questions, answers, strict=True)
    ]
    return HeldoutResult(voice, tuple(graded))
