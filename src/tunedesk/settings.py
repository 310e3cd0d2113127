"""The user's settings: one readable file, only what differs from the defaults is written."""

import logging
from typing import Literal

import msgspec

from tunedesk import paths

log = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Unknown keys of a newer version are ignored; a value of the wrong type resets all, with a log line."""

    theme: Literal["system", "light", "dark"] = "system"
    recent_projects: tuple[str, ...] = ()
    model_folders: tuple[str, ...] = ()
    """Folders that are searched for models, besides the starter model and the Hugging Face cache."""
    window_geometry: str = ""
    """Qt's own geometry blob, base64."""
    splitter_sizes: dict[str, list[int]] = {}  # msgspec copies mutable defaults


def load_settings() -> Settings:
    try:
        return msgspec.json.decode(paths.settings_file().read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except msgspec.MsgspecError as trouble:
        log.warning("%s could not be read (%s); the defaults are used", paths.settings_file(), trouble)
        return Settings()


def save_settings(settings: Settings) -> None:
    text = msgspec.json.format(msgspec.json.encode(settings), indent=2)
    paths.write_atomically(paths.settings_file(), text + b"\n")
