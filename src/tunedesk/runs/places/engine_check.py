"""Asks a fresh engine what it is made of; a broken one is an answer too."""

from __future__ import annotations

import subprocess

import msgspec

from tunedesk.runs.engine_report import EngineReport
from tunedesk.runs.places.engine_command import engine_command

LONGEST = 180.0
"""Seconds; a cold disk needs a minute for the libraries."""


def check_engine() -> EngineReport:
    """The engine's report, or one whose `problem` says why there is none."""
    try:
        ended = subprocess.run(
            [*engine_command(), "check"], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        return EngineReport({}, problem=f"The engine does not start: {trouble}")
    lines = ended.stdout.splitlines()
    try:
        return msgspec.json.decode(lines[-1] if lines else b"", type=EngineReport)
    except msgspec.MsgspecError:
        words = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1] if words else f"exit code {ended.returncode}"
        return EngineReport({}, problem=f"The engine does not work: {reason}")
