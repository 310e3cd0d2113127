"""A whole run by its own process, at a server that asks for a token, among stray variables: what comes back,
and that the key stands nowhere.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider, chat_rows
from tests.serve.running import RunningServer, wait_until
from tunedesk import paths
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.events import Finished
from tunedesk.runs.job import CloudSettings
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.receipt import read_receipt
from tunedesk.runs.run_folder import RunState, summary_of


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Who follows a stray variable ends here, and is noted."""
    caught: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    def listen() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            caught.append(line.recv(4_096).decode("utf-8", "replace"))
            line.close()

    threading.Thread(target=listen, daemon=True).start()
    for name, value in {
        "OPENAI_API_KEY": "stray-key",
        "OPENAI_BASE_URL": address,
        "OPENAI_ORG_ID": "stray",
        "OPENAI_PROJECT_ID": "stray",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer stray",
        "OPENAI_LOG": "debug",
        "AZURE_OPENAI_ENDPOINT": address,
    }.items():
        monkeypatch.setenv(name, value)
    yield caught
    listener.close()


def token_for(data_dir: Path) -> str:
    command = [sys.executable, "-m", "tunedesk", "serve", "token", "add", "ann", "--data", str(data_dir)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return next(word for word in shown.split() if word.startswith("td-"))


def test_a_whole_run_brings_the_model_home_and_the_key_stands_nowhere(
    tmp_path: Path, tunedesk_home: Path, trap: list[str]
) -> None:
    served = tmp_path / "served"
    key = token_for(served)
    with RunningServer(served, "--require-token") as server:
        run = a_cloud_run(
            tmp_path / "runs",
            server.url,
            valid=chat_rows(4, 12),
            settings=CloudSettings(n_epochs=1, batch_size=4, suffix="desk"),
            provider=a_provider(poll_seconds=(0.1, 0.5)),
            local_model=paths.starter_model(),
        )
        places.start(run, lambda account: key)
        wait_until(lambda: run.history().ended is not None, "the end of the run")
        wait_until(lambda: not run.is_alive(), "the end of its process")
        places.resume(run, lambda account: key)  # a finished run stays as it is
        output = server.output
    ended = run.history().ended
    assert isinstance(ended, Finished), ended
    assert ended.model.startswith("ft:starter:ann:desk:") and ended.adapter == "adapter"
    assert run.state() is RunState.FINISHED
    assert read_adapter_folder(run.adapter_dir).rank > 0
    summary = summary_of(run)
    assert (summary.service, summary.tuned, summary.has_adapter) == ("Our box", ended.model, True)
    known, receipt = ledger.read(run), read_receipt(run)
    assert known.files_there == ()
    assert receipt is not None and (receipt.job, receipt.ended) == (known.job, "succeeded")
    assert receipt.trained_tokens == ended.trained_tokens
    assert trap == []
    left_behind = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"log.txt", "events.jsonl", "cloud.json", "receipt.json"} <= {path.name for path in left_behind}
    assert [path for path in left_behind if key.encode() in path.read_bytes()] == []
    assert key not in output
