"""Random edits on both sides of a file: whatever happens, nothing of either side is lost."""

import os
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError


def opened(folder: Path) -> Document:
    return Document.open(folder / "rows.jsonl", StateDb.open(folder / "state.db"))


def our_edits(document: Document, chance: random.Random, name: str) -> None:
    for number in range(chance.randrange(1, 6)):
        count = len(document)
        at = chance.randrange(count + 1)
        kind = chance.choice(["insert", "replace", "delete", "move", "undo", "save"])
        if kind == "insert" or not count:
            document.insert(at, [f"{name} new {number}".encode()], "Add")
        elif kind == "replace":
            document.replace(document.id_at(at % count), f"{name} edit {number}".encode(), "Edit")
        elif kind == "delete":
            document.delete([document.id_at(at % count)], "Delete")
        elif kind == "move":
            document.move([document.id_at(at % count)], chance.randrange(count + 1), "Move")
        elif kind == "undo":
            undone(document)
        else:
            document.save()


def their_edits(rows: list[bytes], chance: random.Random, name: str) -> list[bytes]:
    rows = list(rows)
    for number in range(chance.randrange(1, 4)):
        at = chance.randrange(len(rows) + 1)
        kind = chance.choice(["insert", "append", "replace", "delete", "sort"])
        if kind == "append":
            rows.append(f"{name} {number}".encode())
        elif kind == "insert" or not rows:
            rows.insert(at, f"{name} {number}".encode())
        elif kind == "replace":
            rows[at % len(rows)] = f"{name} {number}".encode()
        elif kind == "delete":
            del rows[at % len(rows)]
        else:
            rows.sort()
    return rows


def mark_some(document: Document, chance: random.Random) -> None:
    rows = chance.sample(list(document.row_ids()), min(len(document), chance.randrange(4)))
    notes = {row: RowMarks(note=f"note {chance.randrange(1000)}") for row in rows}
    document.set_marks(notes, "Note")


def marks_by_text(document: Document) -> dict[bytes, RowMarks]:
    """Of rows whose text is there once."""
    now = document.snapshot()
    texts = Counter(raw for _, raw in now.rows())
    pairs = ((now.raw(row), marks) for row, marks in now.marked_rows().items())
    return {raw: marks for raw, marks in pairs if texts[raw] == 1}


def undone(document: Document) -> bool:
    """False when there is nothing to undo, or the rows are no longer what the step knew."""
    try:
        return document.undo() is not None
    except UserError:
        return False


def write(folder: Path, rows: list[bytes], in_place: bool) -> None:
    target = folder / ("rows.jsonl" if in_place else "other")
    target.write_bytes(b"".join(row + b"\n" for row in rows))
    if not in_place:
        os.replace(target, folder / "rows.jsonl")


@pytest.mark.parametrize("seed", [*range(20), 108])
def test_whatever_both_sides_do_each_finds_its_rows_again(tmp_path, seed):
    chance = random.Random(seed)
    write(tmp_path, [b"row %d" % number for number in range(chance.randrange(2, 9))], in_place=True)
    document = opened(tmp_path)
    for round_ in range(6):
        our_edits(document, chance, f"ours {round_}")
        mark_some(document, chance)
        marked = marks_by_text(document)
        version = document.name_version(f"round {round_}")
        before = raws(document)
        base = (tmp_path / "rows.jsonl").read_bytes().splitlines()
        ours = Counter(raws(document))
        theirs = Counter(their_edits(base, chance, f"theirs {round_}"))
        in_place = chance.random() < 0.5
        write(tmp_path, list(theirs.elements()), in_place=in_place)
        if chance.random() < 0.5:
            document = opened(tmp_path)
        else:
            document.merge_from_disk()
            if not in_place:
                assert raws(document.at_version(version)) == before
        merged = Counter(raws(document))
        base_rows = Counter(base)
        assert (ours - base_rows) - merged == Counter(), "a row that we wrote is missing"
        assert (theirs - base_rows) - merged == Counter(), "a row that they wrote is missing"
        assert merged - (ours | theirs) == Counter(), "a row came from nowhere or came twice"
        assert raws(opened(tmp_path)) == raws(document)
        found = marks_by_text(document)
        assert found == marks_by_text(opened(tmp_path))
        for raw, marks in marked.items():
            if theirs[raw] == base_rows[raw] == ours[raw] == merged[raw] == 1:
                assert found.get(raw) == marks, "a row that is there lost its marks"
        for there in document.versions():
            with suppress(UserError):
                raws(document.at_version(there))
        present = raws(document)
        if undone(document):
            document.redo()
        assert raws(document) == present
        document.save()
        assert (tmp_path / "rows.jsonl").read_bytes().splitlines() == present
