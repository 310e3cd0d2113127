"""Qt palettes made from the tokens."""

from PySide6.QtGui import QColor, QPalette

from tunedesk.desktop.theme.tokens import Tokens

Role = QPalette.ColorRole


def palette_of(tokens: Tokens) -> QPalette:
    palette = QPalette(QColor(tokens.raised), QColor(tokens.window))
    for role, colour in _roles(tokens).items():
        palette.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.faint))
    return palette


def _roles(tokens: Tokens) -> dict[QPalette.ColorRole, str]:
    return {
        Role.Window: tokens.window,
        Role.WindowText: tokens.text,
        Role.Base: tokens.surface,
        Role.AlternateBase: tokens.window,
        Role.Text: tokens.text,
        Role.PlaceholderText: tokens.muted,
        Role.Button: tokens.raised,
        Role.ButtonText: tokens.text,
        Role.BrightText: tokens.error,
        Role.Highlight: tokens.selection,
        Role.HighlightedText: tokens.text,
        Role.Accent: tokens.accent,
        Role.Link: tokens.accent,
        Role.LinkVisited: tokens.accent,
        Role.ToolTipBase: tokens.raised,
        Role.ToolTipText: tokens.text,
        Role.Light: tokens.raised,
        Role.Midlight: tokens.border,
        Role.Mid: tokens.border,
        Role.Dark: tokens.edge,
        Role.Shadow: tokens.edge,
    }
