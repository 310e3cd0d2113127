"""kill -9 at any moment loses no finished step: a run that is resumed ends as one that was never broken."""

from pathlib import Path

from tests.engine.killed_engine import kill_and_compare

KILLS = 5
"""Fifty, with `python -m tests.engine.killed_engine --kills 50`, take some four minutes."""


def test_a_run_killed_again_and_again_ends_as_if_nothing_had_happened(
    tmp_path: Path, tiny_model: Path
) -> None:
    told: list[str] = []
    assert kill_and_compare(tmp_path, tiny_model, KILLS, seed=0, tell=told.append) == []
    assert len(told) == KILLS
