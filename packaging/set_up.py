"""Makes `.venv` and installs the pinned packages into it, with one line of progress."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from bootstrap import (
    WINDOWS,
    constraints_file,
    installed_extras,
    is_current,
    packages_are_current,
    python_series,
    read_stamp,
    stamp_file,
    venv_python,
    write_stamp,
)
from system_parts import SetupError, need_system_parts

# What pip's log says when it reaches no index: no name, no connection, no answer.
NO_NETWORK = ("NameResolutionError", "name resolution", "NewConnectionError", "ConnectTimeout")


def set_up(root: Path, extras: list[str]) -> None:
    """Bring `.venv` to what pyproject.toml and the constraints ask for; raises SetupError."""
    lock = lock_folder(root)
    try:
        if is_current(root, extras):  # another set-up finished while this one waited
            return
        stamp = read_stamp(root)
        need_system_parts()
        if packages_are_current(root, extras):  # only a screen is new
            write_stamp(root, installed_extras(stamp))
            return
        if stamp.get("python") != python_series():
            make_room(root)
        stamp_file(root).unlink(missing_ok=True)
        wanted = sorted({*extras, *installed_extras(stamp)})
        Installation(root, lock).install(wanted)
        write_stamp(root, wanted)
    except OSError as trouble:
        raise SetupError(f"Set-up failed: {trouble}. Can {root} be written to?") from trouble
    finally:
        if lock is not None:
            os.close(lock)


def lock_folder(root: Path) -> int | None:
    """Wait until no other set-up of this folder runs, and keep further ones waiting; None on Windows.

    pip inherits the lock: an installer whose parent was killed writes on, and has to be waited for too.
    """
    if WINDOWS:
        return None
    import fcntl

    handle = os.open(root / "pyproject.toml", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another set-up of this folder is running; waiting for it.", file=sys.stderr, flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        print("This file system has no locks: do not start a second set-up beside this one.", file=sys.stderr)
    return handle


def make_room(root: Path) -> None:
    """An empty `.venv`, whatever an interrupted set-up has left there; somebody else's is not touched."""
    venv = root / ".venv"
    if venv.exists():
        if any(venv.iterdir()) and not (venv / "setup.log").exists():
            raise SetupError(f"{venv} was not made by ./run: move it away or delete it, then start again.")
        # Renamed first: half a deleted environment must not pass for one.
        venv.rename(root / f".venv-old-{os.getpid()}")
    for left_over in root.glob(".venv-old-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    venv.mkdir()
    (venv / "setup.log").touch()


class Installation:
    """One run of venv and pip, written to `.venv/setup.log` and told on one line."""

    def __init__(self, root: Path, lock: int | None) -> None:
        self.root = root
        self.lock = lock
        self.log = root / ".venv" / "setup.log"
        self.progress = ProgressLine()

    def install(self, extras: list[str]) -> None:
        self.log.write_bytes(b"")
        if not venv_python(self.root).exists():
            # The base interpreter: this one may be that of an environment which has just been moved away.
            base = getattr(sys, "_base_executable", None) or sys.executable
            self.run([base, "-I", "-m", "venv", str(self.root / ".venv")])
        tools = read_project(self.root)["build-system"]["requires"]
        if tools:
            self.run([*pip_command(self.root, "install"), *tools])
        wanted = f".[{','.join(extras)}]" if extras else "."
        self.run([*pip_command(self.root, "install"), "--no-build-isolation", "-e", wanted])
        self.progress.tell("ready")
        self.progress.end()

    def run(self, command: list[str]) -> None:
        # pip's own configuration stays in force, but for what would install outside the environment.
        environment = {**os.environ, "PIP_USER": "0", "PYTHONUTF8": "1"}
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=() if self.lock is None else (self.lock,),
            )
            code = self.wait(child)
        if code:
            self.progress.end()
            raise SetupError(explain(self.log_text(), self.log))

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        try:
            while True:
                try:
                    return child.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    self.progress.tell(phase(self.log_text(), self.count_installed()))
        except BaseException:
            child.terminate()
            child.wait()
            raise

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def count_installed(self) -> int:
        library = "Lib" if WINDOWS else f"lib/python{python_series()}"
        return sum(1 for _ in (self.root / ".venv" / library / "site-packages").glob("*.dist-info"))


class ProgressLine:
    """One line that rewrites itself on a terminal; elsewhere news is printed at most every ten seconds."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.told = ""
        self.told_at = 0.0

    def tell(self, text: str) -> None:
        now = time.monotonic()
        minutes, seconds = divmod(int(now - self.began), 60)
        line = f"Setting TuneDesk up (once): {text}, {minutes}:{seconds:02}"
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            print("\r" + line[:width].ljust(width), end="", file=sys.stderr, flush=True)
        elif text == "ready" or (text != self.told and now - self.told_at > 10):
            print(line, file=sys.stderr, flush=True)
            self.told, self.told_at = text, now

    def end(self) -> None:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def phase(log: str, installed: int) -> str:
    """What pip is doing, in a few words, from what it has written so far."""
    lines = [line.strip() for line in log.splitlines()]
    found = sum(line.startswith("Collecting ") for line in lines)
    for line in reversed(lines):
        if line.startswith("Installing collected packages:"):
            total = line.count(",") + 1
            return f"installing {min(installed, total)} of {total} packages"
        if line.startswith("Downloading "):
            file_name, _, size = line.removeprefix("Downloading ").partition(" ")
            package = file_name.rpartition("/")[2].split("-")[0]
            return f"{found} packages found, fetching {package} {size}".rstrip()
        if line.startswith("Collecting "):
            return f"{found} packages found"
    return "making the environment"


def explain(log: str, log_file: Path) -> str:
    """The last lines of a failed set-up, and what to do about it."""
    tail = [line for line in log.splitlines() if line.strip()][-12:]
    if "No space left" in log:
        step = "The disk is full: free about 3 GB (8 GB where torch comes with CUDA), then start again."
    elif any(sign in log for sign in NO_NETWORK):
        step = (
            "No package index could be reached: connect to the internet for the set-up, name a mirror "
            "in pip's configuration, or bring a wheelhouse folder (README, Offline)."
        )
    elif "No matching distribution" in log or "ResolutionImpossible" in log:
        step = (
            "A package is missing where pip looked. A wheelhouse has to be filled on the same system and "
            "for the same Python (README, Offline), and a mirror has to carry what constraints.txt names."
        )
    else:
        step = "Starting again repeats the set-up from the beginning."
    return "\n".join([*tail, f"Set-up failed; the whole log is {log_file}", step])


def read_project(root: Path) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def pip_command(root: Path, verb: str) -> list[str]:
    command = [str(venv_python(root)), "-I", "-m", "pip", verb, "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "-c", str(constraints_file(root))]
    wheelhouse = root / "wheelhouse"
    if verb == "install" and any(wheelhouse.glob("*.whl")):
        command += ["--no-index", "--find-links", str(wheelhouse)]
    return command


def fill_wheelhouse(root: Path) -> int:
    """Download every package, for this system and this Python, so that another computer needs no network."""
    project = read_project(root)
    extras: dict[str, list[str]] = project["project"]["optional-dependencies"]  # type: ignore[assignment]
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"], *extras["test"]]
    return subprocess.call(
        [*pip_command(root, "download"), "--only-binary", ":all:", "-d", str(root / "wheelhouse"), *wanted]
    )
