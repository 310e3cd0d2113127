"""Until when a tuned model answers, and its service takes jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from tunedesk.plan.price_table import PriceTable, Retirement
from tunedesk.plan.prices import base_model

SOON_DAYS = 183
"""Half a year: less is hardly worth a tuned model."""
Urgency = Literal["gone", "soon", "later"]


@dataclass(frozen=True, slots=True)
class EndOfLife:
    """The last day of a model, or of new jobs at a service, and who says so.

    urgency: gone: the day has passed; soon: it comes within half a year; later.
    """

    what: Literal["model", "jobs"]
    day: date
    source: str
    urgency: Urgency
    sentence: str


def ends(
    table: PriceTable,
    provider: str,
    model: str,
    today: date,
    *,
    title: str = "",
    shutdown_date: str | int | None = None,
    no_jobs_after: str = "",
) -> tuple[EndOfLife, ...]:
    """What ends, the most urgent first; () where nothing is known to.

    title: the service's name for people. shutdown_date: what its own list of models says, a day or unix
    seconds, which counts before the table. no_jobs_after: the profile's `ends_on`, "" for none.
    """
    service = title or provider
    found = []
    if no_jobs_after:
        found.append(_jobs(date.fromisoformat(no_jobs_after), service, today))
    said = day_of(shutdown_date)
    if said is not None:
        found.append(_model(said, model, f"{service}'s own list of models", today))
    elif row := table.retirement(provider, base_model(model)):
        found.append(_model(row.day, model, f"{row.source}, read on {row.as_of}", today))
    return tuple(sorted(found, key=lambda each: each.day))


def calendar(table: PriceTable, today: date) -> tuple[Retirement, ...]:
    """Every last day that lies ahead or not long ago, the next one first."""
    days = [each for each in table.retirements if (today - each.day).days <= SOON_DAYS]
    return tuple(sorted(days, key=lambda each: (each.day, each.provider, each.model)))


def day_of(said: str | int | None) -> date | None:
    """The day that a service names, in one of the forms that were seen; None where it names none.

    A form that nobody knows is no day: the dated table then stands in.
    """
    if said is None or said == "":
        return None
    try:
        if isinstance(said, int) or said.isdigit():
            return datetime.fromtimestamp(int(said), UTC).date()
        return date.fromisoformat(said[:10])
    except (ValueError, OverflowError, OSError):
        return None


def last_day(found: tuple[EndOfLife, ...]) -> date | None:
    """The model's last day; None where none is known."""
    return next((each.day for each in found if each.what == "model"), None)


def _jobs(day: date, service: str, today: date) -> EndOfLife:
    urgency = _urgency(day, today)
    if urgency == "gone":
        sentence = f"{service} takes no new jobs any more; {day} was the last day."
    else:
        sentence = f"{service} takes new jobs until {day} only{_in_days(day, today)}."
    return EndOfLife("jobs", day, "the provider's profile", urgency, sentence)


def _model(day: date, model: str, source: str, today: date) -> EndOfLife:
    urgency = _urgency(day, today)
    if urgency == "gone":
        sentence = f"{model} was shut down on {day}: nothing can be tuned from it."
    else:
        sentence = f"{model} and all that is tuned from it answer until {day} only{_in_days(day, today)}."
    return EndOfLife("model", day, source, urgency, f"{sentence} ({source})")


def _urgency(day: date, today: date) -> Urgency:
    return "gone" if day < today else "soon" if (day - today).days <= SOON_DAYS else "later"


def _in_days(day: date, today: date) -> str:
    days = (day - today).days
    return ", which is today" if days == 0 else f", {days} more day{'' if days == 1 else 's'}"
