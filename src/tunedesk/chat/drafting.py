"""New examples drafted by a model that a person names: always drafts to review, marked with their source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, Protocol

from tunedesk.chat.draft_text import (
    SHOWN,
    Seed,
    conversation_for,
    examples_for,
    read_example,
    system_of,
    without_thoughts,
)
from tunedesk.chat.endpoint import Cancelled
from tunedesk.dataset.example import Example, example_of
from tunedesk.dataset.left_out import LeftOut, why_not_writable
from tunedesk.dataset.making import make_row
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row, set_at
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import asked
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage, Sampling

TRIES = 3
"""Questions to the model for each row wanted, before it is given up."""


class Writer(Protocol):
    """A model that answers: `EndpointWriter` or `LocalWriter`. host: where rows go."""

    @property
    def host(self) -> str: ...

    @property
    def name(self) -> str: ...

    def ask(
        self, messages: Sequence[ChatMessage], sampling: Sampling, cancelled: Callable[[], bool]
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person was shown and agreed to: that these rows (by id) go to this host."""

    host: str
    rows: tuple[int, ...]


LIVELY = Sampling(temperature=0.9, top_p=0.95, max_tokens=512)
"""Drafts that are all alike are of no use."""


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """seeds: ids and texts of the rows that the model is shown.

    task: "examples" asks for new questions with answers, "answers" for other answers to the seeds' own last
    question. wanted: how many rows. wish: what the person asks for besides, in words.
    """

    seeds: tuple[tuple[int, bytes], ...]
    wanted: int
    task: Literal["examples", "answers"] = "examples"
    wish: str = ""
    sampling: Sampling = LIVELY


@dataclass(frozen=True, slots=True)
class Drafts:
    """raws: new rows, for Document.insert(..., marks=drafts.mark). asked: questions put to the model.

    duplicates: drafts that the dataset, or an earlier draft, has already. unreadable: answers that are no
    example. left_out: seeds without a question and an answer. problem: why it ended early; "" if it did not.
    """

    raws: tuple[bytes, ...]
    mark: RowMarks
    asked: int
    duplicates: int
    unreadable: int
    left_out: tuple[LeftOut, ...] = ()
    problem: str = ""


def draft(
    writer: Writer,
    request: DraftRequest,
    snapshot: Snapshot,
    consent: Consent,
    *,
    today: date | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Drafts | None:
    """Drafts in the format of the seeds; None when cancelled.

    UserError before anything is sent when the consent is for another host or does not name every seed, or no
    seed can be used; and when the very first question fails. A failure later on ends the drafting with what
    there is and says so in `problem`.
    """
    _check(writer, request, consent)
    mapping = snapshot.mapping
    seeds, left_out = _usable(request, mapping)
    there = _known(snapshot, request.task, mapping, cancelled)
    if there is None:
        return None
    work = _Work(request, seeds, there, mapping)
    problem = ""
    try:
        for number in range(request.wanted * TRIES):
            if len(work.raws) >= request.wanted:
                break
            progress(len(work.raws), request.wanted)
            seed, messages = work.question(number)
            text = writer.ask(messages, _sampling(request.sampling, number), cancelled)
            work.take(seed, text)
    except Cancelled:
        return None
    except UserError as error:
        if not work.asked:
            raise
        problem = error.sentence
    progress(len(work.raws), request.wanted)
    day = today or datetime.now(UTC).date()
    mark = RowMarks(draft=True, source=f"model {writer.name}, {day.isoformat()}")
    return Drafts(
        tuple(work.raws), mark, work.asked, work.duplicates, work.unreadable, tuple(left_out), problem
    )


def messages_for(
    request: DraftRequest, mapping: ColumnMapping | None = None
) -> Iterator[tuple[ChatMessage, ...]]:
    """The first questions as they will be sent, one for each seed, to show before anything is."""
    seeds, _ = _usable(request, mapping)
    work = _Work(request, seeds, set(), mapping)
    for number in range(min(len(seeds), request.wanted)):
        yield work.question(number)[1]


class _Work:
    """What was asked and what came of it."""

    def __init__(
        self,
        request: DraftRequest,
        seeds: Sequence[Seed],
        there: set[bytes],
        mapping: ColumnMapping | None,
    ) -> None:
        self._request = request
        self._seeds = seeds
        self._there = there
        self._mapping = mapping
        self.raws: list[bytes] = []
        self.asked = self.duplicates = self.unreadable = 0

    def question(self, number: int) -> tuple[Seed, tuple[ChatMessage, ...]]:
        """Each seed has its turn; for new examples two others are shown with it."""
        seed = self._seeds[number % len(self._seeds)]
        if self._request.task == "answers":
            return seed, conversation_for(seed, self._request.wish)
        rest = [other for other in self._seeds if other is not seed]
        rest.sort(key=lambda other: _print(other.raw + str(number).encode()))
        return seed, examples_for([seed, *rest[: SHOWN - 1]], self._request.wish)

    def take(self, seed: Seed, text: str) -> None:
        self.asked += 1
        text = without_thoughts(text)
        pair = (asked(seed.example), text) if self._request.task == "answers" else read_example(text)
        if pair is None or not all(pair):
            self.unreadable += 1
            return
        raw = self._row(seed, *pair)
        key = _key(example_of(parse_row(raw).value, self._mapping), self._request.task)
        if key in self._there:
            self.duplicates += 1
            return
        self._there.add(key)
        self.raws.append(raw)

    def _row(self, seed: Seed, question: str, answer: str) -> bytes:
        if self._request.task == "answers":
            pointer = seed.example.messages[seed.last].text_pointer
            return dump_row(set_at(seed.value, pointer, answer), seed.raw)
        return make_row(system_of(seed.example), question, answer, seed.raw, self._mapping)


def _check(writer: Writer, request: DraftRequest, consent: Consent) -> None:
    if request.wanted < 1:
        raise UserError("No drafts are wanted.", hint="Ask for one at least.")
    if problems := request.sampling.problems():
        raise UserError(problems[0])
    missing = [row for row, _ in request.seeds if row not in consent.rows]
    if consent.host != writer.host or missing:
        message = f"Nobody has agreed that these rows go to {writer.host}, so nothing was sent."
        raise UserError(message, hint="Look at the rows and the host, and agree to both.")


def _usable(request: DraftRequest, mapping: ColumnMapping | None) -> tuple[list[Seed], list[LeftOut]]:
    seeds: list[Seed] = []
    left_out: list[LeftOut] = []
    for row, raw in request.seeds:
        try:
            seeds.append(_seed(raw, request.task, mapping))
        except UserError as error:
            left_out.append(LeftOut(row, "", error.message))
    if not seeds:
        why = left_out[0].reason if left_out else ""
        raise UserError(
            f"None of the chosen rows can be drafted from. {why}".strip(), hint="Choose other rows."
        )
    return seeds, left_out


def _seed(raw: bytes, task: str, mapping: ColumnMapping | None) -> Seed:
    """UserError for a row that has no question and answer, or whose format has no place for a new one."""
    parsed = parse_row(raw)
    if (reason := why_not_writable(parsed)) or parsed.value is None:
        raise UserError(reason)
    example = example_of(parsed.value, mapping)
    roles = [turn.role for turn in example.messages]
    answers = tuple(
        place
        for place, turn in enumerate(example.messages)
        if turn.role == "assistant" and turn.text_pointer and "user" in roles[:place]
    )
    if not answers or not example.first_user:
        raise UserError("The row has no question and answer in plain text, so a model cannot learn from it.")
    if task == "examples":
        make_row(system_of(example), "?", "!", raw, mapping)
    return Seed(raw, parsed.value, example, answers)


def _known(
    snapshot: Snapshot, task: str, mapping: ColumnMapping | None, cancelled: Callable[[], bool]
) -> set[bytes] | None:
    known = set()
    for number, (_, raw) in enumerate(snapshot.rows()):
        if number % 256 == 0 and cancelled():
            return None
        known.add(_key(example_of(parse_row(raw).value, mapping), task))
    return known


def _key(example: Example, task: str) -> bytes:
    """What makes two examples the same: the question, and for new answers the answer too."""
    answer = " ".join(example.last_assistant.casefold().split()) if task == "answers" else ""
    return _print(f"{asked(example)}\0{answer}".encode("utf-8", "surrogatepass"))


def _print(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=12).digest()


def _sampling(sampling: Sampling, number: int) -> Sampling:
    """Each question draws anew, and the same drafting draws the same."""
    return Sampling(
        sampling.temperature, sampling.top_p, sampling.max_tokens, (sampling.seed + number) % 2**31
    )
