"""The few style-sheet rules on top of Fusion (resources/themes/tunedesk.qss), filled with a theme's colours.

A widget chooses a look with `set_look(widget, "card")`; the looks are card, surface, line, bare, primary,
link, muted, title, heading, error, warning, ok. Everything else comes from the palette.
"""

from dataclasses import asdict
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from tunedesk import paths
from tunedesk.desktop.theme.tokens import DARK, Tokens


def style_sheet(tokens: Tokens) -> str:
    folder = paths.resources() / "themes"
    sheet = Template((folder / "tunedesk.qss").read_text(encoding="utf-8"))
    name = "dark" if tokens is DARK else "light"
    return sheet.substitute(asdict(tokens), name=name, pictures=(folder / "pictures").as_posix())


def set_look(widget: QWidget, look: str) -> None:
    """Choose the look of a widget; may be called again when it changes."""
    if widget.property("look") == look:
        return
    widget.setProperty("look", look)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
