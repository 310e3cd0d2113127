"""The list of runs: one row each with state, model, data set, time and losses. Knows no files."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.desktop.runs import sentences
from tunedesk.desktop.theme.icons import icon
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID
from tunedesk.runs.run_folder import RunState, RunSummary

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

ROW_HEIGHT = 58
SUMMARY_ROLE = Role.UserRole + 1

STATE_ICONS: dict[RunState, tuple[str, str]] = {
    RunState.WAITING: ("clock", "muted"),
    RunState.RUNNING: ("play", "text"),
    RunState.PAUSED: ("pause", "text"),
    RunState.FINISHED: ("ok", "ok"),
    RunState.FAILED: ("error", "error"),
    RunState.STOPPED: ("stop", "muted"),
    RunState.INTERRUPTED: ("warning", "warning"),
}
"""Icon and tint of each state; its word always stands beside them."""


class RunListModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[RunSummary, ...] = ()

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        return self._runs

    def show_runs(self, runs: Sequence[RunSummary]) -> None:
        """Rows that stay keep their selection: only a change of the order resets the list."""
        same_rows = [run.path for run in runs] == [run.path for run in self._runs]
        if same_rows:
            self._runs = tuple(runs)
            if runs:
                self.dataChanged.emit(self.index(0), self.index(len(runs) - 1))
            return
        self.beginResetModel()
        self._runs = tuple(runs)
        self.endResetModel()

    def row_of(self, path: Path) -> int | None:
        return next((row for row, run in enumerate(self._runs) if run.path == path), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._runs)

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        run = self._runs[index.row()]
        match role:
            case Role.DisplayRole:
                return f"{run.model or run.run}"
            case Role.AccessibleTextRole:
                return _sentence(run)
            case Role.ToolTipRole:
                return run.problem or str(run.path)
            case _ if role == SUMMARY_ROLE:
                return run
        return None


def _sentence(run: RunSummary) -> str:
    losses = f", training loss {sentences.loss(run.train_loss)}" if run.train_loss is not None else ""
    if run.valid_loss is not None:
        losses += f", validation loss {sentences.loss(run.valid_loss)}"
    when = sentences.day_and_time(run.created)
    where = f", at {run.service}" if run.service else ""
    return f"{run.state.capitalize()}: {run.model or run.run} on {run.dataset}{where}, {when}{losses}"


class RunList(QListView):
    run_chosen = Signal(object)
    """The path of the run's folder."""

    def __init__(self) -> None:
        super().__init__()
        self._model = RunListModel()
        self.setModel(self._model)
        self.setItemDelegate(_RunDelegate(self))
        self.setUniformItemSizes(True)
        self.setAccessibleName("Runs")
        self.setMinimumWidth(220)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._tell)

    @property
    def chosen(self) -> Path | None:
        index = self.currentIndex()
        return self._model.runs[index.row()].path if index.isValid() else None

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        return self._model.runs

    def show_runs(self, runs: Sequence[RunSummary]) -> None:
        """The chosen run stays chosen; without one the newest is."""
        before = self.chosen
        self._model.show_runs(runs)
        if runs and not self.currentIndex().isValid():
            self.choose(before if before and self._model.row_of(before) is not None else runs[0].path)

    def choose(self, path: Path) -> None:
        row = self._model.row_of(path)
        if row is not None:
            self.setCurrentIndex(self._model.index(row))

    def _tell(self, current: QModelIndex) -> None:
        if current.isValid():
            self.run_chosen.emit(self._model.runs[current.row()].path)


class _RunDelegate(QStyledItemDelegate):
    """Two lines: what was trained and how it stands; on what data, when, and how well."""

    def __init__(self, view: RunList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(240, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        run: RunSummary = index.data(SUMMARY_ROLE)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tokens = tokens_of(self._view)
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, self._view.palette().color(QPalette.ColorRole.Highlight))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(tokens.hover))
        name, tint = STATE_ICONS[run.state]
        inner = area.adjusted(GRID + 4, GRID, -(GRID + 4), -GRID)
        icon(name, self._view, tint).paint(painter, QRect(inner.left(), inner.top() + 2, 16, 16))
        words = inner.adjusted(16 + GRID, 0, 0, 0)
        top, bottom = QRect(words), QRect(words)
        top.setBottom(words.center().y())
        bottom.setTop(words.center().y() + 1)
        self._two_ends(painter, top, run.model or run.run, run.state.value, tokens.text, bold=True)
        parts = (run.service or run.dataset, sentences.day_and_time(run.created))
        left = " · ".join(part for part in parts if part)
        self._two_ends(painter, bottom, left, _losses(run), tokens.muted)
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(tokens.border))
        if run.state in (RunState.RUNNING, RunState.PAUSED) and run.total_steps:
            done = round(area.width() * run.step / run.total_steps)
            painter.fillRect(QRect(area.left(), area.bottom() - 1, done, 2), QColor(tokens.muted))
        painter.restore()

    def _two_ends(
        self, painter: QPainter, area: QRect, left: str, right: str, colour: str, *, bold: bool = False
    ) -> None:
        font = QFont(self._view.font())
        painter.setFont(font)
        painter.setPen(QColor(tokens_of(self._view).muted))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        room = area.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(right) - GRID, 0)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        words = painter.fontMetrics().elidedText(left, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)


def _losses(run: RunSummary) -> str:
    if run.valid_loss is not None:
        return f"val {sentences.loss(run.valid_loss)}"
    return sentences.loss(run.train_loss) if run.train_loss is not None else ""
