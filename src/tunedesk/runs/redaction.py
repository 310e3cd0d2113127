"""Takes keys out of what is logged and told: those that are known, and whatever has the form of one."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from types import TracebackType

MASK = "[key]"
SHORTEST = 6
"""Characters; a shorter secret would take harmless words with it."""
_TALKATIVE = ("openai", "httpx2", "httpcore2", "azure", "msal", "keyring", "urllib3")
"""Loggers of libraries that write requests, and with them rows, when they are asked for everything."""
# Each keeps what stands before the key, so that a log still says what it was.
_FORMS = re.compile(
    r"(?P<header>\b(?:authorization|api[-_]key|ocp-apim-subscription-key|x-api-key)['\"]?\s*[:=]\s*['\"]?"
    r"(?:(?:bearer|basic)\s+)?)[^\s'\",;&]+"
    r"|(?P<bearer>\bbearer\s+)[^\s'\",;]+"
    r"|(?P<parameter>[?&](?:sig|key|api[-_]key|token|access_token|code)=)[^\s&'\"]+"
    r"|(?P<user>://)[^\s/@]+@"
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}"
    r"|\b(?:sk|rk|td|hf|xai|gsk|nvapi)[-_][A-Za-z0-9_-]{8,}",
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with every secret, and everything in the form of a key, replaced by [key]."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return _FORMS.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    kept = match["header"] or match["bearer"] or match["parameter"]
    if match["user"]:
        return f"{match['user']}{MASK}@"
    return f"{kept or ''}{MASK}"


def shown_key(key: str) -> str:
    """A key as a person may see it: its last four characters."""
    return f"…{key[-4:]}" if len(key) >= 12 else "…" if key else ""


class RedactingFilter(logging.Filter):
    """Takes keys out of records, their arguments and their tracebacks. For handlers: a filter of a logger
    does not see what other loggers pass up to it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = set(secrets)

    def learn(self, secret: str) -> None:
        """Take this one out too from now on."""
        if secret:
            self._secrets = {*self._secrets, secret}

    def clean(self, text: str) -> str:
        return redact(text, self._secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # wrong arguments, which logging tells by itself
            message = f"{record.msg} {record.args}"
        record.msg, record.args = self.clean(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)
        return True


def install(
    secrets: Iterable[str] = (), logger: logging.Logger | None = None, *, tracebacks: bool = True
) -> RedactingFilter:
    """Redact all that the handlers of a logger (the root's by default) write.

    Call it after the handlers are there. Libraries that log requests are kept at warnings. tracebacks: those
    of this process too; a window that has hooks of its own says False, and cleans what they write. Returns
    the filter, which can learn a key that comes later.
    """
    found = RedactingFilter(secrets)
    for handler in (logger or logging.getLogger()).handlers:
        handler.addFilter(found)
    for name in _TALKATIVE:
        talkative = logging.getLogger(name)
        talkative.setLevel(max(talkative.level, logging.WARNING))
    if tracebacks:
        _redact_tracebacks(found)
    return found


def _redact_tracebacks(found: RedactingFilter) -> None:
    def tell(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt) and sys.stderr is not None:
            text = "".join(traceback.format_exception(kind, error, trace))
            print(found.clean(text), end="", file=sys.stderr, flush=True)

    def tell_of_thread(given: threading.ExceptHookArgs) -> None:
        if not issubclass(given.exc_type, SystemExit):
            tell(given.exc_type, given.exc_value, given.exc_traceback)

    sys.excepthook = tell
    threading.excepthook = tell_of_thread
