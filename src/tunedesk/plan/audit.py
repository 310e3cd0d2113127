"""The audit gate: what of a dataset would be lost, useless or misleading, told before a model is loaded.

It is pure: it knows facts of rendered rows, and neither files nor models. Window and engine ask it alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunedesk.errors import UserError

Split = Literal["train", "valid"]
ROWS_NAMED = 8
LITTLE_TRAINED = 0.02
"""Below this share of trained tokens nearly all time is spent reading; a threshold of our own."""
_NAMES: dict[Split, str] = {"train": "training data", "valid": "validation data"}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row as its template renders it. row: from 1. `plan.audit_rows` makes them.

    tokens: of the longest sequence, uncut; read: of all sequences, cut. trained: tokens with a loss, uncut;
    kept: cut; both 0 where one of two answers has none. has_end: the last answer ends with a trained end of
    turn (None: the model has no such token); loses_end: the cut takes it away.
    digest: the same for rows of the same tokens. marks: control tokens that stand in its texts.
    problem, hint: why it cannot be trained at all; then the rest says nothing.
    """

    row: int
    tokens: int = 0
    read: int = 0
    trained: int = 0
    kept: int = 0
    is_cut: bool = False
    has_end: bool | None = None
    loses_end: bool = False
    digest: int = 0
    marks: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One sentence about some rows of a split. blocks: no run starts with it. rows: from 1, all of them.

    code: unreadable, wholly-cut, cut, left-out, no-end, control-tokens, leak, nothing, little-trained,
    no-validation.
    """

    code: str
    blocks: bool
    sentence: str
    rows: tuple[int, ...] = ()
    split: Split = "train"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and counts of what will be trained: rows, their tokens, and those with a loss."""

    findings: tuple[AuditFinding, ...]
    rows: int
    valid_rows: int
    tokens: int
    trained: int

    @property
    def trained_share(self) -> float:
        """Part of the tokens read that get a loss, 0 to 1."""
        return self.trained / self.tokens if self.tokens else 0.0

    @property
    def blocking(self) -> tuple[AuditFinding, ...]:
        return tuple(finding for finding in self.findings if finding.blocks)

    def refusal(self) -> UserError | None:
        """All that blocks in one error, with the hint of the first; None when the run may start."""
        if not self.blocking:
            return None
        sentences = " ".join(finding.sentence for finding in self.blocking)
        return UserError(sentences, hint=self.blocking[0].hint)


def audit(
    train: Sequence[AuditRow],
    valid: Sequence[AuditRow],
    max_length: int,
    *,
    skip_wholly_cut: bool = False,
) -> Audit:
    """Look at both splits. skip_wholly_cut: rows whose answer is wholly cut are left out, not refused."""
    found = [
        finding
        for split, rows in (("train", train), ("valid", valid))
        for finding in _of_split(rows, split, max_length, skip_wholly_cut)  # type: ignore[arg-type]
    ]
    used = [row for row in train if row.kept]
    result = Audit(
        (*found, *_leaks(train, valid)),
        rows=len(used),
        valid_rows=sum(1 for row in valid if row.kept),
        tokens=sum(row.read for row in used),
        trained=sum(row.kept for row in used),
    )
    more = (*_of_the_whole(result), *_validation(valid, result.valid_rows))
    return Audit((*result.findings, *more), result.rows, result.valid_rows, result.tokens, result.trained)


def named_rows(rows: Sequence[int]) -> str:
    """Like "row 3" or "rows 1, 2, 3 and 12 more"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    named = ", ".join(str(row) for row in rows[:ROWS_NAMED])
    return f"rows {named}" + (f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else "")


def _of_split(rows: Sequence[AuditRow], split: Split, length: int, skip: bool) -> list[AuditFinding]:
    sound = [row for row in rows if not row.problem]
    wholly = [row for row in sound if row.trained and not row.kept]
    refused = [] if skip else wholly
    left_out = [row for row in sound if not row.trained or (skip and not row.kept)]
    cut = [row for row in sound if row.is_cut and (skip or row.kept or not row.trained)]
    found = [
        _unreadable([row for row in rows if row.problem], split),
        _wholly_cut(refused, split, length),
        _cut(cut, split, length),
        _left_out(left_out, split),
        _no_end([row for row in sound if row.trained], split),
        _control_tokens([row for row in sound if row.marks], split),
    ]
    return [finding for finding in found if finding is not None]


def _unreadable(rows: Sequence[AuditRow], split: Split) -> AuditFinding | None:
    if not rows:
        return None
    sentence = f"{_place(rows[:1], split)}: {rows[0].problem}"
    if len(rows) > 1:
        sentence += f" Nor can {named_rows([row.row for row in rows[1:]])} of it be trained."
    return _finding("unreadable", True, sentence, rows, split, rows[0].hint)


def _wholly_cut(rows: Sequence[AuditRow], split: Split, length: int) -> AuditFinding | None:
    if not rows:
        return None
    place = f"{named_rows([row.row for row in rows])} of the {_NAMES[split]}"
    sentence = f"In {place} everything that would be learned lies behind the cut at {length} tokens."
    hint = "Raise max_length, shorten these examples, or set wholly_cut_rows=skip to leave them out."
    return _finding("wholly-cut", True, sentence, rows, split, hint)


def _cut(rows: Sequence[AuditRow], split: Split, length: int) -> AuditFinding | None:
    if not rows:
        return None
    trained = sum(row.trained for row in rows)
    lost = trained - sum(row.kept for row in rows)
    ends = sum(1 for row in rows if row.loses_end)
    loss = f"{lost:,} of {trained:,} tokens of the answers are lost" if lost else "No answer loses anything"
    if ends:
        loss += f", in {_count(ends, 'row')} the end too, so that it does not teach when to stop"
    sentence = f"{_place(rows, split)}: cut at {length} tokens. {loss}."
    return _finding("cut", False, sentence, rows, split, "Shorten them or raise max_length.")


def _left_out(rows: Sequence[AuditRow], split: Split) -> AuditFinding | None:
    if not rows:
        return None
    sentence = f"{_place(rows, split)}: left out, nothing in it would be learned."
    hint = "Give each an answer whose weight is not 0, or delete it."
    return _finding("left-out", False, sentence, rows, split, hint)


def _no_end(rows: Sequence[AuditRow], split: Split) -> AuditFinding | None:
    """Where no row at all teaches the end of turn, a tuned model would write on until it is stopped."""
    silent = [row for row in rows if row.has_end is False]
    if not silent or split == "valid":
        return None
    hint = "Choose a model whose chat template ends each answer with its end-of-turn token."
    if len(silent) == len(rows):
        sentence = "No answer ends with a trained end of turn, so that the model would never stop."
        return _finding("no-end", True, sentence, silent, split, hint)
    sentence = f"{_place(silent, split)}: the last answer does not end with a trained end of turn."
    return _finding("no-end", False, sentence, silent, split, hint)


def _control_tokens(rows: Sequence[AuditRow], split: Split) -> AuditFinding | None:
    if not rows:
        return None
    marks = sorted({mark for row in rows for mark in row.marks})
    shown = ", ".join(marks[:3]) + (f" and {len(marks) - 3} more" if len(marks) > 3 else "")
    sentence = f"{_place(rows, split)}: {shown} in the text is read as a control token, not as letters."
    return _finding("control-tokens", False, sentence, rows, split, "Delete it from the text.")


def _leaks(train: Sequence[AuditRow], valid: Sequence[AuditRow]) -> list[AuditFinding]:
    known = {row.digest: row.row for row in reversed(train) if row.kept}
    leaked = [row for row in valid if row.kept and row.digest in known]
    if not leaked:
        return []
    also = named_rows([known[row.digest] for row in leaked])
    stand = "stands" if len(leaked) == 1 else "stand"
    sentence = (
        f"{_place(leaked, 'valid')} {stand} in the training data too ({also}): "
        "the validation looks better than it is."
    )
    return [_finding("leak", False, sentence, leaked, "valid", "Delete them from one of the two.")]


def _of_the_whole(found: Audit) -> list[AuditFinding]:
    if not found.rows and not found.blocking:
        sentence = "There is nothing to learn: no training example has a token with a loss."
        hint = "Give at least one example an assistant's answer."
        return [AuditFinding("nothing", True, sentence, hint=hint)]
    if found.rows and found.trained_share < LITTLE_TRAINED:
        share = f"{found.trained_share:.1%}"
        sentence = f"Only {share} of the tokens are trained: nearly all time is spent reading prompts."
        return [AuditFinding("little-trained", False, sentence, hint="Shorten the prompts.")]
    return []


def _validation(valid: Sequence[AuditRow], usable: int) -> list[AuditFinding]:
    if usable:
        return []
    why = "The validation data has no usable row" if valid else "There is no validation data"
    sentence = f"{why}, so that the best state cannot be told from the last."
    hint = "Put about one row in twenty aside."
    return [AuditFinding("no-validation", False, sentence, split="valid", hint=hint)]


def _finding(
    code: str, blocks: bool, sentence: str, rows: Sequence[AuditRow], split: Split, hint: str
) -> AuditFinding:
    return AuditFinding(code, blocks, sentence, tuple(row.row for row in rows), split, hint)


def _place(rows: Sequence[AuditRow], split: Split) -> str:
    named = named_rows([row.row for row in rows])
    return f"{named[0].upper()}{named[1:]} of the {_NAMES[split]}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
