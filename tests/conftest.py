"""What every test stands on: no screen, no network, and a data folder of its own."""

import os
import signal
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# huggingface_hub reads these once, at import; child processes inherit them.
os.environ.update(
    HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1"
)

# A shell ignores Ctrl+C in its background jobs and their children; a test that sends it would wait forever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def tunedesk_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh data folder, so that no test meets another's projects or the user's settings."""
    home = tmp_path / "tunedesk-home"
    monkeypatch.setenv("TUNEDESK_HOME", str(home))
    monkeypatch.setenv("HF_HOME", str(home / "hugging-face"))
    return home
