"""The narrow rail on the left: one button a pane, Settings at its foot."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from tunedesk.desktop.theme.icons import icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.layout import GRID, column

WIDTH = 76


class _RailButton(QToolButton):
    """Icon above word; the icon's tint follows whether the pane is the one on the screen."""

    def __init__(self, action: QAction, name: str) -> None:
        super().__init__()
        self._name = name
        set_look(self, "rail")
        self.setText(action.text().replace("&", ""))
        self.setToolTip(action.toolTip())
        self.setCheckable(True)
        self.setChecked(action.isChecked())
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(20, 20))
        self.setFixedSize(WIDTH - 2 * GRID, 56)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(action.trigger)
        action.toggled.connect(self._follow)
        self._tint()

    def _follow(self, checked: bool) -> None:
        self.setChecked(checked)
        self._tint()

    def _tint(self) -> None:
        self.setIcon(icon(self._name, self, "text" if self.isChecked() else "muted"))

    def nextCheckState(self) -> None:
        """A click on the pane that is shown must not take the mark away; the action decides."""

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)


class Rail(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Panes")
        self._above = column(spacing=4)
        self._foot = column(spacing=4)
        self.setLayout(column(self._above, None, self._foot, spacing=0, margin=GRID))

    def add(self, action: QAction, icon_name: str, *, at_foot: bool = False) -> None:
        (self._foot if at_foot else self._above).addWidget(_RailButton(action, icon_name))
