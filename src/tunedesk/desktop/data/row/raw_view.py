"""One row as JSON laid out for reading, and the place where it cannot be read. Gives back a line of bytes."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.dataset.parsing import ParsedRow
from tunedesk.desktop.data.row.json_edit import JsonEdit
from tunedesk.desktop.data.row.json_layout import joined, place_in, spread
from tunedesk.desktop.text.exact_edit import LIMIT, SHOWN_OF_LONGER, Mark
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row

BOM = "\ufeff"
_IN_THE_FILE = re.compile(r" \(column \d+\)$")
"""Where the trouble stands in the file's line; here it is laid out, so the place is another."""


class RawView(QWidget):
    raw_edited = Signal(bytes)
    """The row's new line, without a line end."""

    def __init__(self) -> None:
        super().__init__()
        self._line = ""
        self._bom = ""
        self._problem_at = 0
        self._editor = JsonEdit("JSON of the row")
        self._editor.text_edited.connect(self._tell)
        self._trouble = Badge("", "error", "error")
        self._words = label("", wrap=True)
        self._go = push_button("Go there")
        self._go.clicked.connect(self.go_to_problem)
        self._note = label("", "muted", wrap=True)
        head = row(self._trouble, self._words, self._go)
        head.setStretch(1, 1)
        self._head = QWidget()
        self._head.setLayout(head)
        self.setLayout(column(self._head, self._note, self._editor, spacing=GRID, margin=GRID))

    @property
    def editor(self) -> JsonEdit:
        return self._editor

    def show_row(self, parsed: ParsedRow, *, read_only: bool) -> None:
        """Show a line. While its own edit is on the screen, the text is left as the user laid it out."""
        line = parsed.raw.decode("utf-8", "surrogateescape")
        self._bom = BOM if line.startswith(BOM) else ""
        line = line.removeprefix(BOM)
        if line != joined(self._editor.exact_text(), self._line) or not self._line:
            self._line = line
            self._editor.show_text(spread(line) if len(line) <= LIMIT else line)
        self._line = line
        self._editor.set_read_only(read_only)
        self._note.setVisible(self._editor.is_cut)
        self._note.setText(
            f"This row has {len(line):,} characters; the first {SHOWN_OF_LONGER:,} are shown. "
            f"More than {LIMIT:,} cannot be edited here."
        )
        self._show_problem(parsed)

    def words(self) -> str:
        """What is wrong with the row and where; "" when it can be read."""
        return self._words.text() if not self._head.isHidden() else ""

    def flush(self) -> None:
        self._editor.flush()

    def go_to_problem(self) -> None:
        self._editor.setFocus()
        self._editor.cursor_to(self._problem_at)

    def _show_problem(self, parsed: ParsedRow) -> None:
        text = self._editor.exact_text()
        self._head.setVisible(bool(parsed.problems))
        self._editor.mark(
            tuple(
                Mark(
                    place_in(text, self._line, each.start),
                    place_in(text, self._line, each.end - 1) + 1,
                    "error",
                    each.message,
                )
                for each in parsed.problems
            )
        )
        if not parsed.problems:
            return
        problem = parsed.problems[0]
        self._problem_at = place_in(text, self._line, problem.start)
        before = text[: self._problem_at]
        line, place = before.count("\n") + 1, len(before) - before.rfind("\n")
        self._trouble.show_state(problem.code, "error", "error")
        words = _IN_THE_FILE.sub("", problem.message)
        self._words.setText(f"Line {line}, character {place}: {words}")

    def _tell(self, text: str) -> None:
        line = joined(text, self._line)
        self.raw_edited.emit((self._bom + line).encode("utf-8", "surrogateescape"))
