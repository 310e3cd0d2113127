"""Splitting rows into train, valid and heldout; a recipe gives the same parts again, on any machine."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tunedesk.dataset.example import example_of
from tunedesk.dataset.left_out import LeftOut
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.split_recipe import SplitRecipe, asked, date_of, group_of, label_of, problems_of
from tunedesk.errors import UserError

Role = Literal["train", "valid", "heldout"]
ROLES: tuple[Role, ...] = ("train", "valid", "heldout")
SHOWN_LEAKS = 1000
LABEL_LENGTH = 80
"""Characters of a label that are shown; the whole label counts."""


@dataclass(frozen=True, slots=True)
class Part:
    """row_ids: in the order of the dataset. labels: the most frequent first; () where there are no labels.

    groups: how many different prompts, or groups of the recipe's key, the part has.
    """

    role: Role
    row_ids: tuple[int, ...]
    labels: tuple[tuple[str, int], ...]
    groups: int


@dataclass(frozen=True, slots=True)
class Leak:
    """Rows of different parts in which users say the same."""

    roles: tuple[Role, ...]
    row_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """parts: train, valid, heldout. leaks: the first thousand; leak_count: all. notes: what to know."""

    recipe: SplitRecipe
    parts: tuple[Part, ...]
    leaks: tuple[Leak, ...]
    leak_count: int
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def part(self, role: Role) -> Part:
        return self.parts[ROLES.index(role)]


def plan_split(
    snapshot: Snapshot,
    recipe: SplitRecipe,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> SplitPlan | None:
    """Who goes where; None when cancelled. Nothing is written.

    UserError when the recipe asks for more rows than there are, or its key is in no row. Rows without a
    readable date go to train and are told.
    """
    wanted = _wanted(recipe, len(snapshot))
    rows = _Rows()
    for done, (row, raw) in enumerate(snapshot.rows()):
        if done % 256 == 0:
            if cancelled():
                return None
            progress(done, len(snapshot))
        rows.add(row, raw, recipe, snapshot.mapping)
    if rows.ids and recipe.key and not rows.with_key:
        message = f"No row has the key {recipe.key!r}."
        raise UserError(message, hint="Choose one of the rows' own keys.")
    roles = _METHODS[recipe.method](rows, wanted)
    progress(len(snapshot), len(snapshot))
    return _plan(recipe, rows, roles)


@dataclass(slots=True)
class _Rows:
    """What is kept of each row: numbers only, so that a million rows fit."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    order: array[int] = field(default_factory=lambda: array("Q"))
    """Where chance puts the row."""
    prompts: array[int] = field(default_factory=lambda: array("Q"))
    groups: array[int] = field(default_factory=lambda: array("Q"))
    labels: array[int] = field(default_factory=lambda: array("q"))
    """The number of the row's label, -1 for none."""
    names: dict[str, int] = field(default_factory=dict)
    dates: list[float | None] = field(default_factory=list)
    seed: bytes = b""
    with_key: int = 0

    def add(self, row: int, raw: bytes, recipe: SplitRecipe, mapping: ColumnMapping | None) -> None:
        self.seed = recipe.seed.to_bytes(8, "little")
        value = parse_row(raw).value
        example = example_of(value, mapping)
        self.ids.append(row)
        self.order.append(_digest(raw, self.seed))
        question = asked(example)
        self.prompts.append(_digest(question.encode("utf-8", "surrogatepass") or raw))
        self.with_key += value is not None and recipe.key in value
        group = group_of(value, recipe)
        self.groups.append(self.prompts[-1] if group is None else _digest(group))
        self.labels.append(self._label(label_of(value, example, recipe)))
        if recipe.method == "date":
            self.dates.append(date_of(value, recipe.key))

    def by_chance(self, places: Iterable[int]) -> list[int]:
        return sorted(places, key=self.order.__getitem__)

    def _label(self, name: str | None) -> int:
        return -1 if name is None else self.names.setdefault(name, len(self.names))


@dataclass(frozen=True, slots=True)
class _Wanted:
    valid: int
    heldout: int


def _wanted(recipe: SplitRecipe, total: int) -> _Wanted:
    if problems := problems_of(recipe):
        raise UserError(problems[0], hint=" ".join(problems[1:]))
    if not recipe.counts:
        return _Wanted(round(recipe.valid * total), round(recipe.heldout * total))
    if recipe.valid + recipe.heldout > total:
        message = f"The split asks for {recipe.valid + recipe.heldout:g} rows, but there are {total}."
        raise UserError(message, hint="Ask for fewer, or for shares.")
    return _Wanted(int(recipe.valid), int(recipe.heldout))


def _cut(places: Sequence[int], wanted: _Wanted) -> dict[int, Role]:
    """The first ones are held out, the next validate."""
    roles: dict[int, Role] = dict.fromkeys(places[: wanted.heldout], "heldout")
    roles.update(dict.fromkeys(places[wanted.heldout : wanted.heldout + wanted.valid], "valid"))
    return roles


def _at_random(rows: _Rows, wanted: _Wanted) -> dict[int, Role]:
    return _cut(rows.by_chance(range(len(rows.ids))), wanted)


def _by_label(rows: _Rows, wanted: _Wanted) -> dict[int, Role]:
    """Each label gives its share; every label that has two rows or more keeps one in train."""
    strata: defaultdict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(rows.labels):
        strata[label].append(place)
    names = {number: name for name, number in rows.names.items()}
    keys = sorted(strata, key=lambda label: names.get(label, ""))
    spare = {label: max(0, len(strata[label]) - 1) if label >= 0 else len(strata[label]) for label in keys}
    sizes = {label: len(strata[label]) for label in keys}
    heldout = _shares(sizes, spare, wanted.heldout)
    valid = _shares(sizes, {label: spare[label] - heldout[label] for label in keys}, wanted.valid)
    roles: dict[int, Role] = {}
    for label in keys:
        roles |= _cut(rows.by_chance(strata[label]), _Wanted(valid[label], heldout[label]))
    return roles


def _shares(sizes: Mapping[int, int], spare: Mapping[int, int], wanted: int) -> dict[int, int]:
    """`wanted` dealt out in proportion to the sizes by largest remainder, and never more than is spare."""
    total = sum(sizes.values()) or 1
    given = {label: min(spare[label], wanted * size // total) for label, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda label: -(wanted * sizes[label] % total))
    rest = wanted - sum(given.values())
    while rest:
        before = rest
        for label in by_remainder:
            if rest and given[label] < spare[label]:
                given[label] += 1
                rest -= 1
        if rest == before:
            break
    return given


def _by_group(rows: _Rows, wanted: _Wanted) -> dict[int, Role]:
    """Whole groups in the order of chance, each to the first part that has room for it."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(rows.groups):
        members[group].append(place)
    room: dict[Role, int] = {"heldout": wanted.heldout, "valid": wanted.valid}
    taken: dict[Role, list[int]] = {"heldout": [], "valid": [], "train": []}
    for group in sorted(members, key=lambda group: (_digest(group.to_bytes(8, "little"), rows.seed), group)):
        size = len(members[group])
        role: Role = next((part for part in room if room[part] >= size), "train")
        if role != "train":
            room[role] -= size
        taken[role].append(group)
    _fill_empty_parts(taken, members, wanted)
    return {place: role for role, groups in taken.items() for group in groups for place in members[group]}


def _fill_empty_parts(
    taken: dict[Role, list[int]], members: Mapping[int, list[int]], wanted: _Wanted
) -> None:
    """Where all groups are too big for a part, it gets the smallest one."""
    sizes: dict[Role, int] = {"heldout": wanted.heldout, "valid": wanted.valid}
    for role, size in sizes.items():
        if size and not taken[role] and len(taken["train"]) > 1:
            smallest = min(taken["train"], key=lambda group: len(members[group]))
            taken["train"].remove(smallest)
            taken[role].append(smallest)


def _by_date(rows: _Rows, wanted: _Wanted) -> dict[int, Role]:
    dated = [(-when, rows.order[place], place) for place, when in enumerate(rows.dates) if when is not None]
    return _cut([place for _, _, place in sorted(dated)], wanted)


_METHODS: dict[str, Callable[[_Rows, _Wanted], dict[int, Role]]] = {
    "random": _at_random,
    "label": _by_label,
    "group": _by_group,
    "date": _by_date,
}


def _plan(recipe: SplitRecipe, rows: _Rows, roles: Mapping[int, Role]) -> SplitPlan:
    places: dict[Role, list[int]] = {role: [] for role in ROLES}
    for place in range(len(rows.ids)):
        places[roles.get(place, "train")].append(place)
    names = list(rows.names)
    parts = tuple(_part(role, places[role], rows, names) for role in ROLES)
    leaks = list(_leaks(rows, roles))
    left_out = tuple(
        LeftOut(rows.ids[place], f"/{recipe.key}", "No date can be read here, so the row goes to train.")
        for place, when in enumerate(rows.dates)
        if when is None
    )
    notes = tuple(_notes(recipe, rows, parts))
    return SplitPlan(recipe, parts, tuple(leaks[:SHOWN_LEAKS]), len(leaks), left_out, notes)


def _part(role: Role, places: Sequence[int], rows: _Rows, names: Sequence[str]) -> Part:
    counted = Counter(rows.labels[place] for place in places)
    labels = tuple(
        (names[label][:LABEL_LENGTH], count) for label, count in counted.most_common() if label >= 0
    )
    groups = len({rows.groups[place] for place in places})
    return Part(role, tuple(rows.ids[place] for place in places), labels, groups)


def _leaks(rows: _Rows, roles: Mapping[int, Role]) -> Iterator[Leak]:
    """Prompts that stand in more than one part, in the order of their first row."""
    first: dict[int, Role] = {}
    leaking: dict[int, list[int]] = {}
    for place, prompt in enumerate(rows.prompts):
        if first.setdefault(prompt, roles.get(place, "train")) != roles.get(place, "train"):
            leaking[prompt] = []
    if leaking:
        for place, prompt in enumerate(rows.prompts):
            if prompt in leaking:
                leaking[prompt].append(place)
    for places in leaking.values():
        found = {roles.get(place, "train") for place in places}
        yield Leak(tuple(role for role in ROLES if role in found), tuple(rows.ids[place] for place in places))


def _notes(recipe: SplitRecipe, rows: _Rows, parts: Sequence[Part]) -> Iterator[str]:
    total = len(rows.ids)
    for part, share in zip(parts[1:], (recipe.valid, recipe.heldout), strict=True):
        wanted = int(share) if recipe.counts else round(share * total)
        if len(part.row_ids) != wanted:
            yield f"{part.role} has {len(part.row_ids)} rows instead of {wanted}."
    if recipe.method == "label" and len(rows.names) > max(2, total // 2):
        yield f"There are {len(rows.names)} labels for {total} rows: most labels stand in one part only."
    if recipe.method == "label" and (bare := sum(1 for label in rows.labels if label < 0)):
        yield f"{bare} rows have no label; they are split among themselves."


def _digest(data: bytes, key: bytes = b"") -> int:
    """64 bits that depend on nothing but data and key."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest(), "little")
