"""A run's job at its service: how it stands there, its price, its files, its checkpoints. Shows and asks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from tunedesk.desktop.cloud.key_form import KeyForm
from tunedesk.desktop.cloud.service_desk import Known
from tunedesk.desktop.runs.cloud_facts import CloudFacts
from tunedesk.desktop.train.cloud_words import counted, many_bytes
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.events import Checkpointed
from tunedesk.runs.run_folder import RunState

FOLLOWED = (RunState.RUNNING, RunState.PAUSED)
ENDED = (RunState.FAILED, RunState.STOPPED, RunState.FINISHED)


class CloudPage(QScrollArea):
    delete_wanted = Signal()
    """Delete the files that were sent and still lie at the service."""
    adapter_wanted = Signal()
    """Fetch the tuned adapter, which did not come at the job's end."""
    checkpoint_wanted = Signal(str)
    """Chat with the checkpoint of this name."""
    key_entered = Signal(str, str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("The job at the service")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._facts: CloudFacts | None = None
        self._state: RunState | None = None
        self._checkpoints: tuple[Checkpointed, ...] = ()
        self._key = KeyForm()
        self._key.show_words("Follow with this key")
        self._key.key_entered.connect(self._tell_key)
        heading = label("Give the key to go on following", "heading")
        why = label("The job goes on at the service whether it is followed or not.", "muted", wrap=True)
        self._key_card = card(heading, why, self._key)
        self._key_card.hide()
        self._body = QWidget()
        self._more = QWidget()
        self._holder = column(self._key_card, self._body, self._more, None, spacing=2 * GRID)
        self._holder.setContentsMargins(0, 0, GRID, 0)
        page = QWidget()
        page.setLayout(self._holder)
        page.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.setWidget(page)

    def show_known(self, known: Known) -> None:
        """Where a key would be kept."""
        self._key.show_store(known.backend, can_remember=known.can_remember)

    def show_needs_key(self, needed: bool) -> None:
        """Whether the job could be followed if its service's key were known."""
        self._key_card.setVisible(needed)

    def show_facts(self, facts: CloudFacts | None) -> None:
        if facts == self._facts:
            return
        self._facts = facts
        if facts is not None:
            self._key.show_service(facts.name)
            self._show()

    def show_state(self, state: RunState | None, checkpoints: Sequence[Checkpointed]) -> None:
        if state != self._state or tuple(checkpoints) != self._checkpoints:
            self._state, self._checkpoints = state, tuple(checkpoints)
            if self._facts is not None:
                self._show()

    def set_more(self, more: QWidget) -> None:
        """What only some services have, below the rest; it shows and hides itself."""
        self._holder.replaceWidget(self._more, more)
        self._more.hide()
        self._more.deleteLater()
        self._more = more

    def _show(self) -> None:
        facts = self._facts
        assert facts is not None
        left = column(_job(facts, self._state), _money(facts), *self._adapter(facts), None, spacing=2 * GRID)
        right = column(self._files(facts), self._checkpoint_card(facts), None, spacing=2 * GRID)
        both = row(left, right, spacing=2 * GRID)
        both.setStretch(0, 1)
        both.setStretch(1, 1)
        new = QWidget()
        new.setLayout(both)
        self._body = swap(self._holder, self._body, new)

    def _adapter(self, facts: CloudFacts) -> list[QWidget]:
        """Nothing where the adapter is here, or never comes."""
        if not facts.lacks_adapter:
            return []
        button = push_button("Fetch the adapter", "download")
        button.clicked.connect(self.adapter_wanted)
        why = label(f"{facts.name} gives the tuned adapter, but it is not here.", wrap=True)
        return [card(label("Adapter", "heading"), why, _left(button))]

    def _files(self, facts: CloudFacts) -> QWidget:
        sent = facts.ledger.files
        parts: list[QWidget] = []
        for file in sent:
            where = "still there" if file.is_there else "deleted" if file.is_deleted else "not complete"
            told = f"{file.role}: {many_bytes(file.bytes)}, {where}"
            words = label(told, wrap=True, selectable=True)
            words.setToolTip(f"{file.id or file.name}\nsha256 {file.sha256}")
            parts.append(words)
        if not sent:
            parts.append(label("Nothing was sent yet.", "muted"))
        remain = facts.ledger.files_there
        if remain:
            files = counted(len(remain), "file")
            button = push_button(f"Delete {'it' if len(remain) == 1 else 'them'} there now", "trash")
            button.setEnabled(self._state not in FOLLOWED and facts.order.provider.can_delete_files)
            button.setToolTip(
                f"Deletes {files} at {facts.name}"
                if button.isEnabled()
                else "While the job runs the service needs them"
            )
            button.clicked.connect(self.delete_wanted)
            parts.append(_left(button))
        if facts.receipt is not None:
            agreed = facts.receipt.consented.replace("T", " ")[:16]
            parts.append(label(f"Agreed to on {agreed} UTC; see receipt.json.", "muted", wrap=True))
        return card(label("What was sent", "heading"), *parts)

    def _checkpoint_card(self, facts: CloudFacts) -> QWidget:
        named = [one for one in self._checkpoints if one.model]
        heading = label("Checkpoints", "heading")
        if not named:
            has = facts.order.provider.has_checkpoints
            words = "None is known yet." if has else f"{facts.name} keeps none."
            return card(heading, label(words, "muted"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setColumnStretch(1, 1)
        for line, one in enumerate(named):
            grid.addWidget(label(f"Step {one.step:,}"), line, 0)
            name = _name(one.model)
            grid.addWidget(name, line, 1)
            button = push_button("Chat with this one", "chat")
            button.setAccessibleName(f"Chat with the checkpoint of step {one.step:,}")
            button.clicked.connect(lambda _=False, name=one.model: self.checkpoint_wanted.emit(name))
            grid.addWidget(button, line, 2)
        holder = QWidget()
        holder.setLayout(grid)
        return card(heading, holder)

    def _tell_key(self, key: str, remember: bool) -> None:
        if self._facts is not None:
            self.key_entered.emit(self._facts.name, key, remember)


def _job(facts: CloudFacts, state: RunState | None) -> QWidget:
    rows = form()
    account, known = facts.order.account, facts.ledger
    region = f", {account.region}" if account.region else ""
    rows.addRow("Service", _value(f"{account.name}, {facts.order.provider.title}"))
    rows.addRow("Address", _value(f"{facts.host}{region}"))
    rows.addRow("Model", _value(facts.order.model))
    rows.addRow("Stands there", _value(known.status or ("none" if state in ENDED else "no job yet")))
    rows.addRow("Job", _value(known.job or ("none" if state in ENDED else "none yet")))
    if known.model:
        copy = push_button("Copy", "copy")
        copy.setAccessibleName("Copy the tuned model's name")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(known.model))
        name = row(_value(known.model), copy)
        name.setStretch(0, 1)
        holder = QWidget()
        holder.setLayout(name)
        rows.addRow("Tuned model", holder)
    return card(label("The job", "heading"), rows)


def _money(facts: CloudFacts) -> QWidget:
    return card(label("Price", "heading"), label(facts.cost, wrap=True, selectable=True))


def _value(text: str) -> QLabel:
    return label(text, wrap=True, selectable=True)


def _name(text: str) -> QLabel:
    return label(text, "muted", wrap=True, selectable=True)


def _left(widget: QWidget) -> QWidget:
    holder = QWidget()
    holder.setLayout(row(widget, None))
    return holder
