"""A tuned model's deployment at Azure: its price an hour, the request to copy, the deed. Shows and asks."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from tunedesk.desktop.runs.deployment_desk import DeploymentDesk, DeploymentFacts
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.errors import UserError
from tunedesk.runs.deployment import (
    SKUS,
    DeploymentOrder,
    az_text,
    check_order,
    reminder_words,
    rest_text,
)
from tunedesk.runs.run_folder import RunFolder

KINDS = {
    "globalstandard": "Global: answers may be computed anywhere",
    "standard": "Regional: answers are computed in the resource's region",
    "datazonestandard": "Data zone: answers are computed in the resource's zone",
    "developertier": "Developer: for trying out, deleted by Azure after a day",
}
WAYS = (("Azure CLI", az_text), ("REST", rest_text))


class DeploymentCard(QWidget):
    """Hidden while the run that is shown has nothing to deploy."""

    def __init__(self, desk: DeploymentDesk) -> None:
        super().__init__()
        self._desk = desk
        self._make_fields()
        self._make_buttons()
        self._status = label(look="muted", wrap=True)
        self._status.setAccessibleName("How the deployment stands")
        self._undone = self._offer()
        self._done = self._standing()
        self._frame: QFrame = card(
            label("Deployment at Azure", "heading"), self._undone, self._done, self._status, None
        )
        self.setLayout(column(self._frame))
        desk.changed.connect(self._show)
        desk.told.connect(self._status.setText)
        desk.failed.connect(self._tell_trouble)
        self._show()

    def show_run(self, run: RunFolder | None) -> None:
        """None: no run, or one that is not at an end."""
        self._status.clear()
        self._name.clear()  # it was typed for another run
        self._agreed.setChecked(False)
        self._sure.setChecked(False)
        self._desk.look(run)

    def _make_fields(self) -> None:
        self._name = QLineEdit()
        self._name.setAccessibleName("Name of the deployment")
        self._kind = CalmComboBox()
        self._kind.setAccessibleName("Kind of the deployment")
        for sku in SKUS:
            self._kind.addItem(KINDS[sku], sku)
        self._price = label(wrap=True)
        self._way = CalmComboBox()
        self._way.setAccessibleName("Way to deploy it by hand")
        self._way.addItems([title for title, _ in WAYS])
        self._request = QPlainTextEdit(readOnly=True)
        self._request.setAccessibleName("The request to copy")
        self._request.setFont(monospaced())
        self._request.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._request.setFixedHeight(21 * GRID)
        self._agreed, self._sure = (
            QCheckBox(),
            QCheckBox("The tuned model stays; what asks it gets no answer"),
        )
        self._missing = label(look="warning", wrap=True)
        self._about = label(wrap=True, selectable=True)
        self._name.textChanged.connect(self._show_request)
        self._kind.currentIndexChanged.connect(self._show_request)
        self._way.currentIndexChanged.connect(self._show_request)
        self._agreed.toggled.connect(self._show_request)
        self._sure.toggled.connect(self._show)

    def _make_buttons(self) -> None:
        self._copy = push_button("Copy", "copy")
        self._copy.setAccessibleName("Copy the request")
        self._portal = push_button("Open Azure's portal")
        self._deploy = push_button("Deploy", primary=True)
        self._delete = push_button("Delete the deployment", "trash")
        self._copy.clicked.connect(self._copy_request)
        self._portal.clicked.connect(self._open_portal)
        self._deploy.clicked.connect(self._begin)
        self._delete.clicked.connect(self._desk.delete)

    def _offer(self) -> QWidget:
        """What is shown before it is deployed."""
        rows = form()
        rows.addRow("Name", self._name)
        rows.addRow("Kind", self._kind)
        rows.addRow("Hosting", self._price)
        by_hand = row(label("By hand:", "muted"), self._way, self._copy, self._portal, None)
        why = label("A tuned model answers only once it is deployed.", "muted", wrap=True)
        last = row(self._agreed, None, self._deploy)
        return _holder(column(why, self._missing, rows, by_hand, self._request, last, None))

    def _standing(self) -> QWidget:
        """What is shown once it is deployed."""
        return _holder(column(self._about, row(self._sure, None, self._delete)))

    def _show(self) -> None:
        facts = self._desk.facts
        self.setVisible(facts is not None)
        if facts is None:
            return
        self._undone.setVisible(facts.deployed is None)
        self._done.setVisible(facts.deployed is not None)
        if facts.deployed is not None:
            hourly = facts.hourly.get(facts.deployed.sku)
            self._about.setText(reminder_words(facts.deployed, facts.account.name, hourly))
            self._delete.setEnabled(self._sure.isChecked() and not self._desk.is_working)
        if facts.order is not None and not self._name.text():
            self._name.setText(facts.order.name)
        self._missing.setText(facts.missing)
        self._missing.setVisible(bool(facts.missing))
        self._show_request()

    def _show_request(self) -> None:
        facts = self._desk.facts
        if facts is None or facts.deployed is not None:
            return
        hourly = facts.hourly[self._kind.currentData()]
        self._price.setText(f"{hourly.sentence} Used or not.")
        cost = hourly.text if hourly.is_known else "an unknown amount"
        self._agreed.setText(f"It costs {cost} an hour until it is deleted")
        order, trouble = self._order(facts)
        self._request.setPlainText(WAYS[self._way.currentIndex()][1](order) if order else trouble)
        can = order is not None and not trouble
        for button in (self._copy, self._portal):
            button.setEnabled(can)
        self._agreed.setEnabled(can and not self._desk.is_working)
        self._deploy.setEnabled(can and self._agreed.isChecked() and not self._desk.is_working)

    def _order(self, facts: DeploymentFacts) -> tuple[DeploymentOrder | None, str]:
        """What the fields ask for, or why it cannot be asked for."""
        if facts.order is None:
            return None, facts.missing
        order = msgspec.structs.replace(
            facts.order, name=self._name.text().strip(), sku=self._kind.currentData()
        )
        try:
            check_order(order)
        except UserError as wrong:
            return None, wrong.sentence
        return order, ""

    def _copy_request(self) -> None:
        QGuiApplication.clipboard().setText(self._request.toPlainText())

    def _open_portal(self) -> None:
        facts = self._desk.facts
        if facts is not None and facts.portal:
            QDesktopServices.openUrl(QUrl(facts.portal))

    def _begin(self) -> None:
        facts = self._desk.facts
        order = self._order(facts)[0] if facts is not None else None
        if order is not None:
            self._agreed.setChecked(False)
            self._desk.deploy(order)

    def _tell_trouble(self, error: Exception) -> None:
        """What went wrong, beside where it was asked for; the window tells what is no sentence."""
        if isinstance(error, UserError):
            self._status.setText(error.sentence)


def _holder(layout: QVBoxLayout) -> QWidget:
    layout.setContentsMargins(0, 0, 0, 0)
    holder = QWidget()
    holder.setLayout(layout)
    return holder
