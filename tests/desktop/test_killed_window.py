"""kill -9 of the window while somebody types: no edit that it told of is missing, and the file is whole."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunedesk.dataset.document import Document
from tunedesk.project.folder import close_project, open_document, open_project

KILLS = int(os.environ.get("TUNEDESK_WINDOW_KILLS", "4"))
MOST_LINES = 120
"""Keys and kept edits after which a window is killed at the latest; an edit is about ten keys."""

Kept = list[tuple[int, bytes]]
"""Rows, from 1, and the words that were typed into them."""


def test_no_edit_that_was_kept_is_missing_after_the_window_was_killed(helpdesk: Path) -> None:
    file = helpdesk / "datasets" / "train.jsonl"
    shipped = file.read_bytes()
    chance = random.Random(0)
    kept: Kept = []
    for seed in range(KILLS):
        kept += type_and_kill(helpdesk, seed, chance.randrange(MOST_LINES))
        assert file.read_bytes() == shipped, "nobody has saved"
        with reopened(helpdesk) as document:
            rows = raws(document)
            assert not [(row, word) for row, word in kept if word not in rows[row - 1]]
            undo_and_redo_one(document)
            assert raws(document) == rows
    assert len(kept) > KILLS, "the windows were killed among edits"
    with reopened(helpdesk) as document:
        while document.undo() is not None:
            pass
        assert raws(document) == shipped.splitlines(), "everything that was typed can be taken back"


def type_and_kill(project: Path, seed: int, lines: int) -> Kept:
    """Let a window type until it has written more than so many lines, and kill it; what it said it kept."""
    command = [sys.executable, "-m", "tests.desktop.typing_window", str(project), str(seed)]
    root = Path(__file__).parents[2]
    number, kept = -1, []
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        for number, line in enumerate(window.stdout):
            said = line.split()
            if said[0] == b"kept":
                kept.append((int(said[1]), said[2] + b" "))
            if number == lines:
                window.kill()
    assert number >= lines, "the window ended by itself"
    return kept


@contextmanager
def reopened(project: Path) -> Iterator[Document]:
    """The training rows as the next window finds them."""
    opened = open_project(project)
    try:
        assert not opened.read_only, "the killed window's lock is gone with it"
        document = open_document(opened, opened.datasets["train"])
        yield document
        document.close()
    finally:
        close_project(opened)


def raws(document: Document) -> list[bytes]:
    return [document.raw(row_id) for row_id in document.row_ids()]


def undo_and_redo_one(document: Document) -> None:
    """The newest edit, if any, can be taken back and done again after the kill."""
    before = raws(document)
    if document.undo() is not None:
        assert raws(document) != before
        document.redo()
