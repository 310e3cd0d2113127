"""Another copy of the dataset beside this one: what differs, and taking over what somebody changed there."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from tunedesk.desktop.data.tools.difference_view import DifferenceView
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, form, label, line, row

BUTTON = "Take over their changes"


class ComparePage(ToolPage):
    file_asked = Signal()
    begun_changed = Signal()

    def __init__(self) -> None:
        super().__init__(
            "Compare and merge",
            "Shows what differs in another file, and puts a colleague's changes together with yours. Rows "
            "that both of you changed are kept in both versions, with the tag conflict.",
            BUTTON,
        )
        self.difference = DifferenceView()
        self._file = label("No file chosen yet.", "muted", wrap=True)
        self._choose = push_button("Choose a file…", "folder-open")
        self._choose.clicked.connect(self.file_asked)
        self._begun = QComboBox()
        self._begun.setAccessibleName("Their copy was made of")
        self._begun.setToolTip("The moment at which the other person got the copy")
        self._begun.activated.connect(self.begun_changed)
        self._lay_out_body()
        self.show_nothing()

    @property
    def begun(self) -> int:
        """Which of the moments is chosen."""
        return self._begun.currentIndex()

    def show_moments(self, names: Sequence[str]) -> None:
        """The moments of this dataset that a copy may have been made of, the likeliest first."""
        self._begun.clear()
        self._begun.addItems(list(names))

    def show_file(self, name: str) -> None:
        self._file.setText(name)
        self.say("Comparing…", "muted")
        self.offer(BUTTON, enabled=False)

    def show_nothing(self) -> None:
        self._file.setText("No file chosen yet.")
        self.difference.show_nothing()
        self.say("Choose a file to compare with.", "muted")
        self.offer(BUTTON, enabled=False)

    def show_summary(self, sentence: str, *, can_merge: bool) -> None:
        self.say(sentence, "muted")
        self.offer(BUTTON, enabled=can_merge)

    def _lay_out_body(self) -> None:
        fields = form()
        chosen = row(self._file, self._choose)
        chosen.setStretch(0, 1)
        fields.addRow("Their file", chosen)
        fields.addRow("Their copy was made of", self._begun)
        head = QWidget()
        head.setLayout(column(fields, margin=2 * GRID))
        body = QWidget()
        whole = column(head, line(), self.difference, spacing=0)
        whole.setStretch(2, 1)
        body.setLayout(whole)
        self.set_body(body, scrolls=False)
