"""Where the wizard's rows come from: the documents that are open, else the project's files. Knows no Qt."""

from collections.abc import Hashable, Mapping
from pathlib import Path

from tunedesk.dataset.document import Document
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.train.survey import SplitSource
from tunedesk.project.folder import Project

ROLES = ("train", "valid", "heldout")


def project_sources(project: Project, documents: Mapping[str, Document]) -> tuple[SplitSource, ...]:
    """The project's splits with their unsaved edits; documents: those that are open, by role."""
    return tuple(
        _source(project, role, project.datasets[role], documents.get(role))
        for role in ROLES
        if role in project.datasets
    )


def _source(project: Project, role: str, path: Path, document: Document | None) -> SplitSource:
    if document is not None:
        stamp = ("open", document.version, document.mapping)
        return SplitSource(role, path, document.snapshot, stamp, document.is_modified)

    def read() -> Snapshot:
        # Read-only: its edits come from a copy of the journal, so a document opened later is not disturbed.
        document = Document.open(path, project.state, read_only=True)
        document.mapping = project.mappings.get(document.path)
        return document.snapshot()

    return SplitSource(role, path, read, ("file", _signature(path), project.mappings.get(path)))


def _signature(path: Path) -> Hashable:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns)
