"""Which rows a table shows, in which order: filtered, sorted, and both kept up with edits. Knows no widget.

All of it works on orders of a million ids in milliseconds, since it runs on the thread that draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunedesk.dataset.order import Order
from tunedesk.dataset.places import of_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW = 1000
"""Up to so many ids, each is looked up by itself."""


def joined(first: Order, then: Order) -> Order:
    """One after the other."""
    (firsts, sizes), (more, more_sizes) = first.columns, then.columns
    return Order.of_columns(firsts + more, sizes + more_sizes)


def arranged(found: Order, by: Order) -> Order:
    """The ids of `found` in the order in which `by`, which has them all, holds them."""
    ids = by.flat()
    return order_of(ids[found.found_at(ids) >= 0])


def among(row_ids: Sequence[int], order: Order) -> Sequence[int]:
    """Those of the ids that the order has."""
    if len(row_ids) <= FEW:
        return [row for row in row_ids if row in order]
    import numpy as np

    ids = np.fromiter(row_ids, np.int64, len(row_ids))
    there = order.found_at(ids) >= 0
    return row_ids if there.all() else ids[there].tolist()


def without(order: Order, gone: Sequence[int]) -> Order:
    """ids of `gone` that are not there are ignored."""
    if len(gone) <= FEW:
        return order.without(order.places_of([row for row in gone if row in order]))
    import numpy as np

    ids = order.flat()
    return order_of(ids[~np.isin(ids, np.fromiter(gone, np.int64, len(gone)))])


def with_new_in_file_order(found: Order, new: Sequence[int], file: Order) -> Order:
    """A filter's rows and new ones, as the file has them."""
    import numpy as np

    ids = np.concatenate([found.flat(), np.fromiter(new, np.int64, len(new))])
    return order_of(ids[np.argsort(file.found_at(ids), kind="stable")])


def with_new_below(shown: Order, new: Sequence[int], file: Order) -> Order:
    """Sorted rows and new ones: those stand below the row that they follow in the file, or at the end."""
    import numpy as np

    first = min(map(file.index, new)) if len(new) <= FEW else int(file.positions_of(new).min())
    before = file[first - 1] if first else -1
    place = shown.index(before) + 1 if before in shown else len(shown) if first else 0
    ids = shown.flat()
    block = np.fromiter(new, np.int64, len(new))
    return order_of(np.concatenate([ids[:place], block, ids[place:]]))


def order_of(ids: NDArray[np.int64]) -> Order:
    import numpy as np

    places = of_pairs(np.arange(len(ids)), ids)
    return Order.of_columns(places.firsts, places.sizes)
