"""Icons: the SVG strokes of resources/icons, tinted from the palette.

`set_icon` remembers the name, so that `tint_again` can redraw the icon when the theme changes. An icon
engine in Python would follow the palette by itself, but PySide6 6.11 crashes when QIcon copies one.
"""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QWidget

from tunedesk import paths
from tunedesk.desktop.theme.tokens import DARK, LIGHT, Tokens, is_dark

SIZES = (16, 20)
"""Pixels an icon is drawn at; Qt scales other sizes from the nearest."""

_NAME = "tinted_icon"
_TINT = "tinted_icon_colour"


def icon(name: str, widget: QWidget, tint: str = "text") -> QIcon:
    """The icon in the colours of the widget's palette; `tint` is the name of a token. See resources/icons."""
    return _drawn(
        name, _token(_tokens(widget.palette()), tint), QGuiApplication.primaryScreen().devicePixelRatio()
    )


def pixmap(name: str, widget: QWidget, tint: str = "text", size: int = 16) -> QPixmap:
    ratio = widget.devicePixelRatioF()
    return _stroke(name, _token(_tokens(widget.palette()), tint), size, ratio)


def set_icon(target: QAction | QAbstractButton, name: str, tint: str = "text") -> None:
    """Give an action or a button an icon that follows the theme."""
    name_icon(target, name, tint)
    _tint(target, QGuiApplication.palette())


def name_icon(target: QAction | QAbstractButton, name: str, tint: str = "text") -> None:
    """Like `set_icon`, but nothing is drawn before the next `tint_again`: for menus at the first paint."""
    target.setProperty(_NAME, name)
    target.setProperty(_TINT, tint)


def tint_again(root: QObject) -> None:
    """Redraw every icon that `set_icon` gave to something below root; called when the theme has changed."""
    palette = QGuiApplication.palette()
    owners: list[QAction | QAbstractButton] = [*root.findChildren(QAction)]
    owners += root.findChildren(QAbstractButton)
    for owner in owners:
        if owner.property(_NAME):
            _tint(owner, palette)


def _tint(target: QAction | QAbstractButton, palette: QPalette) -> None:
    colour = _token(_tokens(palette), target.property(_TINT))
    target.setIcon(_drawn(target.property(_NAME), colour, _pixel_ratio()))


def _pixel_ratio() -> float:
    return QGuiApplication.primaryScreen().devicePixelRatio()


def _tokens(palette: QPalette) -> Tokens:
    return DARK if is_dark(palette) else LIGHT


def _token(tokens: Tokens, name: str) -> str:
    if name not in Tokens.__slots__:
        raise ValueError(f"There is no colour named {name!r} in the theme.")
    return str(getattr(tokens, name))


@lru_cache(maxsize=512)
def _drawn(name: str, colour: str, ratio: float) -> QIcon:
    drawn = QIcon()
    for size in SIZES:
        drawn.addPixmap(_stroke(name, colour, size, ratio))
    return drawn


@lru_cache(maxsize=1024)
def _stroke(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer  # first used when the first icon is drawn

    source = (_folder() / f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(source.replace(b"currentColor", colour.encode())))
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(QColor(Qt.GlobalColor.transparent))
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@lru_cache(maxsize=1)
def _folder() -> Path:
    return paths.resources() / "icons"
