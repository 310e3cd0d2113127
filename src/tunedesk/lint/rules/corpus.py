"""DUP, QLT and PRF of rows in company: what only shows when rows are compared; the counting is done by
CorpusIndex and its counters, this is what it says.
"""

from tunedesk.lint.answer_format import Imbalance
from tunedesk.lint.edits import DeleteRow, ReplaceText
from tunedesk.lint.finding import Finding, Fix, FixKind, Severity
from tunedesk.lint.rule import Group, Rule, Scope

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
NEAR_DUPLICATE = Rule(
    "DUP002",
    "near-duplicate",
    "The row says nearly the same as another one.",
    Severity.INFO,
    Scope.CORPUS,
    fix=FixKind.SUGGESTION,
    group=Group.PEDANTIC,
)
REFUSAL = Rule(
    "QLT001",
    "boilerplate-refusal",
    "Many answers refuse with the same words.",
    Severity.WARNING,
    Scope.CORPUS,
)
LANGUAGE = Rule(
    "QLT004",
    "language-mismatch",
    "The answer is in another language than the question.",
    Severity.WARNING,
    Scope.CORPUS,
    group=Group.PEDANTIC,
)
IMBALANCE = Rule(
    "QLT007",
    "class-imbalance",
    "Nearly all answers have the same label.",
    Severity.INFO,
    Scope.CORPUS,
    group=Group.PEDANTIC,
)
DRIFT = Rule(
    "QLT008",
    "system-prompt-drift",
    "A system prompt is nearly, but not quite, the usual one.",
    Severity.INFO,
    Scope.CORPUS,
    fix=FixKind.UNSAFE,
    group=Group.PEDANTIC,
)
BIAS = Rule(
    "PRF005",
    "length-bias",
    "The chosen answer is nearly always the longer one.",
    Severity.WARNING,
    Scope.CORPUS,
)
RULES = (
    EXACT_DUPLICATE,
    NEAR_DUPLICATE,
    SPLIT_LEAKAGE,
    CONFLICT,
    REFUSAL,
    LANGUAGE,
    INCONSISTENT,
    IMBALANCE,
    DRIFT,
    BIAS,
)


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
    message = f'The {key or "answer"} "{label}" is rare; did you mean "{meant}"?'
    return Finding("QLT005", INCONSISTENT.severity, pointer, start, end, message, fix, row)


def imbalance_finding(found: Imbalance) -> Finding:
    what = f"the {found.key}" if found.key else "the answer"
    message = (
        f'In {found.rows / found.total:.0%} of {found.total:,} rows {what} is "{found.label}"; the other '
        f"{found.labels - 1:,} values share the rest."
    )
    return Finding("QLT007", IMBALANCE.severity, "", 0, 0, message)


def near_duplicate_finding(row: int, other: int, share: float) -> Finding:
    fix = Fix(FixKind.SUGGESTION, "Delete this row", (DeleteRow(),))
    message = f"The row shares {share:.0%} of its word triples with another row."
    return Finding("DUP002", NEAR_DUPLICATE.severity, "", 0, 0, message, fix, row, (other,))


def near_leakage_finding(row: int, split: str, share: float) -> Finding:
    fix = Fix(FixKind.UNSAFE, "Delete the row from this split", (DeleteRow(),))
    message = f"Nearly the same question ({share:.0%}) stands in the split {split}; its scores look too good."
    return Finding("DUP003", SPLIT_LEAKAGE.severity, "", 0, 0, message, fix, row)
