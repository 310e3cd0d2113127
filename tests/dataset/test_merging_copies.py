"""Claims about two analysts who worked on the same dataset."""

import json
from pathlib import Path

import pytest

from tests.dataset.rows import raws
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
from tunedesk.errors import UserError


def row(question: str, answer: str) -> bytes:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()


ROWS = [
    row(f"What about number {name}?", f"It is {name} of the list.") for name in ("one", "two", "six", "ten")
]


def copy_of(folder: Path, rows: list[bytes]) -> Path:
    (folder / "ann.jsonl").write_bytes(b"".join(raw + b"\n" for raw in rows))
    return folder / "ann.jsonl"


def answered(document: Document, position: int, answer: str) -> None:
    there = document.raw_at(position)
    document.replace(document.id_at(position), there.replace(b"of the list", answer.encode()), "Edit")


def test_changes_of_both_sides_are_put_together_in_one_undo_step(make, reopen, tmp_path):
    document = make(b"".join(raw + b"\n" for raw in ROWS))
    begun = document.name_version("Sent to Ann")
    answered(document, 0, "ours")
    document.set_marks({document.id_at(0): RowMarks(star=True)}, "Star")
    document.save()
    theirs = [ROWS[0], ROWS[1].replace(b"of the list", b"theirs"), ROWS[3], row("New?", "Yes.")]
    before = raws(document)
    merged = document.merge_with(copy_of(tmp_path, theirs), begun)
    after = [ROWS[0].replace(b"of the list", b"ours"), theirs[1], ROWS[3], theirs[3]]
    assert raws(document) == after
    assert (merged.taken, merged.conflicts) == (3, ())
    assert merged.sentence == "3 changes taken over."
    assert document.marks(document.id_at(0)) == RowMarks(star=True)
    document = reopen()
    assert raws(document) == after
    document.undo()
    assert raws(document) == before


def test_a_row_that_both_changed_is_kept_in_both_versions(make, tmp_path):
    document = make(b"".join(raw + b"\n" for raw in ROWS))
    begun = document.snapshot()
    answered(document, 1, "ours")
    document.set_marks({document.id_at(1): RowMarks(note="Mine.", reviewed=True)}, "Note")
    theirs = [ROWS[0], ROWS[1].replace(b"of the list", b"theirs"), *ROWS[2:]]
    merged = document.merge_with(copy_of(tmp_path, theirs), begun)
    assert raws(document) == [ROWS[0], ROWS[1].replace(b"of the list", b"ours"), theirs[1], *ROWS[2:]]
    assert merged.conflicts == (document.id_at(1), document.id_at(2))
    ours, other = (document.marks(row) for row in merged.conflicts)
    assert (ours.tags, other.tags) == (("conflict",), ("conflict",))
    assert ours.note.startswith("Mine.\nann.jsonl has this row changed as well: /messages/1/content")
    assert not ours.reviewed
    assert "ann.jsonl" in other.note
    document.undo()
    assert document.marks(document.id_at(1)) == RowMarks(note="Mine.", reviewed=True)


def test_a_row_that_one_side_deleted_and_the_other_changed_stays(make, tmp_path):
    document = make(b"".join(raw + b"\n" for raw in ROWS))
    begun = document.snapshot()
    answered(document, 0, "ours")
    document.delete([document.id_at(3)], "Delete")
    theirs = [*ROWS[1:3], ROWS[3].replace(b"of the list", b"theirs")]
    merged = document.merge_with(copy_of(tmp_path, theirs), begun)
    assert sorted(raws(document)) == sorted([ROWS[0].replace(b"of the list", b"ours"), *theirs])
    notes = sorted(document.marks(row).note for row in merged.conflicts)
    assert notes == [
        "You changed this row; ann.jsonl has it no longer.",
        "You had deleted this row; ann.jsonl has it changed.",
    ]


def test_a_copy_without_changes_makes_no_step(make, tmp_path):
    document = make(b"".join(raw + b"\n" for raw in ROWS))
    merged = document.merge_with(copy_of(tmp_path, ROWS), document.snapshot())
    assert (merged.taken, merged.conflicts, document.undo_label) == (0, (), None)


def test_a_merge_can_be_cancelled_and_a_missing_copy_is_told(make, tmp_path):
    document = make(b"".join(raw + b"\n" for raw in ROWS))
    copy = copy_of(tmp_path, ROWS[:1])
    assert document.merge_with(copy, document.snapshot(), cancelled=lambda: True) is None
    assert raws(document) == ROWS
    with pytest.raises(UserError):
        document.merge_with(tmp_path / "none.jsonl", document.snapshot())
