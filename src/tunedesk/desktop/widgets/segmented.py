"""A few views of one thing, side by side in one switch, of which one is chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.layout import row


class Segmented(QWidget):
    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QActionGroup(self)
        self._buttons: list[QToolButton] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._layout = row(spacing=2)
        self.setLayout(self._layout)

    def add(self, action: QAction) -> None:
        """The action becomes checkable; triggering it from a menu or by key moves the switch too."""
        number = len(self._group.actions())
        action.setCheckable(True)
        self._group.addAction(action)
        button = tool_button(action, with_text=True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._buttons.append(button)
        self._layout.addWidget(button)
        action.triggered.connect(lambda: self.chosen.emit(number))
        if number == 0:
            action.setChecked(True)

    def show_words(self, shown: bool) -> None:
        """Icons alone where there is no room for words; the tooltips name them."""
        style = Qt.ToolButtonStyle
        for button in self._buttons:
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if shown else style.ToolButtonIconOnly)

    def show_choice(self, number: int, shown: bool) -> None:
        """Offer a view, or not; the first one is chosen where the present one goes."""
        if not shown and self.current == number:
            self.choose(0)
        self._group.actions()[number].setVisible(shown)
        self._buttons[number].setVisible(shown)

    @property
    def current(self) -> int:
        checked = self._group.checkedAction()
        return self._group.actions().index(checked) if checked else -1

    def show_chosen(self, number: int) -> None:
        """Mark a choice that was made elsewhere; nobody is told."""
        self._group.actions()[number].setChecked(True)

    def choose(self, number: int) -> None:
        self._group.actions()[number].trigger()
