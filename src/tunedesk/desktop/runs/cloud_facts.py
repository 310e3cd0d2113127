"""What is known of a run's job at its service, read from its folder: no connection is opened. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tunedesk.plan.estimates import actual_cost, against_actual
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.addresses import host_of
from tunedesk.runs.consent import seller_of
from tunedesk.runs.events import Failed
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.job import CloudOrder
from tunedesk.runs.places.cloud import ledger as ledgers
from tunedesk.runs.places.cloud.ledger import Ledger
from tunedesk.runs.receipt import Receipt, read_receipt
from tunedesk.runs.run_folder import RunFolder

ELSEWHERE = ("start a new run", "Choose another service")
"""In the hints of what a service refuses for good (runs/places/cloud/refusals.py)."""


@dataclass(frozen=True, slots=True)
class CloudFacts:
    """cost: what was expected, and against it what was billed once that is known; a sentence.

    has_adapter: whether the tuned adapter lies in the run's folder.
    """

    order: CloudOrder
    ledger: Ledger
    receipt: Receipt | None
    cost: str
    has_adapter: bool = False

    @property
    def lacks_adapter(self) -> bool:
        """Whether the service gives the adapter, and it is not here."""
        gives = self.order.provider.gives_weights and self.ledger.ended == "succeeded"
        return gives and not self.has_adapter

    @property
    def name(self) -> str:
        return self.order.account.name

    @property
    def host(self) -> str:
        return host_of(self.order.account.base_url)

    @property
    def is_sending(self) -> bool:
        """Whether rows leave this computer, or are about to, while a process is at work."""
        return self.ledger.stage in ("", "sending")

    @property
    def is_over(self) -> bool:
        """Whether the service's job has ended, so that nothing is left to follow."""
        return bool(self.ledger.ended)


def is_refused_for_good(history: RunHistory) -> bool:
    """Whether the run failed in a way that the same rows and settings would only meet again.

    The event has no code; its hint is what sends a person elsewhere than back to the same run.
    """
    ended = history.ended
    return isinstance(ended, Failed) and any(words in ended.hint for words in ELSEWHERE)


def look_at_cloud(run: RunFolder) -> CloudFacts | None:
    """None for a run of this computer. UserError: a file of the run is damaged."""
    order = run.job().cloud
    if order is None:
        return None
    known = ledgers.read(run)
    has_adapter = (run.adapter_dir / "adapter_config.json").exists()
    return CloudFacts(order, known, read_receipt(run), _cost(order, known), has_adapter)


def _cost(order: CloudOrder, known: Ledger) -> str:
    if known.trained_tokens is None:
        return f"Expected: {order.price}" if order.price else "What it costs is unknown."
    actual = actual_cost(read_prices(), seller_of(order), known.trained_tokens, date.today())
    return against_actual(order.low, order.high, order.currency, actual)
