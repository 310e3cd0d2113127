"""What the tests of documents share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb


@pytest.fixture
def make(tmp_path: Path) -> Callable[[bytes], Document]:
    """A document on a new file with this content."""

    def made(content: bytes) -> Document:
        (tmp_path / "rows.jsonl").write_bytes(content)
        return Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"))

    return made


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], Document]:
    """The same file opened anew, as after a restart."""

    def opened() -> Document:
        return Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"))

    return opened
