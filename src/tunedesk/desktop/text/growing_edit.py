"""A text editor that is as tall as its text, within limits, so that a conversation scrolls as one page."""

from PySide6.QtGui import QResizeEvent

from tunedesk.desktop.text.exact_edit import ExactEdit

FEWEST_LINES = 1
MOST_LINES = 28


class GrowingEdit(ExactEdit):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.document().contentsChanged.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def show_text(self, text: str) -> None:
        super().show_text(text)
        self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().lineSpacing()
        margins = self.contentsMargins()
        around = margins.top() + margins.bottom() + 2 * round(self.document().documentMargin())
        height = (
            max(FEWEST_LINES * line, min(self._text_height(MOST_LINES * line), MOST_LINES * line)) + around
        )
        if height != self.height():
            self.setFixedHeight(height)

    def _text_height(self, enough: int) -> int:
        """The height of the wrapped text in pixels; stops counting when it is enough."""
        total = 0.0
        block = self.document().firstBlock()
        while block.isValid() and total < enough:
            total += self.blockBoundingRect(block).height()
            block = block.next()
        return round(total)
