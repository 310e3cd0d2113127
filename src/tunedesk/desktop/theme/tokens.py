"""The named colours of the two themes; the only place in the window where a colour is written down."""

from dataclasses import dataclass

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme. Text colours keep 4.5:1 on window, surface and raised (test_theme.py computes it).

    All but the accent keep it on a selection too: a chosen row has notes and signs on it.
    """

    window: str
    surface: str
    raised: str
    border: str
    edge: str
    """The outline of what can be typed into or pressed; stronger than `border`."""
    text: str
    muted: str
    faint: str
    """Text of what cannot be used now; deliberately below 4.5:1."""
    hover: str
    pressed: str
    selection: str
    accent: str
    on_accent: str
    error: str
    warning: str
    ok: str
    trained: str
    """Behind tokens that get a loss."""
    cut: str
    """Behind tokens that the maximum length drops."""


LIGHT = Tokens(
    window="#F7F7F8",
    surface="#FFFFFF",
    raised="#FFFFFF",
    border="#E2E4E8",
    edge="#C6CAD1",
    text="#1B1F24",
    muted="#5B6470",
    faint="#9AA1AB",
    hover="#ECEEF1",
    pressed="#E0E3E8",
    selection="#E3EDFD",
    accent="#2B69E2",
    on_accent="#FFFFFF",
    error="#C62F2F",
    warning="#9A5B00",
    ok="#1F7A3D",
    trained="#DDEBFF",
    cut="#FCE4E4",
)

DARK = Tokens(
    window="#16181C",
    surface="#1D2025",
    raised="#24282F",
    border="#343A43",
    edge="#4A525E",
    text="#E8EAED",
    muted="#9AA4B2",
    faint="#6A7380",
    hover="#2A2F37",
    pressed="#343A43",
    selection="#22385C",
    accent="#6EA2FF",
    on_accent="#0E1116",
    error="#FF7B72",
    warning="#E3B341",
    ok="#57C77A",
    trained="#1E3A66",
    cut="#5A2326",
)


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def tokens_of(widget: QWidget) -> Tokens:
    """The theme a widget stands in. Ask again after a PaletteChange; do not keep the answer."""
    return DARK if is_dark(widget.palette()) else LIGHT
