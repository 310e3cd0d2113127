"""The history of a dataset: every change with its time, named versions, what differs, and the way back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QSplitter, QWidget

from tunedesk.desktop.data.tools.difference_view import DifferenceView
from tunedesk.desktop.data.tools.moment_list import Moment, MomentList
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row


class HistoryPage(ToolPage):
    naming_asked = Signal(str)
    """A name for what is shown now."""
    renaming_asked = Signal(object, str)
    forgetting_asked = Signal(object)
    moment_chosen = Signal(object)
    return_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "History",
            "Every change, also from before the last start. Choose a moment to see what differs from now.",
            "Go back to this moment",
        )
        self.list = MomentList()
        self.difference = DifferenceView()
        self._name = QLineEdit()
        self._name.setPlaceholderText("Name of this moment")
        self._name.setAccessibleName("Name of this moment")
        self._name.setMaxLength(80)
        self._keep = push_button("Keep as a version", "star")
        self._rename = push_button("Rename")
        self._forget = push_button("Delete the version")
        self._head = label("", "heading", wrap=True)
        self._lay_out_body()
        self._connect()
        self._choose(None)

    def show_moments(self, moments: list[Moment]) -> None:
        """The chosen moment stays chosen when it is still there."""
        before = self.list.chosen
        self.list.moments.show_moments(moments)
        place = next((n for n, each in enumerate(moments) if before and each.target == before.target), None)
        if place is not None:
            self.list.setCurrentIndex(self.list.moments.index(place))
        else:
            self._choose(None)
        if not moments:
            self.say("Nothing was changed yet.", "muted")

    def _choose(self, moment: Moment | None) -> None:
        is_version = moment is not None and bool(moment.name)
        self._rename.setVisible(is_version)
        self._forget.setVisible(is_version)
        self.offer("Go back to this moment", enabled=moment is not None)
        self.difference.show_nothing()
        if moment is None:
            self._head.setText("")
            self.say("")
            return
        self._head.setText(f"From {moment.name or moment.when or 'then'} to now")
        self.moment_chosen.emit(moment)

    def _connect(self) -> None:
        self.list.moment_chosen.connect(self._choose)
        self._keep.clicked.connect(self._ask_to_keep)
        self._name.returnPressed.connect(self._ask_to_keep)
        self._rename.clicked.connect(self._ask_to_rename)
        self._forget.clicked.connect(lambda: self.forgetting_asked.emit(self.list.chosen))
        self.apply_asked.connect(lambda: self.return_asked.emit(self.list.chosen))

    def _ask_to_keep(self) -> None:
        name = self._name.text().strip()
        if name:
            self._name.clear()
            self.naming_asked.emit(name)
        else:
            self._name.setFocus()
            self.say("Type a name for the version first.", "muted")

    def _ask_to_rename(self) -> None:
        name = self._name.text().strip()
        if name:
            self._name.clear()
            self.renaming_asked.emit(self.list.chosen, name)
        else:
            self._name.setFocus()
            self.say("Type the new name first.", "muted")

    def _lay_out_body(self) -> None:
        naming = row(self._name, self._keep)
        naming.setStretch(0, 1)
        naming.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        upper = QWidget()
        upper.setLayout(column(naming, self.list, spacing=0))
        head = row(self._head, self._rename, self._forget)
        head.setStretch(0, 1)
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        lower = QWidget()
        lower.setLayout(column(head, self.difference, spacing=0))
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        splitter.addWidget(lower)
        splitter.setSizes([300, 400])
        self.set_body(splitter, scrolls=False)
