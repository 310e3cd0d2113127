"""What a service's refusal means: a sentence for people, and whether asking again can help."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tunedesk.errors import UserError
from tunedesk.runs.redaction import redact

if TYPE_CHECKING:
    import openai

LONGEST_WORDS = 400
"""Characters of a service's own words; a gateway may answer with a whole web page."""
_NO_MONEY = frozenset({"insufficient_quota", "daily_rate_limit_exceeded", "billing_hard_limit_reached"})
_RESUME = "Resume the run later; what was done so far is kept."


class Kind(StrEnum):
    """LINE: no whole answer came. GARBLED: it cannot be read. BUSY: not now. QUOTA: not before somebody pays
    or a day is over. KEY: who are you. CLOSED: no training for this customer any more. FORBIDDEN: not with
    this key. MISSING: no such thing. REFUSED: the request itself is not taken. ELSEWHERE: a redirect.
    """

    LINE = "line"
    GARBLED = "garbled"
    BUSY = "busy"
    QUOTA = "quota"
    KEY = "key"
    CLOSED = "closed"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"


PASSING = frozenset({Kind.LINE, Kind.GARBLED, Kind.BUSY})
"""Asking again may help."""


class Refused(UserError):
    """A request that a service did not fulfil, or whose answer never came.

    retry_after: seconds that it asks to wait, None: it says nothing. status: of HTTP, 0 without an answer.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        hint: str = "",
        *,
        status: int = 0,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, exit_code=1)
        self.kind = kind
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def with_hint(self, hint: str) -> Refused:
        """The same for a person who can do something else about it."""
        return Refused(
            self.kind,
            self.message,
            hint,
            status=self.status,
            code=self.code,
            retry_after=self.retry_after,
        )

    @property
    def is_passing(self) -> bool:
        return self.kind in PASSING

    @property
    def did_nothing(self) -> bool:
        """Whether the service itself said that the request had no effect; one that was taken may be answered
        with the way to what it made.
        """
        if self.kind is Kind.ELSEWHERE:
            return False
        return self.kind not in PASSING or self.status == 429


def no_answer(service: str, doing: str, error: Exception, *, timed_out: bool) -> Refused:
    """The line broke, or nothing came in time. error: of the transport; its words name no secret."""
    if timed_out:
        return Refused(Kind.LINE, f"{service} did not answer in time while {doing}.", _RESUME)
    reason = _root_words(error)
    return Refused(Kind.LINE, f"The line to {service} broke while {doing}{reason}.", _RESUME)


def garbled(service: str, doing: str) -> Refused:
    return Refused(Kind.GARBLED, f"{service} gave an answer that cannot be read while {doing}.", _RESUME)


def refusal(service: str, doing: str, error: openai.APIStatusError, key: str) -> Refused:
    """What a status other than 2xx means. key: taken out of the service's words, should it repeat it."""
    status, code = error.status_code, str(error.code or "")
    kind = _kind_of(status, code)
    said = _said(error, key)
    wait = retry_after(error.response.headers)
    message, hint = _sentence(kind, service, doing, wait)
    if kind is Kind.ELSEWHERE:
        said = ""
    return Refused(kind, f"{message}{said}.", hint, status=status, code=code, retry_after=wait)


def _kind_of(status: int, code: str) -> Kind:
    if status < 400:
        return Kind.ELSEWHERE
    if status == 401:
        return Kind.KEY
    if status == 403:
        return Kind.CLOSED if code == "training_not_available" else Kind.FORBIDDEN
    if status in (404, 410):
        return Kind.MISSING
    if status == 429:
        return Kind.QUOTA if code in _NO_MONEY else Kind.BUSY
    return Kind.BUSY if status in (408, 409, 423, 425) or status >= 500 else Kind.REFUSED


def _sentence(kind: Kind, service: str, doing: str, wait: float | None) -> tuple[str, str]:
    """What happened, without a full stop, and what to do."""
    match kind:
        case Kind.ELSEWHERE:
            return (
                f"{service} points to another address while {doing}; nothing is sent there",
                "Correct the account's address in Settings, Services.",
            )
        case Kind.KEY:
            return (
                f"{service} does not take the key while {doing}",
                "Give a valid key in Settings, Services, and resume the run.",
            )
        case Kind.CLOSED:
            return (
                f"{service} takes no training from this customer any more",
                "Choose another service. What was sent is still there; it can be deleted on the run's page.",
            )
        case Kind.FORBIDDEN:
            return (
                f"{service} forbids it while {doing}",
                "Check what the key may do at the service, and resume the run.",
            )
        case Kind.MISSING:
            return f"{service} knows no such thing while {doing}", "Check the address and the model's name."
        case Kind.QUOTA:
            return (
                f"{service} says that the limit or the credit is used up while {doing}",
                "Raise it at the service, or wait until it is renewed, and resume the run.",
            )
        case Kind.BUSY:
            asked = f" and asks to wait {duration(wait)}" if wait else ""
            return f"{service} is busy or out of order while {doing}{asked}", _RESUME
        case _:
            return (
                f"{service} refuses the request while {doing}",
                "Change what it objects to, and start a new run.",
            )


def _said(error: openai.APIStatusError, key: str) -> str:
    """The service's own words, its code and the number of the request, as a clause."""
    body = error.body
    given = body.get("message") if isinstance(body, Mapping) else None
    words = redact(" ".join(str(given or error.message).split()), (key,))
    if len(words) > LONGEST_WORDS:
        words = words[:LONGEST_WORDS] + "…"
    names = [f"HTTP {error.status_code}"]
    names += [f"code {error.code}"] if error.code else []
    names += [f"request {error.request_id}"] if error.request_id else []
    return f": {words.rstrip('.')} ({', '.join(names)})"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, given as a number or a date; None: nothing that can be read, or the past."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return seconds if 0 < seconds < 1e12 else None


def duration(seconds: float) -> str:
    """Like "40 seconds", "5 minutes", "3 hours", "12 days"."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count:,} {name}{'s' if count != 1 else ''}"
    count = max(1, round(seconds))
    return f"{count} second{'s' if count != 1 else ''}"


def _root_words(error: BaseException) -> str:
    """The system's words at the bottom of a chain of errors, such as "Connection refused"."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    words = " ".join(str(error.strerror if isinstance(error, OSError) and error.strerror else error).split())
    return f" ({words[:LONGEST_WORDS].rstrip('.')})" if words else ""
