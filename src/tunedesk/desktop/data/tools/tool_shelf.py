"""Opens and closes the tools of the data pane, one at a time, and gives them what they work on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.tools.tool_page import ToolPage


@dataclass(frozen=True)
class ToolDesk:
    """What a tool may use of the data pane. dataset: None when none is open. selected: ids of the rows chosen
    in the table, in their order. reveal: shows rows in the table. flush: puts what is being typed into the
    document; to be called before rows are read. max_length: tokens after which a row is cut.
    """

    background: Background
    dataset: Callable[[], OpenDataset | None]
    selected: Callable[[], Sequence[int]]
    reveal: Callable[[Sequence[int]], None]
    flush: Callable[[], None]
    max_length: Callable[[], int]


class ToolShelf(QObject):
    """Shows a tool's page in the place of the row's editor."""

    closed = Signal()
    """No tool is open any more: the row's editor may be shown."""

    def __init__(self, pages: QStackedWidget) -> None:
        super().__init__(pages)
        self._pages = pages
        self._open: ToolPage | None = None

    @property
    def open_tool(self) -> ToolPage | None:
        return self._open

    def show_tool(self, page: ToolPage) -> None:
        """The page is kept, with all that is set in it, until the window closes."""
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
            page.closed.connect(self.close_tool)
        self._open = page
        self._pages.setCurrentWidget(page)
        page.setFocus()

    def close_tool(self) -> None:
        if self._open is not None:
            self._open = None
            self.closed.emit()
