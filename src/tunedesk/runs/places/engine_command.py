"""How the program's own processes are started from a checkout, an installed package and a bundle alike."""

import sys
from pathlib import Path


def engine_command() -> list[str]:
    """The program and its first arguments; the caller adds `train RUN` or `generate`.

    A frozen bundle has no interpreter to give `-m` to, so it carries the engine as a second program beside
    the window's. Everywhere else the engine is a module of the same interpreter, started with -P: a file
    called json.py in the user's folder must not take the place of Python's own.
    """
    if getattr(sys, "frozen", False):
        window = Path(sys.executable)
        return [str(window.with_name(f"tunedesk-engine{window.suffix}"))]
    return [sys.executable, "-P", "-m", "tunedesk.engine"]


def agent_command() -> list[str]:
    """The program itself, for a command that works on beside the window; the caller adds its name."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-P", "-m", "tunedesk"]
