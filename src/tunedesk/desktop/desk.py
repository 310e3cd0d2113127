"""Which project and which of its datasets are open; opens and closes in the background, draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.desktop.background import Background, Job

if TYPE_CHECKING:  # sqlite3 and the rest come after the first paint
    from tunedesk.dataset.document import Document
    from tunedesk.project.folder import Project

ORDER = ("train", "valid", "heldout", "other")


@dataclass(frozen=True)
class OpenedProject:
    project: Project
    split: str
    document: Document | None
    """None when the project has no dataset yet."""


class Desk(QObject):
    project_opened = Signal(OpenedProject)
    dataset_opened = Signal(str, object)
    """Split and document: another dataset of the same project is shown now."""
    datasets_changed = Signal()
    """The same project has other datasets now, or the same ones in other roles."""
    project_closed = Signal()
    failed = Signal(Exception)

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self._project: Project | None = None
        self._documents: dict[str, Document] = {}
        self._split = ""

    @property
    def project(self) -> Project | None:
        return self._project

    @property
    def split(self) -> str:
        return self._split

    @property
    def documents(self) -> dict[str, Document]:
        """The datasets that have been opened so far, by split."""
        return dict(self._documents)

    def splits(self) -> list[str]:
        if self._project is None:
            return []
        known = self._project.datasets
        return [*(name for name in ORDER if name in known), *(name for name in known if name not in ORDER)]

    def other_files(self) -> dict[str, Path]:
        """The datasets that are not shown."""
        datasets = self._project.datasets if self._project is not None else {}
        return {name: path for name, path in datasets.items() if name != self._split}

    def open(self, path: Path) -> None:
        """Open a project, a dataset file of one, or a loose file; what is open stays until it has worked."""
        path = path.expanduser().resolve()
        split = self._split_of(path)
        if split is not None:
            self.choose_split(split)
            return
        if self._project is not None and path.is_relative_to(self._project.root):
            self.close()  # its lock is ours: a second opening would find it taken

        def work(job: Job) -> OpenedProject:
            return _open(path, job)

        self._background.run(work, self._take, self.failed.emit, owner=self, label=f"Opening {path.name}")

    def open_sample(self) -> None:
        def work(job: Job) -> Path:
            from tunedesk.project.folder import sample_copy

            return sample_copy()

        self._background.run(work, self.open, self.failed.emit, owner=self, label="Copying the sample")

    def choose_split(self, split: str) -> None:
        """Show another dataset of the project."""
        self.with_dataset(split, self.show)

    def with_file(self, file: Path, act: Callable[[Document], None]) -> None:
        """`with_dataset` by the dataset's file; nothing happens for a file that is none of the project's."""
        split = self._split_of(file)
        if split is not None:
            self.with_dataset(split, act)

    def with_dataset(self, split: str, act: Callable[[Document], None]) -> None:
        """Do something with a dataset of the project: at once when it is open, else as soon as it is."""
        project = self._project
        if project is None:
            return
        if split in self._documents:
            act(self._documents[split])
            return

        def work(job: Job) -> Document:
            from tunedesk.project.folder import open_document

            return open_document(project, project.datasets[split], job.report)

        def then(document: Document) -> None:
            if self._project is project:
                act(self._documents.setdefault(split, document))

        self._background.run(work, then, self.failed.emit, owner=self, label=f"Opening {split}")

    def change_project(self, work: Callable[[Project, Job], Project | None], label: str) -> None:
        """Give the project other datasets or notes in the background; None from `work`: it was cancelled."""
        project = self._project
        if project is None:
            return

        def then(changed: Project | None) -> None:
            if changed is not None and self._project is project:
                self._take_changed(changed)

        self._background.run(lambda job: work(project, job), then, self.failed.emit, owner=self, label=label)

    def _take_changed(self, changed: Project) -> None:
        """Documents that are open stay so, under the role that their file has now."""
        by_path = {document.path: document for document in self._documents.values()}
        shown = self._documents.get(self._split)
        self._project = changed
        self._documents = {role: by_path[path] for role, path in changed.datasets.items() if path in by_path}
        for document in self._documents.values():
            document.mapping = changed.mappings.get(document.path)
        self._split = next((role for role, document in self._documents.items() if document is shown), "")
        self.datasets_changed.emit()

    def close(self) -> None:
        """Let go of the project; every edit is in its journal already."""
        if self._project is None:
            return
        self.project_closed.emit()
        for document in self._documents.values():
            document.close()
        from tunedesk.project.folder import close_project

        close_project(self._project)
        self._project, self._documents, self._split = None, {}, ""

    def _take(self, opened: OpenedProject) -> None:
        self.close()
        self._project, self._split = opened.project, opened.split
        if opened.document is not None:
            self._documents[opened.split] = opened.document
        self.project_opened.emit(opened)

    def show(self, document: Document) -> None:
        """Show a dataset that has been opened."""
        self._split = next(split for split, known in self._documents.items() if known is document)
        self.dataset_opened.emit(self._split, document)

    def _split_of(self, file: Path) -> str | None:
        known = self._project.datasets if self._project is not None else {}
        return next((split for split, path in known.items() if path == file), None)


def _open(path: Path, job: Job) -> OpenedProject:
    from tunedesk.project.folder import close_project, open_document, open_project

    project = open_project(path)
    try:
        split = next((name for name, file in project.datasets.items() if file == project.opened), "")
        split = split or next((name for name in ORDER if name in project.datasets), "")
        document = open_document(project, project.datasets[split], job.report) if split else None
    except BaseException:
        close_project(project)
        raise
    return OpenedProject(project, split, document)
