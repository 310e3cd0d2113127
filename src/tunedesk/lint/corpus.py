"""Compares rows with each other while they change: duplicates, contradictions, leaks, answers out of format,
and classes of rows that are too many.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.answer_format import Expectation, FormatCounts
from tunedesk.lint.columns import ABSENT, Batch, Columns, Kind
from tunedesk.lint.counters import ANSWER, ClassCounter, own_counters
from tunedesk.lint.finding import Finding
from tunedesk.lint.row_facts import NOTHING, RowFacts, Signature, facts_of
from tunedesk.lint.row_groups import RowGroups
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rules.corpus import (
    IMBALANCE,
    RULES,
    conflict_finding,
    duplicate_finding,
    format_finding,
    imbalance_finding,
    label_finding,
    leakage_finding,
)
from tunedesk.lint.rules.schema_corpus import class_counters
from tunedesk.lint.targets import Target

_GENERIC = Target("generic")


def counters_for(target: Target) -> tuple[ClassCounter, ...]:
    """Every class counter for a target, in the order of RowFacts.classes."""
    return (*own_counters(target), *class_counters(target))


def classes_of(view: RowView, counters: Iterable[ClassCounter]) -> tuple[Hashable, ...]:
    return tuple(counter.key_of(view) for counter in counters)


class CorpusIndex:
    """Counters over rows, kept right by putting and removing one row at a time; not thread-safe by itself.

    Of equal rows the one with the smallest id is the first. other_splits: rows of other files, by name, in
    which no question of this file may stand.
    """

    def __init__(
        self, other_splits: Mapping[str, Iterable[ParsedRow]] | None = None, target: Target = _GENERIC
    ) -> None:
        self.target = target
        self._severities = {rule.code: rule.severity_in(target) for rule in RULES}
        self._splits = _questions(other_splits or {}, target)
        self._counters = counters_for(target)
        self._columns = Columns()
        self._same_row = RowGroups(lambda row: 0)
        self._same_question = RowGroups(self._answer_of)
        self._format = FormatCounts()
        self._carriers: Counter[int] = Counter()  # rows of each signature's number
        self._expected = Expectation()
        self._is_stale = False  # the counts changed since the expectation was computed
        self._dirty: set[int] = set()
        self._reported: dict[int, int] = {}
        self._reported_format = Expectation()
        self._judged = 0  # so many signatures were judged by it
        self._of_kind: dict[int, tuple[Finding, ...]] = {}  # as the counts are now

    def facts_of(self, parsed: ParsedRow) -> RowFacts | None:
        """What the index keeps of a row; None for a line that cannot be read."""
        if parsed.value is None or parsed.problems:
            return None
        view = RowView(parsed, self.target)
        return facts_of(view, classes_of(view, self._counters))

    def put(self, row_id: int, parsed: ParsedRow) -> None:
        """Add a row, or replace what it was before."""
        self.put_facts(row_id, self.facts_of(parsed))

    def put_facts(self, row_id: int, facts: RowFacts | None) -> None:
        self.remove(row_id)
        if facts is None:
            return
        slot = self._columns.put(row_id, facts)
        self._same_row.add(facts.row, row_id)
        if facts.question and facts.answer:
            self._same_question.add(facts.question, row_id)
        self._count(slot, 1)
        self._dirty.add(row_id)

    def put_batch(self, batch: Batch) -> None:
        """Add many rows; at full speed when they are new and follow each other."""
        columns = self._columns
        begin = len(columns.rows)
        if not columns.extend(batch):
            for number in range(len(batch.rows)):
                self.put_facts(batch.rows[number], batch.facts(number))
            return
        self._same_row.extend(*batch.contents())
        self._same_question.extend(*batch.questions())
        for number, count in Counter(columns.kind[begin:]).items():
            if number == ABSENT:
                continue
            for counter, key in zip(self._counters, columns.kinds[number].classes, strict=True):
                counter.add(key, count)
        for number, count in Counter(columns.signature[begin:]).items():
            if number:
                self._carriers[number] += count
                self._format.add(columns.signatures[number], count)
        self._is_stale = True
        self._of_kind = {}
        if self._splits:
            leaks = zip(batch.rows, batch.question, strict=True)
            self._dirty.update(row for row, question in leaks if question in self._splits)

    def remove(self, row_id: int) -> None:
        """Forget a row; nothing happens when it is not there."""
        slot = self._columns.slots.find(row_id)
        if slot < 0 or not self._columns.kind[slot]:
            return
        question = self._columns.question[slot]
        self._same_row.discard(self._columns.row[slot], row_id)
        if question and self._columns.answer[slot]:
            self._same_question.discard(question, row_id)
        self._count(slot, -1)
        self._columns.forget(slot)
        self._dirty.add(row_id)

    def findings(self, row_id: int) -> tuple[Finding, ...]:
        """What is wrong with a row in the company of all others, now."""
        slot = self._columns.slots.find(row_id)
        if slot < 0 or not self._columns.kind[slot]:
            return ()
        return tuple(self._with_severity(self._find(row_id, slot)))

    def file_findings(self) -> tuple[Finding, ...]:
        """What is wrong with the file as a whole, with row=None."""
        found = [finding for counter in self._counters for finding in counter.file_findings()]
        if self._severities[IMBALANCE.code] is not None:
            found += [imbalance_finding(each) for each in self._format.imbalance()]
        return tuple(self._with_severity(found))

    def affected(self) -> set[int]:
        """Rows whose findings are others than when this was asked before; removed rows are among them."""
        candidates = self._dirty | self._same_row.take_changed() | self._same_question.take_changed()
        candidates |= self._with_changed_classes()
        candidates |= self._with_changed_format()
        self._dirty = set()
        changed: set[int] = set()
        for row_id in candidates:
            now = self._fingerprint(row_id)
            if now == self._reported.get(row_id, 0):
                continue
            changed.add(row_id)
            if now:
                self._reported[row_id] = now
            else:
                del self._reported[row_id]
        return changed

    def _answer_of(self, row_id: int) -> int:
        return self._columns.answer[self._columns.slots.find(row_id)]

    def _count(self, slot: int, by: int) -> None:
        columns = self._columns
        self._of_kind = {}
        for counter, key in zip(self._counters, columns.kind_of(slot).classes, strict=True):
            if by > 0:
                counter.add(key)
            else:
                counter.remove(key)
        number = columns.signature[slot]
        if number:
            self._carriers[number] += by
            self._format.add(columns.signatures[number], by)
            self._is_stale = True

    def _fingerprint(self, row_id: int) -> int:
        """A number for a row's findings, 0 for none; they need not be made for it."""
        slot = self._columns.slots.find(row_id)
        if slot < 0 or not self._columns.kind[slot]:
            return 0
        columns = self._columns
        first = self._same_row.first(columns.row[slot])
        parts = (
            first if first != row_id else None,
            self._splits.get(columns.question[slot]),
            self._others(slot),
            self._verdict(columns.signature_of(slot)),
            self._class_findings(columns.kind[slot]),
        )
        if parts[0] is None and not any(parts[1:]):
            return 0
        place = (
            columns.kind_of(slot).pointer,
            columns.length[slot],
            columns.starts(slot),
            columns.signature[slot],
        )
        return hash((*parts[:4], tuple((f.code, f.message) for f in parts[4]), place)) or 1

    def _expectation(self) -> Expectation:
        if self._is_stale:
            self._expected = self._format.expectation()
            self._is_stale = False
        return self._expected

    def _verdict(self, signature: Signature | None) -> tuple[bool, tuple[tuple[int, str], ...]] | None:
        if signature is None:
            return None
        expected = self._expectation()
        odd, corrected = expected.is_odd(signature), expected.corrected(signature)
        return (odd, corrected) if odd or corrected else None

    def _with_changed_format(self) -> set[int]:
        """Rows that the expected format judges differently than before.

        While a person types, only the row in hand has the new label, so nothing needs to be searched.
        """
        before, now = self._reported_format, self._expectation()
        known, self._judged = self._judged, len(self._columns.signatures)
        self._reported_format = now
        if before == now and known == self._judged:
            return set()
        numbers = range(1, self._judged + 1) if before != now else range(known + 1, self._judged + 1)
        changed = set()
        for number in numbers:
            signature = self._columns.signatures[number]
            is_now = (now.is_odd(signature), now.corrected(signature))
            was = (before.is_odd(signature), before.corrected(signature)) if number <= known else (False, ())
            if is_now != was and self._carriers[number]:
                changed.add(number)
        slots = map(self._columns.slots.find, self._dirty)
        in_hand = Counter(
            self._columns.signature[slot] for slot in slots if slot >= 0 and self._columns.kind[slot]
        )
        wanted = [number for number in changed if in_hand[number] < self._carriers[number]]
        return {self._columns.rows[slot] for slot in self._columns.with_signatures(wanted)}

    def _with_changed_classes(self) -> set[int]:
        changed = [counter.take_changed() for counter in self._counters]
        if not any(changed):
            return set()
        kinds = []
        for number, kind in enumerate(self._columns.kinds.values, start=1):
            if any(key in each for key, each in zip(kind.classes, changed, strict=True)):
                kinds.append(number)
        return {self._columns.rows[slot] for slot in self._columns.with_kinds(kinds)}

    def _class_findings(self, number: int) -> tuple[Finding, ...]:
        found = self._of_kind.get(number)
        if found is None:
            classes = zip(self._counters, self._columns.kinds[number].classes, strict=True)
            found = tuple(finding for counter, key in classes for finding in counter.findings(key))
            self._of_kind[number] = found
        return found

    def _others(self, slot: int) -> tuple[int, ...]:
        """Rows with the same question and another answer."""
        question, answer = self._columns.question[slot], self._columns.answer[slot]
        return self._same_question.others(question, answer) if question and answer else ()

    def _find(self, row_id: int, slot: int) -> Iterator[Finding]:
        columns = self._columns
        kind, length = columns.kind_of(slot), columns.length[slot]
        first = self._same_row.first(columns.row[slot])
        if first != row_id:
            yield duplicate_finding(row_id, first)
        split = self._splits.get(columns.question[slot])
        if split is not None:
            yield leakage_finding(row_id, split)
        others = self._others(slot)
        if others:
            yield conflict_finding(row_id, kind.pointer, length, others)
        yield from self._find_format(row_id, slot, kind)
        for finding in self._class_findings(columns.kind[slot]):
            is_answer = finding.pointer == ANSWER
            end = length if is_answer else finding.end
            yield replace(
                finding, row=row_id, pointer=kind.pointer if is_answer else finding.pointer, end=end
            )

    def _find_format(self, row_id: int, slot: int, kind: Kind) -> Iterator[Finding]:
        signature, expected = self._columns.signature_of(slot), self._expectation()
        if signature is None:
            return
        if expected.keys is not None and expected.is_odd(signature):
            yield format_finding(
                row_id, kind.pointer, self._columns.length[slot], expected.keys, signature[0]
            )
        for number, meant in expected.corrected(signature):
            key, text = signature[1][number]
            place = (self._columns.starts(slot)[number], text)
            yield label_finding(row_id, kind.pointer, key, place, meant)

    def _with_severity(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """What the target says of a rule; nothing where the rule is off."""
        for finding in findings:
            severity = self._severities.get(finding.code, finding.severity)
            if severity is not None:
                yield finding if severity is finding.severity else replace(finding, severity=severity)


def _questions(splits: Mapping[str, Iterable[ParsedRow]], target: Target) -> dict[int, str]:
    """The split in which each question of the other files stands."""
    found: dict[int, str] = {}
    for name, rows in splits.items():
        for parsed in rows:
            facts = facts_of(RowView(parsed, target))
            if facts is not None and facts.question != NOTHING:
                found.setdefault(facts.question, name)
    return found
