"""Places of rows in a table: the nearest of some, and runs of places that stand together. Knows no widget."""

from collections.abc import Collection, Iterable

from tunedesk.dataset.order import Order

FEW = 1000


def nearest(ids: Order, wanted: Collection[int], here: int, step: int) -> int | None:
    """The place of the next (+1) or previous (-1) wanted row from `here`; None when there is none."""
    if len(wanted) <= FEW:
        places = [ids.index(row) for row in wanted if row in ids]
        ahead = [place for place in places if (place - here) * step > 0]
        return (min(ahead) if step > 0 else max(ahead)) if ahead else None
    import numpy as np

    found = ids.found_at(np.fromiter(wanted, np.int64, len(wanted)))
    found = found[(found >= 0) & ((found - here) * step > 0)]
    return None if not len(found) else int(found.min() if step > 0 else found.max())


def ranges(places: Iterable[int]) -> list[tuple[int, int]]:
    """Sorted places as (first, last) of those that follow on each other."""
    made: list[tuple[int, int]] = []
    for place in places:
        if made and place == made[-1][1] + 1:
            made[-1] = (made[-1][0], place)
        else:
            made.append((place, place))
    return made
