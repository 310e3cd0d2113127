"""The fix of one rule in every row that needs it, worked out before anything is changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Finding, FixKind
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.rows import lint_row
from tunedesk.lint.rule import Scope
from tunedesk.lint.targets import Target

ROUNDS = 500
"""Fixes in one row; each mends at least one finding."""


@dataclass(frozen=True, slots=True)
class RuleFixes:
    """replaced: row id -> new line. deleted: rows that go. unsafe: how many of these rows would be trained
    differently afterwards. left: rows with a finding that only a person can mend.
    """

    replaced: dict[int, bytes]
    deleted: tuple[int, ...]
    unsafe: int
    left: int

    @property
    def rows(self) -> int:
        return len(self.replaced) + len(self.deleted)


def can_fix_everywhere(finding: Finding) -> bool:
    """Whether its fix is one that may be applied to many rows at once; a suggestion needs a person's eye."""
    if finding.fix is None or BY_CODE[finding.code].scope is Scope.FILE:
        return False
    return finding.fix.kind is not FixKind.SUGGESTION


def fix_rule(
    code: str,
    rows: Iterable[tuple[int, bytes, Sequence[Finding]]],
    target: Target,
    *,
    progress: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> RuleFixes | None:
    """rows: id, line and findings of each row that may have the finding. None when it was cancelled.

    A rule that compares rows is taken at its word: its findings name the copies, not the row that stays.
    """
    replaced: dict[int, bytes] = {}
    deleted: list[int] = []
    unsafe = left = 0
    for done, (row_id, raw, findings) in enumerate(rows):
        if cancelled():
            return None
        progress(done)
        if not any(finding.code == code for finding in findings):
            continue
        new, is_unsafe = _fixed(code, raw, findings, target)
        if new is None:
            deleted.append(row_id)
        elif new != raw:
            replaced[row_id] = new
        left += new == raw
        unsafe += is_unsafe
    return RuleFixes(replaced, tuple(deleted), unsafe, left)


def _fixed(code: str, raw: bytes, findings: Sequence[Finding], target: Target) -> tuple[bytes | None, bool]:
    """The row after the fixes, None when it goes; and whether one of them was unsafe."""
    is_unsafe = False
    for _ in range(ROUNDS):
        finding = next((each for each in findings if each.code == code and can_fix_everywhere(each)), None)
        if finding is None or finding.fix is None:
            return raw, is_unsafe
        try:
            new = finding.fix.apply(parse_row(raw))
        except LookupError:  # the row changed since it was looked at
            return raw, is_unsafe
        if new == raw:
            return raw, is_unsafe
        is_unsafe |= finding.fix.kind is FixKind.UNSAFE
        if new is None or BY_CODE[code].scope is Scope.CORPUS:
            return new, is_unsafe
        raw, findings = new, lint_row(parse_row(new), target)
    return raw, is_unsafe
