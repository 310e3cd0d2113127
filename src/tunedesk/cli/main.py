"""Runs one command and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from tunedesk.cli.parser import make_parser
from tunedesk.errors import UserError

INTERRUPTED = 130
"""What shells report for a command that Ctrl+C ended."""


def main(arguments: Sequence[str]) -> int:
    """Exit code of the command: 0 fine, 1 findings or a failed run, 2 wrong use or environment."""
    chosen = make_parser().parse_args(arguments)
    return guarded(lambda: run(chosen), debug=chosen.debug)


def run(chosen: argparse.Namespace) -> int:
    """Import and run the chosen command; help and wrong use need none of the program."""
    match chosen.command:
        case "demo":
            from tunedesk.cli.demo import demo as command
        case "lint":
            from tunedesk.cli.lint import lint as command
        case "show":
            from tunedesk.cli.show import show as command
        case "train":
            from tunedesk.cli.train import train as command
        case "resume":
            from tunedesk.cli.train import resume as command
        case "stop":
            from tunedesk.cli.train import stop as command
        case "chat":
            from tunedesk.cli.chat import chat as command
        case _:
            from tunedesk.cli.doctor import doctor as command
    return command(chosen)


def guarded(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command; trouble becomes a sentence on standard error, with a traceback only when `debug`."""
    try:
        return command()
    except UserError as trouble:
        if debug:
            traceback.print_exc()
        tell(trouble.sentence)
        return trouble.exit_code
    except KeyboardInterrupt:
        tell("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (such as `head`) has enough; without this, Python complains once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as trouble:
        if debug:
            traceback.print_exc()
        else:
            name = type(trouble).__name__
            tell(f"Something unexpected happened ({name}: {trouble}). Run it again with --debug.")
        return 2


def tell(sentence: str) -> None:
    """A sentence on standard error, with the program's name in front as shells' users expect it."""
    print(f"tunedesk: {sentence}", file=sys.stderr, flush=True)
