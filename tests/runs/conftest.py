"""One tiny model for the tests that prepare and start real runs."""

from pathlib import Path

import pytest

from tests.runs.cloud.world import world
from tests.tiny_model import write_tiny_model

__all__ = ["world"]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
