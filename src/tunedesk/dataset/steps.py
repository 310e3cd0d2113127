"""One edit with everything that is needed to do and undo it, and its form in the journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tunedesk.dataset.damage import sealed, unsealed
from tunedesk.dataset.marks import NO_MARKS, RowMarks
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import Places, joined, of_ids

PART_BYTES = 4 << 20
"""A step is stored in parts of about this size: SQLite holds no more than 1,000,000,000 bytes in one
value, and a part is what is in memory while a big step is written or read.
"""
CARRIED_ROWS = 1000
"""Up to so many moved rows carry their text, so that they are found again in a file that another program
changed while it was not open here.
"""
ANCHORS = 10_000
"""Of more rows, the digests of about so many are kept; the others are then counted from them."""
NOWHERE = joined(())


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did, for those who show the rows. Structure changed if inserted, deleted or moved is
    set. marked: rows whose marks are others now.
    """

    changed: tuple[int, ...] = ()
    inserted: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    moved: bool = False
    label: str = ""
    marked: tuple[int, ...] = ()

    @property
    def is_structural(self) -> bool:
        return bool(self.inserted or self.deleted or self.moved)


@dataclass(frozen=True, slots=True)
class Step:
    """Rows taken out, then rows put in, then texts and marks set; or one part of that, see `encode_step`.

    removed: places in the order before; added: places in the order after. A row in both was moved.
    before: the text of each row that was there before; after: of each that is there after.
    Moved rows of more than a few may be in neither. marks_before, marks_after: of each row whose marks
    change, `NO_MARKS` for none. anchors: digests of the texts of some moved rows.
    """

    label: str
    removed: Places = NOWHERE
    added: Places = NOWHERE
    before: Mapping[int, bytes] = field(default_factory=dict)
    after: Mapping[int, bytes] = field(default_factory=dict)
    marks_before: Mapping[int, RowMarks] = field(default_factory=dict)
    marks_after: Mapping[int, RowMarks] = field(default_factory=dict)
    anchors: Mapping[int, bytes] = field(default_factory=dict)

    def reversed(self) -> "Step":
        return Step(
            self.label,
            self.added,
            self.removed,
            self.after,
            self.before,
            self.marks_after,
            self.marks_before,
            self.anchors,
        )

    def without_marks(self) -> "Step":
        return Step(self.label, self.removed, self.added, self.before, self.after, anchors=self.anchors)

    @property
    def is_empty(self) -> bool:
        return not (self.touches_rows or self.marks_after)

    @property
    def touches_rows(self) -> bool:
        """False when only marks change."""
        return bool(self.removed or self.added or self.before or self.after)

    def moved_ids(self) -> set[int]:
        return set(self.removed.ids()).intersection(self.added.ids())

    def joined_with(self, other: "Step") -> "Step":
        """Two parts of one step made one; the places are the first one's."""
        return Step(
            self.label,
            self.removed or other.removed,
            self.added or other.added,
            {**self.before, **other.before},
            {**self.after, **other.after},
            {**self.marks_before, **other.marks_before},
            {**self.marks_after, **other.marks_after},
            {**self.anchors, **other.anchors},
        )


TextEdit = tuple[int, bytes | None, bytes | None]
"""A row, its text before (None: it was not there) and after (None: it goes)."""


def in_parts(
    label: str,
    texts: Iterable[TextEdit],
    removed: Places = NOWHERE,
    added: Places = NOWHERE,
    marks_before: Mapping[int, RowMarks] | None = None,
    marks_after: Mapping[int, RowMarks] | None = None,
) -> Iterator[Step]:
    """A step in parts of about PART_BYTES, so that not all texts need to be in memory; the first part has
    the places and marks. Nothing when nothing is to be done.
    """
    before: dict[int, bytes] = {}
    after: dict[int, bytes] = {}
    size = 0
    part = Step(label, removed, added, before, after, marks_before or {}, marks_after or {})
    for row, old, new in texts:
        if size > PART_BYTES:
            yield part
            before, after, size = {}, {}, 0
            part = Step(label, NOWHERE, NOWHERE, before, after)
        if old is not None:
            before[row] = old
            size += len(old)
        if new is not None:
            after[row] = new
            size += len(new)
    if not part.is_empty:
        yield part


def inserting(label: str, position: int, first: int, raws: Sequence[bytes], marks: RowMarks) -> Step:
    """New rows with the ids first, first + 1, ... from `position` on."""
    texts = dict(enumerate(raws, start=first))
    marked = {} if marks == NO_MARKS else dict.fromkeys(texts, marks)
    unmarked = dict.fromkeys(marked, NO_MARKS)
    added = joined([(position, first, len(raws))])
    return Step(label, added=added, after=texts, marks_before=unmarked, marks_after=marked)


def moving(
    label: str,
    order: Order,
    row_ids: Sequence[int],
    position: int,
    texts: Mapping[int, bytes],
    anchors: Mapping[int, bytes],
) -> Step:
    """Rows put, in the order given, before the row that stands at `position` now. texts: of moved rows, or
    none; anchors: then the digests of some.
    """
    removed = order.places_of(row_ids)
    start = position - sum(max(0, min(place.size, position - place.position)) for place in removed)
    return Step(label, removed, of_ids(start, row_ids), texts, texts, anchors=anchors)


class _Part(msgspec.Struct, array_like=True):
    """Places, the texts of some rows, and marks. Old journals have the places as flat lists of numbers.

    goes_on: the next part belongs to the same rows, whose text was too long for one value.
    """

    removed: list[int] = []
    added: list[int] = []
    before: dict[int, bytes] = {}
    after: dict[int, bytes] = {}
    marks_before: dict[int, RowMarks] = {}
    marks_after: dict[int, RowMarks] = {}
    removed_packed: bytes = b""
    added_packed: bytes = b""
    goes_on: bool = False
    anchors: dict[int, bytes] = {}


def encode_step(step: Step) -> Iterator[bytes]:
    """The step without its label, as one value, or as several where its texts are long."""
    part = _Part(
        marks_before=dict(step.marks_before),
        marks_after=dict(step.marks_after),
        removed_packed=step.removed.pack() if step.removed else b"",
        added_packed=step.added.pack() if step.added else b"",
        anchors=dict(step.anchors),
    )
    size = 0
    for is_after, texts in enumerate((step.before, step.after)):
        for row, raw in texts.items():
            if size and size + len(raw) > PART_BYTES:
                part.goes_on = True
                yield sealed(msgspec.msgpack.encode(part))
                part, size = _Part(), 0
            (part.after if is_after else part.before)[row] = raw
            size += len(raw)
    yield sealed(msgspec.msgpack.encode(part))


def decode_parts(label: str, values: Iterable[bytes], goes_on: bool = False) -> Iterator[Step]:
    """What was encoded, part by part, each with the whole of its rows. goes_on: all values are one part,
    as in old journals. ValueError, msgspec.DecodeError or zlib.error for a value that was damaged.
    """
    waiting: Step | None = None
    for data in values:
        part = msgspec.msgpack.decode(unsealed(data), type=_Part)
        removed = Places.unpack(part.removed_packed) if part.removed_packed else _places(part.removed)
        added = Places.unpack(part.added_packed) if part.added_packed else _places(part.added)
        marks = part.marks_before, part.marks_after
        step = Step(label, removed, added, part.before, part.after, *marks, part.anchors)
        waiting = step if waiting is None else waiting.joined_with(step)
        if not (part.goes_on or goes_on):
            yield waiting
            waiting = None
    if waiting is not None:
        yield waiting


def _places(flat: list[int]) -> Places:
    return joined((flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3))
