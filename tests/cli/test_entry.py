"""What goes to the window, what to a command, and how trouble is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from tunedesk.__main__ import is_asked_by_multiprocessing, main, wants_window
from tunedesk.cli.guard import guarded
from tunedesk.errors import UserError


@pytest.mark.parametrize(
    "arguments", [[], ["project"], ["rows.jsonl", "--debug"], ["demo"], ["demo", "--out", "x"], ["--debug"]]
)
def test_a_path_nothing_or_a_demo_opens_the_window(arguments: list[str]) -> None:
    assert wants_window(arguments)


@pytest.mark.parametrize(
    "arguments",
    [["lint", "x"], ["demo", "--headless"], ["demo", "--json"], ["--help"], ["doctor"], ["--version"]],
)
def test_commands_and_questions_do_not(arguments: list[str]) -> None:
    assert not wants_window(arguments)


def test_a_path_that_does_not_exist_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-file.jsonl"]) == 2
    assert capsys.readouterr().err == (
        "tunedesk: no-such-file.jsonl does not exist. Check the path, or see tunedesk --help.\n"
    )


def test_without_a_screen_the_window_says_what_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main([str(tmp_path)]) == 2
    assert "There is no screen" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["lint", "--target", "x"], ["show", "x"], ["train"], ["chat"], ["doctor", "x"]]
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: tunedesk" in capsys.readouterr().err


def fail(trouble: BaseException) -> int:
    raise trouble


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (UserError("A failed.", hint="Do b.", exit_code=1), 1, "tunedesk: A failed. Do b.\n"),
        (UserError("A failed."), 2, "tunedesk: A failed.\n"),
        (KeyboardInterrupt(), 130, "tunedesk: Interrupted.\n"),
        (PermissionError(13, "Permission denied", "/data"), 2, "tunedesk: /data: Permission denied. Check"),
        (ZeroDivisionError("x"), 2, "ZeroDivisionError: x"),
    ],
)
def test_trouble_is_one_sentence_and_a_code(
    trouble: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: fail(trouble), debug=False) == code
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(lambda: fail(UserError("A failed.")), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_help_and_version_import_no_part_of_the_program() -> None:
    code = (
        "import sys; from tunedesk.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'PySide6', 'msgspec', 'tokenizers', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "lint" in ended.stdout


def test_a_bundles_own_processes_are_known_by_pythons_arguments() -> None:
    assert is_asked_by_multiprocessing(["--multiprocessing-fork", "tracker_fd=5", "pipe_handle=7"])
    assert is_asked_by_multiprocessing(["-c", "from multiprocessing.resource_tracker import main;main(4)"])
    assert not is_asked_by_multiprocessing(["stats", "train.jsonl"])
