"""All findings of a dataset by rule, what is suppressed and why, and the report of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QMenu, QWidget

from tunedesk.dataset.target_profiles import PROFILES
from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row
from tunedesk.lint.finding import Finding
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.settings import Choice, LintSettings
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
    checks_chosen = Signal(str, object)
    """The name of the target, and LintSettings."""

    def __init__(self) -> None:
        super().__init__("All findings", "What is wrong with the file, rule by rule. It follows your edits.")
        self._settings = LintSettings()
        self._target = QComboBox()
        self._target.addItems([profile.title[:1].upper() + profile.title[1:] for profile in PROFILES])
        self._target.setAccessibleName("Check for")
        self._model = QLineEdit()
        self._model.setPlaceholderText("such as gpt-4.1-mini")
        self._opinions = QCheckBox("Also opinions: style, likeness, balance")
        self._off = column(spacing=GRID // 2)
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
        self._report = QComboBox()
        self._report.addItems(list(FORMS))
        self._report.setAccessibleName("Form of the report")
        self._save = push_button("Save a report…", "save")
        self._save.clicked.connect(lambda: self.report_asked.emit(FORMS[self._report.currentText()]))
        self._unused: tuple[Suppression, ...] = ()
        self._prune.clicked.connect(lambda: self.removing_asked.emit(self._unused))
        self._lay_out_body()

    def show_checks(self, target: str, settings: LintSettings) -> None:
        """For whom the rows are checked, and the project's own choice of rules."""
        self._settings = settings
        names = [profile.name for profile in PROFILES]
        self._target.setCurrentIndex(names.index(target) if target in names else -1)
        self._model.setText(settings.model)
        self._form.setRowVisible(self._model, target != "local")
        self._opinions.setChecked(settings.opinions)
        clear(self._off)
        for code, choice in settings.severities.items():
            again = push_button("As usual")
            set_look(again, "link")
            again.setAccessibleName(f"Judge {code} as usual again")
            again.clicked.connect(lambda _=False, code=code: self._judge(code, None))
            words = "switched off" if choice == "off" else f"counts as {choice}"
            summary = BY_CODE[code].summary if code in BY_CODE else "no rule of this TuneDesk"
            self._off.addLayout(row(label(f"{code} {words}: {summary}", "muted"), again, None))

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
            judge = push_button("", "more")
            judge.setAccessibleName(f"Judge {each.code} otherwise")
            judge.setToolTip("Judge this rule otherwise, or switch it off")
            set_look(judge, "link")
            judge.setMenu(self._judging_menu(judge, each.code))
            self._rules.addWidget(judge, number, 4)
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

    def _judging_menu(self, owner: QWidget, code: str) -> QMenu:
        menu = QMenu(owner)
        choices: tuple[tuple[str, Choice | None], ...] = (
            ("Count as an error", "error"),
            ("Count as a warning", "warning"),
            ("Count as a note", "info"),
            ("Switch the rule off", "off"),
            ("As usual", None),
        )
        for words, choice in choices:
            entry = menu.addAction(words)
            entry.triggered.connect(lambda _=False, choice=choice: self._judge(code, choice))
        return menu

    def _judge(self, code: str, choice: Choice | None) -> None:
        self._settings = self._settings.with_severity(code, choice)
        self._choose()

    def _choose_model(self) -> None:
        if self._model.text().strip() != self._settings.model:
            self._choose()

    def _choose(self) -> None:
        """Something was chosen by hand: tell it."""
        chosen = msgspec.structs.replace(
            self._settings, opinions=self._opinions.isChecked(), model=self._model.text().strip()
        )
        self.checks_chosen.emit(PROFILES[self._target.currentIndex()].name, chosen)

    def _lay_out_body(self) -> None:
        self._form = form()
        self._form.addRow("Check for", self._target)
        self._form.addRow("Its model", self._model)
        self._form.addRow("", self._opinions)
        self._target.activated.connect(self._choose)
        self._model.editingFinished.connect(self._choose_model)
        self._opinions.clicked.connect(self._choose)
        off = QWidget()
        off.setLayout(self._off)
        rules, silenced, body = QWidget(), QWidget(), QWidget()
        rules.setLayout(self._rules)
        self._about_file = QWidget()
        self._about_file.setLayout(self._file)
        silenced.setLayout(self._silenced)
        self._silenced_head = label("Suppressed", "heading")
        buttons = row(self._near, self._near_told, None)
        known = row(self._know, self._forget, self._prune, None)
        report = row(self._report, self._save, None)
        body.setLayout(
            column(
                self._form,
                self._about_file,
                rules,
                off,
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
