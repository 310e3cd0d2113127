"""What a person is shown before rows leave this computer; made of the very rows that will be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.rules.privacy import SECRET, kinds_in
from tunedesk.plan.billed_tokens import BilledTokens, count_billed
from tunedesk.plan.estimates import Estimate, Seller, training_cost
from tunedesk.plan.price_table import PriceTable, read_prices
from tunedesk.plan.prices import Age, tier_of
from tunedesk.plan.retirement import ends
from tunedesk.runs.addresses import host_of
from tunedesk.runs.cloud_requests import sent_file
from tunedesk.runs.job import CloudOrder
from tunedesk.template.counting import TokenCounter

ROWS_SHOWN = 5
ROWS_NAMED = 10
_BETWEEN_REPORTS = 500
Report = Callable[[int, int], None]
Role = Literal["training", "validation"]


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row exactly as it is sent. row: from 1."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Private:
    """One kind of personal data or secret in a file. what: like "an e-mail address".

    count: how often it was found, in `row_count` rows, of which `rows` are the first, from 1.
    """

    what: str
    count: int
    row_count: int
    rows: tuple[int, ...]

    @property
    def is_secret(self) -> bool:
        return self.what == SECRET

    @property
    def sentence(self) -> str:
        named = ", ".join(str(row) for row in self.rows)
        more = ", ..." if self.row_count > len(self.rows) else ""
        times = "once" if self.count == 1 else f"{self.count:,} times"
        word = "row" if self.row_count == 1 else "rows"
        return f"{self.what} {times} in {self.row_count:,} {word} ({named}{more})"


@dataclass(frozen=True, slots=True)
class ConsentFile:
    """A file as it will be sent. source: the name of the user's file; bytes and sha256: of what is sent."""

    role: Role
    source: str
    rows: int
    bytes: int
    sha256: str
    tokens: BilledTokens
    shown: tuple[SentRow, ...]
    private: tuple[Private, ...]

    @property
    def sentence(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        tokens = f"{self.tokens.text} tokens ({self.tokens.trained:,} trained; {self.tokens.how})"
        return f"{self.source}: {rows}, {self.bytes:,} bytes, {tokens}"


@dataclass(frozen=True, slots=True)
class Consent:
    """All of it. order: with the price as it is shown here, so that it stands in the job.

    residency, retention, deletion: sentences, "" where the profile says nothing. warnings: what ends soon,
    prices that are old, private data.
    """

    order: CloudOrder
    method: str
    host: str
    files: tuple[ConsentFile, ...]
    price: Estimate
    residency: str
    deletion: str
    warnings: tuple[str, ...]

    @property
    def secrets(self) -> int:
        """How many secret keys would be sent."""
        return sum(each.count for file in self.files for each in file.private if each.is_secret)

    @property
    def personal(self) -> int:
        """How often personal data would be sent."""
        return sum(each.count for file in self.files for each in file.private if not each.is_secret)

    @property
    def must_confirm_price(self) -> bool:
        return self.price.must_be_confirmed

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What to show, in order: a word and its sentence."""
        account, provider = self.order.account, self.order.provider
        region = f", region {account.region}" if account.region else ""
        private = [each.sentence for file in self.files for each in file.private]
        found = [
            ("Goes to", f"{self.host}{region} ({provider.title}, account {account.name})"),
            ("Stays", self.residency or "The profile does not say where data and weights are kept."),
            *((f"{file.role.capitalize()} file", file.sentence) for file in self.files),
            ("Private data", "; ".join(private) or "The linter found no personal data and no secrets."),
            ("Model", f"{self.order.model}, {_method_words(self.method)}, {_settings_words(self.order)}"),
            ("Price", self.price.sentence),
            ("Kept there", provider.retention or "The profile does not say how long files are kept."),
            ("Deleted", self.deletion),
            *(("Forbidden", each) for each in provider.forbids),
            *((("Note", provider.notice),) if provider.notice else ()),
            *(("Unverified", f"{name}: {source}") for name, source in sorted(provider.unverified.items())),
        ]
        return tuple(found)


def make_consent(
    order: CloudOrder,
    method: str,
    train: Sequence[bytes],
    valid: Sequence[bytes] = (),
    *,
    source: str,
    valid_source: str = "",
    today: date | None = None,
    table: PriceTable | None = None,
    counter: TokenCounter | None = None,
    shutdown_date: str | int | None = None,
    report: Report = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Consent | None:
    """Look at the rows as they will be sent (`runs.cloud_rows`). None: cancelled.

    table, today: the prices and the day to hold them against, by default those of now. counter: of a local
    copy of the model. shutdown_date: what the service's own list says of it. UserError: a bad address, or a
    table of prices that cannot be read.
    """
    total, before, files = len(train) + len(valid), 0, []
    roles: tuple[Role, ...] = ("training", "validation")
    for role, rows, name in zip(roles, (train, valid), (source, valid_source), strict=True):
        if not rows:
            continue
        file = _file(role, rows, name, order, counter, _shifted(report, before, total), cancelled)
        if file is None:
            return None
        files.append(file)
        before += len(rows)
    day = today or datetime.now().astimezone().date()
    prices = table or read_prices()
    tokens = files[0].tokens if files else BilledTokens(0, 0, 0, 0, 0, "no rows")
    price = training_cost(prices, seller_of(order), tokens, order.settings.n_epochs, day)
    return Consent(
        order=_priced(order, price),
        method=method,
        host=host_of(order.account.base_url),
        files=tuple(files),
        price=price,
        residency=_residency(order),
        deletion=deletion_of(order),
        warnings=tuple(_warnings(order, prices, price, files, day, shutdown_date)),
    )


def seller_of(order: CloudOrder) -> Seller:
    """Whose prices hold for a job; the provider's first training type is the usual one."""
    return Seller(order.provider.id, order.model, tier_of(_training_type(order)), order.account.name)


def deletion_of(order: CloudOrder) -> str:
    """When the uploaded files are deleted, and by whom."""
    provider = order.provider
    parts = []
    if order.delete_files and provider.can_delete_files:
        parts.append("TuneDesk deletes the uploaded files when the job has ended.")
        parts.append("If no job is made, they stay for another try, until you delete them.")
    elif order.delete_files:
        parts.append(f"{provider.title} cannot delete files on request.")
    if order.expires_seconds and provider.files_expire:
        parts.append(f"The service deletes them {_hours(order.expires_seconds)} after they arrived.")
    return " ".join(parts) or "The uploaded files stay there until you delete them."


def private_in(
    rows: Sequence[bytes],
    report: Report = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Private, ...] | None:
    """Personal data and secrets in any text of the rows, secrets first; None: cancelled."""
    found: dict[str, _Tally] = {}
    for number, raw in enumerate(rows, 1):
        if number % _BETWEEN_REPORTS == 0:
            report(number, len(rows))
            if cancelled():
                return None
        for text in _texts(parse_row(raw).value, raw):
            for what in kinds_in(text):
                found.setdefault(what, _Tally()).add(number)
    private = [Private(what, each.count, each.rows, tuple(each.first)) for what, each in found.items()]
    return tuple(sorted(private, key=lambda each: (not each.is_secret, -each.count, each.what)))


@dataclass(slots=True)
class _Tally:
    count: int = 0
    rows: int = 0
    first: list[int] = field(default_factory=list)
    last: int = 0

    def add(self, row: int) -> None:
        self.count += 1
        if row != self.last:
            self.last = row
            self.rows += 1
            if len(self.first) < ROWS_NAMED:
                self.first.append(row)


def _texts(value: Any, raw: bytes) -> Iterator[str]:
    """Every string of a row, keys too; a row that cannot be read is one text."""
    if value is None:
        yield raw.decode("utf-8", "replace")
        return
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            yield from part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _file(
    role: Role,
    rows: Sequence[bytes],
    source: str,
    order: CloudOrder,
    counter: TokenCounter | None,
    report: Report,
    cancelled: Callable[[], bool],
) -> ConsentFile | None:
    private = private_in(rows, report, cancelled)
    tokens = None if private is None else count_billed(rows, order.model, counter, cancelled)
    if private is None or tokens is None:
        return None
    sent = sent_file(rows, order.target)
    return ConsentFile(role, source, len(rows), sent.bytes, sent.sha256, tokens, _shown(rows), private)


def _shown(rows: Sequence[bytes]) -> tuple[SentRow, ...]:
    """The first, the last, and three evenly between them."""
    count = min(ROWS_SHOWN, len(rows))
    places = [index * (len(rows) - 1) // max(1, count - 1) for index in range(count)]
    return tuple(SentRow(place + 1, rows[place].decode("utf-8", "backslashreplace")) for place in places)


def _shifted(report: Report, before: int, total: int) -> Report:
    return lambda done, _: report(before + done, total)


def _training_type(order: CloudOrder) -> str:
    return order.settings.training_type or next(iter(order.provider.training_types), "")


def _residency(order: CloudOrder) -> str:
    return order.provider.residency.get(_training_type(order)) or order.provider.residency.get("", "")


def _priced(order: CloudOrder, price: Estimate) -> CloudOrder:
    return msgspec.structs.replace(
        order,
        price=price.sentence,
        low="" if price.low is None else f"{price.low:f}",
        high="" if price.high is None else f"{price.high:f}",
        currency=price.currency,
    )


def _warnings(
    order: CloudOrder,
    prices: PriceTable,
    price: Estimate,
    files: Sequence[ConsentFile],
    today: date,
    shutdown_date: str | int | None,
) -> Iterator[str]:
    provider = order.provider
    for end in ends(
        prices,
        provider.id,
        order.model,
        today,
        title=provider.title,
        shutdown_date=shutdown_date,
        no_jobs_after=provider.ends_on,
    ):
        if end.urgency != "later":
            yield end.sentence
    if not price.is_known:
        yield f"The price is unknown: {price.why}"
    elif price.age is not Age.FRESH:
        yield f"The price was read on {price.as_of}; look at the provider's own page before you rely on it."
    for file in files:
        if any(each.is_secret for each in file.private):
            yield f"The {file.role} file holds what looks like secret keys. Take them out before you send it."
        if file.tokens.uncounted:
            yield f"{file.tokens.uncounted:,} rows of the {file.role} file could not be counted."
    if provider.verified == "never":
        yield f"Nobody has tried this profile against the real {provider.title} yet."


def _method_words(method: str) -> str:
    return "preferences (dpo)" if method == "dpo" else "supervised (sft)"


def _settings_words(order: CloudOrder) -> str:
    given = msgspec.structs.asdict(order.settings)
    said = [f"{name}={value}" for name, value in given.items() if value not in (None, "")]
    return ", ".join(said) or "all settings as the provider decides"


def _hours(seconds: int) -> str:
    hours = round(seconds / 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{max(1, hours)} hour{'' if hours == 1 else 's'}"
