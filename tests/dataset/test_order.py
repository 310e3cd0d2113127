"""Claims about the order of rows, held against a plain list."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.order import Located, Order, Run
from tunedesk.dataset.places import MANY, Place, Places, joined, of_ids, only_in


def order_of(ids: list[int]) -> Order:
    return Order(Run(row, 1) for row in ids)


some_ids = st.lists(st.integers(1, 40), unique=True, max_size=30)


def test_an_untouched_file_of_any_size_is_one_run():
    order = Order([Run(1, 10**12)])
    assert len(order) == 10**12
    assert order[10**12 - 1] == 10**12
    assert order.index(5) == 4
    assert list(order.runs()) == [Run(1, 10**12)]


@given(some_ids)
def test_it_reads_like_a_list(ids):
    order = order_of(ids)
    assert list(order) == ids
    assert len(order) == len(ids)
    assert [order[at] for at in range(-len(ids), len(ids))] == ids + ids
    assert [order.index(row) for row in ids] == list(range(len(ids)))
    assert [row in order for row in range(45)] == [row in ids for row in range(45)]
    assert list(order[2:9]) == ids[2:9]
    assert list(order[::-2]) == ids[::-2]


@pytest.mark.parametrize("position", [3, -4])
def test_a_position_outside_is_an_error(position):
    with pytest.raises(IndexError):
        order_of([1, 2, 3])[position]


def test_an_id_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="no row with the id 9"):
        order_of([1, 2, 3]).index(9)


@given(some_ids, st.data())
def test_taking_out_and_putting_back_gives_the_same_order(ids, data):
    order = order_of(ids)
    chosen = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    places = order.places_of(chosen)
    rest = order.without(places)
    assert list(rest) == [row for row in ids if row not in chosen]
    assert rest.with_added(places) == order


@given(some_ids, st.integers(0, 30), st.integers(1, 5))
def test_new_rows_stand_where_they_were_put(ids, position, size):
    position = min(position, len(ids))
    added = order_of(ids).with_added(joined([(position, 100, size)]))
    assert list(added) == ids[:position] + list(range(100, 100 + size)) + ids[position:]


@given(some_ids, st.integers(0, 45), st.integers(1, 20))
def test_locating_names_every_id_once_and_says_where_it_stands(ids, first, size):
    found = {}
    for piece in order_of(ids).locate(first, size):
        for number in range(piece.size):
            place = None if piece.position is None else piece.position + number
            found[piece.first + number] = place
    wanted = range(first, first + size)
    assert found == {row: ids.index(row) if row in ids else None for row in wanted}


def test_locating_an_untouched_range_takes_one_piece():
    assert list(Order([Run(1, 500_000)]).locate(10, 1000)) == [Located(10, 9, 1000)]


def test_neighbouring_places_become_one():
    made = joined([Place(0, 5, 2), Place(2, 7, 1), Place(3, 9, 1)])
    assert list(made) == [Place(0, 5, 3), Place(3, 9, 1)]


@given(some_ids, st.data(), st.booleans())
def test_sorting_by_keys_leaves_equal_ones_as_they_stood(ids, data, descending):
    keys = data.draw(st.lists(st.integers(0, 5), min_size=len(ids), max_size=len(ids)))
    key_of = dict(zip(ids, keys, strict=True))
    expected = sorted(ids, key=key_of.__getitem__, reverse=descending)
    assert list(order_of(ids).sorted_by(keys, descending=descending)) == expected


def shuffled(count: int, seed: int) -> list[int]:
    ids = list(range(1, count + 1))
    random.Random(seed).shuffle(ids)
    return ids


@pytest.mark.parametrize("start", ["file", "shuffled"])
def test_an_order_of_many_pieces_does_what_a_list_does(start):
    """From some thousands of pieces on numpy does the work."""
    count = 3 * MANY
    ids = shuffled(count, 1) if start == "shuffled" else list(range(1, count + 1))
    order = Order.of_ids(ids)
    chosen = shuffled(count, 2)[: 2 * MANY]
    places = order.places_of(chosen)
    assert sorted(places.ids()) == sorted(chosen)
    assert order.holds(places)
    assert not order.without(places).holds(places)
    gone = set(chosen)
    rest = order.without(places)
    assert list(rest) == [row for row in ids if row not in gone]
    assert rest.with_added(places) == order
    assert Places.unpack(places.pack()) == places
    half = order.places_of(chosen[:MANY])
    assert only_in(places, half) == [row for row in places.ids() if row not in set(chosen[:MANY])]
    assert only_in(half, places) == []
    moved = of_ids(7, chosen)
    expected = [row for row in ids if row not in gone]
    expected[7:7] = chosen
    made = rest.with_added(moved)
    assert list(made) == expected
    assert [made.index(row) for row in expected] == list(range(count))
    assert (0 in made, count + 1 in made, made[-1]) == (False, False, expected[-1])
    assert list(made.without(joined([(5, made[5], 1)]))) == expected[:5] + expected[6:]
    assert list(made.with_added(joined([(5, 10**9, 2)])))[4:8] == [expected[4], 10**9, 10**9 + 1, expected[5]]
    with pytest.raises(ValueError, match="no row with the id 0"):
        made.places_of([0, *chosen])
