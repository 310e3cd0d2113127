"""Settings that a person wants again, as a small file to keep and to share; what is advised is not in it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters, in_plain_words, with_settings
from tunedesk.runs.job import Method

PRESET_VERSION = 1
ENDING = ".preset.json"


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """settings: by their names in job.json, as the wizard's fields show them; the others are as advised."""

    version: int = PRESET_VERSION
    method: Method = "sft"
    settings: dict[str, str]

    @property
    def assignments(self) -> tuple[str, ...]:
        """Each as `name=value`, the form that `runs.hyperparameters.with_settings` reads."""
        return tuple(f"{name}={value}" for name, value in self.settings.items())


def write_preset(path: Path, method: Method, settings: Mapping[str, str]) -> None:
    """UserError: the file cannot be written."""
    content = msgspec.json.encode(Preset(method=method, settings=dict(settings)))
    try:
        paths.write_atomically(path, msgspec.json.format(content, indent=2) + b"\n")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error


def read_preset(path: Path) -> Preset:
    """UserError: the file cannot be read, is no preset, or has a setting or a value that does not exist."""
    try:
        preset = msgspec.json.decode(path.read_bytes(), type=Preset)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is no preset: {in_plain_words(error)}.") from error
    if preset.version > PRESET_VERSION:
        raise UserError(f"{path} was written by a newer TuneDesk.", hint="Update TuneDesk.")
    try:
        with_settings(Hyperparameters(), preset.assignments)
    except UserError as error:
        raise UserError(f"{path}: {error.message}", hint=error.hint) from error
    return preset
