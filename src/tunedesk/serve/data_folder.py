"""The server's data folder, which nobody but its own user looks into."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tunedesk.errors import UserError


def private_folder(folder: Path) -> Path:
    """Make it where it is missing; it holds rows and hashes of tokens, so other users are kept out.

    UserError: it cannot be made, or belongs to somebody else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)  # the mode given to mkdir says nothing of a folder that was there
    except OSError as error:
        raise UserError(
            f"{folder} cannot be used for the server's data: {error.strerror or error}.",
            hint="Choose a folder of your own with --data.",
        ) from error
    return folder
