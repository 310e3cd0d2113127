"""Both themes can be read, icons exist for every name, and a change of theme reaches everything."""

import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QToolButton, QWidget

from tests.desktop.finding import WAIT
from tunedesk import paths
from tunedesk.desktop.theme.icons import icon, set_icon, tint_again
from tunedesk.desktop.theme.palettes import palette_of
from tunedesk.desktop.theme.theme import Theme
from tunedesk.desktop.theme.tokens import DARK, LIGHT, is_dark

TEXTS = ("text", "muted", "error", "warning", "ok", "accent")
GROUNDS = ("window", "surface", "raised")


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = [value / 255 for value in QColor(colour).getRgb()[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_has_enough_contrast(tokens, text, ground):
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["text", "muted", "error", "warning", "ok"])
def test_notes_and_signs_can_be_read_on_a_selected_row(tokens, text):
    assert contrast(getattr(tokens, text), tokens.selection) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["selection", "trained", "cut", "hover", "pressed"])
def test_text_can_be_read_on_every_marked_ground(tokens, ground):
    assert contrast(tokens.text, getattr(tokens, ground)) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5


def test_the_palettes_know_which_of_them_is_dark(qapp):
    assert is_dark(palette_of(DARK))
    assert not is_dark(palette_of(LIGHT))


def test_a_chosen_theme_is_applied_and_icons_are_tinted_again(qtbot, qapp):
    theme = Theme(qapp, "light")
    window = QWidget()
    qtbot.addWidget(window)
    button = QToolButton(window)
    set_icon(button, "plus")
    with qtbot.waitSignal(theme.changed, timeout=WAIT):
        theme.choose("dark")
    tint_again(window)
    middle = button.icon().pixmap(16, 16).toImage().pixelColor(8, 8)
    assert middle.lightness() > 128
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    theme.choose("light")
    theme.deleteLater()


def test_every_icon_is_one_stroke_in_the_current_colour():
    for file in (paths.resources() / "icons").glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        assert 'stroke="currentColor"' in text, file
        assert 'viewBox="0 0 24 24"' in text, file


def test_every_icon_that_the_code_names_exists(qtbot):
    source = paths.resources().parent / "src" / "tunedesk" / "desktop"
    calls = r"(?:icon\(|pixmap\(|set_icon\([\w.]+, |push_button\([^,()]+, |EmptyState\(\s*)"
    words = re.compile(calls + r'"([a-z-]+)"')
    known = {file.stem for file in (paths.resources() / "icons").glob("*.svg")}
    named = {
        name for file in source.rglob("*.py") for name in words.findall(file.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= known


def test_a_colour_that_is_no_token_is_refused(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    with pytest.raises(ValueError, match="purple"):
        icon("plus", widget, "purple")
