"""A slice of the fuzz; the whole of it is a command, see `tests.serve.fuzz`."""

from __future__ import annotations

from pathlib import Path

from tests.serve.fuzz import fuzzed, still_serves
from tests.serve.running import RunningServer


def test_odd_requests_leave_it_serving_as_it_describes_itself(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "served", "--rate", "0") as server:
        fuzz = fuzzed(server, requests=300, seed=7)
        assert fuzz.complaints == []
        assert fuzz.statuses[200] > 20  # it comes further than to refusals
        still_serves(server)
        assert "Traceback" not in server.output
