"""What a training at a service will cost, and a month of using it: ranges with their day and source."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QWidget

from tunedesk.desktop.train.cloud_choices import CloudChoices, setting_problems
from tunedesk.desktop.train.cloud_reckoning import cost_of, month_of
from tunedesk.desktop.train.wizard import Choices
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.plan.estimates import Estimate
from tunedesk.plan.prices import Age

AGES = {Age.OLD: "prices older than 90 days", Age.STALE: "prices older than 180 days"}


class PriceCard(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._headline = label(look="heading", wrap=True)
        self._age = Badge("", "warning", "warning")
        self._basis = label(look="muted", wrap=True, selectable=True)
        self._month = label(look="muted", wrap=True, selectable=True)
        head = row(self._headline, self._age, spacing=2 * GRID)
        head.setStretch(0, 1)
        self.setLayout(column(card(head, self._basis, self._month)))

    @property
    def headline(self) -> str:
        return self._headline.text()

    def show_choices(self, choices: Choices) -> None:
        cloud = choices.cloud
        if cloud is None:
            return
        cost = cost_of(choices, date.today())
        self._age.setVisible(bool(cost and cost.is_known and cost.age in AGES))
        if cost is None:
            headline, why = _waiting_for(choices, cloud)
            self._headline.setText(headline)
            self._basis.setText(why)
            self._month.hide()
            return
        self._age.show_state(AGES.get(cost.age, ""), "warning", "warning")
        self._headline.setText(headline_of(cost, cloud.name))
        told = f"{cost.basis}. " if cost.is_known else ""
        how = f"Tokens {cloud.tokens.how}." if cloud.tokens else ""
        dated = f"Prices of {cost.as_of}: {cost.source}. " if cost.as_of else ""
        self._basis.setText(f"{told}{dated}{how}" if cost.is_known else f"{_capital(cost.why)} {how}")
        self._show_month(month_of(choices, date.today()))

    def _show_month(self, month: Estimate | None) -> None:
        self._month.setVisible(month is not None)
        if month is not None:
            self._month.setText(f"Afterwards, a month of using it: {month.sentence}")


def _waiting_for(choices: Choices, cloud: CloudChoices) -> tuple[str, str]:
    """Headline and sentence of a cost that is not known yet."""
    if setting_problems(cloud, choices.method):
        return "What it costs depends on the settings", "Mend the settings below first."
    why = "The rows' tokens are being counted." if cloud.tokens is None else "Prices are being read."
    return "What it costs is being worked out…", why


def headline_of(cost: Estimate, name: str) -> str:
    if not cost.is_known:
        return f"What the training costs at {name} is unknown"
    return f"The training costs about {cost.text} at {name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
