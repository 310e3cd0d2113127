"""Holds a running server against its own OpenAPI description with schemathesis, where that is installed.

    python -m tests.serve.described [more options of `schemathesis run`]

Checked is what a server must keep whatever it is asked: no 5xx, statuses, kinds and shapes as described, and
methods that are not offered refused. What is refused for a reason that no schema can say (a model that does
not exist, rows that are none) is not counted as a fault.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.serve.running import RunningServer

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
)


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(Path(folder) / "served", "--rate", "0") as server,
    ):
        description = server.url.removesuffix("/v1") + "/openapi.json"
        asked = ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", *sys.argv[1:]]
        command = [sys.executable, "-m", "schemathesis.cli", "run", description, *asked]
        ended = subprocess.run(command, cwd=folder).returncode
        if "Traceback" in server.output:
            print(server.output[-3000:])
            return 1
        return ended


if __name__ == "__main__":
    raise SystemExit(main())
