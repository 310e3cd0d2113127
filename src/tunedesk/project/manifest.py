"""project.json: a project's name, defaults and datasets, read with care and written whole."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.errors import UserError
from tunedesk.lint.settings import LintSettings
from tunedesk.paths import write_atomically

FILE = "project.json"
FORMAT = 1
ROLES = ("train", "valid", "heldout", "other")


@dataclass(frozen=True, slots=True)
class Manifest:
    """datasets: role to a path, relative to the project's folder where the file lies in it.

    mappings: what the columns of a dataset mean, by the same path; only for files of nobody's format.
    splits: how a dataset was split, by the same path. lint: which rules run, and how severe they are.
    unknown: keys of a newer version or of the user's own; they are written back as they were.
    """

    name: str
    default_target: str = "local"
    default_model: str = "starter"
    datasets: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, ColumnMapping] = field(default_factory=dict)
    splits: dict[str, SplitRecipe] = field(default_factory=dict)
    lint: LintSettings = field(default_factory=LintSettings)
    unknown: dict[str, Any] = field(default_factory=dict)


def read_manifest(root: Path) -> Manifest:
    """UserError when the file is missing, not JSON, of a newer format, or has a value of the wrong kind."""
    path = root / FILE
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        message = f"{root} is not a TuneDesk project: it has no {FILE}."
        raise UserError(
            message, hint="Open a dataset file (.jsonl) instead, or make a new project."
        ) from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON: {error}.", hint="Mend it in a text editor.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold an object in curly brackets.", hint="Mend it in a text editor.")
    return _manifest(path, content)


def write_manifest(root: Path, manifest: Manifest) -> None:
    """UserError when it cannot be written; the old file is then as it was."""
    content = {
        **manifest.unknown,
        "format": FORMAT,
        "name": manifest.name,
        "default_target": manifest.default_target,
        "default_model": manifest.default_model,
        "datasets": manifest.datasets,
        **({"mappings": msgspec.to_builtins(manifest.mappings)} if manifest.mappings else {}),
        **({"splits": msgspec.to_builtins(manifest.splits)} if manifest.splits else {}),
        **({"lint": msgspec.to_builtins(manifest.lint)} if manifest.lint != LintSettings() else {}),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        write_atomically(root / FILE, text.encode())
    except OSError as error:
        message = f"{root / FILE} cannot be written: {error.strerror or error}."
        raise UserError(message, hint="Check the folder's permissions and the space on the disk.") from error


def _manifest(path: Path, content: dict[str, Any]) -> Manifest:
    version = content.pop("format", FORMAT)
    if not isinstance(version, int) or version > FORMAT:
        message = f"{path} was written by a newer TuneDesk (format {version})."
        raise UserError(message, hint="Update TuneDesk to open this project.")
    datasets = content.pop("datasets", {})
    if not isinstance(datasets, dict) or not all(isinstance(item, str) for item in datasets.values()):
        message = f'{path}: "datasets" must be an object of file names.'
        raise UserError(message, hint='For example {"train": "datasets/train.jsonl"}.')
    return Manifest(
        name=_text(path, content, "name", path.parent.name),
        default_target=_text(path, content, "default_target", "local"),
        default_model=_text(path, content, "default_model", "starter"),
        datasets=datasets,
        mappings=_mappings(path, content.pop("mappings", {})),
        splits=_splits(path, content.pop("splits", {})),
        lint=_lint(path, content.pop("lint", {})),
        unknown=content,
    )


def _mappings(path: Path, content: Any) -> dict[str, ColumnMapping]:
    try:
        return msgspec.convert(content, dict[str, ColumnMapping])
    except msgspec.ValidationError as error:
        message = f'{path}: "mappings" cannot be read: {error}.'
        hint = 'For example {"datasets/table.csv": {"user": "question", "assistant": "answer"}}.'
        raise UserError(message, hint=hint) from error


def _splits(path: Path, content: Any) -> dict[str, SplitRecipe]:
    try:
        return msgspec.convert(content, dict[str, SplitRecipe])
    except msgspec.ValidationError as error:
        hint = 'For example {"datasets/all.jsonl": {"method": "random", "valid": 0.1, "heldout": 0.1}}.'
        raise UserError(f'{path}: "splits" cannot be read: {error}.', hint=hint) from error


def _lint(path: Path, content: Any) -> LintSettings:
    try:
        return msgspec.convert(content, LintSettings)
    except msgspec.ValidationError as error:
        hint = 'For example {"opinions": true, "severities": {"CNV006": "error", "DUP001": "off"}}.'
        raise UserError(f'{path}: "lint" cannot be read: {error}.', hint=hint) from error


def _text(path: Path, content: dict[str, Any], key: str, default: str) -> str:
    value = content.pop(key, default)
    if not isinstance(value, str):
        raise UserError(f'{path}: "{key}" must be a text.', hint="Mend it in a text editor.")
    return value
