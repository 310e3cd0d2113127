"""Asks a fresh engine to merge a run's adapter into its base model."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.merge_report import MergeBase, MergeReport
from tunedesk.runs.places.engine_command import engine_command


def merge_run(run: Path, out: Path, base: MergeBase = "trained") -> MergeReport:
    """Write the merged model to `out`; takes as long as reading the base twice.

    UserError: the engine does not start, or says why it cannot be done.
    """
    arguments = ["merge", str(run.absolute()), "--out", str(out.absolute()), "--base", base]
    try:
        ended = subprocess.run(
            [*engine_command(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as trouble:
        raise UserError(f"The engine does not start: {trouble}", hint="Look at: tunedesk doctor") from trouble
    lines = ended.stdout.splitlines()
    try:
        return msgspec.json.decode(lines[-1] if lines else b"", type=MergeReport)
    except msgspec.MsgspecError:
        words = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1] if words else f"the engine ended with exit code {ended.returncode}."
        raise UserError(reason) from None
