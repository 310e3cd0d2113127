"""Asks for the key of a service: what is typed goes to whoever asked, and is not kept here."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row


class KeyForm(QWidget):
    """A line for the key, whether it shall be remembered, and where it would be kept."""

    key_entered = Signal(str, bool)
    """The key, and whether it shall be remembered."""

    def __init__(self) -> None:
        super().__init__()
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setPlaceholderText("paste the key here")
        self._field.setAccessibleName("Key")
        self._remember = QCheckBox("&Remember it")
        self._keep = push_button("Use this key")
        self._keep.setEnabled(False)
        self._where = label(look="muted", wrap=True)
        self._field.textChanged.connect(lambda text: self._keep.setEnabled(bool(text.strip())))
        self._field.returnPressed.connect(self._enter)
        self._keep.clicked.connect(self._enter)
        line = row(self._field, self._remember, self._keep, spacing=GRID)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._where, spacing=4))
        self.show_store("", can_remember=False)

    @property
    def has_text(self) -> bool:
        return bool(self._field.text().strip())

    def show_service(self, name: str) -> None:
        """Whose key is asked for; what was typed for another service is forgotten."""
        named = f"Key of {name}"
        if self._field.accessibleName() != named:
            self._field.clear()
        self._field.setAccessibleName(named)

    def show_store(self, backend: str, *, can_remember: bool) -> None:
        """backend: where a key would be kept, for people."""
        self._remember.setEnabled(can_remember)
        if not can_remember:
            self._remember.setChecked(False)
        told = f"Remembered, it lies in: {backend}. Otherwise it is forgotten when TuneDesk is closed."
        if not can_remember:
            told = "This computer has no safe store for keys: it is forgotten when TuneDesk is closed."
        self._where.setText(told)
        self._field.setAccessibleDescription(told)

    def show_words(self, button: str) -> None:
        self._keep.setText(button)

    def show_button(self, shown: bool) -> None:
        """Without it the key is taken along by whoever saves what stands around it; see `typed`."""
        self._keep.setVisible(shown)

    @property
    def typed(self) -> tuple[str, bool]:
        """What stands in the field, and whether it shall be remembered."""
        return self._field.text(), self._remember.isChecked()

    def clear(self) -> None:
        self._field.clear()

    def take_focus(self) -> None:
        self._field.setFocus()

    def _enter(self) -> None:
        if self.has_text and not self._keep.isHidden():
            key, remember = self.typed
            self.clear()  # it is on its way into the store, and nowhere else
            self.key_entered.emit(key, remember)
