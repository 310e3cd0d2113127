"""What TuneDesk needs from a Linux system itself: Python's venv and the libraries that Qt loads."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys

from bootstrap import has_screen, python_series

# What Qt's libraries look for, and the package of Debian and Ubuntu that brings it. Found one missing library
# at a time in a bare Debian 12; the rest of what they need comes as dependencies of these.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
}
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


class SetupError(Exception):
    """Set-up cannot go on; the text says what happened and what to do next."""


def need_system_parts() -> None:
    """Everything is there, or is installed through apt, or is asked for in one sentence."""
    missing = missing_packages()
    if missing:
        apt_install(missing)
        if left := missing_packages():
            raise SetupError(
                f"apt-get has run, but {' '.join(left)} is still missing; install it and start again."
            )


def missing_packages() -> list[str]:
    """By the names of Debian's packages; Qt brings its own libraries on Windows and macOS."""
    missing = []
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):  # Debian splits them off
        missing.append(f"python{python_series()}-venv")
    if sys.platform.startswith("linux"):
        wanted = {**LIBRARIES, **SCREEN_LIBRARIES} if has_screen() else LIBRARIES
        missing += [package for library, package in wanted.items() if not can_load(library)]
    return missing


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_install(packages: list[str]) -> None:
    if not shutil.which("apt-get"):
        raise SetupError(
            f"TuneDesk needs what Debian calls {' '.join(packages)}: install the same with this system's "
            "package manager, then start again."
        )
    ask = f"TuneDesk needs system packages: type  sudo apt-get install {' '.join(packages)}  and start again."
    prefix = apt_prefix()
    if prefix is None:
        raise SetupError(ask)
    print(f"Installing {len(packages)} system packages with apt-get (once) ...", file=sys.stderr, flush=True)
    if quietly("apt-cache", "show", packages[0]).returncode:  # a container image without package lists
        quietly(*prefix, "apt-get", "update")
    install = (*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y")
    outcome = quietly(*install, "--no-install-recommends", *map(present_name, packages))
    if outcome.returncode:  # the lists may be older than the archive
        quietly(*prefix, "apt-get", "update")
        outcome = quietly(*install, "--no-install-recommends", *map(present_name, packages))
    if outcome.returncode:
        raise SetupError("\n".join([*outcome.stdout.splitlines()[-8:], ask]))


def apt_prefix() -> tuple[str, ...] | None:
    """How apt-get can be called without asking anybody; None where it cannot."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and quietly("sudo", "-n", "true").returncode == 0:
        return ("sudo", "-n")
    return None


def present_name(package: str) -> str:
    """Debian 13 and Ubuntu 24.04 renamed some libraries when time became 64 bits wide."""
    renamed = package + "t64"
    return package if quietly("apt-cache", "show", renamed).returncode else renamed


def quietly(*command: str) -> subprocess.CompletedProcess[str]:
    nothing, pipe, same = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, stdin=nothing, stdout=pipe, stderr=same, text=True, check=False)
