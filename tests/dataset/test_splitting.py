"""Claims about splits."""

import json
from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import SplitPlan, plan_split
from tunedesk.errors import UserError


class Rows:
    """As much of a snapshot as a split reads."""

    mapping = None

    def __init__(self, raws: Iterable[bytes]) -> None:
        self._rows = list(enumerate(raws, start=1))

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[tuple[int, bytes]]:
        return self._rows


def row(prompt: str, completion: str = "x", **more: object) -> bytes:
    return json.dumps({"prompt": prompt, "completion": completion, **more}).encode()


def split(raws: Iterable[bytes], **how: object) -> SplitPlan:
    plan = plan_split(Rows(raws), SplitRecipe(**how))  # type: ignore[arg-type]
    assert plan is not None
    return plan


def sizes(plan: SplitPlan) -> tuple[int, ...]:
    return tuple(len(part.row_ids) for part in plan.parts)


HUNDRED = [row(f"question {number}", "ab"[number % 2]) for number in range(100)]


def test_a_random_split_has_the_sizes_that_were_asked_for():
    assert sizes(split(HUNDRED, valid=0.2, heldout=0.1)) == (70, 20, 10)
    assert sizes(split(HUNDRED, valid=7, heldout=0, counts=True)) == (93, 7, 0)


def test_a_split_is_the_same_on_every_machine():
    """These very rows: should they ever change, splits that people have made could not be made again."""
    assert split(HUNDRED, valid=0.03, heldout=0.03, seed=7).part("valid").row_ids == (64, 92, 98)
    assert split(HUNDRED, valid=0.03, heldout=0.03, seed=7).part("heldout").row_ids == (36, 38, 69)


def test_another_seed_is_another_split_and_the_order_of_the_rows_does_not_count():
    held = [HUNDRED[row_id - 1] for row_id in split(HUNDRED, seed=1).part("heldout").row_ids]
    turned = HUNDRED[::-1]
    again = [turned[row_id - 1] for row_id in split(turned, seed=1).part("heldout").row_ids]
    other = [HUNDRED[row_id - 1] for row_id in split(HUNDRED, seed=2).part("heldout").row_ids]
    assert set(held) == set(again) != set(other)


def test_a_split_by_label_gives_each_label_its_share():
    raws = [row(f"{number}", "common" if number % 10 else "rare") for number in range(100)]
    plan = split([*raws, row("one", "single")], method="label", valid=0.2, heldout=0.2)
    assert plan.part("valid").labels == (("common", 18), ("rare", 2))
    assert plan.part("heldout").labels == (("common", 18), ("rare", 2))
    assert dict(plan.part("train").labels)["single"] == 1


def test_labels_stand_in_a_key_or_within_an_answer():
    raws = [row(f"{number}", json.dumps({"kind": "ab"[number % 2]}), team="x") for number in range(20)]
    within = split(raws, method="label", answer_key="kind", valid=0.2, heldout=0)
    assert within.part("valid").labels == (("a", 2), ("b", 2)) or within.part("valid").labels == (
        ("b", 2),
        ("a", 2),
    )
    assert split(raws, method="label", key="team").part("train").labels == (("x", 16),)
    unlabelled = split(HUNDRED, method="label", answer_key="kind")
    assert unlabelled.part("train").labels == () and "no label" in unlabelled.notes[0]


def test_the_same_prompt_is_never_on_both_sides_of_a_split_by_group():
    raws = [row(f"Question {number % 20}" + " " * (number % 3), f"{number}") for number in range(100)]
    assert split(raws).leak_count > 0
    plan = split(raws, method="group", valid=0.2, heldout=0.2)
    assert plan.leak_count == 0 and sizes(plan) == (60, 20, 20)
    assert [part.groups for part in plan.parts] == [12, 4, 4]


def test_groups_can_be_any_key():
    raws = [row(f"{number}", source=number % 5) for number in range(50)]
    plan = split(raws, method="group", key="source", valid=0.2, heldout=0.2)
    assert sizes(plan) == (30, 10, 10)
    with pytest.raises(UserError, match="No row has the key 'sauce'"):
        split(raws, method="group", key="sauce")


def test_a_part_that_no_group_fits_into_gets_the_smallest_and_says_so():
    raws = [row("a")] * 6 + [row("b")] * 4 + [row("c")] * 5
    plan = split(raws, method="group", valid=0, heldout=0.1)
    assert sizes(plan) == (11, 0, 4)
    assert plan.notes == ("heldout has 4 rows instead of 2.",)


def test_a_split_by_date_holds_out_the_newest():
    dates = ["2026-01-05", "2026-01-01T10:00:00Z", 1767571200, "2026-01-02", "2026-01-03T00:00:00+02:00"]
    raws = [row(str(number), when=when) for number, when in enumerate(dates)]
    plan = split(
        [*raws, row("none"), row("odd", when="03/04/2026")],
        method="date",
        key="when",
        valid=2,
        heldout=1,
        counts=True,
    )
    assert plan.part("heldout").row_ids in ((1,), (3,))  # the same day
    assert set(plan.part("valid").row_ids) | set(plan.part("heldout").row_ids) == {1, 3, 5}
    assert [left.row for left in plan.left_out] == [6, 7]


def test_leaks_name_their_rows_and_parts():
    plan = split([row("Same  question"), row("same question", "y"), row("other")], valid=0.34, heldout=0.34)
    if plan.leak_count:
        assert plan.leaks[0].row_ids == (1, 2) and len(plan.leaks[0].roles) == 2
    many = split([row("same", str(number)) for number in range(20)])
    assert many.leak_count == 1 and many.leaks[0].roles == ("train", "valid", "heldout")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"valid": 0.5, "heldout": 0.5}, "leave some for train"),
        ({"valid": -0.1}, "less than nothing"),
        ({"valid": 1.5, "counts": True}, "whole number"),
        ({"valid": 200, "heldout": 0, "counts": True}, "asks for 200 rows, but there are 100"),
        ({"method": "date"}, "needs the key"),
        ({"valid": float("nan")}, "less than nothing"),
    ],
)
def test_a_recipe_without_sense_is_refused(how: dict[str, object], message: str):
    with pytest.raises(UserError, match=message):
        split(HUNDRED, **how)


def test_broken_rows_are_split_like_any_other_and_an_empty_dataset_has_empty_parts():
    assert sum(sizes(split([b"oops", b"[]", b"", *HUNDRED], method="group"))) == 103
    assert sizes(split([])) == (0, 0, 0)


def test_a_recipe_survives_being_stored():
    recipe = SplitRecipe("group", 0.2, 5, True, 9, "source")
    assert msgspec.json.decode(msgspec.json.encode(recipe), type=SplitRecipe) == recipe


def test_a_split_can_be_cancelled():
    assert plan_split(Rows(HUNDRED), SplitRecipe(), cancelled=lambda: True) is None  # type: ignore[arg-type]


RAW = st.builds(
    lambda prompt, label, when: row(prompt, label, when=when, label=label),
    st.sampled_from(["a", "b", "A ", "c d", "e", "f"]),
    st.sampled_from(["x", "y", "z"]),
    st.none() | st.integers(0, 5) | st.just("?"),
) | st.sampled_from([b"oops", b"{}"])
RECIPE = st.builds(
    SplitRecipe,
    method=st.sampled_from(["random", "label", "group", "date"]),
    valid=st.sampled_from([0, 0.1, 0.33, 0.5]),
    heldout=st.sampled_from([0, 0.1, 0.4]),
    seed=st.integers(0, 2**63 - 1),
    key=st.just("when"),
)


@given(st.lists(RAW, min_size=1, max_size=30), RECIPE)
def test_parts_are_disjoint_and_complete_and_no_group_is_on_both_sides(
    raws: list[bytes], recipe: SplitRecipe
):
    if recipe.method != "date":
        recipe = msgspec.structs.replace(recipe, key="")
    elif not any(b'"when"' in raw for raw in raws):
        return
    plan = plan_split(Rows(raws), recipe)  # type: ignore[arg-type]
    assert plan is not None
    ids = [row_id for part in plan.parts for row_id in part.row_ids]
    assert sorted(ids) == list(range(1, len(raws) + 1))
    if recipe.method == "group":
        assert plan.leak_count == 0
    else:
        assert len(plan.part("heldout").row_ids) <= round(recipe.heldout * len(raws))
    if recipe.method == "label":
        totals = Counter(label for part in plan.parts for label, count in part.labels for _ in range(count))
        assert all(dict(plan.part("train").labels).get(label, 0) >= 1 for label in totals)
