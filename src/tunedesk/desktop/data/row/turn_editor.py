"""A row's conversation as cards. Shows turns and tells of edits; does not know the document."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QScrollArea, QWidget

from tunedesk.desktop.data.row.turn_card import TurnCard
from tunedesk.desktop.data.row.turn_view import TurnView
from tunedesk.desktop.text.exact_edit import Mark
from tunedesk.desktop.widgets.buttons import push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, row

CARDS_AT_ONCE = 40
"""A conversation of a thousand turns is shown in helpings; a card costs a few milliseconds."""


class TurnEditor(QScrollArea):
    text_edited = Signal(int, object)
    role_chosen = Signal(int, str)
    training_chosen = Signal(int, bool)
    turn_moved = Signal(int, int)
    turn_duplicated = Signal(int)
    turn_deleted = Signal(int)

    def __init__(self, add_turn: QAction) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Conversation")
        self._turns: tuple[TurnView, ...] = ()
        self._cards: list[TurnCard] = []
        self._marks: dict[str, tuple[Mark, ...]] = {}
        self._limit = CARDS_AT_ONCE
        self._current = 0
        self._read_only = False
        self._more = push_button("", "chevron-down")
        self._more.clicked.connect(self._show_more)
        self._add = tool_button(add_turn, with_text=True)
        self._list = column(spacing=GRID)
        page = QWidget()
        whole = column(self._list, row(self._more, self._add, None), None, spacing=GRID, margin=GRID)
        page.setLayout(whole)
        self.setWidget(page)

    @property
    def current_turn(self) -> int:
        """The turn that has or last had the focus, from 0; -1 when there is none."""
        return min(self._current, len(self._turns) - 1)

    def show_turns(self, turns: tuple[TurnView, ...], *, read_only: bool, same_row: bool) -> None:
        """Show a row; `same_row` keeps the scroll position and the current turn."""
        self._turns, self._read_only = turns, read_only
        if not same_row:
            self._limit, self._current = CARDS_AT_ONCE, 0
            self.verticalScrollBar().setValue(0)
        self._refresh()

    def mark(self, marks: dict[str, tuple[Mark, ...]]) -> None:
        """Findings by JSON pointer: underlined in the turn's text, or an icon beside its role."""
        self._marks = marks
        self._apply_marks()

    def flush(self) -> None:
        """Tell of every edit that still waits for its idle moment."""
        for card in self._cards[: len(self._turns)]:
            card.editor.flush()

    def go_to(self, number: int, position: int = 0) -> None:
        """Put the cursor into a turn's text."""
        if not 0 <= number < len(self._turns):
            return
        while number >= self._limit:
            self._show_more()
        card = self._cards[number]
        card.editor.setFocus()
        card.editor.cursor_to(position)
        self.ensureWidgetVisible(card, 0, 2 * GRID)

    def go_to_pointer(self, pointer: str, position: int) -> None:
        """Put the cursor where a finding is; the turn itself when the pointer names another of its keys."""
        for number, turn in enumerate(self._turns):
            if pointer == turn.content_pointer:
                self.go_to(number, position)
                return
        for number, turn in enumerate(self._turns):
            if pointer == turn.pointer or pointer.startswith(f"{turn.pointer}/"):
                self.go_to(number)
                return

    def choose_role(self) -> None:
        if self.current_turn >= 0:
            self._cards[self.current_turn].choose_role()

    def _show_more(self) -> None:
        self._limit += CARDS_AT_ONCE
        self._refresh()

    def _refresh(self) -> None:
        shown = min(len(self._turns), self._limit)
        while len(self._cards) < shown:
            self._cards.append(self._new_card())
        for number, card in enumerate(self._cards):
            card.setVisible(number < shown)
            if number < shown:
                card.show_turn(self._turns[number], number, len(self._turns), read_only=self._read_only)
        left = len(self._turns) - shown
        self._more.setVisible(left > 0)
        self._more.setText(f"Show {min(left, CARDS_AT_ONCE)} of {left} more turns")
        self._add.setVisible(not self._read_only and all(turn.can_change for turn in self._turns))
        self._apply_marks()

    def _apply_marks(self) -> None:
        for turn, card in zip(self._turns, self._cards, strict=False):
            inside: list[Mark] = []
            about: list[Mark] = []
            for pointer, marks in self._marks.items():
                if pointer == turn.content_pointer:
                    inside += [mark for mark in marks if mark.end > mark.start]
                    about += [mark for mark in marks if mark.end <= mark.start]
                elif pointer == turn.pointer or pointer.startswith(f"{turn.pointer}/"):
                    about += marks
            card.mark(tuple(inside), tuple(about))

    def _new_card(self) -> TurnCard:
        card = TurnCard()
        card.text_edited.connect(self.text_edited)
        card.role_chosen.connect(self.role_chosen)
        card.training_chosen.connect(self.training_chosen)
        card.moved.connect(self.turn_moved)
        card.duplicated.connect(self.turn_duplicated)
        card.deleted.connect(self.turn_deleted)
        card.focused.connect(self._note_focus)
        self._list.addWidget(card)
        return card

    def _note_focus(self, number: int) -> None:
        self._current = number
