"""A small label with a word and an icon, for states such as "practice model" or "3 errors"."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.layout import label, row


class Badge(QWidget):
    """`tint` names a colour of the theme; icon and word say the same, so colour is never the only sign."""

    def __init__(self, text: str = "", icon: str = "info", tint: str = "muted") -> None:
        super().__init__()
        self._picture = QLabel()
        self._words = label()
        self._icon = self._tint = ""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setLayout(row(self._picture, self._words, spacing=4))
        self.show_state(text, icon, tint)

    def show_state(self, text: str, icon: str, tint: str = "muted") -> None:
        self._icon, self._tint = icon, tint
        self._words.setText(text)
        self.setAccessibleName(text)
        self._redraw()

    def let_wrap(self) -> None:
        """Let a sentence go on in the next line where it would make the page wider than the window."""
        self._words.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        layout = self.layout()
        if isinstance(layout, QHBoxLayout):
            layout.setStretch(1, 1)
            layout.setAlignment(self._picture, Qt.AlignmentFlag.AlignTop)

    def _redraw(self) -> None:
        self._picture.setPixmap(pixmap(self._icon, self, self._tint))
        set_look(self._words, self._tint)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._icon:
            self._redraw()
        super().changeEvent(event)
