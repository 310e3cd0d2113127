"""A dataset on the screen with all that works on it: made when it is shown, deleted when another is."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon

from tunedesk.dataset.document import Document
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background
from tunedesk.desktop.data.linter import Checks, Linter
from tunedesk.desktop.data.renderer import Renderer
from tunedesk.desktop.data.session import DatasetSession
from tunedesk.desktop.data.table.row_finder import RowFinder
from tunedesk.desktop.data.table.row_model import RowModel


class OpenDataset(QObject):
    """others: the files of the other splits, by name, for leaks between them."""

    def __init__(
        self,
        document: Document,
        background: Background,
        icon_of: Callable[[str], QIcon],
        checks: Checks,
        others: Mapping[str, Path],
    ) -> None:
        super().__init__()
        self.document = document
        self.checks = checks
        self.others = others
        self.session = DatasetSession(document, background, self)
        self.linter = Linter(self._now, background, self)
        self.renderer = Renderer(self._now, background, self)
        self.finder = RowFinder(self._now, background, self)
        self.model = RowModel(self._now, self.linter.counts, icon_of)
        self.model.setParent(self)
        self.linter.findings_changed.connect(self.model.findings_changed)
        self.model.tokens_wanted.connect(self.renderer.want_tokens)
        self.renderer.tokens_counted.connect(self.model.show_tokens)
        self.session.saved.connect(self.model.let_go_of_file)

    def _now(self) -> Snapshot:
        return self.session.now

    def lint_again(self, max_length: int) -> None:
        path = self.document.path
        self.linter.start(
            path, self.renderer.template, self.renderer.model, self.checks, max_length, self.others
        )
