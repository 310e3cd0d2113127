"""One change to many rows: which, to what rows, and what it does to the first of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QTextBrowser,
    QWidget,
)

from tunedesk.dataset.bulk import (
    Action,
    AddKey,
    AppendToSystem,
    BulkResult,
    RemoveKey,
    RemoveSystem,
    RenameRole,
    SetSystem,
    SetWeight,
    TrimTexts,
    change_rows,
    label_of,
)
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Job
from tunedesk.desktop.data.row.change_html import change_html
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk
from tunedesk.desktop.text.plain_field import PlainField
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.layout import GRID, column, form, label

TYPING_MS = 300


@dataclass(frozen=True)
class Choice:
    """A change as a person says it; which fields it needs; and the action that the fields make."""

    words: str
    fields: Literal["", "text", "names", "key", "new key", "side"]
    make: Callable[["BulkPage"], Action]


CHOICES = (
    Choice("Train on every answer", "", lambda page: SetWeight("all")),
    Choice("Train on the last answer only", "", lambda page: SetWeight("last")),
    Choice("Train on no answer", "", lambda page: SetWeight("none")),
    Choice("Set the system prompt", "text", lambda page: SetSystem(page.text)),
    Choice("Add to the system prompt", "text", lambda page: AppendToSystem(page.text)),
    Choice("Remove the system prompt", "", lambda page: RemoveSystem()),
    Choice("Rename a role", "names", lambda page: RenameRole(*page.names)),
    Choice("Trim white space", "side", lambda page: TrimTexts(page.side)),
    Choice("Add a key", "new key", lambda page: AddKey(*page.new_key)),
    Choice("Remove a key", "key", lambda page: RemoveKey(page.key)),
)
SIDES: tuple[Literal["both", "start", "end"], ...] = ("both", "start", "end")


class BulkPage(ToolPage):
    failed = Signal(Exception)

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(
            "Change many rows",
            "One change to all chosen rows. One undo takes all of it back.",
            "Change rows",
        )
        self._desk = desk
        self._result: BulkResult | None = None
        self._snapshot: Snapshot | None = None
        self._job: Job | None = None
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.look_again)
        self._make_fields()
        self._lay_out_body()
        self._connect()

    @property
    def choice(self) -> Choice:
        return CHOICES[self._what.currentIndex()]

    @property
    def text(self) -> str:
        return self._text.text

    @property
    def names(self) -> tuple[str, str]:
        return self._old.text(), self._new.text()

    @property
    def side(self) -> Literal["both", "start", "end"]:
        return SIDES[self._side.currentIndex()]

    @property
    def key(self) -> str:
        return self._key.text()

    @property
    def new_key(self) -> tuple[str, str, bool]:
        return self._added.text(), self._value.text(), self._overwrite.isChecked()

    def look_again(self) -> None:
        """Find out, in the background, what the change would do to the rows as they are now."""
        self._typing.stop()
        if self._job is not None:
            self._desk.background.cancel(self._job)
        dataset = self._desk.dataset()
        self._result = None
        self.offer("Change rows", enabled=False)
        if dataset is None or not self._is_complete():
            self._show_change("", "")
            self.say("")
            return
        self._desk.flush()
        snapshot = self._snapshot = dataset.session.now
        chosen = self._desk.selected()
        row_ids = snapshot.ids if self._scope.currentIndex() else chosen
        action = self.choice.make(self)
        self._job = self._desk.background.run(
            lambda job: change_rows(
                snapshot, row_ids, action, progress=job.report, cancelled=job.is_cancelled
            ),
            self._show_result,
            self._show_trouble,
            owner=self,
            label="Looking what would change" if len(row_ids) > 1000 else "",
        )

    def _is_complete(self) -> bool:
        match self.choice.fields:
            case "text":
                return bool(self.text)
            case "names":
                return all(self.names)
            case "key":
                return bool(self.key)
            case "new key":
                return bool(self.new_key[0] and self.new_key[1])
        return True

    def _show_result(self, result: BulkResult | None) -> None:
        self._job = None
        if result is None or self._snapshot is None:
            return
        self._result = result
        count = len(result.rows)
        words = f"{count:,} row{'' if count == 1 else 's'} would change, {result.unchanged:,} would not."
        if result.left_out:
            words += f" {len(result.left_out):,} cannot: {result.left_out[0].reason}"
        self.say(words, "warning" if result.left_out else "muted")
        self.offer(
            f"Change {count:,} row{'' if count == 1 else 's'}" if count else "Change rows", enabled=count > 0
        )
        first = next(iter(result.rows), None)
        if first is None:
            self._show_change("", "")
        else:
            self._show_change(_lines(self._snapshot.raw(first)), _lines(result.rows[first]))

    def _show_trouble(self, error: Exception) -> None:
        self._job = None
        self._show_change("", "")
        self.say(str(error), "error")

    def _show_change(self, before: str, after: str) -> None:
        self._before, self._after = before, after
        self._preview_head.setVisible(before != after)
        self._preview.setVisible(before != after)
        self._preview.setHtml(change_html(before, after, tokens_of(self)))

    def _apply(self) -> None:
        dataset, result = self._desk.dataset(), self._result
        if dataset is None or result is None:
            return
        dataset.session.change_many(result.rows, label_of(self.choice.make(self)))
        self.look_again()

    def _make_fields(self) -> None:
        self._what = QComboBox()
        self._what.addItems([choice.words for choice in CHOICES])
        self._what.setMaxVisibleItems(len(CHOICES))
        self._what.setAccessibleName("Change")
        self._scope = QComboBox()
        self._scope.addItems(["The selected rows", "All rows"])
        self._scope.setAccessibleName("In")
        self._text = PlainField("System prompt", 120)
        self._old, self._new, self._key, self._added, self._value = (QLineEdit() for _ in range(5))
        self._value.setPlaceholderText('as JSON: "text", 3 or true')
        self._overwrite = QCheckBox("Also where the key is already there")
        self._side = QComboBox()
        self._side.addItems(["At both ends", "At the start", "At the end"])
        self._side.setAccessibleName("Where")
        self._preview_head = label("The first row that changes", "heading")
        self._preview = QTextBrowser()
        self._preview.setAccessibleName("What would change in the first row")
        self._preview.setFont(monospaced())
        self._preview.setOpenLinks(False)
        set_look(self._preview, "bare")

    def _lay_out_body(self) -> None:
        self._form = form()
        self._form.addRow("Change", self._what)
        self._form.addRow("In", self._scope)
        self._field_rows: tuple[tuple[str, str, QWidget], ...] = (
            ("text", "Text", self._text),
            ("names", "From", self._old),
            ("names", "To", self._new),
            ("key", "Key", self._key),
            ("new key", "Key", self._added),
            ("new key", "Value", self._value),
            ("new key", "", self._overwrite),
            ("side", "Where", self._side),
        )
        for _, words, field in self._field_rows:
            self._form.addRow(words, field)
        body = QWidget()
        whole = column(self._form, self._preview_head, self._preview, None, margin=2 * GRID)
        whole.setStretch(2, 1)
        body.setLayout(whole)
        self.set_body(body)
        self._show_fields()
        self._show_change("", "")

    def _show_fields(self) -> None:
        """Only what the chosen change needs; the others take no room."""
        for kind, _, field in self._field_rows:
            self._form.setRowVisible(field, kind == self.choice.fields)

    def _connect(self) -> None:
        self.apply_asked.connect(self._apply)
        self._what.activated.connect(self._choose)
        for box in (self._scope, self._side):
            box.activated.connect(self.look_again)
        self._overwrite.toggled.connect(self.look_again)
        self._text.textChanged.connect(self._typing.start)
        for field in (self._old, self._new, self._key, self._added, self._value):
            field.textEdited.connect(lambda: self._typing.start())

    def _choose(self) -> None:
        self._show_fields()
        self.look_again()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_change(self._before, self._after)


def _lines(raw: bytes) -> str:
    """A row as a person reads it, a member a line."""
    value = parse_row(raw).value
    return (
        raw.decode("utf-8", "replace") if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    )
