"""One turn of a conversation as a card: role, text, whether it is trained, and what can be done with it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLabel

from tunedesk.desktop.data.row.turn_view import ROLES, TurnView
from tunedesk.desktop.text.exact_edit import LIMIT, SHOWN_OF_LONGER, Mark
from tunedesk.desktop.text.growing_edit import GrowingEdit
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row


class TurnCard(QFrame):
    """All signals carry the number of the turn, from 0."""

    text_edited = Signal(int, object)
    """The exact text, see ExactEdit."""
    role_chosen = Signal(int, str)
    training_chosen = Signal(int, bool)
    moved = Signal(int, int)
    duplicated = Signal(int)
    deleted = Signal(int)
    focused = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "card")
        self._number = 0
        self._role = QComboBox()
        self._role.addItems(ROLES)
        set_look(self._role, "quiet")
        self._role.activated.connect(lambda: self.role_chosen.emit(self._number, self._role.currentText()))
        self._trained = QCheckBox("Train on this")
        self._trained.setToolTip("Whether this answer gets a loss: the key `weight` of the turn, 1 or 0.")
        self._trained.clicked.connect(lambda on: self.training_chosen.emit(self._number, on))
        self._warning = QLabel()
        self._note = label("", "muted", wrap=True)
        self._editor = GrowingEdit("")
        set_look(self._editor, "bare")
        self._editor.text_edited.connect(lambda text: self.text_edited.emit(self._number, text))
        self._up = self._own("Move this turn up", "arrow-up", lambda: self._move(-1))
        self._down = self._own("Move this turn down", "arrow-down", lambda: self._move(+1))
        self._copy = self._own("Duplicate this turn", "copy", lambda: self.duplicated.emit(self._number))
        self._delete = self._own("Delete this turn", "trash", lambda: self.deleted.emit(self._number))
        self._buttons = [tool_button(each) for each in (self._up, self._down, self._copy, self._delete)]
        self._lay_out()
        for part in (self._editor, self._role, self._trained, *self._buttons):
            part.installEventFilter(self)

    @property
    def editor(self) -> GrowingEdit:
        return self._editor

    @property
    def number(self) -> int:
        return self._number

    def show_turn(self, turn: TurnView, number: int, count: int, *, read_only: bool) -> None:
        self._number = number
        name = f"Turn {number + 1}"
        self.setAccessibleName(f"{name}, {turn.role}")
        self._role.setAccessibleName(f"Role of turn {number + 1}")
        self._editor.setAccessibleName(f"Text of turn {number + 1}, {turn.role}")
        self._trained.setAccessibleName(f"Train on turn {number + 1}")
        self._show_role(turn, read_only)
        self._trained.setVisible(turn.is_trained is not None)
        self._trained.setChecked(bool(turn.is_trained))
        self._trained.setEnabled(not read_only)
        self._editor.show_text(turn.shown if turn.text is None else turn.text)
        self._editor.set_read_only(read_only or turn.text is None)
        self._editor.setPlaceholderText("Nothing written yet")
        self._show_note(turn)
        for button in self._buttons:
            button.setVisible(turn.can_change and not read_only)
        self._up.setEnabled(number > 0)
        self._down.setEnabled(number < count - 1)

    def mark(self, marks: tuple[Mark, ...], about: tuple[Mark, ...]) -> None:
        """marks: places in the text. about: findings about the turn as a whole, e.g. its role."""
        self._editor.mark(marks)
        self._warning.setVisible(bool(about))
        if about:
            kind = about[0].tint
            self._warning.setPixmap(pixmap("info" if kind == "muted" else kind, self, kind))
            self._warning.setToolTip("\n".join(each.words for each in about))
            self._warning.setAccessibleName(about[0].words)

    def choose_role(self) -> None:
        """Open the list of roles, to be chosen by key."""
        if self._role.isEnabled():
            self._role.setFocus()
            self._role.showPopup()

    def _show_role(self, turn: TurnView, read_only: bool) -> None:
        if self._role.findText(turn.role) < 0:
            self._role.addItem(turn.role)
        self._role.setCurrentText(turn.role)
        self._role.setEnabled(turn.can_change and not read_only)

    def _show_note(self, turn: TurnView) -> None:
        words = ""
        if turn.text is None:
            words = "This content is not plain text; edit it in the JSON view."
        elif self._editor.is_cut:
            words = (
                f"This text has {len(turn.text):,} characters; the first {SHOWN_OF_LONGER:,} are shown. "
                f"More than {LIMIT:,} cannot be edited here."
            )
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def _own(self, text: str, icon: str, then: Callable[[], None]) -> QAction:
        made = action(self, text, icon, tint="muted")
        made.triggered.connect(then)
        return made

    def _move(self, step: int) -> None:
        self.moved.emit(self._number, self._number + step)

    def _lay_out(self) -> None:
        head = row(self._role, self._warning, self._trained, None, spacing=GRID)
        buttons = row(*self._buttons, spacing=0)
        head.addLayout(buttons)
        whole = column(head, self._note, self._editor, spacing=4)
        whole.setContentsMargins(GRID, 4, GRID, GRID)
        self.setLayout(whole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self._number)
        return False
