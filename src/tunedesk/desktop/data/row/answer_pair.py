"""Two answers that are compared, side by side where there is room, with the words that differ marked."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from tunedesk.dataset.text_diff import changed_spans, diff_texts
from tunedesk.desktop.data.row.turn_card import TurnCard
from tunedesk.desktop.data.row.turn_view import ToolView, TurnView
from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row

NARROW = 460
"""Pixels; with less than this the answers stand one below the other."""


class AnswerPair(QWidget):
    card_made = Signal(object)
    """A TurnCard whose signals are to be connected."""

    def __init__(self, swap: QAction) -> None:
        super().__init__()
        self._chosen: list[TurnCard] = []
        self._rejected: list[TurnCard] = []
        self._chosen_box = column(spacing=GRID)
        self._rejected_box = column(spacing=GRID)
        self._none = (label("No chosen answer", "muted"), label("No rejected answer", "muted"))
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(GRID)
        for badge, box, none in (
            (Badge("Chosen", "ok", "ok"), self._chosen_box, self._none[0]),
            (Badge("Rejected", "close", "error"), self._rejected_box, self._none[1]),
        ):
            self._sides.addLayout(_side(badge, box, none), 1)
        self._words = label("", "muted", wrap=True)
        head = row(tool_button(swap, with_text=True), self._words, spacing=GRID)
        head.setStretch(1, 1)
        whole = column(head, self._sides, spacing=4)
        whole.setContentsMargins(0, 0, 0, 0)
        self.setLayout(whole)

    @property
    def cards(self) -> list[TurnCard]:
        return [each for each in (*self._chosen, *self._rejected) if not each.isHidden()]

    def show_answers(
        self,
        chosen: tuple[TurnView, ...],
        rejected: tuple[TurnView, ...],
        tools: tuple[ToolView, ...],
        *,
        read_only: bool,
    ) -> None:
        for views, cards, box, name in (
            (chosen, self._chosen, self._chosen_box, "chosen answer"),
            (rejected, self._rejected, self._rejected_box, "rejected answer"),
        ):
            while len(cards) < len(views):
                cards.append(self._new_card(box))
            for number, card in enumerate(cards):
                card.setVisible(number < len(views))
                if number < len(views):
                    said = name if len(views) == 1 else f"{name}, turn {number + 1}"
                    card.show_turn(views[number], len(views), said, tools, read_only=read_only)
        self._none[0].setVisible(not chosen)
        self._none[1].setVisible(not rejected)
        self._show_difference(chosen, rejected)

    def _show_difference(self, chosen: tuple[TurnView, ...], rejected: tuple[TurnView, ...]) -> None:
        """Turn by turn: what only one of the answers says."""
        differ = False
        for better, worse in zip(_editors(self._chosen), _editors(self._rejected), strict=False):
            pieces = diff_texts(worse.exact_text(), better.exact_text())
            only_worse, only_better = changed_spans(pieces)
            better.show_changes(only_better, "added")
            worse.show_changes(only_worse, "removed")
            differ = differ or bool(only_worse or only_better)
        if not chosen or not rejected:
            self._words.setText("")
        elif differ:
            self._words.setText(
                "Underlined: only in the chosen answer. Struck through: only in the rejected one."
            )
        else:
            self._words.setText("Both answers say the same.")

    def _new_card(self, box: QVBoxLayout) -> TurnCard:
        card = TurnCard()
        box.addWidget(card)
        self.card_made.emit(card)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._sides.direction() != way:
            self._sides.setDirection(way)


def _editors(cards: list[TurnCard]) -> list[ExactEdit]:
    return [editor for card in cards if not card.isHidden() for editor in card.editors]


def _side(badge: Badge, box: QVBoxLayout, none: QWidget) -> QVBoxLayout:
    return column(row(badge, None), none, box, None, spacing=4)
