"""The wizard's steps on the left: where one is, what is done, what waits. Knows no rules."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.train.wizard import STEPS, Step
from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.layout import GRID, column

ICONS = {
    Step.DATA: "data",
    Step.MODEL: "model",
    Step.PLACE: "cpu",
    Step.SETTINGS: "settings",
    Step.CHECK: "shield",
    Step.REVIEW: "check",
    Step.CONSENT: "send",
}
MOST = 6
"""Steps that there can be at once; each has a key."""
WIDTH = 208
DISC = 22


class StepList(QWidget):
    step_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Steps")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_look(self, "surface")
        self._shown: tuple[Step, ...] = STEPS
        self._buttons = {step: StepButton(step) for step in Step}
        for step, button in self._buttons.items():
            button.clicked.connect(lambda checked=False, step=step: self.step_chosen.emit(step))
        self.setLayout(column(*self._buttons.values(), None, spacing=4, margin=GRID))

    def actions_by_key(self, owner: QWidget) -> list[QAction]:
        """Alt+1 to Alt+6 for the steps."""
        made = []
        for number in range(1, MOST + 1):
            one = action(owner, f"Step {number}", "list", f"Alt+{number}")
            one.triggered.connect(lambda _=False, place=number - 1: self._press(place))
            made.append(one)
        return made

    def show_steps(
        self,
        steps: Sequence[Step],
        current: Step,
        reachable: Collection[Step],
        done: Collection[Step],
        notes: dict[Step, str],
    ) -> None:
        """steps: those that there are at the chosen place. notes: a few words that say what was chosen."""
        self._shown = tuple(steps)
        for step, button in self._buttons.items():
            button.setVisible(step in steps)
        for number, step in enumerate(steps, start=1):
            state = step is current, step in reachable, step in done
            self._buttons[step].show_state(number, *state, notes.get(step, ""))

    def button(self, step: Step) -> "StepButton":
        return self._buttons[step]

    def _press(self, place: int) -> None:
        if place < len(self._shown):
            self._buttons[self._shown[place]].click()


class StepButton(QToolButton):
    """A disc with a number or a tick, the step's name, and what was chosen there."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._number = 0
        self._step = step
        self._note = ""
        self._done = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(48)
        self.setFixedWidth(WIDTH - 2 * GRID)

    @property
    def note(self) -> str:
        return self._note

    def show_state(self, number: int, current: bool, reachable: bool, done: bool, note: str) -> None:
        self._number, self._done, self._note = number, done, note
        self.setChecked(current)
        self.setEnabled(reachable)
        state = "current" if current else "done" if done else "to do" if reachable else "not yet"
        self.setAccessibleName(f"Step {self._number}, {self._step.value}, {state}")
        self.setAccessibleDescription(note)
        self.update()

    def nextCheckState(self) -> None:
        """A click asks for the step; the wizard decides whether it becomes the current one."""

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 2 * GRID, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or (self.underMouse() and self.isEnabled()):
            painter.setBrush(QColor(tokens.selection if self.isChecked() else tokens.hover))
            painter.drawRoundedRect(self.rect(), 4, 4)
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        self._paint_disc(painter)
        self._paint_words(painter)
        painter.end()

    def _paint_disc(self, painter: QPainter) -> None:
        tokens = tokens_of(self)
        top = (self.height() - DISC) // 2
        if self._done:
            painter.drawPixmap(GRID + 2, top + 2, pixmap("ok", self, "ok", DISC - 4))
            return
        colour = QColor(tokens.text if self.isEnabled() else tokens.faint)
        painter.setPen(colour)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(GRID + 2, top + 2, DISC - 5, DISC - 5)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        painter.drawText(GRID, top, DISC, DISC, Qt.AlignmentFlag.AlignCenter, str(self._number))

    def _paint_words(self, painter: QPainter) -> None:
        tokens = tokens_of(self)
        left = GRID + DISC + GRID
        area = self.rect().adjusted(left, 6, -GRID, -6)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.faint))
        at = Qt.AlignmentFlag.AlignLeft
        if not self._note:
            painter.drawText(area, at | Qt.AlignmentFlag.AlignVCenter, self._step.value)
            return
        painter.drawText(area, at | Qt.AlignmentFlag.AlignTop, self._step.value)
        painter.setFont(self.font())
        painter.setPen(QColor(tokens.muted if self.isEnabled() else tokens.faint))
        words = painter.fontMetrics().elidedText(self._note, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, at | Qt.AlignmentFlag.AlignBottom, words)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()
