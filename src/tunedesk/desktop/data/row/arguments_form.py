"""The arguments of a tool call as a typed form. Shows fields and tells of edits; knows no schema."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from tunedesk.desktop.data.row.argument_fields import ArgumentField, Kind, Path
from tunedesk.desktop.data.row.argument_row import ArgumentRow
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row

Shape = tuple[Any, ...]
"""What a form's widgets depend on; while it stays the same only their values change."""


class ArgumentsForm(QWidget):
    argument_edited = Signal(object, object)
    """The path of a field, and its new value."""
    argument_removed = Signal(object)
    rebuilt = Signal()
    """It has other fields now, which Tab does not know yet."""
    item_wanted = Signal(object)
    """The path of a list that shall have one more item."""

    def __init__(self) -> None:
        super().__init__()
        self._shape: Shape = ()
        self._rows: dict[Path, ArgumentRow] = {}
        self._troubles: dict[Path, QWidget] = {}
        self._page: QWidget | None = None
        self._shows = (True, False)
        self._nothing = label("This function takes no arguments.", "muted")
        self._whole = column(self._nothing, spacing=0)
        self.setLayout(self._whole)

    def show_fields(self, fields: tuple[ArgumentField, ...], name: str, *, read_only: bool) -> None:
        """name: of the call, for those who listen."""
        shape = (name, read_only, _shape(fields))
        if shape != self._shape:
            self._rebuild(fields, name, read_only)
            self._shape = shape
        self._nothing.setVisible(not fields)
        for field in _leaves(fields):
            self._rows[field.path].show_field(field, read_only=read_only)

    def show_invisible(self, shown: bool, blanks: bool) -> None:
        self._shows = (shown, blanks)
        for each in self._rows.values():
            if each.editor is not None:
                each.editor.show_invisible(shown)
                each.editor.show_blanks(blanks)

    def flush(self) -> None:
        for each in list(self._rows.values()):
            each.flush()

    def take_focus(self) -> None:
        for each in self._rows.values():
            each.take_focus()
            return

    def _rebuild(self, fields: tuple[ArgumentField, ...], name: str, read_only: bool) -> None:
        focused = next(
            ((path, each.cursor_place) for path, each in self._rows.items() if each.cursor_place is not None),
            None,
        )
        if self._page is not None:
            self._page.hide()
            self._page.deleteLater()
        self._rows = {}
        self._page = QWidget()
        self._page.setLayout(self._column(fields, name, read_only))
        self._whole.addWidget(self._page)
        self._page.show()  # now and not with the next event, so that the cursor can go on
        if focused is not None and focused[0] in self._rows:
            again = self._rows[focused[0]]
            again.show_field(_at(fields, focused[0]), read_only=read_only)
            again.take_focus(focused[1] or 0)
        self.rebuilt.emit()

    def _column(self, fields: tuple[ArgumentField, ...], name: str, read_only: bool) -> QVBoxLayout:
        made = column(spacing=GRID)
        for field in fields:
            if field.kind in (Kind.GROUP, Kind.LIST):
                made.addWidget(self._group(field, name, read_only))
            else:
                made.addWidget(self._row(field, name))
        return made

    def _row(self, field: ArgumentField, name: str) -> ArgumentRow:
        said = ".".join(str(key + 1 if isinstance(key, int) else key) for key in field.path)
        made = ArgumentRow(field, f"{said}, {name}")
        made.edited.connect(self.argument_edited)
        made.removed.connect(self.argument_removed)
        if made.editor is not None:
            made.editor.show_invisible(self._shows[0])
            made.editor.show_blanks(self._shows[1])
        self._rows[field.path] = made
        return made

    def _group(self, field: ArgumentField, name: str, read_only: bool) -> QWidget:
        """Its name above, its fields indented below, a line at their left."""
        about = ["required"] if field.is_required else []
        about += [field.description] if field.description else []
        words = label(" · ".join(about), "muted", wrap=True)
        head = row(label(field.name, "heading"), words, spacing=6)
        head.setStretch(1, 1)
        if field.is_given and not read_only:
            remove = action(self, f"Leave out {field.name}", "close", tint="muted")
            remove.triggered.connect(lambda: self.argument_removed.emit(field.path))
            head.addWidget(tool_button(remove))
        whole = QWidget()
        parts = column(head, spacing=4)
        if field.trouble:
            parts.addWidget(label(field.trouble, "error", wrap=True))
        parts.addWidget(self._inside(field, name, read_only))
        whole.setLayout(parts)
        return whole

    def _inside(self, field: ArgumentField, name: str, read_only: bool) -> QFrame:
        inside = QFrame()
        set_look(inside, "group")
        below = self._column(field.fields, name, read_only)
        if field.kind is Kind.LIST and not read_only:
            add = action(self, f"Add to {field.name}", "plus")
            add.triggered.connect(lambda: self.item_wanted.emit(field.path))
            below.addLayout(row(tool_button(add, with_text=True), None))
        below.setContentsMargins(GRID * 2, 0, 0, 0)
        inside.setLayout(below)
        return inside


def _shape(fields: tuple[ArgumentField, ...]) -> Shape:
    return tuple(
        (
            each.path,
            each.kind,
            each.description,
            each.choices,
            _shape(each.fields),
            # the head of a group is made once; that of a field follows its value
            (each.is_given, each.trouble) if each.kind in (Kind.GROUP, Kind.LIST) else None,
        )
        for each in fields
    )


def _leaves(fields: tuple[ArgumentField, ...]) -> list[ArgumentField]:
    found = []
    for each in fields:
        found += _leaves(each.fields) if each.kind in (Kind.GROUP, Kind.LIST) else [each]
    return found


def _at(fields: tuple[ArgumentField, ...], path: Path) -> ArgumentField:
    return next(each for each in _leaves(fields) if each.path == path)
