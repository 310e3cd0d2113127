"""The one window: rail, top line, notices, one pane at a time, status line, menus. Knows no pane inside."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.shell.rail import Rail
from tunedesk.desktop.shell.status_line import StatusLine
from tunedesk.desktop.shell.top_line import TopLine
from tunedesk.desktop.theme.icons import tint_again
from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.layout import column, line, row
from tunedesk.desktop.widgets.notice_bar import NoticeBar

MENUS = ("&File", "&Edit", "&Row", "&Dataset", "&View", "R&un", "&Help")


@dataclass
class _Slot:
    """A pane's place in the window; the pane is made when it is first shown."""

    action: QAction
    make: Callable[[], QWidget]
    pane: QWidget | None = None


class MainWindow(QMainWindow):
    first_painted = Signal()
    path_dropped = Signal(Path)
    pane_shown = Signal(str)
    closing = Signal()
    """The window has decided to close; say goodbye."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setWindowTitle("TuneDesk[*]")
        self.setMinimumSize(960, 600)
        self.resize(1280, 820)
        self.setAcceptDrops(True)
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before closing; False keeps the window, e.g. while a question about a live run is open."""
        self.top_line = TopLine()
        self.notices = NoticeBar()
        self.status_line = StatusLine(background)
        self.menus: dict[str, QMenu] = {}
        self._rail = Rail()
        self._stack = QStackedWidget()
        self._slots: dict[str, _Slot] = {}
        self._run_menus: dict[str, list[QAction | None]] = {}
        self._group = QActionGroup(self)
        self._painted = False
        self._lay_out()
        for title in MENUS:
            self.menus[title.replace("&", "")] = self.menuBar().addMenu(title)

    def fill_menu(self, name: str, actions: Iterable[QAction | None]) -> None:
        """Add actions to a menu; None is a separator. A menu without actions is not shown."""
        for each in actions:
            if each is None:
                self.menus[name].addSeparator()
            else:
                self.menus[name].addAction(each)
        self.menus[name].menuAction().setVisible(bool(self.menus[name].actions()))

    def add_pane(
        self,
        name: str,
        text: str,
        icon: str,
        shortcut: str,
        make: Callable[[], QWidget],
        *,
        tip: str = "",
        at_foot: bool = False,
    ) -> QAction:
        """Give a pane its place in the rail and in the View menu; `make` is called when it is first shown."""
        shown = action(self, text, icon, shortcut, tip=tip, later=True)
        shown.setCheckable(True)
        shown.triggered.connect(lambda: self.show_pane(name))
        self._group.addAction(shown)
        self._slots[name] = _Slot(shown, make)
        self._rail.add(shown, icon, at_foot=at_foot)
        self.menus["View"].addAction(shown)
        return shown

    def add_page(self, name: str, make: Callable[[], QWidget]) -> None:
        """A page without a place in the rail, such as the list of keyboard shortcuts."""
        self._slots[name] = _Slot(QAction(self), make)

    def pane(self, name: str) -> QWidget | None:
        """None when it has not been shown yet."""
        return self._slots[name].pane

    def show_pane(self, name: str) -> QWidget:
        slot = self._slots[name]
        if slot.pane is None:
            slot.pane = slot.make()
            self._stack.addWidget(slot.pane)
        self._stack.setCurrentWidget(slot.pane)
        slot.action.setChecked(True)
        if not slot.action.isCheckable() and (checked := self._group.checkedAction()):
            self._group.setExclusive(False)
            checked.setChecked(False)
            self._group.setExclusive(True)
        self._refresh_run_menu()
        self.pane_shown.emit(name)
        return slot.pane

    def forget_pane(self, name: str) -> None:
        """Take a pane away, e.g. because its project closed; it is made anew when it is shown again."""
        slot = self._slots[name]
        if slot.pane is not None:
            self._stack.removeWidget(slot.pane)
            slot.pane.hide()
            slot.pane.deleteLater()
            slot.pane = None
            self._run_menus.pop(name, None)

    def show_run_menu(self, pane: str, actions: Iterable[QAction | None]) -> None:
        """What the Run menu holds while this pane is on the screen."""
        self._run_menus[pane] = list(actions)
        self._refresh_run_menu()

    def all_actions(self) -> list[tuple[str, list[QAction]]]:
        """What each menu offers, and what the Run menu offers on each pane that has been shown."""
        sections = [(name, menu.actions()) for name, menu in self.menus.items() if name != "Run"]
        for pane, actions in self._run_menus.items():
            own = [action for action in actions if action is not None]
            sections.append((self._slots[pane].action.iconText(), own))
        return sections

    def _refresh_run_menu(self) -> None:
        self.menus["Run"].clear()
        self.fill_menu("Run", self._run_menus.get(self.shown_pane, ()))

    @property
    def shown_pane(self) -> str:
        current = self._stack.currentWidget()
        return next((name for name, slot in self._slots.items() if slot.pane is current and current), "")

    def _lay_out(self) -> None:
        right = column(self.top_line, line(), self.notices, self._stack, spacing=0)
        right.setStretch(3, 1)
        middle = row(self._rail, line(vertical=True), right, spacing=0)
        middle.setStretch(2, 1)
        whole = column(middle, line(), self.status_line, spacing=0)
        whole.setStretch(0, 1)
        central = QWidget()
        central.setLayout(whole)
        self.setCentralWidget(central)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def draw_icons(self) -> None:
        """The icons of the menus, which the first paint did not need."""
        tint_again(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        local = [url for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.path_dropped.emit(Path(local[0].toLocalFile()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        event.accept()
