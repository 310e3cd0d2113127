"""Lets one finding stand, with the reason for whoever comes next."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label
from tunedesk.lint.finding import Finding
from tunedesk.lint.registry import BY_CODE


class SuppressPage(ToolPage):
    suppress_asked = Signal(object, str, bool)
    """The finding, the reason, and whether only at its place in the row."""

    def __init__(self) -> None:
        super().__init__(
            "Let a finding stand",
            "It is not shown any more as long as the row says what it says now. Nothing is written into the "
            "data; the list is kept in the project.",
            "Let it stand",
        )
        self._finding: Finding | None = None
        self._rule = label("", "heading", wrap=True)
        self._message = label("", wrap=True, selectable=True)
        self._reason = QLineEdit()
        self._reason.setPlaceholderText("such as: an empty answer is what we want here")
        self._reason.setMaxLength(300)
        self._here = QCheckBox("Only at this place of the row")
        self._here.setChecked(True)
        fields = form()
        fields.addRow("Reason", self._reason)
        fields.addRow("", self._here)
        body = QWidget()
        about = card(self._rule, self._message, spacing=4)
        body.setLayout(column(about, fields, None, spacing=2 * GRID, margin=2 * GRID))
        self.set_body(body)
        self._reason.textChanged.connect(self._tell)
        self._reason.returnPressed.connect(self._ask)
        self.apply_asked.connect(self._ask)

    def begin(self, finding: Finding) -> None:
        self._finding = finding
        self._rule.setText(f"{finding.code} {BY_CODE[finding.code].name}")
        self._message.setText(finding.message)
        self._here.setVisible(bool(finding.pointer))
        self._reason.clear()
        self._reason.setFocus()
        self._tell()

    def _tell(self) -> None:
        has_reason = bool(self._reason.text().strip())
        self.say("" if has_reason else "Say why it may stand.", "muted")
        self.offer("Let it stand", enabled=has_reason)

    def _ask(self) -> None:
        if self._finding is not None and self._reason.text().strip():
            only_here = self._here.isChecked() and bool(self._finding.pointer)
            self.suppress_asked.emit(self._finding, self._reason.text().strip(), only_here)
