"""Claims about a journal that was cut or written into: a sentence or an earlier state, never a crash."""

import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.dataset.rows import lines, raws, text
from tunedesk.dataset.damage import DamagedJournal, sealed, unsealed
from tunedesk.dataset.document import Document
from tunedesk.dataset.marks import RowMarks
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError

STAR = RowMarks(star=True)
CASES = int(os.environ.get("TUNEDESK_TEST_DAMAGES", "20"))
SEED = int(os.environ.get("TUNEDESK_TEST_SEED", "1"))


def made(folder: Path) -> tuple[list[tuple[list[bytes], dict]], Path]:
    """The states that a session went through, and its files as a killed process leaves them."""
    folder.mkdir()
    (folder / "rows.jsonl").write_bytes(lines("abcdefgh"))
    document = Document.open(folder / "rows.jsonl", StateDb.open(folder / "state.db", root=folder))
    states = [seen(document)]
    for number in range(12):
        if number % 4 == 0:
            document.replace(document.id_at(number % 5), b"edit %d" % number, "Edit")
        elif number % 4 == 1:
            document.set_marks({document.id_at(number % 5): STAR}, "Star")
        elif number % 4 == 2:
            document.insert(number % 3, [b"new %d" % number], "Add")
        else:
            document.move([document.id_at(number % 6)], 0, "Move")
        states.append(seen(document))
        if number == 6:
            document.name_version("Middle")
    left = folder / "killed"
    left.mkdir()
    for name in ("rows.jsonl", "state.db", "state.db-wal"):
        shutil.copyfile(folder / name, left / name)
    return states, left


def seen(document: Document) -> tuple[list[bytes], dict]:
    return raws(document), dict(document.snapshot().marked_rows())


def opened(folder: Path) -> Document | None:
    """None when it was refused with a sentence."""
    try:
        state = StateDb.open(folder / "state.db", root=folder)
        return Document.open(folder / "rows.jsonl", state)
    except UserError as error:
        assert error.message.endswith(".")
        return None


def copied(left: Path, number: int) -> Path:
    folder = left.with_name(f"case {number}")
    shutil.copytree(left, folder)
    return folder


def test_a_log_that_was_cut_anywhere_shows_an_earlier_state(tmp_path):
    states, left = made(tmp_path / "work")
    whole = (left / "state.db-wal").read_bytes()
    chance = random.Random(SEED)
    found = set()
    for number in range(CASES):
        folder = copied(left, number)
        (folder / "state.db-wal").write_bytes(whole[: chance.randrange(len(whole))])
        document = opened(folder)
        assert document is not None
        assert seen(document) in states
        found.add(states.index(seen(document)))
        document.replace(document.id_at(0), b"goes on", "Edit")
        shutil.rmtree(folder)
    assert len(found) > 5


def test_a_log_that_was_written_into_shows_an_earlier_state(tmp_path):
    states, left = made(tmp_path / "work")
    whole = (left / "state.db-wal").read_bytes()
    chance = random.Random(SEED)
    for number in range(CASES):
        folder = copied(left, number)
        place = chance.randrange(len(whole))
        garbled = whole[:place] + chance.randbytes(chance.randrange(1, 50)) + whole[place:]
        (folder / "state.db-wal").write_bytes(garbled[: len(whole)])
        document = opened(folder)
        assert document is not None
        assert seen(document) in states
        shutil.rmtree(folder)


def closed(left: Path) -> bytes:
    """The database with its log worked in, as after a clean end."""
    connection = sqlite3.connect(left / "state.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    (left / "state.db-wal").unlink(missing_ok=True)
    (left / "state.db-shm").unlink(missing_ok=True)
    return (left / "state.db").read_bytes()


def test_a_database_that_was_cut_anywhere_is_told_and_the_file_is_shown(tmp_path):
    states, left = made(tmp_path / "work")
    whole = closed(left)
    chance = random.Random(SEED)
    for number in range(CASES):
        folder = copied(left, number)
        (folder / "state.db").write_bytes(
            whole[: chance.choice([0, 1, 99, 100, chance.randrange(len(whole))])]
        )
        state = StateDb.open(folder / "state.db", root=folder)
        document = Document.open(folder / "rows.jsonl", state)
        assert seen(document) in (states[0], states[-1])
        if (folder / "state.db").stat().st_size and state.set_aside:
            assert "was damaged" in state.report
        document.replace(document.id_at(0), b"goes on", "Edit")
        assert (folder / "rows.jsonl").read_bytes() == lines("abcdefgh")
        shutil.rmtree(folder)


def test_whatever_bytes_of_the_database_change_nothing_crashes(tmp_path):
    _, left = made(tmp_path / "work")
    whole = closed(left)
    chance = random.Random(SEED)
    for number in range(2 * CASES):
        folder = copied(left, number)
        garbled = bytearray(whole)
        for _ in range(chance.choice([1, 3, 20])):
            garbled[chance.randrange(len(garbled))] = chance.randrange(256)
        (folder / "state.db").write_bytes(garbled)
        document = opened(folder)
        if document is not None:
            raws(document)
            look_around(document)
        assert (folder / "rows.jsonl").read_bytes() == lines("abcdefgh")
        shutil.rmtree(folder)


def look_around(document: Document) -> None:
    try:
        for entry in document.history():
            document.at_version(entry)
        while document.undo():
            raws(document)
    except UserError as error:
        assert error.sentence


def test_a_damaged_step_is_told_and_the_rows_are_shown_as_saved(make, tmp_path):
    document = make(lines("abc"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.close()
    state = StateDb.open(tmp_path / "state.db")
    with state.transaction() as sql:
        ((data,),) = sql.execute("SELECT data FROM step_part").fetchall()
        sql.execute("UPDATE step_part SET data = ?", (data.replace(b"x", b"y"),))
    document = Document.open(tmp_path / "rows.jsonl", state)
    assert text(document) == "abc"
    assert "was damaged" in document.journal_report
    assert 'The step "Edit"' in document.journal_report
    document.replace(document.id_at(1), b"z", "Edit")
    assert text(Document.open(tmp_path / "rows.jsonl", state)) == "azc"
    assert state.rows("SELECT count(*) FROM document WHERE path LIKE 'damaged%rows.jsonl'") == [(1,)]


def test_a_damaged_step_of_the_past_cannot_be_undone_but_nothing_else_is_lost(make, tmp_path):
    document = make(lines("abc"))
    document.replace(document.id_at(0), b"x", "Edit")
    document.save()
    state = StateDb.open(tmp_path / "state.db")
    with state.transaction() as sql:
        sql.execute("UPDATE step_part SET data = substr(data, 1, 9)")
    document = Document.open(tmp_path / "rows.jsonl", state)
    with pytest.raises(DamagedJournal, match="cannot be read"):
        document.undo()
    assert text(document) == "xbc"
    document.replace(document.id_at(0), b"y", "Edit")
    document.undo()
    assert text(document) == "xbc"


def test_a_value_is_known_to_be_whole():
    stored = sealed(b"value")
    assert unsealed(stored) == b"value"
    assert unsealed(b"\x93 old") == b"\x93 old"
    for place in range(1, len(stored)):
        with pytest.raises(ValueError, match="checksum"):
            unsealed(stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :])
