"""The program's entry: a command goes to the command line, anything else opens the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tunedesk.cli import COMMANDS
from tunedesk.cli.guard import guarded
from tunedesk.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the window or the command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if is_asked_by_multiprocessing(given):
        import multiprocessing

        multiprocessing.freeze_support()  # ends the process when its work is done
    if given[:1] == ["follow-cloud"]:  # started by the program itself, for a run at a service
        from tunedesk.runs.places.cloud.agent import main as follow_cloud

        return follow_cloud(given[1:])
    if wants_window(given):
        return guarded(lambda: open_window(given), debug="--debug" in given)
    if wants_server(given):
        return guarded(lambda: serve(given), debug="--debug" in given)
    from tunedesk.cli.main import main as run_command

    return run_command(given)


def is_asked_by_multiprocessing(arguments: Sequence[str]) -> bool:
    """In a bundle a process that counts tokens is this program again, with arguments of Python's own."""
    return any(
        argument == "--multiprocessing-fork" or argument.startswith("from multiprocessing.")
        for argument in arguments
    )


def wants_window(arguments: Sequence[str]) -> bool:
    """No command and no question to the parser: nothing, a path, or a demo that is not headless."""
    words = [argument for argument in arguments if argument != "--debug"]
    if words[:1] == ["demo"]:
        return not {"--headless", "--json", "--help", "-h"} & set(words)
    return not words or not (words[0] in COMMANDS or words[0].startswith("-"))


def wants_server(arguments: Sequence[str]) -> bool:
    """The server is a face of its own, which the command line does not know."""
    return [argument for argument in arguments if argument != "--debug"][:1] == ["serve"]


def serve(arguments: Sequence[str]) -> int:
    from tunedesk.serve.command import main as run_server

    return run_server([argument for argument in arguments if argument != "--debug"][1:])


def open_window(arguments: Sequence[str]) -> int:
    """The window on a path, on the sample's copy for `demo`, or on the last project."""
    words = [argument for argument in arguments if argument != "--debug"]
    if words[:1] == ["demo"]:
        path: Path | None = sample_for_window(words)
    elif len(words) > 1:
        raise UserError(
            f"The window opens one path, but {len(words)} were given.", hint="See tunedesk --help."
        )
    else:
        path = Path(words[0]) if words else None
        if path is not None and not path.exists():
            raise UserError(f"{path} does not exist.", hint="Check the path, or see tunedesk --help.")
    if not has_screen():
        raise UserError("There is no screen to open a window on.", hint="Try: tunedesk demo --headless")
    from tunedesk.desktop.start import main as run_window

    return run_window([str(path)] if path else [])


def sample_for_window(words: Sequence[str]) -> Path:
    """The user's own copy of the sample, in --out when that is given."""
    from tunedesk.cli.parser import make_parser
    from tunedesk.project.folder import sample_copy

    out: Path | None = make_parser().parse_args(words).out
    return sample_copy(fresh_in=out) if out else sample_copy()


def has_screen() -> bool:
    """Whether Qt will find a display; only on Linux can there be none."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
