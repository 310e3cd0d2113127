"""Figures above the plots: a caption with a value, and a caption with a bar. Knows no runs."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunedesk.desktop.theme.fonts import scaled
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import column, label

BAR_HEIGHT = 4


class Figure(QWidget):
    """One value with what it means above it."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self._caption = caption
        self._value = label("-")
        self._value.setFont(scaled(1.15, bold=True))
        self.setLayout(column(label(caption, "muted"), self._value, None, spacing=2))
        self.show_value("-")

    @property
    def value(self) -> str:
        return self._value.text()

    def show_value(self, value: str, tip: str = "") -> None:
        self._value.setText(value)
        self.setToolTip(tip)
        self.setAccessibleName(f"{self._caption}: {value}")


class Gauge(Figure):
    """A value with a bar that shows how much of the whole it is."""

    def __init__(self, caption: str) -> None:
        super().__init__(caption)
        self._bar = Bar()
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._bar)

    def show_share(self, value: str, share: float | None, tip: str = "") -> None:
        """share: 0 to 1, or None where there is nothing to compare with."""
        self.show_value(value, tip)
        self._bar.show_share(share)


class Bar(QWidget):
    """A thin bar; from nine tenths on it takes the warning's colour, for then something may stop fitting."""

    FULL = 0.9

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float | None) -> None:
        self._share = share
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, BAR_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._share is None:
            return
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        for share, colour in (
            (1.0, tokens.border),
            (self._share, tokens.warning if self._share > self.FULL else tokens.muted),
        ):
            painter.setBrush(QColor(colour))
            width = max(BAR_HEIGHT, self.width() * min(share, 1.0))
            painter.drawRoundedRect(QRectF(0, 0, width, BAR_HEIGHT), BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        painter.end()
