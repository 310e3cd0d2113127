"""Claims about the state database."""

import sqlite3

import pytest

from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError


def add(state: StateDb, path: str) -> None:
    with state.transaction() as sql:
        query = "INSERT INTO document (path, version, next_row, head, base) VALUES (?, 1, 1, 0, x'00')"
        sql.execute(query, (path,))


def paths(state: StateDb) -> list[str]:
    return [path for (path,) in state.rows("SELECT path FROM document ORDER BY path")]


def test_what_was_committed_is_there_for_the_next_one(tmp_path):
    state = StateDb.open(tmp_path / "new" / "state.db")
    add(state, "a")
    assert paths(StateDb.open(tmp_path / "new" / "state.db")) == ["a"]


def test_it_commits_through_a_log_and_to_the_disk(tmp_path):
    state = StateDb.open(tmp_path / "state.db")
    assert state.rows("PRAGMA journal_mode") == [("wal",)]
    assert state.rows("PRAGMA synchronous") == [(2,)]


def test_a_transaction_is_all_or_nothing(tmp_path):
    state = StateDb.open(tmp_path / "state.db")
    with pytest.raises(RuntimeError), state.transaction() as sql:
        sql.execute("INSERT INTO document (path, version, next_row, head, base) VALUES ('a', 1, 1, 0, x'')")
        raise RuntimeError
    assert paths(state) == []


def test_trouble_while_storing_is_told_in_a_sentence(tmp_path):
    state = StateDb.open(tmp_path / "state.db")
    add(state, "a")
    with pytest.raises(UserError, match="could not be stored"):
        add(state, "a")


def test_a_private_copy_sees_what_a_writer_has_committed_and_changes_nothing(tmp_path):
    writer = StateDb.open(tmp_path / "state.db")
    add(writer, "a")
    copy = StateDb.private_copy(tmp_path / "state.db")
    add(copy, "b")
    assert paths(copy) == ["a", "b"]
    assert paths(writer) == ["a"]


def test_a_private_copy_of_nothing_is_empty(tmp_path):
    assert paths(StateDb.private_copy(tmp_path / "none.db")) == []
    assert not (tmp_path / "none.db").exists()


def test_a_damaged_file_is_set_aside_and_not_deleted(tmp_path):
    (tmp_path / "state.db").write_bytes(b"This is no database. " * 100)
    state = StateDb.open(tmp_path / "state.db")
    assert paths(state) == []
    assert state.set_aside is not None
    assert state.set_aside.read_bytes().startswith(b"This is no database.")


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    StateDb.open(tmp_path / "state.db").close()
    other = sqlite3.connect(tmp_path / "state.db")
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(UserError, match="newer TuneDesk"):
        StateDb.open(tmp_path / "state.db")
    assert sqlite3.connect(tmp_path / "state.db").execute("PRAGMA user_version").fetchone() == (99,)


def test_files_inside_the_project_are_named_so_that_it_can_be_moved(tmp_path):
    state = StateDb.empty(root=tmp_path / "project")
    assert state.key_of(tmp_path / "project" / "datasets" / "a.jsonl") == "datasets/a.jsonl"
    assert state.key_of(tmp_path / "a.jsonl") == str(tmp_path / "a.jsonl")
