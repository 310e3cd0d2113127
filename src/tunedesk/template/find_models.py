"""Looks for models in folders and in the Hugging Face cache of this computer; nothing is ever downloaded."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.template.model_folder import ModelFolder, model_name, read_model_folder

_SIGNS = ("config.json", "adapter_config.json", "*.safetensors", "*.bin", "*.gguf", "*.pt", "*.pth")


@dataclass(frozen=True, slots=True)
class FoundModels:
    """models: what can be tuned, by name. refused: folders that look like models and are not usable, with the
    reason.
    """

    models: tuple[ModelFolder, ...]
    refused: tuple[tuple[Path, str], ...]


def find_models(folders: Iterable[Path]) -> FoundModels:
    """Looks at each folder, its children, and the cache layout models--*/snapshots/*; missing folders are
    skipped.
    """
    models: list[ModelFolder] = []
    refused: list[tuple[Path, str]] = []
    for candidate in _candidates(folders):
        try:
            models.append(read_model_folder(candidate))
        except UserError as error:
            refused.append((candidate, error.sentence))
    models.sort(key=lambda model: (not model.is_practice, model.name.lower()))
    return FoundModels(tuple(models), tuple(refused))


def resolve_model(name_or_path: str, folders: Iterable[Path] = ()) -> Path:
    """The folder of "starter", of a path, or of a model's name in `folders`; UserError with near names
    otherwise.
    """
    if name_or_path == "starter":
        return paths.starter_model()
    given = Path(name_or_path).expanduser()
    if given.is_dir():
        return given
    names = {"starter": paths.starter_model()}
    for candidate in _candidates((*folders, *default_model_roots())):
        names.setdefault(model_name(candidate), candidate)
    by_lower = {name.lower(): path for name, path in names.items()}
    if name_or_path.lower() in by_lower:
        return by_lower[name_or_path.lower()]
    near = difflib.get_close_matches(name_or_path, names, n=3, cutoff=0.5) or sorted(names)[:5]
    raise UserError(
        f"There is no model {name_or_path} on this computer.",
        hint=f"Give the path of a model folder, or one of: {', '.join(near)}.",
    )


def default_model_roots(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The starter model and the Hugging Face cache, where huggingface_hub would look for it."""
    return [paths.starter_model(), _hub_cache(environment)]


def _hub_cache(environment: Mapping[str, str]) -> Path:
    """HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME or ~/.cache with huggingface/hub."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            return Path(environment[name]).expanduser()
    if environment.get("HF_HOME"):
        return Path(environment["HF_HOME"]).expanduser() / "hub"
    cache = environment.get("XDG_CACHE_HOME")
    base = Path(cache).expanduser() if cache else Path.home() / ".cache"
    return base / "huggingface" / "hub"


def _candidates(folders: Iterable[Path]) -> Iterator[Path]:
    """Folders that look like models, each once."""
    seen: set[Path] = set()
    for folder in folders:
        for candidate in _look_into(folder):
            resolved = candidate.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield candidate


def _look_into(folder: Path) -> Iterator[Path]:
    if _looks_like_model(folder):
        yield folder
        return
    for child in _children(folder):
        if child.name.startswith("models--"):
            snapshot = _current_snapshot(child)
            if snapshot is not None and _looks_like_model(snapshot):
                yield snapshot
        elif _looks_like_model(child):
            yield child


def _current_snapshot(repository: Path) -> Path | None:
    """The snapshot that refs/main names, else the newest one."""
    snapshots = _children(repository / "snapshots")
    reference = repository / "refs" / "main"
    try:
        current = reference.read_text(encoding="ascii").strip() if reference.is_file() else ""
        named = [snapshot for snapshot in snapshots if snapshot.name == current]
        if named:
            return named[0]
        return max(snapshots, key=lambda snapshot: snapshot.stat().st_mtime, default=None)
    except (OSError, UnicodeDecodeError):
        return snapshots[-1] if snapshots else None


def _children(folder: Path) -> list[Path]:
    """Sub-folders in order of their names; none where the folder cannot be read."""
    try:
        return sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError:
        return []


def _looks_like_model(folder: Path) -> bool:
    try:
        return folder.is_dir() and any(next(folder.glob(sign), None) is not None for sign in _SIGNS)
    except OSError:
        return False
