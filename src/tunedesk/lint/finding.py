"""One thing that is wrong with a row, where it stands, and the fix that mends it; plain values
without behaviour.
"""

from dataclasses import dataclass
from enum import StrEnum

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.edits import Edit, apply_edits


class Severity(StrEnum):
    """error: the target rejects, drops or mis-trains the row; warning: probably harmful; info: hygiene."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class FixKind(StrEnum):
    """safe: proven to change nothing that is trained (or the row was unusable); unsafe: after a look at the
    difference, also in bulk; suggestion: one row at a time, in the editor."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    SUGGESTION = "suggestion"


@dataclass(frozen=True, slots=True)
class Fix:
    """What a button offers: label says what it does, edits do it."""

    kind: FixKind
    label: str
    edits: tuple[Edit, ...]

    def apply(self, parsed: ParsedRow) -> bytes | None:
        """The row's new bytes; None when the fix is to delete the row. LookupError when the row
        changed meanwhile.
        """
        return apply_edits(parsed, self.edits)


@dataclass(frozen=True, slots=True)
class Finding:
    """pointer is a JSON pointer into the row; start and end are characters in the string it names.

    For a line that cannot be read, pointer is "" and start and end are characters of the decoded line. For
    anything that is no string, start and end are 0. related: rows that the finding is about as well (the
    first copy, the contradicting rows).
    """

    code: str
    severity: Severity
    pointer: str
    start: int
    end: int
    message: str
    fix: Fix | None = None
    row: int | None = None
    related: tuple[int, ...] = ()
