"""The user's settings: one readable file, only what differs from the defaults is written.

Plain dataclass and json: this is read before the first paint, and importing msgspec takes a tenth of that.
"""

import json
import logging
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from tunedesk import paths

log = logging.getLogger(__name__)

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Settings:
    """Unknown keys of a newer version are ignored; a wrong value counts as absent, with a log line."""

    theme: Theme = "system"
    recent_projects: tuple[str, ...] = ()
    model_folders: tuple[str, ...] = ()
    """Folders that are searched for models, besides the starter model and the Hugging Face cache."""
    warm_engine: bool = True
    """Whether an engine with its imports done may wait for the next run."""
    window_geometry: str = ""
    """Qt's own geometry blob, base64."""
    splitter_sizes: dict[str, list[int]] = field(default_factory=dict)


def load_settings() -> Settings:
    try:
        known = json.loads(paths.settings_file().read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except ValueError as trouble:
        log.warning("%s could not be read (%s); the defaults are used", paths.settings_file(), trouble)
        return Settings()
    return _checked(known if isinstance(known, dict) else {})


def save_settings(settings: Settings) -> None:
    default = Settings()
    values = {each.name: getattr(settings, each.name) for each in fields(Settings)}
    differing = {name: value for name, value in values.items() if value != getattr(default, name)}
    text = json.dumps(differing, indent=2, ensure_ascii=False)
    paths.home()  # makes the folder
    paths.write_atomically(paths.settings_file(), text.encode("utf-8") + b"\n")


def _checked(known: dict[str, Any]) -> Settings:
    """Takes over each value that is what it should be."""
    values: dict[str, Any] = {}
    for name, is_right in _RIGHT.items():
        if name not in known:
            continue
        if is_right(known[name]):
            values[name] = tuple(known[name]) if name in ("recent_projects", "model_folders") else known[name]
        else:
            log.warning(
                "%s: %s has a value that it cannot have; its default is used", paths.settings_file(), name
            )
    return Settings(**values)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(sizes, list) and all(type(size) is int for size in sizes) for sizes in value.values()
    )


_RIGHT = {
    "theme": lambda value: value in THEMES,
    "recent_projects": _are_texts,
    "model_folders": _are_texts,
    "warm_engine": lambda value: type(value) is bool,
    "window_geometry": lambda value: isinstance(value, str),
    "splitter_sizes": _are_sizes,
}
