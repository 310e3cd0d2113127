"""A row as cards: its tools, its conversation, its compared or judged answers. Shows and tells of edits."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QScrollArea, QWidget

from tunedesk.desktop.data.row.answer_pair import AnswerPair
from tunedesk.desktop.data.row.judgement import Judgement
from tunedesk.desktop.data.row.tools_section import ToolsSection
from tunedesk.desktop.data.row.turn_card import TurnCard
from tunedesk.desktop.data.row.turn_view import RowView, TurnView
from tunedesk.desktop.text.exact_edit import Mark
from tunedesk.desktop.widgets.buttons import push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, row
from tunedesk.desktop.widgets.reading_order import set_reading_order

CARDS_AT_ONCE = 40
"""A conversation of a thousand turns is shown in helpings."""
CARDS_AT_A_TIME = 6
"""A card that is made costs some six milliseconds; one that is there already half a one."""
NOTHING = RowView()


class TurnEditor(QScrollArea):
    text_edited = Signal(str, object)
    role_chosen = Signal(str, str)
    training_chosen = Signal(int, bool)
    turn_moved = Signal(int, int)
    turn_duplicated = Signal(int)
    turn_deleted = Signal(int)
    call_added = Signal(str)
    call_deleted = Signal(str)
    call_renamed = Signal(str, object)
    arguments_edited = Signal(str, object, str)
    tool_edited = Signal(str, object)

    def __init__(self, add_turn: QAction, swap: QAction, judge_good: QAction, judge_bad: QAction) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Conversation")
        self._view = NOTHING
        self._cards: list[TurnCard] = []
        self._marks: dict[str, tuple[Mark, ...]] = {}
        self._shown = 0
        self._limit = CARDS_AT_ONCE
        self._making = QTimer(self, interval=0, singleShot=True)
        self._making.timeout.connect(self._go_on)
        self._ordering = QTimer(self, interval=0, singleShot=True)
        self._ordering.timeout.connect(lambda: set_reading_order(self))
        self._current = 0
        self._read_only = False
        self._shows = (True, False)
        self._tools = ToolsSection()
        self._tools.tool_edited.connect(self.tool_edited)
        self._pair: AnswerPair | None = None
        self._swap = swap
        self._judgement = Judgement(judge_good, judge_bad)
        self._more = push_button("", "chevron-down")
        self._more.clicked.connect(self._show_more)
        self._add = tool_button(add_turn, with_text=True)
        self._list = column(spacing=GRID)
        self._pair_box = column(spacing=0)
        below = row(self._more, self._add, None)
        page = QWidget()
        whole = column(
            self._tools, self._list, below, self._pair_box, self._judgement, None, spacing=GRID, margin=GRID
        )
        page.setLayout(whole)
        self.setWidget(page)

    @property
    def current_turn(self) -> int:
        """The turn that has or last had the focus, from 0; -1 when there is none."""
        return min(self._current, len(self._view.turns) - 1)

    def show_row(self, view: RowView, *, read_only: bool, same_row: bool) -> None:
        """Show a row; `same_row` keeps the scroll position and the current turn."""
        self._view, self._read_only = view, read_only
        if not same_row:
            self._limit, self._current = CARDS_AT_ONCE, 0
            self.verticalScrollBar().setValue(0)
        self._refresh()

    def mark(self, marks: dict[str, tuple[Mark, ...]]) -> None:
        """Findings by JSON pointer: underlined in the turn's text, or an icon beside its role."""
        self._marks = marks
        self._apply_marks()

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        self._shows = (shown, blanks)
        self._tools.show_invisible(shown, blanks)
        for card in (*self._cards, *self._pair_cards()):
            card.show_invisible(shown, blanks)

    def flush(self) -> None:
        """Tell of every edit that still waits for its idle moment."""
        for card in self._shown_cards():
            card.flush()
        if not self._tools.isHidden():
            self._tools.flush()

    def go_to(self, number: int, pointer: str = "", position: int = 0) -> None:
        """Put the cursor into a turn's text."""
        if not 0 <= number < len(self._view.turns):
            return
        while number >= self._limit:
            self._show_more()
        if number >= self._shown:
            self._show_until(number + 1)
        self._go_to_card(self._cards[number], pointer, position)

    def go_to_pointer(self, pointer: str, position: int) -> None:
        """Put the cursor where a finding is; the turn itself when the pointer names another of its keys."""
        place = _turn_with(pointer, self._view.turns)
        if place is not None:
            self.go_to(place, pointer, position)
            return
        answers = (*self._view.chosen, *self._view.rejected)
        place = _turn_with(pointer, answers)
        if place is not None:
            self._go_to_card(self._pair_cards()[place], pointer, position)

    def step_turn(self, step: int) -> None:
        """To the next (+1) or previous (-1) turn, and on to the answers that are compared."""
        cards = self._shown_cards()
        focused = next(
            (place for place, card in enumerate(cards) if card.isAncestorOf(_focus_of(self))), None
        )
        start = focused if focused is not None else self.current_turn - step
        to = start + step
        if to == self._shown < len(self._view.turns):
            self.go_to(to)
        elif 0 <= to < len(cards):
            self._go_to_card(cards[to], "", 0)

    @property
    def current_card(self) -> TurnCard | None:
        """The card with the focus, else the one of the current turn."""
        focused = next((card for card in self._shown_cards() if card.isAncestorOf(_focus_of(self))), None)
        if focused is not None or self.current_turn < 0:
            return focused
        return self._cards[self.current_turn]

    def show_judgement(self, good: bool | None) -> None:
        self._judgement.show_label(good)

    def _go_to_card(self, card: TurnCard, pointer: str, position: int) -> None:
        card.go_to(pointer, position)
        self.ensureWidgetVisible(card, 0, 2 * GRID)

    def _shown_cards(self) -> list[TurnCard]:
        return self._cards[: self._shown] + self._pair_cards()

    def _pair_cards(self) -> list[TurnCard]:
        return self._pair.cards if self._pair is not None and not self._pair.isHidden() else []

    def _show_more(self) -> None:
        self._limit += CARDS_AT_ONCE
        self._refresh()

    def _refresh(self) -> None:
        view = self._view
        self._tools.show_tools(view.tools, read_only=self._read_only)
        wanted = min(len(view.turns), self._limit)
        self._shown = min(wanted, max(len(self._cards), CARDS_AT_A_TIME))
        self._show_cards(0, self._shown)
        for card in self._cards[self._shown :]:
            card.hide()
        left = len(view.turns) - wanted
        self._more.setVisible(left > 0)
        self._more.setText(f"Show {min(left, CARDS_AT_ONCE)} of {left} more turns")
        self._add.setVisible(not self._read_only and view.can_change)
        self._show_answers(view)
        self._apply_marks()
        if self._shown < wanted:
            self._making.start()

    def _go_on(self) -> None:
        """Some more cards, so that a long conversation holds up no key and no wheel."""
        wanted = min(len(self._view.turns), self._limit)
        self._show_until(min(self._shown + CARDS_AT_A_TIME, wanted))
        if self._shown < wanted:
            self._making.start()

    def _show_until(self, count: int) -> None:
        first, self._shown = self._shown, count
        self._show_cards(first, count)
        self._apply_marks()

    def _show_cards(self, first: int, behind: int) -> None:
        view = self._view
        while len(self._cards) < behind:
            self._cards.append(self._new_card())
        for number in range(first, behind):
            card = self._cards[number]
            card.setVisible(True)
            name = f"turn {number + 1}"
            card.show_turn(view.turns[number], len(view.turns), name, view.tools, read_only=self._read_only)

    def _show_answers(self, view: RowView) -> None:
        if view.is_pair and self._pair is None:
            self._pair = AnswerPair(self._swap)
            self._pair.card_made.connect(self._connect)
            self._pair_box.addWidget(self._pair)
        if self._pair is not None:
            self._pair.setVisible(view.is_pair)
            if view.is_pair:
                self._pair.show_answers(view.chosen, view.rejected, view.tools, read_only=self._read_only)
        self._judgement.setVisible(view.is_judged)
        self._judgement.show_label(view.label)

    def _apply_marks(self) -> None:
        turns = (*self._view.turns[: self._shown], *self._view.chosen, *self._view.rejected)
        for turn, card in zip(turns, self._shown_cards(), strict=False):
            texts = {each.pointer for each in turn.texts}
            about = [
                mark
                for pointer, marks in self._marks.items()
                if pointer not in texts
                and (pointer == turn.pointer or pointer.startswith(f"{turn.pointer}/"))
                for mark in marks
            ]
            card.mark(self._marks, tuple(about))

    def _new_card(self) -> TurnCard:
        card = TurnCard()
        self._connect(card)
        self._list.addWidget(card)
        return card

    def _connect(self, card: TurnCard) -> None:
        card.show_invisible(*self._shows)
        card.text_edited.connect(self.text_edited)
        card.role_chosen.connect(self.role_chosen)
        card.training_chosen.connect(self.training_chosen)
        card.moved.connect(self.turn_moved)
        card.duplicated.connect(self.turn_duplicated)
        card.deleted.connect(self.turn_deleted)
        card.call_added.connect(self.call_added)
        card.call_deleted.connect(self.call_deleted)
        card.call_renamed.connect(self.call_renamed)
        card.arguments_edited.connect(self.arguments_edited)
        card.focused.connect(self._note_focus)
        card.grew.connect(self._ordering.start)

    def _note_focus(self, number: int) -> None:
        if number >= 0:
            self._current = number


def _turn_with(pointer: str, turns: tuple[TurnView, ...]) -> int | None:
    """The place of the turn that a pointer names, a text of it first."""
    for place, turn in enumerate(turns):
        if any(pointer == text.pointer for text in turn.texts):
            return place
    for place, turn in enumerate(turns):
        if pointer == turn.pointer or pointer.startswith(f"{turn.pointer}/"):
            return place
    return None


def _focus_of(widget: QWidget) -> QWidget:
    focused = widget.window().focusWidget()
    return focused if focused is not None else widget
