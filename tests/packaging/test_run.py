"""`./run` on a tiny checkout: real environments, a real pip, no network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Toy

pytestmark = pytest.mark.skipif(os.name == "nt", reason="run is for POSIX shells; run.cmd for Windows")


def test_the_second_start_says_nothing_of_its_own(ready: Toy) -> None:
    outcome = ready.run("doctor")
    assert (outcome.stdout, outcome.stderr) == ("tunedesk doctor\n", "")


def test_without_arguments_and_screen_the_demo_runs_headless(ready: Toy) -> None:
    assert ready.run().stdout == "tunedesk demo --headless\n"


def test_with_a_screen_the_window_opens_and_no_package_is_installed_for_it(ready: Toy) -> None:
    """Only Qt's libraries for X11 are looked for when a screen is new; here they count as found."""
    parts = ready.root / "packaging" / "system_parts.py"
    before = parts.read_text()
    parts.write_text(before + "\n\ndef can_load(library: str) -> bool:\n    return True\n")
    log = ready.venv / "setup.log"
    log.write_text("kept")
    assert ready.run(DISPLAY=":7").stdout == "tunedesk demo\n"
    assert log.read_text() == "kept"
    parts.write_text(before)
    assert ready.run(DISPLAY=":7").stdout == "tunedesk demo\n", "and from now on they are known to be there"


def test_it_works_through_a_link_and_from_another_folder(ready: Toy, tmp_path: Path) -> None:
    link = tmp_path / "tunedesk"
    link.symlink_to(ready.root / "run")
    outcome = subprocess.run(
        [link, "x"], cwd=tmp_path, env=ready.environment(), capture_output=True, text=True
    )
    assert outcome.stdout == "tunedesk x\n"


def test_a_file_in_the_users_folder_cannot_replace_a_module(ready: Toy, tmp_path: Path) -> None:
    (tmp_path / "tunedesk.py").write_text("print('not this one')\n")
    assert ready.run("doctor", cwd=tmp_path).stdout == "tunedesk doctor\n"


def test_the_exit_code_is_that_of_the_program(ready: Toy) -> None:
    main = ready.root / "src" / "tunedesk" / "__main__.py"
    before = main.read_text()
    main.write_text("raise SystemExit(7)\n")
    assert ready.run("doctor").returncode == 7
    main.write_text(before)


def test_the_first_start_sets_up_and_run_test_adds_the_extra(fresh: Toy, tmp_path: Path) -> None:
    first = fresh.run("lint", "a b.jsonl")
    assert first.stdout == "tunedesk lint a b.jsonl\n"
    assert "Setting TuneDesk up (once): ready" in first.stderr
    outcome = fresh.run("test", "-k", "one", cwd=tmp_path)
    assert outcome.stdout == f"pytest {fresh.root} -k one\n"
    assert "ready" in outcome.stderr, "the extra had to be installed"
    assert '"extras": ["test"]' in fresh.stamp.read_text()
    assert fresh.run("doctor").stderr == "", "and it stays installed"


def test_a_changed_pin_sets_up_again(ready: Toy) -> None:
    (ready.root / "packaging" / "constraints.txt").write_text("# renewed\n")
    assert "ready" in ready.run("doctor").stderr
    assert ready.run("doctor").stderr == ""


def test_an_older_python_in_the_environment_is_replaced(ready: Toy) -> None:
    stamp = ready.stamp
    stamp.write_text(stamp.read_text().replace(f'"{sys.version_info[0]}.{sys.version_info[1]}"', '"3.2"'))
    (ready.venv / "of-the-old-python").touch()
    assert "ready" in ready.run("doctor").stderr
    assert not (ready.venv / "of-the-old-python").exists()


@pytest.fixture
def waiting(fresh: Toy) -> Iterator[subprocess.Popen[str]]:
    """A set-up whose pip waits in the middle of its work."""
    (fresh.root / "slow").touch()
    child = fresh.start(start_new_session=True)
    while not (fresh.root / "waiting").exists():
        assert child.poll() is None, child.communicate()
        os.sched_yield()
    yield child
    (fresh.root / "slow").unlink(missing_ok=True)
    child.wait()


def test_a_killed_set_up_is_redone_from_the_beginning(fresh: Toy, waiting: subprocess.Popen[str]) -> None:
    os.killpg(waiting.pid, signal.SIGKILL)
    waiting.wait()
    assert not fresh.stamp.exists()
    (fresh.venv / "half-installed").touch()
    (fresh.root / "slow").unlink()
    outcome = fresh.run("doctor")
    assert outcome.stdout == "tunedesk doctor\n"
    assert not (fresh.venv / "half-installed").exists()


def test_an_interrupted_set_up_says_so(fresh: Toy, waiting: subprocess.Popen[str]) -> None:
    os.killpg(waiting.pid, signal.SIGINT)
    _, errors = waiting.communicate()
    assert waiting.returncode == 130
    assert "Set-up was interrupted" in errors
    assert "Traceback" not in errors


def test_a_second_set_up_waits_even_when_the_first_was_killed(
    fresh: Toy, waiting: subprocess.Popen[str]
) -> None:
    os.kill(waiting.pid, signal.SIGKILL)  # pip, its child, lives on and would write into the environment
    second = fresh.start()
    assert second.stderr is not None
    assert "waiting for it" in second.stderr.readline()
    (fresh.root / "slow").unlink()
    output, _ = second.communicate()
    assert output == "tunedesk demo --headless\n"


def test_a_failed_set_up_shows_the_reason_and_a_next_step(fresh: Toy) -> None:
    (fresh.root / "broken").touch()
    outcome = fresh.run("doctor")
    assert outcome.returncode == 2
    assert "No space left on device" in outcome.stderr
    assert "free about 3 GB" in outcome.stderr
    assert not fresh.stamp.exists()


def test_an_environment_made_by_somebody_else_is_left_alone(fresh: Toy) -> None:
    (fresh.venv).mkdir()
    (fresh.venv / "mine").touch()
    outcome = fresh.run("doctor")
    assert outcome.returncode == 2
    assert "was not made by ./run" in outcome.stderr
    assert (fresh.venv / "mine").exists()


def fake_python(folder: Path, body: str) -> Path:
    """A folder for PATH in which every tool that `run` calls is real but python3."""
    folder.mkdir()
    for tool in ("dirname", "readlink", "id", "mktemp", "rm", "tail", "env", "sh"):
        (folder / tool).symlink_to(
            f"/usr/bin/{tool}" if Path(f"/usr/bin/{tool}").exists() else f"/bin/{tool}"
        )
    if body:
        (folder / "python3").write_text(f"#!/bin/sh\n{body}\n")
        (folder / "python3").chmod(0o755)
    return folder


def test_an_old_python_is_one_sentence(fresh: Toy, tmp_path: Path) -> None:
    path = fake_python(tmp_path / "bin", "case $2 in *platform*) echo 3.9.18 ;; *) exit 1 ;; esac")
    outcome = fresh.run(PATH=str(path))
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("TuneDesk needs Python 3.11 or newer and found 3.9.18: ")
    assert outcome.stderr.count("\n") == 1


def test_no_python_and_no_apt_is_one_sentence(fresh: Toy, tmp_path: Path) -> None:
    outcome = fresh.run(PATH=str(fake_python(tmp_path / "bin", "")))
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("TuneDesk needs Python 3.11 or newer: install it")
    assert outcome.stderr.count("\n") == 1


def test_no_python_and_an_apt_that_may_not_be_used_names_the_command(fresh: Toy, tmp_path: Path) -> None:
    path = fake_python(tmp_path / "bin", "")
    (path / "id").unlink()
    for name, body in (("id", "echo 1000"), ("apt-get", "exit 1")):
        (path / name).write_text(f"#!/bin/sh\n{body}\n")
        (path / name).chmod(0o755)
    outcome = fresh.run(PATH=str(path))
    assert outcome.returncode == 2
    assert "sudo apt-get install python3 python3-venv" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
