"""Off-topic guards: questions that a model shall decline, each with one of a few polite sentences."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunedesk.dataset.example import RowFormat, example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.left_out import LeftOut
from tunedesk.dataset.making import make_row
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import asked
from tunedesk.errors import UserError

GUARD = RowMarks(source="guard")


@dataclass(frozen=True, slots=True)
class Guards:
    """raws: new rows, for Document.insert(..., marks=guards.mark). left_out: by line of the list, from 1.

    share: of all rows, once they are added. system: the system prompt that they have.
    """

    raws: tuple[bytes, ...]
    share: float
    system: str
    left_out: tuple[LeftOut, ...]
    mark: RowMarks = GUARD


def questions_in(text: str) -> tuple[str, ...]:
    """One question a line; blank lines are kept as such, so that lines can be counted."""
    return tuple(line.strip() for line in text.splitlines())


def read_questions(path: Path) -> tuple[str, ...]:
    """From a text file. UserError when it is none, or not UTF-8."""
    try:
        return tuple(raw.decode("utf-8").strip() for _, raw in read_rows(path))
    except UnicodeDecodeError as error:
        message = f"{path.name} is not UTF-8 text."
        raise UserError(message, hint="Save it as UTF-8 and open it again.") from error


def make_guards(
    snapshot: Snapshot,
    questions: Sequence[str],
    answers: Sequence[str],
    *,
    share: float = 0.1,
    seed: int = 1,
    system: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Guards | None:
    """Guard rows until they are `share` of the dataset, or questions run out; None when cancelled.

    system: None takes over the dataset's most frequent one. Which questions are used and which answer each
    gets follows from the seed. A question that stands twice, or that the dataset has already, is left out.
    UserError without an answer, or when the share is not between 0 and 1.
    """
    polite = [answer.strip() for answer in answers if answer.strip()]
    if not polite:
        raise UserError(
            "There is no sentence to answer with.", hint="Write one, such as: I can't help with that."
        )
    if not 0 < share < 1:
        raise UserError(
            f"The share is {share:g}; it must lie between 0 and 1.", hint="0.1 is one row in ten."
        )
    mapping = snapshot.mapping
    facts = _facts(snapshot, mapping, progress, cancelled)
    if facts is None:
        return None
    chosen_system = facts.system if system is None else system
    fresh, left_out = _fresh(questions, facts.asked)
    wanted = max(1, round(share * len(snapshot) / (1 - share)))
    order = sorted(fresh, key=lambda line: _digest(fresh[line], seed))
    left_out += (LeftOut(line, "", "There are enough guards without it.") for line in order[wanted:])
    order = order[:wanted]
    raws = tuple(
        make_row(
            chosen_system,
            fresh[line],
            polite[_digest(fresh[line], seed, b"a") % len(polite)],
            facts.like,
            mapping,
        )
        for line in order
    )
    total = len(raws) + len(snapshot)
    return Guards(raws, len(raws) / total if total else 0.0, chosen_system, tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Facts:
    """like: the first row of the most frequent format."""

    system: str
    asked: set[str]
    like: bytes


def _facts(
    snapshot: Snapshot,
    mapping: ColumnMapping | None,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> _Facts | None:
    systems: Counter[str] = Counter()
    questions: set[str] = set()
    formats: Counter[RowFormat] = Counter()
    first_of: dict[RowFormat, bytes] = {}
    for done, (_, raw) in enumerate(snapshot.rows()):
        if done % 256 == 0:
            if cancelled():
                return None
            progress(done, len(snapshot))
        example = example_of(parse_row(raw).value, mapping)
        first = next((turn.content or "" for turn in example.messages if turn.role == "system"), "")
        systems[first] += 1
        questions.add(_fingerprint(asked(example)))
        if example.messages:
            formats[example.format] += 1
            first_of.setdefault(example.format, raw)
    progress(len(snapshot), len(snapshot))
    like = first_of[formats.most_common(1)[0][0]] if formats else b""
    return _Facts(systems.most_common(1)[0][0] if systems else "", questions, like)


def _fresh(questions: Sequence[str], there: set[str]) -> tuple[dict[int, str], list[LeftOut]]:
    """Questions by line; those that stand twice or are in the dataset are left out."""
    fresh: dict[int, str] = {}
    left_out: list[LeftOut] = []
    seen: set[str] = set()
    for line, question in enumerate(questions, start=1):
        key = _fingerprint(" ".join(question.casefold().split()))
        if not question.strip():
            continue
        if key in there:
            left_out.append(LeftOut(line, "", "The dataset has this question already."))
        elif key in seen:
            left_out.append(LeftOut(line, "", "The question stands in the list twice."))
        else:
            fresh[line] = question.strip()
        seen.add(key)
    return fresh, left_out


def _fingerprint(text: str) -> str:
    """As short as a million of them need to be."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _digest(text: str, seed: int, salt: bytes = b"q") -> int:
    data = salt + text.encode("utf-8", "surrogatepass")
    key = seed.to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest(), "little")
