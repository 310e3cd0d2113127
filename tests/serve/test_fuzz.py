"""A slice of the fuzz; the whole of it is a command, see `tests.serve.fuzz`."""

from __future__ import annotations

from pathlib import Path

from tests.serve.clients import chat_rows, client_of, send
from tests.serve.fuzz import fuzzed
from tests.serve.running import RunningServer


def test_odd_requests_leave_it_serving_as_it_describes_itself(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "served", "--rate", "0") as server:
        fuzz = fuzzed(server, requests=300, seed=7)
        assert fuzz.complaints == []
        assert fuzz.statuses[200] > 20  # it comes further than to refusals
        client = client_of(server, strict=False)
        file = send(client, chat_rows(3))
        job = client.fine_tuning.jobs.create(model="starter", training_file=file.id)
        assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
        assert "Traceback" not in server.output
