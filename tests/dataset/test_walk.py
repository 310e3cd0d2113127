"""A long random walk over a document, held against a list of rows and a list of its earlier states."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dataset.long_walk import Doer, Drawn, begun, opened, walk
from tests.dataset.rows import raws
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb


class Walk:
    """A document and what it should be. `states[at]` is the present; the others can be reached by undo
    and redo.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        rows = [b"row %d" % number for number in range(self.chance.randrange(12))]
        ends = self.chance.choice([b"\n", b"\r\n"])
        (folder / "rows.jsonl").write_bytes(
            ends.join(rows) + self.chance.choice([b"", ends] if rows else [b""])
        )
        self.states = [rows]
        self.at = 0
        self.count = 0
        self.reopen()

    def reopen(self) -> None:
        self.document = Document.open(self.folder / "rows.jsonl", StateDb.open(self.folder / "state.db"))

    @property
    def rows(self) -> list[bytes]:
        return list(self.states[self.at])

    def becomes(self, rows: list[bytes]) -> None:
        if rows != self.states[self.at]:
            self.states = [*self.states[: self.at + 1], rows]
            self.at += 1

    def new_text(self) -> bytes:
        self.count += 1
        return self.chance.choice([b"", b" ", b"text %d" % self.count, b'{"n": %d}' % self.count, b"row 1"])

    def some_positions(self) -> list[int]:
        count = self.chance.randrange(min(len(self.rows), 4) + 1)
        return self.chance.sample(range(len(self.rows)), count)

    def replace(self) -> None:
        rows, ids = self.rows, self.document.row_ids()
        texts = {position: self.new_text() for position in self.some_positions()}
        for position, raw in texts.items():
            rows[position] = raw
        self.document.replace_many({ids[position]: raw for position, raw in texts.items()}, "Edit")
        self.becomes(rows)

    def insert(self) -> None:
        rows = self.rows
        position = self.chance.randrange(len(rows) + 1)
        new = [self.new_text() for _ in range(self.chance.randrange(4))]
        self.document.insert(position, new, "Add")
        rows[position:position] = new
        self.becomes(rows)

    def delete(self) -> None:
        positions = self.some_positions()
        self.document.delete([self.document.id_at(position) for position in positions], "Delete")
        self.becomes([raw for position, raw in enumerate(self.rows) if position not in positions])

    def move(self) -> None:
        positions, rows = self.some_positions(), self.rows
        to = self.chance.randrange(len(rows) + 1)
        ids = list(self.document.row_ids())
        self.document.move([ids[position] for position in positions], to, "Move")
        rest = [row for place, row in enumerate(ids) if place < to and place not in positions]
        rest += [ids[position] for position in positions]
        rest += [row for place, row in enumerate(ids) if place >= to and place not in positions]
        if rest != ids:
            # Equal texts may change places, which is a step all the same.
            self.states = [*self.states[: self.at + 1], [rows[ids.index(row)] for row in rest]]
            self.at += 1

    def undo(self) -> None:
        assert (self.document.undo() is None) == (self.at == 0)
        self.at = max(0, self.at - 1)

    def redo(self) -> None:
        assert (self.document.redo() is None) == (self.at == len(self.states) - 1)
        self.at = min(len(self.states) - 1, self.at + 1)

    def save(self) -> None:
        self.document.save()
        assert not self.document.is_modified

    def look(self) -> None:
        assert raws(self.document) == self.rows
        assert [raw for _, raw in self.document.snapshot().rows()] == self.rows


@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_of_edits_undos_saves_and_restarts_matches_a_list(tmp_path, seed):
    walk = Walk(tmp_path, seed)
    moves = [walk.replace, walk.insert, walk.delete, walk.move, walk.undo, walk.redo, walk.save, walk.reopen]
    weights = [4, 3, 2, 2, 4, 2, 1, 1]
    for _ in range(120):
        walk.chance.choices(moves, weights)[0]()
        walk.look()
    walk.reopen()
    while walk.at:
        walk.undo()
        walk.look()


@pytest.mark.parametrize("seed", range(3))
def test_edits_marks_versions_and_restarts_match_a_model(tmp_path, seed):
    """The quick variant of long_walk.py, in one process."""
    drawn = Drawn(seed)
    model = begun(tmp_path, drawn)
    doer = Doer(opened(tmp_path))
    for number in range(100):
        order = drawn.order(model)
        model = model.after(order)
        doer.do(order)
        assert doer.seen() == model.seen(), (number, order)
        if number % 9 == 8:
            doer = Doer(opened(tmp_path))
            model = replace(model, typing=None)
            assert doer.seen() == model.seen(), (number, order)
    for name, state in model.versions:
        assert doer.at(name) == state.shown()


def test_a_process_that_is_killed_again_and_again_matches_a_model(tmp_path):
    assert list(walk(tmp_path, edits=40, seed=5, kills=4)) == ["all undone"]
