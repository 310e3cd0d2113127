"""Search and replace in all rows: every hit is shown before anything changes, and can be left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QStackedWidget, QWidget

from tunedesk.dataset.query import Query
from tunedesk.dataset.replacing import Hits
from tunedesk.desktop.data.tools.hit_list import HitList
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label, line, row

TYPING_MS = 300


@dataclass(frozen=True)
class Place:
    """Where to look, as a person says it."""

    words: str
    where: Literal["texts", "turns"] = "texts"
    roles: tuple[str, ...] = ()


PLACES = (
    Place("Everything"),
    Place("What is said", "turns"),
    Place("Answers", "turns", ("assistant",)),
    Place("Questions", "turns", ("user",)),
    Place("System prompts", "turns", ("system", "developer")),
)


class ReplacePage(ToolPage):
    search_asked = Signal(object, object)
    """The Query, and what to replace hits by (a str)."""
    row_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            "Find and replace",
            "Looks through every row. Untick what shall stay; one undo takes all of it back.",
            "Replace",
        )
        self.list = HitList()
        self._text = QLineEdit()
        self._by = QLineEdit()
        self._place = QComboBox()
        self._place.addItems([place.words for place in PLACES])
        self._place.setAccessibleName("Look in")
        self._case = QCheckBox("Match case")
        self._word = QCheckBox("Whole words")
        self._regex = QCheckBox("Regular expression")
        self._regex.setToolTip("$1 or \\1 in the replacement is what the first group found")
        self._all = push_button("Tick all")
        self._none = push_button("Tick none")
        self._wait = label("", "muted", wrap=True)
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._connect()
        self._lay_out_body()
        self.show_nothing("Type what to look for.")

    @property
    def query(self) -> Query:
        place = PLACES[self._place.currentIndex()]
        return Query(
            self._text.text(),
            regex=self._regex.isChecked(),
            case=self._case.isChecked(),
            whole_word=self._word.isChecked(),
            where=place.where,
            roles=place.roles,
        )

    @property
    def replacement(self) -> str:
        return self._by.text()

    def begin(self, text: str) -> None:
        """Put the cursor where one types; text: what was looked for in the table."""
        if text:
            self._text.setText(text)
        self._text.setFocus()
        self._text.selectAll()

    def ask(self) -> None:
        """Search now for what is typed."""
        self._typing.stop()
        if self._text.text():
            self.search_asked.emit(self.query, self.replacement)
        else:
            self.show_nothing("Type what to look for.")

    def show_nothing(self, sentence: str) -> None:
        self.list.hits.show_hits((), lambda row: None)
        self._wait.setText(sentence)
        self._pages.setCurrentIndex(0)
        self.say("")
        self.offer("Replace", enabled=False)

    def show_hits(self, found: Hits, number_of: Callable[[int], int | None]) -> None:
        """number_of: a row's number from its id; None when the row is gone."""
        if not found.hits and not found.left_out:
            self.show_nothing("Nothing was found.")
            return
        self._found = found
        self.list.hits.show_hits(found.hits, number_of)
        self._pages.setCurrentIndex(1)
        self._tell()

    def _tell(self) -> None:
        """The button says how many hits are ticked; the line beside it what was found."""
        found, count = self._found, len(self.list.hits.ticked)
        words = f"{_counted(len(found.hits), 'hit')} in {_counted(found.rows, 'row')}"
        if found.more:
            words += "; there are more: narrow the search"
        if found.left_out:
            words += f". {found.left_out[0].reason}"
            if len(found.left_out) > 1:
                words += f" And {len(found.left_out) - 1:,} more places."
        self.say(words, "warning" if found.more or found.left_out else "muted")
        self.offer(f"Replace {_counted(count, 'hit')}" if count else "Replace", enabled=count > 0)

    def _connect(self) -> None:
        for box in (self._case, self._word, self._regex):
            box.toggled.connect(self.ask)
        self._place.activated.connect(self.ask)
        for field in (self._text, self._by):
            field.textEdited.connect(lambda: self._typing.start())
            field.returnPressed.connect(self.ask)
        self._all.clicked.connect(lambda: self.list.hits.tick_all(True))
        self._none.clicked.connect(lambda: self.list.hits.tick_all(False))
        self.list.hits.ticks_changed.connect(lambda: self._tell() if self._pages.currentIndex() else None)
        self.list.row_asked.connect(self.row_asked)

    def _lay_out_body(self) -> None:
        fields = form()
        fields.addRow("Find", self._text)
        fields.addRow("Replace by", self._by)
        fields.addRow("Look in", self._place)
        boxes = row(self._case, self._word, self._regex, None)
        ticks = row(self._all, self._none, None)
        head = column(fields, boxes, ticks)
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        empty = QWidget()
        empty.setLayout(column(self._wait, None, margin=2 * GRID))
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(self.list)
        body = QWidget()
        whole = column(head, line(), self._pages, spacing=0)
        whole.setStretch(2, 1)
        body.setLayout(whole)
        self.set_body(body, scrolls=False)
        self._found = Hits((), 0)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
