"""The command that starts the engine, in a checkout and in a frozen bundle."""

import sys
from pathlib import Path

import pytest

from tunedesk.runs.places.engine_command import agent_command, engine_command


def test_a_checkout_starts_the_engine_with_its_own_interpreter() -> None:
    assert engine_command() == [sys.executable, "-P", "-m", "tunedesk.engine"]


def test_a_bundle_starts_the_program_that_lies_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "tunedesk"))
    assert engine_command() == [str(tmp_path / "tunedesk-engine")]


def test_a_bundle_for_windows_keeps_the_suffix_of_its_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "tunedesk.exe"))
    assert engine_command() == [str(tmp_path / "tunedesk-engine.exe")]


def test_the_programs_own_commands_are_started_by_the_program_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert agent_command() == [sys.executable, "-P", "-m", "tunedesk"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "tunedesk"))
    assert agent_command() == [str(tmp_path / "tunedesk")]
