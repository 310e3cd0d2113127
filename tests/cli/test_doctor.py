"""`tunedesk doctor`: the whole on this machine, and each complaint by itself."""

import json
from pathlib import Path

import pytest

from tunedesk.__main__ import main
from tunedesk.cli.doctor import (
    check_folder,
    check_graphics,
    check_keys,
    check_memory,
    check_python,
    check_report,
    check_starter,
)
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.runs.engine_report import EngineReport
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.places.engine_check import check_engine

CARD = Hardware("cpu", 4, 64 * 10**9, 32 * 10**9, (Gpu("Card", 8 * 10**9, 6 * 10**9),))
SOUND = EngineReport({"torch": "2.13.0"}, "cpu", 0.09)


def test_this_machine_has_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert told["ok"] is True
    assert states["engine"] == states["four bits"] == states["starter model"] == "fine"


def test_an_old_python_is_told() -> None:
    assert check_python((3, 10, 1)).state == "missing"
    assert check_python((3, 11, 0)).state == "fine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    check = check_folder(lambda: tmp_path / "missing")
    assert check.state == "missing" and "TUNEDESK_HOME" in check.hint
    assert check_folder(lambda: tmp_path).state in ("fine", "note")


def test_a_data_folder_that_cannot_be_made_is_one_of_the_complaints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("TUNEDESK_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr("tunedesk.cli.doctor.check_engine", lambda: SOUND)
    assert main(["doctor", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    missing = [check["name"] for check in told["checks"] if check["state"] == "missing"]
    assert (told["ok"], missing) == (False, ["data folder"])


def test_a_missing_starter_model_is_told(tmp_path: Path) -> None:
    assert check_starter(lambda: tmp_path).state == "missing"


def test_little_memory_is_worth_a_word() -> None:
    assert check_memory(Hardware("cpu", 2, 4 * 10**9, 10**9)).state == "note"
    assert check_memory(CARD).state == "fine"


def test_an_engine_with_a_problem_is_missing() -> None:
    states = [check.state for check in check_report(EngineReport({}, problem="Not installed: torch."))]
    assert states == ["missing"]
    assert [check.state for check in check_report(SOUND)] == ["fine", "fine"]


def test_a_card_that_torch_cannot_use_is_worth_a_word() -> None:
    assert check_graphics(CARD, SOUND).state == "note"
    assert check_graphics(CARD, EngineReport({}, "Card", 0.09)).state == "fine"


def test_an_engine_that_does_not_start_is_a_report_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> list[str]:
        import sys

        return [sys.executable, "-c", "raise SystemExit('no driver')"]

    monkeypatch.setattr("tunedesk.runs.places.engine_check.engine_command", broken)
    assert check_engine().problem == "The engine does not work: no driver"


def test_where_keys_are_kept_is_told() -> None:
    assert check_keys(KeyStore(None)).state == "note"

    class Vault:
        name = "a store"

        def get(self, user: str) -> str:
            return ""

        def put(self, user: str, key: str) -> None: ...

        def forget(self, user: str) -> None: ...

    assert check_keys(KeyStore(Vault())).detail == "kept in a store"
