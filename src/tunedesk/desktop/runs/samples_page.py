"""Answers to the watched prompts, side by side, newest first: how the words change as the model learns."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QStackedLayout, QWidget

from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import GRID, card, label
from tunedesk.runs.events import Sampled

LONGEST = 600
"""Characters of a prompt or an answer that are shown; the whole is in the tool tip."""


class SamplesPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[int, int, str]] = []
        self._empty = EmptyState(
            "chat",
            "No samples yet",
            "At each validation the model answers a few watched prompts. You can read here how they improve.",
        )
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setAccessibleName("Answers to the watched prompts")
        self._stack = QStackedLayout(self)  # without a parent its first page would be a window for a moment
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)

    def show_samples(self, samples: dict[int, dict[int, Sampled]]) -> None:
        """step -> prompt's number -> sample, as a `RunHistory` keeps them."""
        wanted = [(step, one.prompt_index, one.text) for step, of in samples.items() for one in of.values()]
        if wanted == self._shown:
            return
        self._shown = wanted
        self._stack.setCurrentIndex(1 if samples else 0)
        if samples:
            self._scroll.setWidget(_table(samples))


def _table(samples: dict[int, dict[int, Sampled]]) -> QWidget:
    newest = samples[max(samples)]
    prompts = {sample.prompt_index: sample.prompt for of in samples.values() for sample in of.values()}
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, GRID, 0)
    grid.setSpacing(GRID)
    for place, number in enumerate(sorted(prompts), start=1):
        grid.addWidget(_prompt(number, prompts[number]), 0, place)
        grid.setColumnStretch(place, 1)
    for line, step in enumerate(sorted(samples, reverse=True), start=1):
        grid.addWidget(_step(step, samples[step] is newest), line, 0, Qt.AlignmentFlag.AlignTop)
        for place, number in enumerate(sorted(prompts), start=1):
            if number in samples[step]:
                grid.addWidget(_answer(samples[step][number]), line, place)
    grid.setRowStretch(len(samples) + 1, 1)
    page = QWidget()
    page.setLayout(grid)
    return page


def _step(step: int, is_newest: bool) -> QLabel:
    words = label(f"Step {step:,}" if step else "Before", "heading" if is_newest else "muted")
    words.setContentsMargins(0, 2 * GRID, GRID, 0)
    return words


def _prompt(number: int, text: str) -> QWidget:
    return card(label(f"Prompt {number + 1}", "heading"), _text(text, look="muted"), None, spacing=4)


def _answer(sample: Sampled) -> QWidget:
    words = _text(sample.text or "(nothing)")
    words.setFont(monospaced())
    parts: Iterable[QWidget] = [words]
    if not sample.stopped:
        parts = [words, Badge("cut off: it did not end by itself", "warning", "warning")]
    answer = card(*parts, None, spacing=4)
    answer.setAccessibleName(f"Answer to prompt {sample.prompt_index + 1} after step {sample.step}")
    return answer


def _text(text: str, look: str = "") -> QLabel:
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    words = label(_breakable(shown), wrap=True, selectable=True)
    words.setToolTip(text if shown != text else "")
    words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    set_look(words, look)
    return words


def _breakable(text: str) -> str:
    """A label breaks lines at spaces only; JSON without any would make its column as wide as itself."""
    return "".join(character + ("\u200b" if character in ",:;/_-" else "") for character in text)
