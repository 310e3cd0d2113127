"""One string of a turn: an editor as tall as its text, its key if there are several, why it is read only."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.data.row.turn_view import TextView
from tunedesk.desktop.text.exact_edit import LIMIT, SHOWN_OF_LONGER, Mark
from tunedesk.desktop.text.growing_edit import GrowingEdit
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.layout import column, label


class TextField(QWidget):
    edited = Signal(str, object)
    """The place of the text (TextView.place), and the exact text (see ExactEdit)."""

    def __init__(self) -> None:
        super().__init__()
        self._pointer = self._place = ""
        self._label = label("", "muted")
        self._note = label("", "muted", wrap=True)
        for words in (self._label, self._note):
            words.setIndent(4)  # where the editor's text begins
        self.editor = GrowingEdit("")
        set_look(self.editor, "bare")
        self.editor.text_edited.connect(lambda text: self.edited.emit(self._place, text))
        self.setLayout(column(self._label, self._note, self.editor, spacing=2))

    @property
    def pointer(self) -> str:
        return self._pointer

    def show_text(self, view: TextView, name: str, *, beside_calls: bool, read_only: bool) -> None:
        self._pointer, self._place = view.pointer, view.place
        self._label.setText(view.label)
        self._label.setVisible(bool(view.label))
        self.editor.setAccessibleName(name)
        self.editor.show_text(view.shown if view.text is None else view.text)
        self.editor.set_read_only(read_only or view.text is None)
        self.editor.setPlaceholderText("No text beside the call" if beside_calls else "Nothing written yet")
        words = self._words(view)
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def mark(self, marks: dict[str, tuple[Mark, ...]]) -> tuple[Mark, ...]:
        """Underline what findings point at; those that name no place in the text are given back."""
        here = marks.get(self._pointer, ())
        self.editor.mark(tuple(each for each in here if each.end > each.start))
        return tuple(each for each in here if each.end <= each.start)

    def _words(self, view: TextView) -> str:
        if view.text is None and not view.pointer:
            return "This text stands in no row; it comes from the mapping of the columns."
        if view.text is None:
            return "This is not plain text; edit it in the JSON view."
        if self.editor.is_cut:
            return (
                f"This text has {len(view.text):,} characters; the first {SHOWN_OF_LONGER:,} are shown. "
                f"More than {LIMIT:,} cannot be edited here."
            )
        return ""
