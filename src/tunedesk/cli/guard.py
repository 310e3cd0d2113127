"""Turns what goes wrong in a command into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tunedesk.errors import UserError

INTERRUPTED = 130
"""What shells report for a command that Ctrl+C ended."""


def guarded(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command; trouble becomes a sentence on standard error, with a traceback only when `debug`."""
    try:
        return command()
    except UserError as trouble:
        _trace(debug)
        tell(trouble.sentence)
        return trouble.exit_code
    except KeyboardInterrupt:
        tell("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (such as `head`) has enough; without this, Python complains once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as trouble:
        _trace(debug)
        where = f"{trouble.filename}: " if trouble.filename else ""
        tell(f"{where}{trouble.strerror or trouble}. Check that the folder can be written to and has space.")
        return 2
    except Exception as trouble:
        _trace(debug)
        name = type(trouble).__name__
        tell(f"Something unexpected happened ({name}: {trouble}). Run it again with --debug.")
        return 2


def tell(sentence: str) -> None:
    """A sentence on standard error, with the program's name in front as shells' users expect it."""
    print(f"tunedesk: {sentence}", file=sys.stderr, flush=True)


def _trace(debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
