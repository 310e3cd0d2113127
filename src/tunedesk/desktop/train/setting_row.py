"""One setting: name, field, help, what is wrong with it, and the way back to the recommended value."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSizePolicy, QWidget

from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train import words
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row

FIELD_WIDTH = 130
NAME_WIDTH = 150
SWITCH = ("false", "true")
"""What a setting that is on or off says in job.json."""


class SettingRow(QWidget):
    edited = Signal(str, str)
    """The setting's name and what was typed or chosen."""
    reset = Signal(str)

    def __init__(
        self, name: str, choices: tuple[str, ...] = (), title: str = "", otherwise: str = "recommended: "
    ) -> None:
        """choices: the words it may be; those of SWITCH make it a box to tick. title: "" for the usual.

        otherwise: what stands before the value that holds when nothing is changed.
        """
        super().__init__()
        self._name = name
        self._otherwise = otherwise
        self._title = title or words.name_of(name)
        self._shows = False
        self._field = _field(choices)
        self._field.setFixedWidth(FIELD_WIDTH)
        self._help = label(look="muted", wrap=True)
        self._problem = Badge("", "error", "error")
        self._changed = Badge("", "pencil", "text")
        self._reset = push_button("Reset")
        self._build()

    def _build(self) -> None:
        title = label(self._title)
        title.setBuddy(self._field)
        title.setFixedWidth(NAME_WIDTH)
        title.setToolTip(f"{self._name} in job.json")
        self._field.setAccessibleName(self._title)
        set_look(self._reset, "link")
        self._reset.setAccessibleName(f"Reset {self._title}")
        self._reset.clicked.connect(lambda: self.reset.emit(self._name))
        for part in (self._problem, self._changed, self._reset):
            part.hide()
        match self._field:
            case QLineEdit():
                self._field.textEdited.connect(self._tell)
            case QCheckBox():
                self._field.clicked.connect(lambda: self._tell(self.text))
            case QComboBox():
                self._field.textActivated.connect(self._tell)
        unit = label(words.UNITS.get(self._name, ""), "muted")
        told = row(self._changed, self._reset, None, spacing=GRID)
        top = row(title, self._field, unit, told, spacing=GRID)
        top.setStretch(3, 1)
        below = column(row(self._problem, None), self._help, spacing=4)
        below.setContentsMargins(NAME_WIDTH + GRID, 0, 0, 0)
        self.setLayout(column(top, below, spacing=4))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def text(self) -> str:
        match self._field:
            case QCheckBox():
                return SWITCH[self._field.isChecked()]
            case QComboBox():
                return self._field.currentText()
        return self._field.text()

    @property
    def problem(self) -> str:
        return self._problem.accessibleName() if self._problem.isVisibleTo(self) else ""

    def show_help(self, sentence: str, source: str) -> None:
        """One sentence, and where the recommendation comes from as a tool tip."""
        self._help.setText(sentence)
        self._help.setToolTip(f"Why this value: {source}" if source else "")
        self._field.setAccessibleDescription(sentence)

    def show_placeholder(self, text: str) -> None:
        """What stands in an empty line, e.g. that somebody else decides."""
        if isinstance(self._field, QLineEdit):
            self._field.setPlaceholderText(text)

    def show_value(self, text: str, recommended: str, is_changed: bool, problem: str) -> None:
        """What the user is typing is left alone; the cursor would jump."""
        if self.text != text and not self._field.hasFocus():
            self._set_text(text)
        self._problem.show_state(_sentence(problem), "error", "error")
        self._problem.setVisible(bool(problem))
        self._changed.show_state(f"{self._otherwise}{recommended}", "pencil", "muted")
        self._changed.setVisible(is_changed)
        self._reset.setVisible(is_changed)

    def _set_text(self, text: str) -> None:
        match self._field:
            case QLineEdit():
                self._field.setText(text)
            case QCheckBox():
                self._field.setChecked(text == SWITCH[True])
            case QComboBox():
                self._field.setCurrentText(text)

    def _tell(self, text: str) -> None:
        self.edited.emit(self._name, text)


def _field(choices: tuple[str, ...]) -> QLineEdit | QCheckBox | QComboBox:
    if choices == SWITCH:
        return QCheckBox()
    return _choice(choices) if choices else QLineEdit()


def _choice(choices: tuple[str, ...]) -> QComboBox:
    box = QComboBox()
    box.addItems(list(choices))
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a wheel over a long page must not change a setting
    return box


def _sentence(problem: str) -> str:
    return problem[:1].upper() + problem[1:]
