"""What a rule is: its metadata, and a function from one row to hits. Knows no particular rule."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.targets import Target


class Scope(StrEnum):
    LINE = "line"  # found while reading the line
    ROW = "row"
    CORPUS = "corpus"
    FILE = "file"  # about the file as such: its encoding, size and container


class Group(StrEnum):
    DEFAULT = "default"
    PEDANTIC = "pedantic"


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule's function says: as a Finding, without what the rule itself knows. severity
    overrides the rule's.
    """

    pointer: str
    message: str
    start: int = 0
    end: int = 0
    fix: Fix | None = None
    severity: Severity | None = None


Check = Callable[[RowView], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """severity holds for every target but those in by_target, where None turns the rule off.

    rejects: a row with an error of this rule cannot be trained at all. fix: the best kind of fix it may
    offer, as far as the rule knows; whether a fix is safe is found out by rendering. needs_template: it looks
    at the rendered text.
    """

    code: str
    name: str
    summary: str
    severity: Severity
    scope: Scope = Scope.ROW
    check: Check | None = None
    fix: FixKind | None = None
    by_target: Mapping[str, Severity | None] = field(default_factory=dict)
    group: Group = Group.DEFAULT
    rejects: bool = False
    needs_template: bool = False

    def severity_for(self, target_name: str) -> Severity | None:
        """None when the rule has nothing to say for this target."""
        return self.by_target.get(target_name, self.severity)

    def severity_in(self, target: Target) -> Severity | None:
        """With what a project decided: its own severities, and rules that it selects or ignores."""
        if target.ignore and self.code.startswith(target.ignore):
            return None
        selected = bool(target.select) and self.code.startswith(target.select)
        if self.group is Group.PEDANTIC and not (target.pedantic or selected):
            return None
        if self.code in target.severities:
            return target.severities[self.code]
        return self.severity_for(target.name)


def on_targets(*groups: tuple[Severity | None, Iterable[str]]) -> dict[str, Severity | None]:
    """Severities of several targets at once: on_targets((Severity.ERROR, OPENAI), (None, ["local"]))."""
    return {name: severity for severity, names in groups for name in names}
