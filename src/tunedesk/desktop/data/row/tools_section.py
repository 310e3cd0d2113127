"""The row's list of tools, folded until it is wanted: name, description and parameters of each."""

import json

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from tunedesk.desktop.data.row.json_colours import JsonColours
from tunedesk.desktop.data.row.turn_view import ToolView
from tunedesk.desktop.text.growing_edit import GrowingEdit
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row


class ToolsSection(QFrame):
    tool_edited = Signal(str, object)
    """The pointer of what was edited, and its new value."""

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "card")
        self._cards: list[_ToolCard] = []
        self._shows = (True, False)
        self._fold = action(self, "Tools", "chevron-right", tip="Show or hide the row's tools")
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._unfold)
        self._names = label("", "muted")
        self._list = column(spacing=2 * GRID)
        self._page = QWidget()
        self._page.setLayout(self._list)
        self._page.hide()
        head = row(tool_button(self._fold, with_text=True), self._names, None, spacing=GRID)
        whole = column(head, self._page, spacing=GRID)
        whole.setContentsMargins(4, 4, GRID, 4)
        self.setLayout(whole)

    def show_tools(self, tools: tuple[ToolView, ...], *, read_only: bool) -> None:
        self.setVisible(bool(tools))
        count = len(tools)
        self._fold.setText(f"{count} tool{'s' if count != 1 else ''}")
        named = ", ".join(tool.name for tool in tools if tool.name)
        self._names.setText(named if len(named) < 80 else f"{named[:79]}…")
        while len(self._cards) < count:
            card = _ToolCard()
            card.show_invisible(*self._shows)
            card.edited.connect(self.tool_edited)
            self._cards.append(card)
            self._list.addWidget(card)
        for number, card in enumerate(self._cards):
            card.setVisible(number < count)
            if number < count:
                card.show_tool(tools[number], number + 1, read_only=read_only)

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        self._shows = (shown, blanks)
        for card in self._cards:
            card.show_invisible(shown, blanks)

    def flush(self) -> None:
        for card in self._cards:
            if not card.isHidden():
                card.flush()

    def _unfold(self, unfolded: bool) -> None:
        self._page.setVisible(unfolded)
        self._names.setVisible(not unfolded)
        set_icon(self._fold, "chevron-down" if unfolded else "chevron-right")


class _ToolCard(QWidget):
    edited = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._tool: ToolView | None = None
        self._name, self._words, self._parameters = (GrowingEdit("") for _ in range(3))
        self._note = label("", "muted", wrap=True)
        self._bad = label("", "error", wrap=True)
        self._bad.hide()
        for key, editor in (("name", self._name), ("description", self._words)):
            editor.text_edited.connect(lambda text, key=key: self._tell(key, text))
        self._parameters.setFont(monospaced())
        self._parameters.text_edited.connect(self._take_parameters)
        JsonColours(self._parameters)
        rows = form()
        for title, editor in (
            ("Name", self._name),
            ("Description", self._words),
            ("Parameters", self._parameters),
        ):
            set_look(editor, "field")
            rows.addRow(title, editor)
        whole = column(self._note, rows, self._bad, spacing=4)
        whole.setContentsMargins(GRID, 0, 0, 0)
        self.setLayout(whole)

    def show_tool(self, tool: ToolView, number: int, *, read_only: bool) -> None:
        self._tool = tool
        can_edit = bool(tool.base) and not read_only
        self._note.setText("These tools stand in the row as one text; edit them in the JSON view.")
        self._note.setVisible(not tool.base)
        for title, editor, text in (
            ("Name", self._name, tool.name),
            ("Description", self._words, tool.description),
        ):
            editor.setAccessibleName(f"{title} of tool {number}")
            editor.show_text(text)
            editor.set_read_only(not can_edit)
        self._parameters.setAccessibleName(f"Parameters of tool {number}, a JSON Schema")
        if not self._says(tool.parameters):
            self._parameters.show_text(tool.parameters)
            self._bad.hide()
        self._parameters.set_read_only(not can_edit)

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        for editor in (self._name, self._words, self._parameters):
            editor.show_invisible(shown)
            editor.show_blanks(blanks)

    def flush(self) -> None:
        for editor in (self._name, self._words, self._parameters):
            editor.flush()

    def _says(self, stored: str) -> bool:
        """Whether the editor holds this JSON, however it is laid out, or JSON that is only half written."""
        text = self._parameters.exact_text()
        try:
            return bool(text.strip()) and bool(json.loads(text) == json.loads(stored))
        except (ValueError, RecursionError):
            return self._parameters.hasFocus()

    def _take_parameters(self, text: str) -> None:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as trouble:
            self._bad.setText(f"Not in the row yet, since it is not JSON: {trouble}")
            self._bad.show()
            return
        self._bad.hide()
        self._tell("parameters", value)

    def _tell(self, key: str, value: object) -> None:
        if self._tool is not None and self._tool.base:
            self.edited.emit(f"{self._tool.base}/{key}", value)
