"""One edit with everything that is needed to do and undo it, and its form in the journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tunedesk.dataset.order import Order, Place, joined

PART_BYTES = 16 << 20
"""A step is stored in parts of about this size: SQLite holds no more than 1,000,000,000 bytes in one
value.
"""
CARRIED_ROWS = 1000
"""Up to so many moved rows carry their text, so that they are found again in a file that another program
changed.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did, for those who show the rows. Structure changed if inserted, deleted or moved is
    set.
    """

    changed: tuple[int, ...] = ()
    inserted: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    moved: bool = False
    label: str = ""

    @property
    def is_structural(self) -> bool:
        return bool(self.inserted or self.deleted or self.moved)


@dataclass(frozen=True, slots=True)
class Step:
    """Rows taken out, then rows put in, then texts set.

    removed: places in the order before; added: places in the order after. A row in both was moved.
    before: the text of each row that was there before; after: of each that is there after.
    Moved rows of more than a few may be in neither.
    """

    label: str
    removed: tuple[Place, ...] = ()
    added: tuple[Place, ...] = ()
    before: Mapping[int, bytes] = field(default_factory=dict)
    after: Mapping[int, bytes] = field(default_factory=dict)

    def reversed(self) -> "Step":
        return Step(self.label, self.added, self.removed, self.after, self.before)

    def change(self) -> Change:
        gone, come = set(_ids(self.removed)), set(_ids(self.added))
        changed = tuple(row for row, raw in self.after.items() if self.before.get(row, raw) != raw)
        return Change(
            changed=changed,
            inserted=tuple(row for row in _ids(self.added) if row not in gone),
            deleted=tuple(row for row in _ids(self.removed) if row not in come),
            moved=not gone.isdisjoint(come),
            label=self.label,
        )

    def moved_ids(self) -> set[int]:
        return set(_ids(self.removed)).intersection(_ids(self.added))


def inserting(label: str, position: int, first: int, raws: Sequence[bytes]) -> Step:
    """New rows with the ids first, first + 1, ... from `position` on."""
    return Step(label, added=(Place(position, first, len(raws)),), after=dict(enumerate(raws, start=first)))


def deleting(label: str, order: Order, before: Mapping[int, bytes]) -> Step:
    """`before` names the rows that go, with their texts."""
    return Step(label, removed=order.places_of(before), before=before)


def moving(
    label: str, order: Order, row_ids: Sequence[int], position: int, texts: Mapping[int, bytes]
) -> Step:
    """Rows put, in the order given, before the row that stands at `position` now. texts: of moved rows,
    or none.
    """
    removed = order.places_of(row_ids)
    start = position - sum(max(0, min(place.size, position - place.position)) for place in removed)
    added = joined(Place(start + number, row, 1) for number, row in enumerate(row_ids))
    return Step(label, removed, added, texts, texts)


class _Part(msgspec.Struct, array_like=True):
    """Flat lists of numbers and the texts of some rows; the places stand in the first part."""

    removed: list[int]
    added: list[int]
    before: dict[int, bytes]
    after: dict[int, bytes]


def encode_step(step: Step) -> Iterator[bytes]:
    """The step without its label, in one or more parts."""
    part = _Part(_flat(step.removed), _flat(step.added), {}, {})
    size = 0
    for is_after, texts in enumerate((step.before, step.after)):
        for row, raw in texts.items():
            if size and size + len(raw) > PART_BYTES:
                yield msgspec.msgpack.encode(part)
                part, size = _Part([], [], {}, {}), 0
            (part.after if is_after else part.before)[row] = raw
            size += len(raw)
    yield msgspec.msgpack.encode(part)


def decode_step(label: str, parts: Iterable[bytes]) -> Step:
    removed: list[int] = []
    added: list[int] = []
    before: dict[int, bytes] = {}
    after: dict[int, bytes] = {}
    for data in parts:
        part = msgspec.msgpack.decode(data, type=_Part)
        removed += part.removed
        added += part.added
        before |= part.before
        after |= part.after
    return Step(label, _places(removed), _places(added), before, after)


def _flat(places: Iterable[Place]) -> list[int]:
    return [number for place in places for number in place]


def _places(flat: list[int]) -> tuple[Place, ...]:
    return tuple(Place(*flat[at : at + 3]) for at in range(0, len(flat), 3))


def _ids(places: Iterable[Place]) -> Iterator[int]:
    for place in places:
        yield from range(place.first, place.first + place.size)
