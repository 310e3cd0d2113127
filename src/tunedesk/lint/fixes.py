"""Applies fixes: one in the editor, or all of a kind to many rows; what nobody touched stays byte for
byte.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunedesk.dataset.base import Base
from tunedesk.dataset.containers.form import Kind, kind_of_name, packing_of
from tunedesk.dataset.files import refuse_what_is_no_file
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.dataset.saving import rewritten
from tunedesk.errors import UserError
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.edits import RewriteFile
from tunedesk.lint.file_facts import facts_of_content, rewrite
from tunedesk.lint.finding import Finding, FixKind
from tunedesk.lint.proof import may_be_safe
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rows import is_trainable, lint_row
from tunedesk.lint.rules.files import lint_file_facts
from tunedesk.lint.targets import Target

_ROUNDS = (
    500  # fixes in one row; each mends at least one finding, so a row that needs more is not worth mending
)


@dataclass(frozen=True, slots=True)
class FixResult:
    """raw: the new line, None when the row goes. verified_safe: proven that nothing trained changes."""

    raw: bytes | None
    verified_safe: bool


@dataclass(frozen=True, slots=True)
class FixedRows:
    """The rows that are left, and what was done: fixes by code, rows changed and rows deleted
    (numbers from 1).
    """

    rows: tuple[bytes, ...]
    applied: Counter[str] = field(default_factory=Counter)
    changed: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()


def apply_fix(raw: bytes, finding: Finding, target: Target) -> FixResult:
    """UserError when the finding has no fix, or the row is no longer what the finding was made for."""
    if finding.fix is None:
        raise UserError(f"There is no fix for {finding.code} here.", hint="Change the text by hand.")
    parsed = parse_row(raw)
    try:
        new = finding.fix.apply(parsed)
    except LookupError as error:
        raise UserError(
            f"The row changed since {finding.code} was found.", hint="Look at its findings again."
        ) from error
    is_rejected = not is_trainable(lint_row(parsed, target))
    view = RowView(parsed, target)
    return FixResult(new, may_be_safe(view, finding.fix, is_rejected=is_rejected))


def fix_rows(
    rows: Sequence[bytes],
    target: Target,
    kinds: FixKind,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
) -> FixedRows:
    """Apply all safe fixes, or with FixKind.UNSAFE the unsafe ones too; suggestions are never applied
    in bulk.
    """
    allowed = {FixKind.SAFE} if kinds is FixKind.SAFE else {FixKind.SAFE, FixKind.UNSAFE}
    applied: Counter[str] = Counter()
    left = {number: _fix_row(raw, target, allowed, applied) for number, raw in enumerate(rows, start=1)}
    kept = {number: raw for number, raw in left.items() if raw is not None}
    if FixKind.UNSAFE in allowed:
        _fix_corpus(kept, target, others or {}, applied)
    return FixedRows(
        tuple(kept.values()),
        applied,
        tuple(number for number, raw in kept.items() if raw != rows[number - 1]),
        tuple(number for number in left if number not in kept),
    )


def fix_file(
    path: Path,
    target: Target,
    kinds: FixKind,
    others: Mapping[str, Iterable[ParsedRow]] | None = None,
    output: Path | None = None,
) -> tuple[bytes, FixedRows]:
    """The file's new content in its own container, rows without a fix byte for byte, and what was done.

    output: where it will be written if not to the same place; its name decides on the container. Nothing is
    written. UserError when the file cannot be read, or a mended row cannot stand in the container.
    """
    refuse_what_is_no_file(path)
    base = Base.open(path)
    rows = list(base.rows(0, len(base)))
    fixed = fix_rows(rows, target, kinds, others)
    changes: dict[int, bytes | None] = {number - 1: None for number in fixed.deleted}
    left = (line for line in range(len(rows)) if line not in changes)
    mended = {line: raw for line, raw in zip(left, fixed.rows, strict=True) if raw != rows[line]}
    place = output or path
    return _fixed_as_file(rewritten(base, changes | mended, place), place, target, fixed.applied), fixed


def _fixed_as_file(content: bytes, path: Path, target: Target, applied: Counter[str]) -> bytes:
    """What is wrong with JSON lines as a file, mended.

    That is the encoding, the mark and the container; one that the name promises, or that is packed, stays.
    """
    packing, name = packing_of(path.name)
    if packing or kind_of_name(name) is not Kind.LINES:
        return content
    for finding in lint_file_facts(facts_of_content(content), target):
        if finding.fix is None:
            continue
        for edit in finding.fix.edits:
            if isinstance(edit, RewriteFile):
                content = rewrite(content, edit)
                applied[finding.code] += 1
    return content


def _fix_row(raw: bytes, target: Target, allowed: set[FixKind], applied: Counter[str]) -> bytes | None:
    """One fix after the other, each time with the findings of what is left."""
    for _ in range(_ROUNDS):
        parsed = parse_row(raw)
        step = _next_step(parsed, lint_row(parsed, target), allowed)
        if step is None:
            break
        finding, new = step
        applied[finding.code] += 1
        if new is None:
            return None
        raw = new
    return raw


def _next_step(
    parsed: ParsedRow, findings: Sequence[Finding], allowed: set[FixKind]
) -> tuple[Finding, bytes | None] | None:
    """The first finding with a fix that may be applied and changes something, and what it makes of
    the row. Safe ones go first: an unsafe one may take what they would have kept.
    """
    for finding in sorted(
        findings, key=lambda found: found.fix is None or found.fix.kind is not FixKind.SAFE
    ):
        if finding.fix is not None and finding.fix.kind in allowed:
            new = finding.fix.apply(parsed)
            if new != parsed.raw:
                return finding, new
    return None


def _fix_corpus(
    rows: dict[int, bytes], target: Target, others: Mapping[str, Iterable[ParsedRow]], applied: Counter[str]
) -> None:
    """Fix what shows only in comparison, changing `rows` in place."""
    index = CorpusIndex(others, target)
    for number, raw in rows.items():
        index.put(number, parse_row(raw))
    waiting = index.affected()
    while waiting:
        for number in sorted(waiting & rows.keys()):
            parsed = parse_row(rows[number])
            step = _next_step(parsed, index.findings(number), {FixKind.UNSAFE})
            if step is None:
                continue
            finding, new = step
            applied[finding.code] += 1
            if new is None:
                del rows[number]
                index.remove(number)
            else:
                rows[number] = new
                index.put(number, parse_row(new))
        waiting = index.affected()
