"""The moments of a document, newest first: steps, named versions, what was undone. Shows and lets choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tunedesk.dataset.history import HistoryEntry, Version
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID

Index = QModelIndex | QPersistentModelIndex
LINE_HEIGHT = 40


@dataclass(frozen=True)
class Moment:
    """target: what the document is asked for. name: of a version. is_undone: it lies ahead of now."""

    target: HistoryEntry | Version
    title: str
    when: str
    name: str = ""
    is_undone: bool = False


def moments_of(entries: Sequence[HistoryEntry], versions: Sequence[Version]) -> list[Moment]:
    """Newest first. A version whose step was undone and overwritten stands by its own time."""
    steps = {entry.step for entry in entries}
    found = [
        (
            entry.time or 0.0,
            Moment(entry, _title(entry), when(entry.time), entry.version_name or "", entry.is_undone),
        )
        for entry in entries
    ]
    found += [
        (version.time, Moment(version, f"{version.rows:,} rows", when(version.time), version.name))
        for version in versions
        if version.step not in steps
    ]
    # Steps keep their order even when a clock was put back; lost versions go in by time.
    ordered: list[Moment] = []
    for _, moment in reversed(found[: len(entries)]):
        ordered.append(moment)
    for time, moment in reversed(found[len(entries) :]):
        place = next((n for n, each in enumerate(ordered) if _time(each) <= time), len(ordered))
        ordered.insert(place, moment)
    return ordered


def when(time: float | None) -> str:
    """Local time, like "Today 14:32" or "20 Nov 14:32"; for steps of an old TuneDesk nothing."""
    if time is None:
        return ""
    moment = datetime.fromtimestamp(time)
    day = "Today" if moment.date() == datetime.now().date() else f"{moment.day} {moment:%b}"
    return f"{day} {moment:%H:%M}"


def _title(entry: HistoryEntry) -> str:
    rows = "" if entry.rows is None or entry.rows < 2 else f", {entry.rows:,} rows"
    return f"{entry.label}{rows}"


def _time(moment: Moment) -> float:
    return moment.target.time or 0.0


class MomentModel(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._moments: Sequence[Moment] = ()

    def show_moments(self, moments: Sequence[Moment]) -> None:
        self.beginResetModel()
        self._moments = moments
        self.endResetModel()

    def moment(self, place: int) -> Moment:
        return self._moments[place]

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._moments)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        moment = self._moments[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return moment.name or moment.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = ", undone" if moment.is_undone else ""
            name = f", version {moment.name}" if moment.name else ""
            return f"{moment.when}: {moment.title}{name}{state}"
        return None


class MomentList(QListView):
    moment_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.moments = MomentModel(self)
        self.setModel(self.moments)
        self.setItemDelegate(_MomentDelegate(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Moments")
        set_look(self, "bare")
        self.selectionModel().currentChanged.connect(self._tell)

    @property
    def chosen(self) -> Moment | None:
        index = self.currentIndex()
        return self.moments.moment(index.row()) if index.isValid() else None

    def _tell(self, current: QModelIndex) -> None:
        if current.isValid():
            self.moment_chosen.emit(self.moments.moment(current.row()))


class _MomentDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, LINE_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, MomentModel)
        moment, view, area = model.moment(index.row()), option.widget, option.rect
        tokens = tokens_of(view)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.selection))
        left = area.left() + 2 * GRID
        picture = "star" if moment.name else ("redo" if moment.is_undone else "clock")
        painter.drawPixmap(left, area.center().y() - 7, pixmap(picture, view, "muted", 14))
        left += 14 + GRID
        metrics = QFontMetrics(view.font())
        width = metrics.horizontalAdvance(moment.when)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(tokens.muted))
        painter.drawText(
            QRect(area.right() - width - 2 * GRID, area.top(), width, area.height()), middle, moment.when
        )
        room = QRect(left, area.top(), area.right() - width - 4 * GRID - left, area.height())
        if moment.name:
            font = view.font()
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QColor(tokens.text))
            name = QFontMetrics(font).elidedText(moment.name, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, middle, name)
            room.setLeft(room.left() + QFontMetrics(font).horizontalAdvance(name) + GRID)
            painter.setFont(view.font())
        painter.setPen(
            QColor(tokens.faint if moment.is_undone else tokens.muted if moment.name else tokens.text)
        )
        painter.drawText(
            room, middle, metrics.elidedText(moment.title, Qt.TextElideMode.ElideRight, room.width())
        )
        painter.restore()
