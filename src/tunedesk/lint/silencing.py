"""Parts the findings of a row in those to show and those that are not to be: suppressed, or known before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.baseline import Baseline, Known, fingerprint
from tunedesk.lint.finding import Finding
from tunedesk.lint.suppressions import Suppression, row_digest, unused


@dataclass(frozen=True, slots=True)
class Silenced:
    finding: Finding
    suppression: Suppression


@dataclass(frozen=True, slots=True)
class Parted:
    """known: findings that the baseline has."""

    shown: tuple[Finding, ...]
    silenced: tuple[Silenced, ...] = ()
    known: tuple[Finding, ...] = ()


class Silencer:
    """For one run over all rows. A suppression comes before the baseline; a suppression whose row was changed
    covers nothing and is `unused`.
    """

    def __init__(self, suppressions: Sequence[Suppression] = (), baseline: Baseline | None = None) -> None:
        self._suppressions = tuple(suppressions)
        self._by_code: dict[str, list[Suppression]] = {}
        for each in self._suppressions:
            self._by_code.setdefault(each.code, []).append(each)
        self._known = Known(baseline) if baseline is not None else None
        self._used: dict[int, Suppression] = {}

    def part(self, parsed: ParsedRow | None, findings: Sequence[Finding]) -> Parted:
        """parsed: the row of the findings; None for findings about the file as a whole."""
        shown: list[Finding] = []
        silenced: list[Silenced] = []
        known: list[Finding] = []
        for finding in findings:
            suppression = self._suppression_of(parsed, finding)
            if suppression is not None:
                silenced.append(Silenced(finding, suppression))
            elif self._known is not None and self._known.take(finding, parsed):
                known.append(finding)
            else:
                shown.append(finding)
        return Parted(tuple(shown), tuple(silenced), tuple(known))

    def unused(self) -> tuple[Suppression, ...]:
        """Suppressions that covered nothing so far; ask after the last row."""
        return unused(self._suppressions, self._used.values())

    def _suppression_of(self, parsed: ParsedRow | None, finding: Finding) -> Suppression | None:
        candidates = self._by_code.get(finding.code)
        if not candidates or parsed is None:
            return None
        digest = row_digest(parsed)
        found = next((each for each in candidates if each.covers(finding, digest)), None)
        if found is not None:
            self._used[found.id] = found
        return found


class LiveSilencer:
    """The same for rows that are edited: each row is judged by itself, as often as it changes.

    Other than `Silencer` it does not count how often a baseline has a finding: while a person edits, rows are
    not looked at in order, so that nobody could tell which of two equal findings is the new one.
    """

    def __init__(self, suppressions: Sequence[Suppression] = (), baseline: Baseline | None = None) -> None:
        self._suppressions = tuple(suppressions)
        self._codes = frozenset(each.code for each in suppressions)
        self._known = frozenset(baseline.counts) if baseline is not None else frozenset()

    @property
    def is_idle(self) -> bool:
        """True when it lets everything through."""
        return not self._codes and not self._known

    def part(self, findings: Sequence[Finding], parsed: Callable[[], ParsedRow]) -> Parted:
        """parsed: reads the row; asked only when one of the findings may be silenced."""
        if not self._known and not any(finding.code in self._codes for finding in findings):
            return Parted(tuple(findings))
        row = parsed()
        digest = row_digest(row)
        shown: list[Finding] = []
        silenced: list[Silenced] = []
        known: list[Finding] = []
        for finding in findings:
            covering = (each for each in self._suppressions if each.covers(finding, digest))
            if (suppression := next(covering, None)) is not None:
                silenced.append(Silenced(finding, suppression))
            elif self._known and fingerprint(finding, row) in self._known:
                known.append(finding)
            else:
                shown.append(finding)
        return Parted(tuple(shown), tuple(silenced), tuple(known))
