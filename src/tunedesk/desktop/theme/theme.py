"""Applies one of the two themes to the application and follows the system when asked to.

The palettes are our own: setColorScheme does nothing on bare X11, on KDE without its plugin and offscreen.
"""

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from tunedesk.desktop.theme.icons import tint_again
from tunedesk.desktop.theme.palettes import palette_of
from tunedesk.desktop.theme.style import style_sheet
from tunedesk.desktop.theme.tokens import DARK, LIGHT, Tokens

Choice = Literal["system", "light", "dark"]


class Theme(QObject):
    changed = Signal()

    def __init__(self, application: QApplication, choice: Choice = "system") -> None:
        super().__init__(application)
        self._application = application
        self._choice: Choice = choice
        self._shown: Tokens | None = None
        if not application.styleSheet():  # else it is Fusion already, under the sheet
            application.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        if self._choice == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        else:
            dark = self._choice == "dark"
        return DARK if dark else LIGHT

    def choose(self, choice: Choice) -> None:
        self._choice = choice
        self._apply()

    def _apply(self) -> None:
        if self.tokens is self._shown:
            return
        self._shown = self.tokens
        self._application.setPalette(palette_of(self.tokens))
        sheet = style_sheet(self.tokens)
        if sheet != self._application.styleSheet():  # setting it again would polish every widget again
            self._application.setStyleSheet(sheet)
        for window in self._application.topLevelWidgets():
            tint_again(window)
        self.changed.emit()
