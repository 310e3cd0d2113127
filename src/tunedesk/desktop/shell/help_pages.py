"""The list of keyboard shortcuts, made from the menus themselves so that it is always true, and About."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

import tunedesk
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row


class ShortcutsPage(QScrollArea):
    def __init__(self, sections: Iterable[tuple[str, Sequence[QAction]]]) -> None:
        """sections: a title and the actions below it; those without a key are left out."""
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Keyboard shortcuts")
        columns, heights = (column(spacing=2 * GRID), column(spacing=2 * GRID)), [0, 0]
        for title, actions in sections:
            keyed = [action for action in actions if not action.shortcut().isEmpty()]
            if keyed:
                shorter = heights.index(min(heights))
                columns[shorter].addWidget(_keys(title, keyed))
                heights[shorter] += len(keyed) + 2  # a card's title and margins are as tall as two lines
        for each in columns:
            each.addStretch(1)
        page = QWidget()
        page.setMaximumWidth(960)
        both = row(*columns, spacing=2 * GRID)
        page.setLayout(
            column(label("Keyboard shortcuts", "title"), both, None, spacing=2 * GRID, margin=3 * GRID)
        )
        self.setWidget(page)


def _keys(title: str, actions: Sequence[QAction]) -> QWidget:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    for number, action in enumerate(actions):
        keys = label(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText), "muted")
        keys.setFont(monospaced())
        grid.addWidget(label(action.iconText().rstrip("…")), number, 0)
        grid.addWidget(keys, number, 1, Qt.AlignmentFlag.AlignRight)
    return card(label(title, "heading"), grid)


class AboutPage(QScrollArea):
    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("About TuneDesk")
        words = (
            f"Version {tunedesk.__version__}, Apache-2.0.",
            "Fine-tune language models on examples that you edit by hand, on your own computer.",
            "Nothing leaves this computer unasked: no account, no telemetry, no update check.",
            "The window is drawn by Qt through PySide6 (LGPL-3.0), the plots by pyqtgraph (MIT); models are "
            "trained with PyTorch (BSD-3-Clause), Transformers, PEFT (Apache-2.0) and bitsandbytes (MIT).",
        )
        box = card(*(label(text, wrap=True, selectable=True) for text in words))
        page = QWidget()
        page.setMaximumWidth(760)
        page.setLayout(column(label("About TuneDesk", "title"), box, None, spacing=2 * GRID, margin=3 * GRID))
        self.setWidget(page)
