"""What the journal knows of a state of the file, and its form in the database."""

import zlib
from array import array
from typing import TypeVar

import msgspec

from tunedesk.dataset.base import Signature
from tunedesk.dataset.damage import DamagedJournal
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import Places


class BaseRecord(msgspec.Struct, frozen=True):
    """A state of the file and the row id of each of its lines: packed `Places`, or (first id, count) runs in
    old journals.
    """

    signature: Signature
    runs: tuple[tuple[int, int], ...] = ()
    packed: bytes = b""

    @classmethod
    def of(cls, signature: Signature, order: Order) -> "BaseRecord":
        firsts, sizes = order.columns
        return cls(signature, packed=Places(array("q", bytes(8 * len(firsts))), firsts, sizes).pack())

    @property
    def order(self) -> Order:
        if not self.packed:
            return Order(self.runs)
        places = Places.unpack(self.packed)
        return Order.of_columns(places.firsts, places.sizes)


class Pending(msgspec.Struct, frozen=True):
    """A save that is under way: the file that will stand in the base's place, and how much of the way it
    holds.
    """

    base: BaseRecord
    mark: int


Record = TypeVar("Record", BaseRecord, Pending)


def packed(record: BaseRecord | Pending | None) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(record), 1)


def unpacked(stored: bytes, kind: type[Record]) -> Record:
    """DamagedJournal when it is not what was stored."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(stored), type=kind)
    except (zlib.error, msgspec.DecodeError, TypeError) as error:
        raise DamagedJournal("What is known of the file's rows is damaged.") from error
