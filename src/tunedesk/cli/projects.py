"""What a command needs of the project that a dataset file lies in; it opens and locks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.project.manifest import FILE, Manifest, read_manifest
from tunedesk.settings import load_settings
from tunedesk.template.find_models import resolve_model

LEVELS = 5
"""A dataset's folder and the four above it, as far as the window looks for a project too."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The project that a dataset file lies in, if it lies in one."""

    root: Path
    manifest: Manifest

    def dataset(self, role: str) -> Path | None:
        name = self.manifest.datasets.get(role)
        return (self.root / name).resolve() if name else None

    def mapping(self, path: Path) -> ColumnMapping | None:
        """What the columns of a dataset mean, where a person has said so."""
        known = {(self.root / name).resolve(): mapping for name, mapping in self.manifest.mappings.items()}
        return known.get(path.resolve())

    def other_splits(self, path: Path) -> dict[str, Path]:
        """The project's other datasets by role; none when `path` is not one of its datasets."""
        found = {role: (self.root / name).resolve() for role, name in self.manifest.datasets.items()}
        if path.resolve() not in found.values():
            return {}
        return {role: other for role, other in found.items() if other != path.resolve() and other.is_file()}


def surroundings(path: Path) -> Surroundings | None:
    """The project at `path` or around it."""
    start = path.absolute()
    for folder in [start, *start.parents][:LEVELS]:
        if (folder / FILE).is_file():
            return Surroundings(folder, read_manifest(folder))
    return None


def training_file(path: Path, around: Surroundings | None) -> Path:
    """The file itself, or a project's training split. UserError: a project without one."""
    if around is None or path.absolute() != around.root:
        return path.absolute().resolve()
    found = around.dataset("train")
    if found is None:
        raise UserError(f"The project {path} has no training split.", hint="Name a dataset file in it.")
    return found


def find_model(name: str) -> Path:
    """A model by path or name, also in the folders of the settings."""
    return resolve_model(name, [Path(folder) for folder in load_settings().model_folders])
