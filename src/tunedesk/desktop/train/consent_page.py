"""The last step at a service: what will be sent, to whom and at what price, before any of it is sent."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLayout, QWidget

from tunedesk.desktop.data.row.json_colours import JsonColours
from tunedesk.desktop.text.exact_edit import ExactEdit
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.train.cloud_words import counted, many_bytes
from tunedesk.desktop.train.swapping import swap
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.desktop.widgets.reading_order import focusable_in
from tunedesk.runs.consent import Consent, ConsentFile, SentRow

ROW_HEIGHT = 84
UNVERIFIED = "Unverified"
DIGITS = 16
"""Of a sha256, to compare with the receipt; the tooltip has all."""


class ConsentPage(QWidget):
    agreed = Signal(bool)
    price_accepted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._shown: Consent | None = None
        self._waiting = label("Putting together what would be sent…", "muted", wrap=True)
        self._body = QWidget()
        self._price = QCheckBox("I go on with a price that is older than half a year")
        self._price.clicked.connect(self.price_accepted)
        self._agree = QCheckBox()
        self._agree.clicked.connect(self.agreed)
        self._receipt = label(
            "A receipt with the digests of these files is kept in the run's folder.", "muted", wrap=True
        )
        self._foot = card(self._price, self._agree, self._receipt)
        self._holder = column(self._waiting, self._body, self._foot, None, spacing=2 * GRID)
        self.setLayout(self._holder)

    def show_choices(self, choices: Choices) -> None:
        cloud = choices.cloud
        consent = cloud.consent if cloud else None
        self._waiting.setVisible(consent is None)
        if cloud and cloud.consent_trouble:
            self._waiting.setText(cloud.consent_trouble)
        else:
            self._waiting.setText("Putting together what would be sent…")
        self._body.setVisible(consent is not None)
        self._foot.setVisible(consent is not None)
        if consent is None or cloud is None:
            self._shown = None
            return
        if consent is not self._shown:
            self._shown = consent
            self._body = swap(self._holder, self._body, _page(consent))
            self._agree.setText(agreement(consent))
            self._order_tabs()
        self._price.setVisible(consent.must_confirm_price)
        self._price.setChecked(cloud.accepts_old_price)
        self._agree.setChecked(cloud.agreed)

    def _order_tabs(self) -> None:
        """Rows made now come after all that the wizard has: first to the foot's place, then it after."""
        rows = list(focusable_in(self._body))
        for before, after in pairwise([self._price, *rows, self._price, self._agree]):
            QWidget.setTabOrder(before, after)


def agreement(consent: Consent) -> str:
    """What is ticked, in a sentence that names all of it."""
    rows = counted(sum(file.rows for file in consent.files), "row")
    size = many_bytes(sum(file.bytes for file in consent.files))
    secrets = f", with {counted(consent.secrets, 'secret key')} in them," if consent.secrets else ""
    return f"&I agree that {rows} ({size}){secrets} are sent to {consent.host}"


def _page(consent: Consent) -> QWidget:
    warnings = [_warning(sentence) for sentence in consent.warnings]
    parts: list[QWidget] = [_head(consent)]
    if warnings:
        parts.append(card(*warnings))
    parts.append(_facts(consent))
    parts.extend(_file(file) for file in consent.files)
    page = QWidget()
    page.setLayout(column(*parts, spacing=2 * GRID))
    return page


def _head(consent: Consent) -> QWidget:
    private = consent.personal + consent.secrets
    sign = Badge("no personal data or secrets found", "ok", "ok")
    if private:
        tint = "error" if consent.secrets else "warning"
        times = "once" if private == 1 else f"{private:,} times"
        sign = Badge(f"personal data or secrets found {times}", tint, tint)
    head = label(f"To {consent.host}: {consent.price.text}", "heading", wrap=True)
    return card(head, row(sign, None))


def _facts(consent: Consent) -> QWidget:
    rows = form()
    unverified = form()
    for word, sentence in consent.facts:
        value = label(sentence, wrap=True, selectable=True)
        if word != UNVERIFIED:
            rows.addRow(word, value)
        else:
            name, _, source = sentence.partition(": ")
            unverified.addRow(name, label(source, "muted", wrap=True, selectable=True))
    parts: list[QWidget | QLayout] = [rows]
    if unverified.rowCount():
        parts.append(_folded(unverified))
    return card(*parts)


def _folded(rows: QFormLayout) -> QWidget:
    inside = QWidget()
    inside.setLayout(rows)
    inside.hide()
    fold = push_button("")
    fold.setCheckable(True)
    set_look(fold, "link")
    facts = counted(rows.rowCount(), "fact")

    def unfold(shown: bool) -> None:
        inside.setVisible(shown)
        verb = "Hide" if shown else "Show"
        fold.setText(f"{verb} the {facts} of the profile that nobody could try")
        set_icon(fold, "chevron-down" if shown else "chevron-right", "accent")

    fold.toggled.connect(unfold)
    unfold(False)
    holder = QWidget()
    holder.setLayout(column(row(fold, None), inside, spacing=4))
    return holder


def _file(file: ConsentFile) -> QWidget:
    title = label(f"{file.role.capitalize()} rows, exactly as they are sent", "heading")
    digest = label(f"sha256 {file.sha256[:DIGITS]}…", "muted", selectable=True)
    digest.setToolTip(file.sha256)
    parts: list[QWidget | QLayout] = [row(title, None, digest)]
    for each in file.private:
        look = "error" if each.is_secret else "warning"
        sign = Badge(each.sentence, look, look)
        sign.let_wrap()
        parts.append(sign)
    for shown in file.shown:
        parts.append(_row(file, shown))
    return card(*parts)


def _row(file: ConsentFile, shown: SentRow) -> QWidget:
    text = ExactEdit(f"Row {shown.row:,} of the {file.role} file as it is sent")
    text.setFont(monospaced())
    text.set_read_only(True)
    text.show_text(shown.text)
    text.setFixedHeight(ROW_HEIGHT)
    JsonColours(text)
    number = label(f"{shown.row:,} of {file.rows:,}", "muted")
    holder = QWidget()
    holder.setLayout(column(number, text, spacing=4))
    return holder


def _warning(sentence: str) -> Badge:
    sign = Badge(sentence, "warning", "warning")
    sign.let_wrap()
    return sign
