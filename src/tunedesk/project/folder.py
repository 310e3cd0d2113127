"""Opening, making and closing a project folder, and the implicit project of a loose dataset file."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from tunedesk.dataset.document import Document
from tunedesk.dataset.files import refuse_what_is_no_file
from tunedesk.dataset.line_index import Progress
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.lint.settings import LintSettings
from tunedesk.paths import loose_projects_dir, projects_dir, sample_project
from tunedesk.project.lock import ProjectLock
from tunedesk.project.manifest import FILE, ROLES, Manifest, read_manifest, write_manifest

STATE_FOLDER = ".tunedesk"
_LEVELS = 4
"""How far above a dataset file its project's folder is looked for."""


@dataclass(frozen=True, slots=True)
class Project:
    """An open project.

    datasets: role (train, valid, heldout, other) to absolute path. opened: the dataset that was asked
    for, if one was. read_only_reason: a sentence, "" when this window may write; then `state` is a
    private copy. is_loose: made for a dataset file that lies outside of any project.
    """

    root: Path
    name: str
    default_target: str
    default_model: str
    datasets: dict[str, Path]
    lock: ProjectLock
    state: StateDb
    read_only_reason: str = ""
    opened: Path | None = None
    is_loose: bool = False
    mappings: dict[Path, ColumnMapping] = field(default_factory=dict)
    splits: dict[Path, SplitRecipe] = field(default_factory=dict)
    lint: LintSettings = field(default_factory=LintSettings)
    unknown: dict[str, object] = field(default_factory=dict)

    @property
    def read_only(self) -> bool:
        return bool(self.read_only_reason)

    @property
    def runs_dir(self) -> Path:
        """Where runs are kept; made when this window may write."""
        return self._folder("runs")

    @property
    def chats_dir(self) -> Path:
        return self._folder("chats")

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        if not self.read_only:
            folder.mkdir(exist_ok=True)
        return folder


def open_project(path: Path) -> Project:
    """Open a project's folder, the project around a dataset file, or an implicit project for a loose file.

    The second window on a project gets it read-only, and so does a folder that cannot be written: both
    say so in `read_only_reason`. UserError for a folder that is no project, a damaged project.json, and
    a missing file.
    """
    path = path.expanduser()
    if not _is_folder(path):
        refuse_what_is_no_file(path)
    path = path.resolve()
    if path.is_dir():
        return _open_folder(path)
    if path.name == FILE:
        return _open_folder(path.parent)
    for folder in list(path.parents)[:_LEVELS]:
        if (folder / FILE).is_file():
            return _with_opened(_open_folder(folder), path)
    return _open_loose(path)


def create_project(root: Path, name: str) -> Project:
    """Make a project in a new or empty folder and open it. UserError when there is one already."""
    root = root.expanduser().resolve()
    if (root / FILE).exists():
        raise UserError(f"{root} is a project already.", hint="Open it, or choose another folder.")
    try:
        (root / "datasets").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{root} cannot be made: {error.strerror or error}."
        raise UserError(message, hint="Choose a folder that you may write to.") from error
    write_manifest(root, Manifest(name))
    return _open_folder(root)


def close_project(project: Project) -> None:
    """Let others write. The project's documents must be closed before."""
    project.state.close()
    project.lock.release()


def open_document(project: Project, path: Path, progress: Progress | None = None) -> Document:
    """One of the project's dataset files as a document, read-only if the project is."""
    document = Document.open(path, project.state, read_only=project.read_only, progress=progress)
    document.mapping = project.mappings.get(document.path)
    return document


def save_project(project: Project) -> None:
    """Write project.json. UserError when the project is read-only or the file cannot be written."""
    if project.read_only:
        raise UserError(project.read_only_reason, hint="Close the other window, or copy the project.")
    datasets = {role: _stored(project.root, path) for role, path in project.datasets.items()}
    manifest = Manifest(
        name=project.name,
        default_target=project.default_target,
        default_model=project.default_model,
        datasets=datasets,
        mappings={_stored(project.root, path): mapping for path, mapping in project.mappings.items()},
        splits={_stored(project.root, path): recipe for path, recipe in project.splits.items()},
        lint=project.lint,
        unknown=dict(project.unknown),
    )
    write_manifest(project.root, manifest)


def with_dataset(project: Project, role: str, path: Path) -> Project:
    """The project with a dataset file in a role, written to project.json. ValueError for an unknown role."""
    if role not in ROLES:
        raise ValueError(role)
    changed = replace(project, datasets={**project.datasets, role: path.resolve()})
    save_project(changed)
    return changed


def with_mapping(project: Project, path: Path, mapping: ColumnMapping | None) -> Project:
    """The project with what a dataset's columns mean, written to project.json; None forgets it."""
    path = path.resolve()
    others = {known: item for known, item in project.mappings.items() if known != path}
    changed = replace(project, mappings={**others, path: mapping} if mapping is not None else others)
    save_project(changed)
    return changed


def with_lint(project: Project, target: str, lint: LintSettings) -> Project:
    """The project checked for another target or with other rules, written to project.json."""
    changed = replace(project, default_target=target, lint=lint)
    save_project(changed)
    return changed


def sample_copy(fresh_in: Path | None = None) -> Path:
    """The user's own copy of the sample project, made the first time; edits in it stay.

    fresh_in: make a new copy inside this folder instead, as the demo and the tests do.
    """
    target = (projects_dir() if fresh_in is None else fresh_in) / sample_project().name
    if (target / FILE).is_file() and fresh_in is None:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Copied under another name first, so that an interrupted copy is never taken for the whole.
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=target.parent) as folder:
        copy = Path(folder) / target.name
        shutil.copytree(sample_project(), copy, copy_function=shutil.copyfile)
        if target.exists() and fresh_in is None:
            target.rename(Path(folder) / "incomplete")
        copy.rename(target)
    return target


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # what is wrong with it is said by those who open it as a file
        return False


def _open_folder(root: Path, is_loose: bool = False) -> Project:
    manifest = read_manifest(root)
    lock, state, reason = _open_state(root)
    return Project(
        root=root,
        name=manifest.name,
        default_target=manifest.default_target,
        default_model=manifest.default_model,
        datasets={role: (root / name).resolve() for role, name in manifest.datasets.items()},
        lock=lock,
        state=state,
        read_only_reason=reason,
        is_loose=is_loose,
        mappings={(root / name).resolve(): mapping for name, mapping in manifest.mappings.items()},
        splits={(root / name).resolve(): recipe for name, recipe in manifest.splits.items()},
        lint=manifest.lint,
        unknown=manifest.unknown,
    )


def _open_state(root: Path) -> tuple[ProjectLock, StateDb, str]:
    """The lock, held or not, the database or a private copy of it, and why the project is read-only, if
    it is.
    """
    folder = root / STATE_FOLDER
    lock = ProjectLock(folder / "lock")
    database = folder / "state.db"
    try:
        folder.mkdir(exist_ok=True)
        is_mine = lock.take()
    except OSError as error:
        reason = (
            f"{root} cannot be written ({error.strerror or error}), so the project is open for reading only."
        )
        return lock, StateDb.private_copy(database, root), reason
    if not is_mine:
        reason = "This project is open in another window, so here it is open for reading only."
        return lock, StateDb.private_copy(database, root), reason
    try:
        return lock, StateDb.open(database, root), ""
    except UserError as error:
        lock.release()
        reason = f"Edits cannot be stored, so the project is open for reading only: {error.message}"
        return lock, StateDb.private_copy(database, root), reason


def _with_opened(project: Project, path: Path) -> Project:
    """The project with the file that was asked for among its datasets, as "other" if it is none of them."""
    datasets = project.datasets
    if path not in datasets.values():
        datasets = {**datasets, "other": path}
    return replace(project, datasets=datasets, opened=path)


def _open_loose(path: Path) -> Project:
    """The project that is kept for a file outside of any project, found again by the file's path."""
    key = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    root = loose_projects_dir() / f"{path.stem[:40]}-{key}"
    if not (root / FILE).is_file():
        try:
            root.mkdir(exist_ok=True)
        except OSError as error:
            message = f"{root} cannot be made: {error.strerror or error}."
            raise UserError(
                message, hint="TUNEDESK_HOME can name another folder for TuneDesk's data."
            ) from error
        write_manifest(root, Manifest(path.stem, datasets={"train": str(path)}))
    return replace(_open_folder(root, is_loose=True), opened=path)


def _stored(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
