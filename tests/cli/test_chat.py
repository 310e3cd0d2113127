"""`tunedesk chat` in the terminal."""

import io
from pathlib import Path

import pytest

from tests.runs.test_consent import ORDER
from tests.runs.test_deployment import TUNED, finished
from tests.tiny_adapter import write_tiny_adapter
from tunedesk.__main__ import main
from tunedesk.chat.hosted import HostedModels
from tunedesk.cli.chat import chosen_voices
from tunedesk.errors import UserError
from tunedesk.runs.generation import Load


def test_messages_are_answered_until_the_input_ends(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n/again\n/new\n/again\nbye\n"))
    assert main(["chat", str(tiny), "--max-tokens", "3"]) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 3
    assert "no answer to give anew" in told.err


def test_a_prompt_may_come_from_standard_input(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("blue " * 300))
    assert main(["chat", str(tiny), "--prompt", "-"]) == 2
    assert "reads at most 256" in capsys.readouterr().err


def test_a_bad_setting_is_told_before_a_model_is_loaded(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", str(tiny), "--prompt", "x", "--top-p", "2"]) == 2
    assert "top_p is 2" in capsys.readouterr().err


def test_a_model_is_chosen_by_its_folder(tiny: Path) -> None:
    assert chosen_voices(str(tiny), base_too=True) == (Load(str(tiny), quantization="none"), ("base",), "")


def test_a_run_that_a_service_keeps_is_asked_there(tmp_path: Path) -> None:
    run = finished(tmp_path, deploys=False)
    wanted, voices, system = chosen_voices(str(run.path), base_too=True)
    assert isinstance(wanted, HostedModels)
    assert (wanted.tuned, wanted.base, wanted.host) == (TUNED, ORDER.model, "r.openai.azure.com")
    assert (voices, system) == (("base", "tuned"), "")
    assert chosen_voices(str(run.path), base_too=False)[1] == ("tuned",)


def test_talking_to_a_service_needs_its_key_and_says_where_words_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished(tmp_path, deploys=False)
    assert main(["chat", str(run.path), "--prompt", "hello"]) == 2
    told = capsys.readouterr().err
    assert "what you write goes to r.openai.azure.com" in told
    assert "There is no key for Work" in told


def test_something_that_is_neither_run_nor_model_is_told(tmp_path: Path, tiny: Path) -> None:
    write_tiny_adapter(tmp_path / "adapter", tiny)
    for name in (str(tmp_path), "nothing"):
        with pytest.raises(UserError):
            chosen_voices(name, base_too=False)
