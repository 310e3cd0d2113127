"""All findings of a dataset by rule, what is suppressed and why, and the report of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row
from tunedesk.lint.finding import Finding
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.suppressions import Suppression

FORMS = {"Web page": "html", "SARIF": "sarif", "JUnit": "junit", "JSON": "json", "Text": "txt"}
MOST_SUPPRESSED = 200


@dataclass(frozen=True)
class RuleCount:
    """severity: the worst of its findings."""

    code: str
    severity: str
    count: int


class FindingsPage(ToolPage):
    rule_asked = Signal(str)
    rows_asked = Signal(str)
    """Show the rows with findings of a rule."""
    removing_asked = Signal(object)
    """Suppressions to take out."""
    baseline_asked = Signal(bool)
    """True: everything that is found now is known; False: forget that."""
    near_asked = Signal()
    report_asked = Signal(str)
    """The ending of the form that is wanted."""

    def __init__(self) -> None:
        super().__init__("All findings", "What is wrong with the file, rule by rule. It follows your edits.")
        self._rules = _grid()
        self._file = column(spacing=GRID)
        self._silenced = _grid()
        self._near = push_button("Look for rows that say nearly the same", "search")
        self._near.clicked.connect(self.near_asked)
        self._near_told = label("", "muted", wrap=True)
        self._know = push_button("From now on show only what is new")
        self._know.clicked.connect(lambda: self.baseline_asked.emit(True))
        self._forget = push_button("Show everything again")
        self._forget.clicked.connect(lambda: self.baseline_asked.emit(False))
        self._prune = push_button("Take out what covers nothing")
        self._form = QComboBox()
        self._form.addItems(list(FORMS))
        self._form.setAccessibleName("Form of the report")
        self._save = push_button("Save a report…", "save")
        self._save.clicked.connect(lambda: self.report_asked.emit(FORMS[self._form.currentText()]))
        self._unused: tuple[Suppression, ...] = ()
        self._prune.clicked.connect(lambda: self.removing_asked.emit(self._unused))
        self._lay_out_body()

    def show_rules(self, counts: Sequence[RuleCount], about_file: Sequence[Finding]) -> None:
        clear(self._rules)
        clear(self._file)
        for number, each in enumerate(counts):
            self._rules.addWidget(_Sign(each.severity), number, 0)
            code = push_button(each.code)
            set_look(code, "link")
            code.setToolTip("What this rule means, with examples")
            code.clicked.connect(lambda _=False, code=each.code: self.rule_asked.emit(code))
            self._rules.addWidget(code, number, 1)
            self._rules.addWidget(label(BY_CODE[each.code].summary, wrap=True), number, 2)
            rows = push_button(f"{each.count:,} row{'' if each.count == 1 else 's'}")
            set_look(rows, "link")
            rows.setToolTip("Select these rows in the table")
            rows.clicked.connect(lambda _=False, code=each.code: self.rows_asked.emit(code))
            self._rules.addWidget(rows, number, 3)
        self._about_file.setVisible(bool(about_file))
        for finding in about_file:
            line = row(_Sign(finding.severity.value), label(f"{finding.code}: {finding.message}", wrap=True))
            line.setStretch(1, 1)
            self._file.addLayout(line)
        nothing = not counts and not about_file
        self.say("Nothing wrong was found." if nothing else "", "ok" if nothing else "")

    def show_near(self, sentence: str) -> None:
        """What the search for look-alikes found."""
        self._near_told.setText(sentence)

    def show_silenced(
        self, suppressions: Sequence[Suppression], unused: Sequence[Suppression], *, has_baseline: bool
    ) -> None:
        clear(self._silenced)
        self._unused = tuple(unused)
        gone = {each.id for each in unused}
        for number, each in enumerate(suppressions[:MOST_SUPPRESSED]):
            self._silenced.addWidget(label(each.code), number, 0)
            words = each.reason + ("  (covers nothing any more)" if each.id in gone else "")
            self._silenced.addWidget(label(words, "muted" if each.id in gone else "", wrap=True), number, 1)
            again = push_button("Show it again")
            set_look(again, "link")
            again.clicked.connect(lambda _=False, each=each: self.removing_asked.emit((each,)))
            self._silenced.addWidget(again, number, 2)
        self._silenced_head.setVisible(bool(suppressions))
        self._prune.setVisible(bool(unused))
        self._know.setVisible(not has_baseline)
        self._forget.setVisible(has_baseline)

    def _lay_out_body(self) -> None:
        rules, silenced, body = QWidget(), QWidget(), QWidget()
        rules.setLayout(self._rules)
        self._about_file = QWidget()
        self._about_file.setLayout(self._file)
        silenced.setLayout(self._silenced)
        self._silenced_head = label("Suppressed", "heading")
        buttons = row(self._near, self._near_told, None)
        known = row(self._know, self._forget, self._prune, None)
        report = row(self._form, self._save, None)
        body.setLayout(
            column(
                self._about_file,
                rules,
                buttons,
                self._silenced_head,
                silenced,
                known,
                label("Report", "heading"),
                report,
                None,
                spacing=2 * GRID,
                margin=2 * GRID,
            )
        )
        self.set_body(body)


class _Sign(QLabel):
    """A severity's icon, with its word for those who do not see it."""

    def __init__(self, severity: str) -> None:
        super().__init__()
        self._severity = severity
        self.setToolTip(severity)
        self.setAccessibleName(severity)
        self._redraw()

    def _redraw(self) -> None:
        tint = "muted" if self._severity == "info" else self._severity
        self.setPixmap(pixmap(self._severity, self, tint))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnStretch(2, 1)
    return grid
