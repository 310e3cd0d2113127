"""One call of a tool: the function's name, and its arguments as a typed form or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QFrame, QLineEdit

from tunedesk.dataset.example import ToolCall
from tunedesk.dataset.row_edits import dump_row
from tunedesk.desktop.data.row.argument_fields import (
    Path,
    empty_item,
    fields_of,
    item_kind,
    value_in,
    with_argument,
    without_argument,
)
from tunedesk.desktop.data.row.arguments_form import ArgumentsForm
from tunedesk.desktop.data.row.json_colours import JsonColours
from tunedesk.desktop.data.row.turn_view import ToolView
from tunedesk.desktop.text.growing_edit import GrowingEdit
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, column, label, row


class CallCard(QFrame):
    """All signals begin with the JSON pointer of the call."""

    renamed = Signal(str, object)
    arguments_edited = Signal(str, object, str)
    """The arguments as JSON text (a str, see ExactEdit), and which of them was edited, "" for all."""
    deleted = Signal(str)
    grew = Signal()
    """Without a pointer: there are other fields now, which Tab does not know yet."""

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "call")
        self._call: ToolCall | None = None
        self._tool: ToolView | None = None
        self._read_only = False
        self._arguments: dict[str, Any] | None = None
        self._name = CalmComboBox()
        self._name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._name.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._name.activated.connect(self._rename)
        written = QLineEdit()
        self._name.setLineEdit(written)  # makes it editable
        written.editingFinished.connect(self._rename)
        self._id = label("", "muted", selectable=True)
        self._trouble = label("", "warning", wrap=True)
        self._as_json = action(
            self, "As JSON", "braces", tip="The arguments as JSON, as they stand in the row"
        )
        self._as_json.setCheckable(True)
        self._as_json.toggled.connect(lambda: self._show_arguments())
        self._delete = self._own_delete()
        self._delete_button = tool_button(self._delete)
        self._form = ArgumentsForm()
        self._form.argument_edited.connect(self._set)
        self._form.argument_removed.connect(self._leave_out)
        self._form.item_wanted.connect(self._add_item)
        self._form.rebuilt.connect(self.grew)
        self._json = GrowingEdit("")
        self._json.setFont(monospaced())
        set_look(self._json, "field")
        self._json.text_edited.connect(self._take_json)
        JsonColours(self._json)
        self._lay_out()

    def show_call(self, call: ToolCall, tools: Sequence[ToolView], name: str, *, read_only: bool) -> None:
        self._call, self._read_only = call, read_only
        self._tool = next((tool for tool in tools if tool.name == call.name), None)
        self.setAccessibleName(f"{name[:1].upper()}{name[1:]}, {call.name}")
        self._name.setAccessibleName(f"Function of {name}")
        self._json.setAccessibleName(f"Arguments of {name} as JSON")
        self._said = name
        self._show_name(call, tools, read_only)
        self._id.setText(f"id {call.id}" if call.id is not None else "")
        self._delete_button.setVisible(not read_only)
        self._arguments = _object_in(call.arguments)
        self._trouble.setText(self._words(call, tools))
        self._trouble.setVisible(bool(self._trouble.text()))
        self._as_json.setEnabled(self._arguments is not None)
        self._show_arguments()

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        self._form.show_invisible(shown, blanks)
        self._json.show_invisible(shown)
        self._json.show_blanks(blanks)

    def flush(self) -> None:
        """Tell of what still waits for its idle moment."""
        self._rename()
        if self._form.isHidden():
            self._json.flush()
        else:
            self._form.flush()

    def holds(self, pointer: str) -> bool:
        """Whether a JSON pointer names the call or something in it."""
        return self._call is not None and f"{pointer}/".startswith(f"{self._call.pointer}/")

    def take_focus(self) -> None:
        if self._form.isHidden():
            self._json.setFocus()
        else:
            self._form.take_focus()

    def _show_name(self, call: ToolCall, tools: Sequence[ToolView], read_only: bool) -> None:
        names = list(dict.fromkeys(tool.name for tool in tools if tool.name))
        if [self._name.itemText(place) for place in range(self._name.count())] != names:
            self._name.clear()
            self._name.addItems(names)
        if self._name.currentText() != call.name:
            self._name.setCurrentIndex(names.index(call.name) if call.name in names else -1)
            self._name.setEditText(call.name)
        self._shown_name = self._name.currentText()  # half of a surrogate pair does not get through Qt
        self._name.setEnabled(not read_only)

    def _words(self, call: ToolCall, tools: Sequence[ToolView]) -> str:
        if not call.name:
            return "The call names no function."
        if tools and self._tool is None:
            return f"The row's tools have no function named {call.name}."
        if self._arguments is None:
            return _why_no_form(call.arguments)
        return ""

    def _show_arguments(self) -> None:
        if self._call is None:
            return
        as_form = self._arguments is not None and not self._as_json.isChecked()
        self._form.setVisible(as_form)
        self._json.setVisible(not as_form)
        self._bad.setVisible(False)
        if as_form and self._arguments is not None:
            schema = self._tool.schema if self._tool is not None else None
            self._form.show_fields(fields_of(schema, self._arguments), self._said, read_only=self._read_only)
        elif not as_form and not self._waits_for_json():
            self._json.show_text(self._call.arguments)
            self._json.set_read_only(self._read_only)

    def _waits_for_json(self) -> bool:
        """Half-written arguments of a row that holds an object are on the screen only; they stay there."""
        assert self._call is not None
        return (
            not self._call.is_text and self._json.hasFocus() and _object_in(self._json.exact_text()) is None
        )

    def _rename(self) -> None:
        name = self._name.currentText()
        if self._call is not None and name != self._shown_name and not self._read_only:
            self._shown_name = name
            self._call = replace(self._call, name=name)
            self.renamed.emit(self._call.pointer, name)

    def _set(self, path: Path, value: object) -> None:
        if self._arguments is not None:
            self._tell(with_argument(self._arguments, path, value), path)

    def _leave_out(self, path: Path) -> None:
        if self._arguments is not None:
            self._tell(without_argument(self._arguments, path), path)

    def _add_item(self, path: Path) -> None:
        if self._arguments is None:
            return
        kind, choices = item_kind(self._tool.schema if self._tool is not None else None, path)
        try:
            items = value_in(self._arguments, path)
        except (LookupError, TypeError):
            items = []
        self._tell(with_argument(self._arguments, path, [*items, empty_item(kind, choices)]), path)

    def _tell(self, arguments: dict[str, Any], path: Path) -> None:
        assert self._call is not None
        self._arguments = arguments
        text = dump_row(arguments, like=self._call.arguments.encode("utf-8", "surrogatepass"))
        self.arguments_edited.emit(self._call.pointer, text.decode(), "/".join(map(str, path)))

    def _take_json(self, text: str) -> None:
        assert self._call is not None
        if self._call.is_text or _object_in(text) is not None:
            self._bad.setVisible(False)
            self.arguments_edited.emit(self._call.pointer, text, "")
        else:
            self._bad.setText("Not in the row yet, since it is no JSON object.")
            self._bad.setVisible(True)

    def _own_delete(self) -> QAction:
        made = action(self, "Delete this call", "trash", tint="muted")
        made.triggered.connect(self._delete_this)
        return made

    def _delete_this(self) -> None:
        if self._call is not None:
            self.deleted.emit(self._call.pointer)

    def _lay_out(self) -> None:
        self._bad = label("", "error", wrap=True)
        self._bad.hide()
        self._said = self._shown_name = ""
        head = row(label("calls", "muted"), self._name, self._id, None, spacing=GRID)
        head.addWidget(tool_button(self._as_json))
        head.addWidget(self._delete_button)
        whole = column(head, self._trouble, self._form, self._json, self._bad, spacing=GRID)
        whole.setContentsMargins(GRID, GRID, GRID, GRID)
        self.setLayout(whole)


def _object_in(text: str) -> dict[str, Any] | None:
    """The JSON object in a text; None when there is none, or one that a form would write differently."""
    try:
        found = json.loads(
            text, object_pairs_hook=_without_doubles, parse_float=_as_written, parse_constant=_as_written
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _why_no_form(text: str) -> str:
    try:
        is_object = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_object = False
    if is_object:
        return (
            "A form would rewrite more of these arguments than you change (a repeated key, or a number "
            "such as 1.50), so that they are shown as JSON."
        )
    return "The arguments are no JSON object, so that there is no form for them."


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a repeated key")
    return made


def _as_written(number: str) -> float:
    value = float(number)
    if json.dumps(value) != number or value in (float("inf"), float("-inf")) or value != value:
        raise ValueError("a number that would be written differently")
    return value
