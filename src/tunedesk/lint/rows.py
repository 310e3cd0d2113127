"""Lints one row: pure, and fast enough for every key that is pressed."""

import functools
from collections.abc import Sequence
from dataclasses import replace

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.finding import Finding, FixKind, Severity
from tunedesk.lint.proof import may_be_safe
from tunedesk.lint.registry import BY_CODE, RULES
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Check, Hit, Rule
from tunedesk.lint.rules.lines import repair
from tunedesk.lint.targets import Target

MAX_FINDINGS = 200  # in one row; more help nobody
_Hits = Sequence[tuple[Rule, Hit]]
_Checks = list[tuple[Rule, Check]]


def lint_row(parsed: ParsedRow, target: Target) -> tuple[Finding, ...]:
    """What is wrong with one row for a target. A fix that is called safe was proven so by rendering.

    Rules that render are left out when the row cannot be trained for a reason that is already told.
    """
    return lint_view(RowView(parsed, target))


def lint_view(view: RowView) -> tuple[Finding, ...]:
    """`lint_row` of a row that is looked at already."""
    parsed, target = view.parsed, view.target
    plain, rendering = _checks(target)
    hits = _line_hits(parsed, target) if parsed.problems else []
    if parsed.value is not None:
        hits += [(rule, hit) for rule, check in plain for hit in check(view)]
    is_measured = target.template is not None or target.model != ""
    if parsed.value is not None and is_measured and not _is_rejected(hits, target):
        hits += [(rule, hit) for rule, check in rendering for hit in check(view)]
    return _findings(hits[:MAX_FINDINGS], view, target) if hits else ()


def is_trainable(findings: Sequence[Finding]) -> bool:
    """Whether a row with these findings can be trained at all; others are errors of what it teaches."""
    return not any(BY_CODE[found.code].rejects and found.severity is Severity.ERROR for found in findings)


def _checks(target: Target) -> tuple[_Checks, _Checks]:
    """(rules that read the row, rules that render it) for a target."""
    return _chosen_checks(_Choice(target))


class _Choice:
    """A target as the key of its rules: templates and lengths make no difference."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Choice) and self.target.choice == other.target.choice

    def __hash__(self) -> int:
        return hash(self.target.choice)


@functools.lru_cache(maxsize=16)
def _chosen_checks(choice: _Choice) -> tuple[_Checks, _Checks]:
    chosen = [
        (rule, rule.check)
        for rule in RULES
        if rule.check is not None and rule.severity_in(choice.target) is not None
    ]
    plain = [pair for pair in chosen if not pair[0].needs_template]
    return plain, [pair for pair in chosen if pair[0].needs_template]


def _line_hits(parsed: ParsedRow, target: Target) -> list[tuple[Rule, Hit]]:
    return [
        (BY_CODE[problem.code], Hit("", problem.message, problem.start, problem.end, repair(parsed, problem)))
        for problem in parsed.problems
        if BY_CODE[problem.code].severity_in(target) is not None
    ]


def _is_rejected(hits: _Hits, target: Target) -> bool:
    return any(rule.rejects and _severity(rule, hit, target) is Severity.ERROR for rule, hit in hits)


def _severity(rule: Rule, hit: Hit, target: Target) -> Severity:
    """A project's own choice counts before what the rule says of this very place."""
    chosen = target.severities.get(rule.code)
    return chosen or hit.severity or rule.severity_for(target.name) or rule.severity


def _findings(hits: _Hits, view: RowView, target: Target) -> tuple[Finding, ...]:
    is_rejected = _is_rejected(hits, target)
    found: list[Finding] = []
    for rule, hit in hits:
        fix = hit.fix
        is_safe = fix is not None and fix.kind is FixKind.SAFE
        if fix is not None and is_safe and not may_be_safe(view, fix, is_rejected=is_rejected):
            fix = replace(fix, kind=FixKind.UNSAFE)
        severity = _severity(rule, hit, target)
        found.append(Finding(rule.code, severity, hit.pointer, hit.start, hit.end, hit.message, fix))
    return tuple(found)
