"""Mends the sample's training rows as its tutorial tells a person to: safe fixes first, then one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tunedesk.dataset.document import Document, RowId
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row
from tunedesk.lint.finding import FixKind
from tunedesk.lint.fixes import apply_fix
from tunedesk.lint.session import LintSession

MOST_ROUNDS = 10


class Fault(Struct, frozen=True):
    """One planted fault: row of the file as shipped, from 1; mended is the right row, None to delete it."""

    row: int
    code: str
    wrong: str
    mend: str
    mended: dict[str, Any] | None = None


class FaultFile(Struct, frozen=True):
    format: int
    file: str
    faults: tuple[Fault, ...]


def read_faults(path: Path) -> tuple[Fault, ...]:
    return msgspec.json.decode(path.read_bytes(), type=FaultFile).faults


def count_findings(session: LintSession) -> int:
    return sum(session.counts().values())


def apply_safe_fixes(document: Document, session: LintSession) -> Counter[str]:
    """Every fix that is proven to be safe, each an edit of its own; how many of each rule."""
    applied: Counter[str] = Counter()
    for _ in range(MOST_ROUNDS):  # a fix may uncover another finding
        fixed = [_fix_one(document, session, row) for row in sorted(session.rows_with_findings())]
        codes = [code for code in fixed if code]
        if not codes:
            break
        applied.update(codes)
    return applied


def _fix_one(document: Document, session: LintSession, row: RowId) -> str:
    """Apply the row's first safe fix; its code, or "" when there is none."""
    for finding in session.findings(row):
        if finding.fix is None or finding.fix.kind is not FixKind.SAFE:
            continue
        result = apply_fix(document.raw(row), finding, session.target)
        if not result.verified_safe:
            continue
        _change(document, session, row, result.raw, finding.fix.label)
        return finding.code
    return ""


def apply_recorded_mends(
    document: Document, session: LintSession, ids: tuple[RowId, ...], faults: tuple[Fault, ...]
) -> int:
    """What the tutorial's person does, fault by fault; the number of rows that needed it.

    ids: the rows as they stood in the file as shipped. A row that a safe fix has mended needs nothing more.
    """
    done = 0
    there = set(document.row_ids())
    for fault in faults:
        row = ids[fault.row - 1]
        if row not in there:
            continue
        raw = document.raw(row)
        parsed = parse_row(raw)
        if fault.mended is not None and parsed.value == fault.mended and not parsed.problems:
            continue
        new = dump_row(fault.mended, like=raw) if fault.mended is not None else None
        _change(document, session, row, new, fault.mend)
        done += 1
    return done


def _change(document: Document, session: LintSession, row: RowId, raw: bytes | None, label: str) -> None:
    if raw is None:
        document.delete([row], label)
    else:
        document.replace(row, raw, label)
    session.update(row, raw)
