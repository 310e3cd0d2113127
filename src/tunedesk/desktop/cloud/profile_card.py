"""What a profile says of its service: where data goes, how long it stays, what nobody could try."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.provider import Provider

UNTRIED = "No live service could be reached while TuneDesk was built."


class ProfileCard(QWidget):
    copy_wanted = Signal(str, str)
    """A profile's id, and the id of the user's own copy."""

    def __init__(self) -> None:
        super().__init__()
        self._profile: Provider | None = None
        self._title = label(look="heading")
        self._verified = Badge()
        self._facts = QWidget()
        self._fold = push_button("")
        self._fold.setCheckable(True)
        set_look(self._fold, "link")
        self._fold.toggled.connect(self._show_unverified)
        self._unverified = QWidget()
        self._new_id = QLineEdit()
        self._new_id.setPlaceholderText("name of your copy")
        self._new_id.setAccessibleName("Name of your copy of the profile")
        self._new_id.setMaximumWidth(24 * GRID)
        self._copy = push_button("Copy the profile", "copy")
        self._copy.setToolTip("Makes a readable file of your own, which you can edit and which then counts")
        self._copy.clicked.connect(self._want_copy)
        self._new_id.textChanged.connect(lambda text: self._copy.setEnabled(bool(text.strip())))
        self._copy.setEnabled(False)
        self._told = label(look="muted", wrap=True, selectable=True)
        self._told.hide()
        self._inner = column(
            row(self._title, self._verified, None, spacing=2 * GRID),
            self._facts,
            row(self._fold, None),
            self._unverified,
            row(self._new_id, self._copy, None),
            self._told,
            spacing=GRID,
        )
        holder = QWidget()
        holder.setLayout(self._inner)
        self.setLayout(column(card(holder)))

    def show_profile(self, profile: Provider | None) -> None:
        self.setVisible(profile is not None)
        if profile is None or profile == self._profile:
            return
        self._profile = profile
        self._title.setText(f"What is known of {profile.title}")
        tried = profile.verified != "never"
        words = f"tried live on {profile.verified}" if tried else "never tried live"
        self._verified.show_state(words, "ok" if tried else "warning", "ok" if tried else "warning")
        self._verified.setToolTip("" if tried else UNTRIED)
        self._facts = swap(self._inner, self._facts, _facts(profile))
        self._unverified = swap(self._inner, self._unverified, _unverified(profile))
        self._fold.setVisible(bool(profile.unverified))
        self._fold.setChecked(False)
        self._show_unverified(False)
        self._told.hide()

    def show_told(self, words: str) -> None:
        self._told.setText(words)
        self._told.show()

    def _show_unverified(self, shown: bool) -> None:
        count = len(self._profile.unverified) if self._profile else 0
        facts = "1 fact that nobody could try" if count == 1 else f"{count} facts that nobody could try"
        self._fold.setText(f"Hide the {facts}" if shown else f"Show the {facts}")
        set_icon(self._fold, "chevron-down" if shown else "chevron-right", "accent")
        self._unverified.setVisible(shown)

    def _want_copy(self) -> None:
        if self._profile is not None:
            self.copy_wanted.emit(self._profile.id, self._new_id.text().strip())
            self._new_id.clear()


def _facts(profile: Provider) -> QWidget:
    rows = form()
    told = (
        ("To know first", profile.notice),
        ("New trainings until", profile.ends_on),
        *((f"Data, {name}" if name else "Data", sentence) for name, sentence in profile.residency.items()),
        ("How long it stays", profile.retention),
        ("Forbidden", " ".join(profile.forbids)),
        ("Tuned model", "can be downloaded" if profile.gives_weights else "stays at the service"),
    )
    for name, text in told:
        if text:
            rows.addRow(name, label(text, wrap=True, selectable=True))
    return _holding(rows)


def _unverified(profile: Provider) -> QWidget:
    rows = form()
    for name, source in profile.unverified.items():
        rows.addRow(name, label(source, "muted", wrap=True, selectable=True))
    return _holding(rows)


def _holding(rows: QFormLayout) -> QWidget:
    holder = QWidget()
    holder.setLayout(rows)
    return holder
