"""DUP and QLT005: what only shows when rows are compared; the counting is done by CorpusIndex, this
is what it says.
"""

from tunedesk.lint.edits import DeleteRow, ReplaceText
from tunedesk.lint.finding import Finding, Fix, FixKind, Severity
from tunedesk.lint.rule import Rule, Scope

EXACT_DUPLICATE = Rule(
    "DUP001",
    "exact-duplicate",
    "The row stands in the file already.",
    Severity.WARNING,
    Scope.CORPUS,
    fix=FixKind.UNSAFE,
)
SPLIT_LEAKAGE = Rule(
    "DUP003",
    "split-leakage",
    "The same question stands in another split.",
    Severity.ERROR,
    Scope.CORPUS,
    fix=FixKind.UNSAFE,
)
CONFLICT = Rule(
    "DUP004",
    "conflicting-answers",
    "The same question has another answer elsewhere.",
    Severity.WARNING,
    Scope.CORPUS,
    fix=FixKind.SUGGESTION,
)
INCONSISTENT = Rule(
    "QLT005",
    "format-inconsistency",
    "The answer's format differs from that of nearly all others.",
    Severity.WARNING,
    Scope.CORPUS,
    fix=FixKind.UNSAFE,
)
RULES = (EXACT_DUPLICATE, SPLIT_LEAKAGE, CONFLICT, INCONSISTENT)


def duplicate_finding(row: int, first: int) -> Finding:
    fix = Fix(FixKind.UNSAFE, "Delete this copy", (DeleteRow(),))
    message = "The same row stands in the file already."
    return Finding("DUP001", EXACT_DUPLICATE.severity, "", 0, 0, message, fix, row, (first,))


def leakage_finding(row: int, split: str) -> Finding:
    fix = Fix(FixKind.UNSAFE, "Delete the row from this split", (DeleteRow(),))
    message = f"The same question stands in the split {split}, which makes its scores look too good."
    return Finding("DUP003", SPLIT_LEAKAGE.severity, "", 0, 0, message, fix, row)


def conflict_finding(row: int, pointer: str, length: int, others: tuple[int, ...]) -> Finding:
    fix = Fix(FixKind.SUGGESTION, "Delete this row", (DeleteRow(),))
    message = "The same question has another answer in another row."
    return Finding("DUP004", CONFLICT.severity, pointer, 0, length, message, fix, row, others)


def format_finding(
    row: int, pointer: str, length: int, keys: tuple[str, ...], found: tuple[str, ...] | None
) -> Finding:
    expected = ", ".join(keys)
    if found is None:
        message = f"The answer is no JSON object; nearly all others are one with the keys {expected}."
    else:
        message = (
            f"The answer has the keys {', '.join(found) or '(none)'}; nearly all others have {expected}."
        )
    return Finding("QLT005", INCONSISTENT.severity, pointer, 0, length, message, None, row)


def label_finding(row: int, pointer: str, key: str, place: tuple[int, str], meant: str) -> Finding:
    """place: where the label begins in the answer, and the label."""
    start, label = place
    end = start + len(label)
    fix = Fix(FixKind.UNSAFE, f"Change it to {meant}", (ReplaceText(pointer, start, end, label, meant),))
    message = f'The {key} "{label}" is rare; did you mean "{meant}"?'
    return Finding("QLT005", INCONSISTENT.severity, pointer, start, end, message, fix, row)
