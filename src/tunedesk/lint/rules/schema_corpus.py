"""SCH002, SCH007, PRF006, RFT002 and TOK003: what shows when the shapes and lengths of rows are counted; the
counting is by classes of rows, see ClassCounter.
"""

import math
import zlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from tunedesk.dataset.example import RowFormat
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Group, Rule, Scope, on_targets
from tunedesk.lint.rules.reinforcement import GRADER_FIELDS, RESERVED
from tunedesk.lint.targets import REINFORCEMENT_TARGETS, Target

MIXED_FORMATS = Rule(
    "SCH002",
    "mixed-formats",
    "The row's format is not that of the file.",
    Severity.ERROR,
    Scope.CORPUS,
    # These look at each row by itself.
    by_target=on_targets((Severity.WARNING, ("local", "generic"))),
)
UNSTABLE_TYPE = Rule(
    "SCH007",
    "unstable-column-type",
    "A key has another type than in the other rows.",
    Severity.WARNING,
    Scope.CORPUS,
)
SINGLE_LABEL = Rule(
    "PRF006",
    "single-label",
    "All judged answers have the same label.",
    Severity.WARNING,
    Scope.CORPUS,
)
LENGTH_OUTLIER = Rule(
    "TOK003",
    "length-outlier",
    "The row is far longer or shorter than the others.",
    Severity.INFO,
    Scope.CORPUS,
    group=Group.PEDANTIC,
)
RULES = (MIXED_FORMATS, UNSTABLE_TYPE, SINGLE_LABEL, LENGTH_OUTLIER)
MIN_GRADED = 2
_MAX_KEYS = 200  # of one row; a table with more has no columns but data for keys
_NAMES = {dict: "object", list: "list", str: "text", bool: "true/false", int: "number", float: "number"}


@dataclass(frozen=True, slots=True)
class Shape:
    """types: (key, type) of the row's keys and of its turns' keys ("messages[].content"); null has none.

    fields: names of the grader's fields, None for other rows. values: hashes of what stands in them.
    """

    format: RowFormat
    types: tuple[tuple[str, str], ...]
    label: bool | None = None
    fields: tuple[str, ...] | None = None
    values: tuple[tuple[str, int], ...] = ()


class ShapeCounter:
    """How many rows have which shape; the shape of most rows is what others are measured by."""

    by_shape = True

    def __init__(self, target: Target) -> None:
        self._target = target
        self._rows: Counter[Shape] = Counter()
        self._formats: Counter[RowFormat] = Counter()
        self._types: dict[str, Counter[str]] = {}
        self._fields: Counter[tuple[str, ...]] = Counter()
        self._interned: dict[Shape, Shape] = {}
        self._mixed: set[str] = set()
        self._told_usual: tuple[object, ...] = ()
        self._told: dict[Shape, tuple[Finding, ...]] = {}
        self._new: set[Shape] = set()

    def key_of(self, view: RowView) -> Hashable:
        shape = shape_of(view, self._target)
        return self._interned.setdefault(shape, shape)

    def add(self, key: Hashable, rows: int = 1) -> None:
        self._change(cast(Shape, key), rows)

    def remove(self, key: Hashable, rows: int = 1) -> None:
        self._change(cast(Shape, key), -rows)

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        return tuple(self._find(cast(Shape, key)))

    def take_changed(self) -> set[Hashable]:
        """Only when the usual format, fields or types are others than before does a known shape look
        different; a new one is told when there is something to tell.
        """
        now = self._usual()
        looked_at = self._new if now == self._told_usual else set(self._rows)
        self._told_usual, self._new = now, set()
        changed = {shape for shape in looked_at if self._told.get(shape, ()) != self.findings(shape)}
        self._told.update({shape: self.findings(shape) for shape in looked_at})
        return set(changed)

    def file_findings(self) -> tuple[Finding, ...]:
        return (*self._single_label(), *self._constant_reference())

    def _change(self, shape: Shape, by: int) -> None:
        if not self._rows[shape]:
            self._new.add(shape)
        _count(self._rows, shape, by)
        if shape not in self._rows:
            self._new.discard(shape)
            self._told.pop(shape, None)
        _count(self._formats, shape.format, by)
        if shape.fields is not None:
            _count(self._fields, shape.fields, by)
        for key, kind in shape.types:
            counts = self._types.setdefault(key, Counter())
            _count(counts, kind, by)
            if len(counts) > 1:
                self._mixed.add(key)
            else:
                self._mixed.discard(key)

    def _usual(self) -> tuple[object, ...]:
        types = tuple(sorted((key, _most_common(self._types[key])) for key in self._mixed))
        return (_most_common(self._formats), types, _most_common(self._fields))

    def _find(self, shape: Shape) -> Iterator[Finding]:
        usual = _most_common(self._formats)
        severity = MIXED_FORMATS.severity_in(self._target)
        if severity is not None and usual is not None and shape.format is not usual:
            words = f"The row's format is {shape.format.value}; most rows of the file are {usual.value}."
            yield Finding("SCH002", severity, "", 0, 0, words)
            return  # then its keys are others, too
        severity = UNSTABLE_TYPE.severity_in(self._target)
        for key, kind in shape.types if severity is not None and self._mixed else ():
            if key in self._mixed and kind != _most_common(self._types[key]):
                words = f"{key} is {kind} here and {_most_common(self._types[key])} in most rows."
                yield Finding("SCH007", severity or Severity.WARNING, "", 0, 0, words)
        yield from self._inconsistent_fields(shape)

    def _inconsistent_fields(self, shape: Shape) -> Iterator[Finding]:
        usual, severity = _most_common(self._fields), GRADER_FIELDS.severity_in(self._target)
        if severity is None or usual is None or shape.fields == usual or not shape.fields:
            return
        words = f"The grader's fields are {', '.join(shape.fields)}; most rows have {', '.join(usual)}."
        yield Finding("RFT002", severity, "", 0, 0, words)

    def _single_label(self) -> Iterator[Finding]:
        labels = {shape.label for shape in self._rows if shape.label is not None}
        severity = SINGLE_LABEL.severity_in(self._target)
        if severity is not None and len(labels) == 1 and sum(self._rows.values()) > 1:
            kind = "good" if labels.pop() else "bad"
            words = f"Every answer is labelled {kind}, so nothing is compared."
            yield Finding("PRF006", severity, "", 0, 0, words)

    def _constant_reference(self) -> Iterator[Finding]:
        graded = [shape for shape in self._rows if shape.fields]
        severity = GRADER_FIELDS.severity_in(self._target)
        if severity is None:
            return
        if sum(self._rows[shape] for shape in graded) < MIN_GRADED or not graded:
            return
        shared = set(graded[0].values).intersection(*(shape.values for shape in graded))
        names = set(graded[0].fields or ()).intersection(*(shape.fields or () for shape in graded))
        if names and len(shared) == len(names):
            words = f"{', '.join(sorted(names))} is the same in every row, so the grader tells nothing apart."
            yield Finding("RFT002", severity, "", 0, 0, words)


def shape_of(view: RowView, target: Target) -> Shape:
    """Keys and types of a row and of its turns."""
    types: dict[str, str] = {}
    for key, item in list(view.value.items())[:_MAX_KEYS]:
        _note(types, key, item)
    for message, turn in view.all_turns:
        base = message.pointer.split("/")[1]
        for key, item in turn.items():
            _note(types, f"{base}[].{key}", item)
    fields: tuple[str, ...] | None = None
    values: tuple[tuple[str, int], ...] = ()
    if view.is_chat and target.name in REINFORCEMENT_TARGETS:
        fields = tuple(sorted(key for key in view.value if key not in RESERVED))
        values = tuple((key, zlib.crc32(repr(view.value[key]).encode("utf-8", "replace"))) for key in fields)
    pairs = tuple(sorted(types.items()))
    return Shape(view.format, pairs, view.example.label, fields, values)


def _note(types: dict[str, str], key: str, item: Any) -> None:
    """Null is no type of its own; a key that has several types in one row has the first."""
    name = _NAMES.get(type(item))
    if name is not None:
        types.setdefault(key, name)


OUTLIER_Z = 3.5  # robust z-score: Iglewicz and Hoaglin, "How to detect and handle outliers", 1993
MIN_ROWS = 30
_STEPS = 16  # classes for each doubling of the length


class LengthCounter:
    """How many rows have about which length; far off is measured by median and median deviation."""

    by_shape = False

    def __init__(self, target: Target) -> None:
        self._severity = LENGTH_OUTLIER.severity_in(target)
        self._rows: Counter[int] = Counter()
        self._bounds: tuple[float, float] | None = None
        self._told: frozenset[int] = frozenset()

    def key_of(self, view: RowView) -> Hashable:
        length = sum(len(text.text) for text in view.texts)
        return round(math.log2(length + 1) * _STEPS)

    def add(self, key: Hashable, rows: int = 1) -> None:
        self._rows[cast(int, key)] += rows
        self._bounds = None

    def remove(self, key: Hashable, rows: int = 1) -> None:
        _count(self._rows, cast(int, key), -rows)
        self._bounds = None

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        if self._severity is None:
            return ()
        low, high = self._limits()
        bucket = cast(int, key)
        if low <= bucket <= high:
            return ()
        about = round(2 ** (bucket / _STEPS))
        # No number of the other rows: it would change with each edit of any of them.
        degree = "more" if bucket > high else "fewer"
        words = f"The row has about {about:,} characters, far {degree} than most rows."
        return (Finding("TOK003", self._severity, "", 0, 0, words),)

    def take_changed(self) -> set[Hashable]:
        now = frozenset(key for key in self._rows if self.findings(key))
        changed = now ^ self._told
        self._told = now
        return set(changed)

    def file_findings(self) -> tuple[Finding, ...]:
        return ()

    def _limits(self) -> tuple[float, float]:
        if self._bounds is None:
            self._bounds = self._measured()
        return self._bounds

    def _measured(self) -> tuple[float, float]:
        count = sum(self._rows.values())
        if count < MIN_ROWS:
            return -math.inf, math.inf
        middle = _median(self._rows.items(), count)
        deviations: Counter[float] = Counter()
        for bucket, rows in self._rows.items():
            deviations[abs(bucket - middle)] += rows
        # 0.6745: the normal distribution's quartile. Where all rows are alike, one step off is no outlier.
        spread = max(_median(deviations.items(), count), 1.0) / 0.6745
        return middle - OUTLIER_Z * spread, middle + OUTLIER_Z * spread


def _median(counted: Iterable[tuple[float, int]], total: int) -> float:
    seen = 0
    for value, rows in sorted(counted):
        seen += rows
        if 2 * seen >= total:
            return value
    return 0.0


def _most_common(counts: Counter[Any]) -> Any:
    """Of equally frequent ones the first by name, so that the order of rows makes no difference."""
    if not counts:
        return None
    most = max(counts.values())
    return min((item for item, count in counts.items() if count == most), key=str)


def _count(counter: Counter[Any], item: Any, by: int) -> None:
    counter[item] += by
    if not counter[item]:
        del counter[item]


def class_counters(target: Target) -> tuple[ShapeCounter | LengthCounter, ...]:
    """What CorpusIndex counts; lengths only where somebody asks for outliers."""
    shapes = ShapeCounter(target)
    if LENGTH_OUTLIER.severity_in(target) is None:
        return (shapes,)
    return (shapes, LengthCounter(target))
