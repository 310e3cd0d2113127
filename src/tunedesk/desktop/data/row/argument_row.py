"""One field of a typed form: its name and kind, an editor, what is wrong with it, a way to leave it out."""

import json
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from tunedesk.desktop.data.row.argument_fields import ArgumentField, Kind, typed, written
from tunedesk.desktop.text.growing_edit import GrowingEdit
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import column, label, row

LEFT_OUT = "(left out)"
BY_CHOICE = (Kind.BOOLEAN, Kind.CHOICE)


class ArgumentRow(QWidget):
    edited = Signal(object, object)
    """The path, and the new value."""
    removed = Signal(object)

    def __init__(self, field: ArgumentField, name: str) -> None:
        """name: what those who listen hear it called."""
        super().__init__()
        self._field = field
        self._label = label("", "heading")
        self._about = label("", "muted", wrap=True)
        self._trouble = label("", "error", wrap=True)
        self._remove = action(self, f"Leave out {field.name}", "close", tint="muted")
        self._remove.triggered.connect(lambda: self.removed.emit(self._field.path))
        self._button = tool_button(self._remove)
        self._choice: QComboBox | None = None
        self._editor: GrowingEdit | None = None
        if field.kind in BY_CHOICE:
            self._choice = self._new_choice()
        else:
            self._editor = self._new_editor()
        self._part.setAccessibleName(name)
        if isinstance(field.path[-1], int):  # an item of a list: its number, and no more about it
            parts = row(self._label, self._part, self._button, spacing=6)
            parts.setStretch(1, 1)
            self.setLayout(column(parts, self._trouble, spacing=2))
        else:
            head = row(self._label, self._about, self._button, spacing=6)
            head.setStretch(1, 1)
            self.setLayout(column(head, self._part, self._trouble, spacing=2))

    @property
    def editor(self) -> GrowingEdit | None:
        return self._editor

    def show_field(self, field: ArgumentField, *, read_only: bool) -> None:
        self._field = field
        item = isinstance(field.path[-1], int)
        self._label.setText(f"{int(field.path[-1]) + 1}." if item else field.name)
        self._about.setText(_about(field))
        self._show_trouble(field.trouble)
        self._button.setVisible(field.is_given and not read_only)
        if self._choice is not None:
            self._show_choice(self._choice, field)
            self._choice.setEnabled(not read_only)
        if self._editor is not None:
            self._show_text(self._editor, field)
            self._editor.set_read_only(read_only)

    def flush(self) -> None:
        if self._editor is not None:
            self._editor.flush()

    def take_focus(self, position: int = 0) -> None:
        self._part.setFocus()
        if self._editor is not None:
            self._editor.cursor_to(position)

    @property
    def cursor_place(self) -> int | None:
        """Where the cursor is in a field that has the focus."""
        if not self._part.hasFocus():
            return None
        if self._editor is None:
            return 0
        return self._editor.exact_position(self._editor.textCursor().position())

    @property
    def _part(self) -> QWidget:
        part = self._choice or self._editor
        assert part is not None
        return part

    def _new_choice(self) -> QComboBox:
        choice = CalmComboBox()
        choice.activated.connect(self._take_choice)
        return choice

    def _new_editor(self) -> GrowingEdit:
        editor = GrowingEdit("")
        editor.text_edited.connect(self._take_text)
        if self._field.kind is not Kind.STRING:
            editor.setFont(monospaced())
        set_look(editor, "field")
        return editor

    def _show_choice(self, choice: QComboBox, field: ArgumentField) -> None:
        values = self._values(field)
        choice.clear()
        choice.addItem(LEFT_OUT)
        choice.addItems([_shown(each) for each in values])
        choice.setCurrentIndex(1 + _index(values, field.value) if field.is_given else 0)

    def _values(self, field: ArgumentField) -> list[Any]:
        values = [True, False] if field.kind is Kind.BOOLEAN else list(field.choices)
        if field.is_given and _index(values, field.value) < 0:
            values.append(field.value)
        return values

    def _show_text(self, editor: GrowingEdit, field: ArgumentField) -> None:
        editor.setPlaceholderText("" if field.is_given else LEFT_OUT)
        text = written(field.value, field.kind) if field.is_given else ""
        if field.kind is not Kind.JSON or not self._says_the_same(editor.exact_text(), text):
            editor.show_text(text)

    def _says_the_same(self, on_screen: str, stored: str) -> bool:
        """JSON may be laid out otherwise here than it would be written; half-written JSON stays as it is."""
        if not on_screen.strip():
            return not stored
        try:
            return bool(stored) and bool(typed(on_screen, Kind.JSON) == typed(stored, Kind.JSON))
        except (ValueError, RecursionError):
            return self._part.hasFocus()

    def _take_choice(self, number: int) -> None:
        if number == 0:
            self.removed.emit(self._field.path)
        else:
            self.edited.emit(self._field.path, self._values(self._field)[number - 1])

    def _take_text(self, text: str) -> None:
        field = self._field
        if not text and field.kind is not Kind.STRING:
            if field.is_given:
                self.removed.emit(field.path)
            return
        try:
            value = typed(text, field.kind)
        except (ValueError, RecursionError) as trouble:
            self._show_trouble(f"Not in the row yet, since it is not JSON: {trouble}")
            return
        self.edited.emit(field.path, value)

    def _show_trouble(self, words: str) -> None:
        self._trouble.setText(words)
        self._trouble.setVisible(bool(words))


def _about(field: ArgumentField) -> str:
    words = [field.kind.value] if not isinstance(field.path[-1], int) else []
    if field.is_required:
        words.append("required")
    if field.description:
        words.append(field.description)
    return " · ".join(words)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _index(values: list[Any], value: Any) -> int:
    """1 and true are equal in Python, not in JSON."""
    same = (
        place
        for place, each in enumerate(values)
        if each == value and isinstance(each, bool) == isinstance(value, bool)
    )
    return next(same, -1)
