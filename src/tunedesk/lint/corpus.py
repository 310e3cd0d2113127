"""Compares rows with each other while they change: duplicates, contradictions, leaks and answers out
of format.
"""

from collections.abc import Iterable, Iterator, Mapping

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.answer_format import Expectation, FormatCounts
from tunedesk.lint.finding import Finding
from tunedesk.lint.row_facts import AnswerFacts, RowFacts, facts_of
from tunedesk.lint.row_groups import RowGroups
from tunedesk.lint.rules.corpus import (
    conflict_finding,
    duplicate_finding,
    format_finding,
    label_finding,
    leakage_finding,
)


class CorpusIndex:
    """Counters over rows, kept right by putting and removing one row at a time; not thread-safe by itself.

    Of equal rows the one with the smallest id is the first. other_splits: rows of other files, by name, in
    which no question of this file may stand.
    """

    def __init__(self, other_splits: Mapping[str, Iterable[ParsedRow]] | None = None) -> None:
        self._splits = _questions(other_splits or {})
        self._facts: dict[int, RowFacts] = {}
        self._same_row = RowGroups(lambda row_id: 0)
        self._same_question = RowGroups(lambda row_id: self._facts[row_id].answer_hash or 0)
        self._format = FormatCounts()
        self._expected: Expectation | None = None  # None: the counts changed since it was computed
        self._dirty: set[int] = set()
        self._reported: dict[int, tuple[Finding, ...]] = {}
        self._reported_format = Expectation()

    def put(self, row_id: int, parsed: ParsedRow) -> None:
        """Add a row, or replace what it was before."""
        self.remove(row_id)
        facts = facts_of(parsed)
        if facts is None:
            return
        self._facts[row_id] = facts
        self._same_row.add(facts.row, row_id)
        if facts.question is not None and facts.answer_hash is not None:
            self._same_question.add(facts.question, row_id)
        if facts.answer is not None:
            self._format.add(facts.answer)
        self._touch(row_id)

    def remove(self, row_id: int) -> None:
        """Forget a row; nothing happens when it is not there."""
        facts = self._facts.pop(row_id, None)
        if facts is None:
            return
        self._same_row.discard(facts.row, row_id)
        if facts.question is not None and facts.answer_hash is not None:
            self._same_question.discard(facts.question, row_id)
        if facts.answer is not None:
            self._format.remove(facts.answer)
        self._touch(row_id)

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        """What is wrong with a row in the company of all others, now."""
        facts = self._facts.get(row_id)
        return () if facts is None else tuple(self._find(row_id, facts))

    def affected(self) -> set[int]:
        """Rows whose findings are others than when this was asked before; removed rows are among them."""
        candidates = self._dirty | self._same_row.take_changed() | self._same_question.take_changed()
        candidates |= self._with_changed_format(self._dirty)
        self._dirty = set()
        changed: set[int] = set()
        for row_id in candidates:
            now = self.findings(row_id)
            if now == self._reported.get(row_id, ()):
                continue
            changed.add(row_id)
            if now:
                self._reported[row_id] = now
            else:
                del self._reported[row_id]
        return changed

    def _touch(self, row_id: int) -> None:
        self._dirty.add(row_id)
        self._expected = None

    def _expectation(self) -> Expectation:
        if self._expected is None:
            self._expected = self._format.expectation()
        return self._expected

    def _with_changed_format(self, known: set[int]) -> set[int]:
        """Rows that the expected format judges differently than before, `known` ones aside.

        While a person types, only the row in hand has the new label, so nothing needs to be searched.
        """
        before, now = self._reported_format, self._expectation()
        self._reported_format = now
        if before == now:
            return set()
        if before.keys == now.keys:
            items = set(before.corrections.items()) ^ set(now.corrections.items())
            labels = {label for label, _ in items}
            in_hand = [self._facts[row].answer for row in known if row in self._facts]
            carried = sum(_carries(answer, labels) for answer in in_hand)
            if carried == sum(self._format.count(key, text) for key, text in labels):
                return set()
        return {row for row, facts in self._facts.items() if facts.answer is not None} - known

    def _find(self, row_id: int, facts: RowFacts) -> Iterator[Finding]:
        first = self._same_row.first(facts.row)
        if first != row_id:
            yield duplicate_finding(row_id, first)
        if facts.question in self._splits:
            yield leakage_finding(row_id, self._splits[facts.question])
        if facts.answer is None:
            return
        if facts.question is not None and facts.answer_hash is not None:
            others = self._same_question.others(facts.question, facts.answer_hash)
            if others:
                yield conflict_finding(row_id, facts.answer.pointer, facts.answer.length, others)
        yield from self._find_format(row_id, facts.answer)

    def _find_format(self, row_id: int, answer: AnswerFacts) -> Iterator[Finding]:
        expected = self._expectation()
        if expected.keys is None:
            return
        if answer.keys != expected.keys:
            yield format_finding(row_id, answer.pointer, answer.length, expected.keys, answer.keys)
        for label in answer.labels:
            meant = expected.corrections.get((label.key, label.text))
            if meant is not None:
                yield label_finding(row_id, answer.pointer, label.key, (label.start, label.text), meant)


def _carries(answer: AnswerFacts | None, labels: set[tuple[str, str]]) -> int:
    return 0 if answer is None else sum((label.key, label.text) in labels for label in answer.labels)


def _questions(splits: Mapping[str, Iterable[ParsedRow]]) -> dict[int | None, str]:
    """The split in which each question of the other files stands."""
    found: dict[int | None, str] = {}
    for name, rows in splits.items():
        for parsed in rows:
            facts = facts_of(parsed)
            if facts is not None and facts.question is not None:
                found.setdefault(facts.question, name)
    return found
