"""Held-out questions and their scores, from rows as they come."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from tunedesk.errors import UserError
from tunedesk.evaluate.answers import AnswerDesk, GivenAnswer
from tunedesk.evaluate.heldout import evaluate_heldout, heldout_questions, read_heldout
from tunedesk.runs.generation import ChatMessage, Sampling, Voice

ROW = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "{\\"a\\": %d}"}]}'
UNUSABLE = [b"", b"{", b"[]", b'{"messages": [{"role": "user", "content": "Hi"}]}', b'{"messages": []}']


class Parrot:
    """Answers every prompt with the same text, in the place of an engine."""

    def answers(
        self,
        prompts: Sequence[Sequence[ChatMessage]],
        voice: Voice,
        settings: Sampling,
        progress: Callable[[int, int], None],
    ) -> list[GivenAnswer]:
        assert settings.temperature == 0
        progress(len(prompts), len(prompts))
        return [GivenAnswer('{"a": 1}', "end") for _ in prompts]


def test_rows_without_an_answer_are_no_questions_and_numbers_stay() -> None:
    rows = [*UNUSABLE, ROW % 1]
    (question,) = heldout_questions(enumerate(rows, start=1))
    assert question.row == 6
    assert question.prompt == (ChatMessage("user", "Hi"),)
    assert question.reference == '{"a": 1}'


def test_a_file_without_a_question_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "heldout.jsonl"
    path.write_bytes(b"\n".join(UNUSABLE))
    with pytest.raises(UserError, match="has no row that ends with an answer"):
        read_heldout(path)


def test_the_shares_are_of_all_questions() -> None:
    questions = heldout_questions(enumerate([ROW % 1, ROW % 2, ROW % 1, ROW % 1], start=1))
    seen: list[tuple[int, int]] = []
    desk = cast(AnswerDesk, Parrot())
    result = evaluate_heldout(desk, questions, "tuned", keys=["a"], progress=lambda *now: seen.append(now))
    assert (result.exact, result.valid_json, result.stopped) == (0.75, 1.0, 1.0)
    assert seen == [(4, 4)]
