"""A project's own choice of rules: opinions on or off, severities, rules left out or added."""

from dataclasses import replace
from typing import Literal

import msgspec

from tunedesk.lint.finding import Severity
from tunedesk.lint.targets import Target

Choice = Literal["error", "warning", "info", "off"]


class LintSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Kept in project.json. opinions: whether the pedantic group runs. model: its name at the provider's.

    severities: by code, "off" for a rule that shall not run. select, ignore: codes or the beginnings of
    codes; selected rules run although their group is off.
    """

    opinions: bool = False
    model: str = ""
    severities: dict[str, Choice] = {}
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def applied(self, target: Target) -> Target:
        """The target with this choice."""
        severities = {
            code: None if choice == "off" else Severity(choice) for code, choice in self.severities.items()
        }
        return replace(
            target,
            pedantic=target.pedantic or self.opinions,
            model=target.model or self.model,
            severities={**severities, **target.severities},
            select=(*target.select, *self.select),
            ignore=(*target.ignore, *self.ignore),
        )

    def with_severity(self, code: str, choice: Choice | None) -> "LintSettings":
        """Another severity for a rule; None: the rule's own."""
        severities = {each: known for each, known in self.severities.items() if each != code}
        if choice is not None:
            severities[code] = choice
        return msgspec.structs.replace(self, severities=severities)
