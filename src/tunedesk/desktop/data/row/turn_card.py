"""One turn of a conversation as a card: role, texts, calls, whether it is trained, what can be done."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QMenu, QToolButton

from tunedesk.desktop.data.row.call_card import CallCard
from tunedesk.desktop.data.row.text_field import TextField
from tunedesk.desktop.data.row.turn_view import ToolView, TurnView
from tunedesk.desktop.text.exact_edit import ExactEdit, Mark
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, column, label, row

NARROW = 400
"""Pixels; a card that is narrower has its buttons in a menu."""


class TurnCard(QFrame):
    """What stands in the row is named by its JSON pointer; moving, copying and deleting go by the number."""

    text_edited = Signal(str, object)
    role_chosen = Signal(str, str)
    training_chosen = Signal(int, bool)
    moved = Signal(int, int)
    duplicated = Signal(int)
    deleted = Signal(int)
    focused = Signal(int)
    grew = Signal()
    """There are more fields now, which Tab does not know yet."""
    call_added = Signal(str)
    call_deleted = Signal(str)
    call_renamed = Signal(str, object)
    arguments_edited = Signal(str, object, str)

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "card")
        self._number = 0
        self._pointer = ""
        self._roles: tuple[str, ...] = ()
        self._fields: list[TextField] = []
        self._calls: list[CallCard] = []
        self._shows = (True, False)
        self._role = CalmComboBox()
        set_look(self._role, "quiet")
        self._role.activated.connect(lambda: self.role_chosen.emit(self._pointer, self._role.currentText()))
        self._fixed_role = label("", "heading")
        self._about = label("", "muted")
        self._trained = QCheckBox("Train on this")
        self._trained.setToolTip("Whether this answer gets a loss: the key `weight` of the turn, 1 or 0.")
        self._trained.clicked.connect(lambda on: self.training_chosen.emit(self._number, on))
        self._warning = QLabel()
        self._call = self._own("Add a tool call", "wrench", lambda: self.call_added.emit(self._pointer))
        self._call_button = tool_button(self._call)
        self._up = self._own("Move this turn up", "arrow-up", lambda: self._move(-1))
        self._down = self._own("Move this turn down", "arrow-down", lambda: self._move(+1))
        self._copy = self._own("Duplicate this turn", "copy", lambda: self.duplicated.emit(self._number))
        self._delete = self._own("Delete this turn", "trash", lambda: self.deleted.emit(self._number))
        self._buttons = [tool_button(each) for each in (self._up, self._down, self._copy, self._delete)]
        self._more: QToolButton | None = None
        self._can_move = self._can_call = False
        self._texts_box = column(spacing=GRID)
        self._calls_box = column(spacing=GRID)
        self._lay_out()
        for part in (self._role, self._trained, self._call_button, *self._buttons):
            part.installEventFilter(self)

    @property
    def number(self) -> int:
        return self._number

    @property
    def editors(self) -> list[ExactEdit]:
        """The editors of the turn's texts that are shown."""
        return [field.editor for field in self._fields if not field.isHidden()]

    def show_turn(
        self,
        turn: TurnView,
        count: int,
        name: str,
        tools: Sequence[ToolView],
        *,
        read_only: bool,
    ) -> None:
        """count: of the conversation's turns. name: "turn 2" or "chosen answer", for those who listen."""
        self._number, self._pointer = turn.number, turn.pointer
        self.setAccessibleName(f"{name[:1].upper()}{name[1:]}, {turn.role}")
        self._role.setAccessibleName(f"Role of {name}")
        self._trained.setAccessibleName(f"Train on {name}")
        self._show_role(turn, read_only)
        self._about.setText(turn.about)
        self._about.setVisible(bool(turn.about))
        self._trained.setVisible(turn.is_trained is not None)
        self._trained.setChecked(bool(turn.is_trained))
        self._trained.setEnabled(not read_only)
        self._show_texts(turn, name, read_only)
        self._show_calls(turn, name, tools, read_only)
        self._can_call = turn.can_call and not read_only
        self._can_move = turn.can_move and not read_only
        self._show_buttons()
        self._up.setEnabled(turn.number > 0)
        self._down.setEnabled(turn.number < count - 1)

    def mark(self, marks: dict[str, tuple[Mark, ...]], about: tuple[Mark, ...]) -> None:
        """marks: by the pointer of the text. about: findings about the turn as a whole, e.g. its role."""
        nowhere = tuple(each for field in self._fields for each in field.mark(marks))
        self._show_warning((*nowhere, *about))

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        self._shows = (shown, blanks)
        for field in self._fields:
            field.editor.show_invisible(shown)
            field.editor.show_blanks(blanks)
        for call in self._calls:
            call.show_invisible(shown, blanks)

    def flush(self) -> None:
        """Tell of every edit that still waits for its idle moment."""
        for field in self._fields:
            if not field.isHidden():
                field.editor.flush()
        for call in self._calls:
            if not call.isHidden():
                call.flush()

    def go_to(self, pointer: str = "", position: int = 0) -> None:
        """Put the cursor into the text that stands at a pointer, else into the first."""
        shown = [field for field in self._fields if not field.isHidden()]
        calls = [call for call in self._calls if not call.isHidden()]
        called = next((call for call in calls if call.holds(pointer)), None)
        if called is not None:
            called.take_focus()
            return
        field = next((each for each in shown if each.pointer == pointer), shown[0] if shown else None)
        if field is not None:
            field.editor.setFocus()
            field.editor.cursor_to(position)
        elif calls:
            calls[0].take_focus()
        else:
            self._role.setFocus()

    def choose_role(self) -> None:
        """Open the list of roles, to be chosen by key."""
        if self._role.isVisibleTo(self):
            self._role.setFocus()
            self._role.showPopup()

    def set_role(self, role: str) -> None:
        """Give the turn a role, where the row can hold it."""
        if role in self._roles and self._role.isVisibleTo(self):
            self.role_chosen.emit(self._pointer, role)

    def add_call(self) -> None:
        if self._can_call:
            self.call_added.emit(self._pointer)

    def _more_button(self) -> QToolButton:
        """The buttons as a menu, for a card too narrow for them."""
        button = tool_button(action(self, "More for this turn", "more", tint="muted"))
        menu = QMenu(button)
        menu.addActions([self._call, self._up, self._down, self._copy, self._delete])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _show_buttons(self) -> None:
        is_narrow = self.width() < NARROW
        self._call_button.setVisible(self._can_call and not is_narrow)
        for button in self._buttons:
            button.setVisible(self._can_move and not is_narrow)
        if is_narrow and self._more is None:
            self._more = self._more_button()
            self._button_row.addWidget(self._more)
        if self._more is not None:
            self._more.setVisible(is_narrow and (self._can_move or self._can_call))
        self._call.setVisible(self._can_call)
        for each in (self._up, self._down, self._copy, self._delete):
            each.setVisible(self._can_move)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.size().width() < NARROW) != (event.oldSize().width() < NARROW):
            self._show_buttons()

    def _show_role(self, turn: TurnView, read_only: bool) -> None:
        self._roles = turn.roles
        can_choose = bool(turn.roles) and not read_only
        self._role.setVisible(can_choose)
        self._fixed_role.setVisible(not can_choose)
        self._fixed_role.setText(turn.role)
        offered = [*turn.roles, *((turn.role,) if turn.role not in turn.roles else ())]
        if [self._role.itemText(place) for place in range(self._role.count())] != offered:
            self._role.clear()
            self._role.addItems(offered)
        self._role.setCurrentText(turn.role)

    def _show_texts(self, turn: TurnView, name: str, read_only: bool) -> None:
        while len(self._fields) < len(turn.texts):
            self._add_field()
        for unused in self._fields[len(turn.texts) :]:
            unused.hide()
        for field, view in zip(self._fields, turn.texts, strict=False):
            what = view.label or turn.role
            field.show_text(
                view, f"Text of {name}, {what}", beside_calls=bool(turn.calls), read_only=read_only
            )
            field.show()

    def _show_calls(self, turn: TurnView, name: str, tools: Sequence[ToolView], read_only: bool) -> None:
        while len(self._calls) < len(turn.calls):
            self._add_call()
        for unused in self._calls[len(turn.calls) :]:
            unused.hide()
        for number, (card, call) in enumerate(zip(self._calls, turn.calls, strict=False), 1):
            card.show_call(call, tools, f"call {number} of {name}", read_only=read_only)
            card.show()

    def _show_warning(self, about: tuple[Mark, ...]) -> None:
        self._warning.setVisible(bool(about))
        if about:
            kind = about[0].tint
            self._warning.setPixmap(pixmap("info" if kind == "muted" else kind, self, kind))
            self._warning.setToolTip("\n".join(each.words for each in about))
            self._warning.setAccessibleName(about[0].words)

    def _add_field(self) -> None:
        field = TextField()
        field.editor.show_invisible(self._shows[0])
        field.editor.show_blanks(self._shows[1])
        field.edited.connect(self.text_edited)
        field.editor.installEventFilter(self)
        self._fields.append(field)
        self._texts_box.addWidget(field)
        self.grew.emit()

    def _add_call(self) -> None:
        card = CallCard()
        card.show_invisible(*self._shows)
        card.renamed.connect(self.call_renamed)
        card.arguments_edited.connect(self.arguments_edited)
        card.deleted.connect(self.call_deleted)
        card.grew.connect(self.grew)
        self._calls.append(card)
        self._calls_box.addWidget(card)

    def _own(self, text: str, icon: str, then: Callable[[], None]) -> QAction:
        made = action(self, text, icon, tint="muted")
        made.triggered.connect(then)
        return made

    def _move(self, step: int) -> None:
        self.moved.emit(self._number, self._number + step)

    def _lay_out(self) -> None:
        head = row(
            self._role, self._fixed_role, self._about, self._warning, self._trained, None, spacing=GRID
        )
        self._button_row = row(self._call_button, *self._buttons, spacing=0)
        head.addLayout(self._button_row)
        whole = column(head, self._texts_box, self._calls_box, spacing=4)
        whole.setContentsMargins(GRID, 4, GRID, GRID)
        self.setLayout(whole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self._number)
        return False
