"""What the tests of containers share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb

Opened = Callable[..., Document]


@pytest.fixture
def open_file(tmp_path: Path) -> Opened:
    """A document on a file of this name and content; without content, on the file as it is."""

    def opened(name: str, content: bytes | None = None) -> Document:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        return Document.open(tmp_path / name, StateDb.open(tmp_path / "state.db"))

    return opened
