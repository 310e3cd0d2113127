"""SYS: the linter's own house; not about rows, but about what a person said of findings."""

from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.rule import Rule, Scope
from tunedesk.lint.suppressions import Suppression

UNUSED_SUPPRESSION = Rule(
    "SYS001",
    "unused-suppression",
    "A suppression that covers no finding any more.",
    Severity.INFO,
    Scope.CORPUS,
)
RULES = (UNUSED_SUPPRESSION,)


def unused_finding(suppression: Suppression) -> Finding:
    """About no row: the row was changed or deleted, or the finding was mended."""
    message = f'The suppression of {suppression.code} ("{suppression.reason}") covers nothing any more.'
    return Finding(UNUSED_SUPPRESSION.code, UNUSED_SUPPRESSION.severity, "", 0, 0, message)
