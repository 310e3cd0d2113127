"""Finding text in rows as people read it: without JSON's escapes, and not in keys or role names."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.errors import UserError

Matches = Callable[[str], object]


def find_rows(
    snapshot: Snapshot,
    text: str,
    *,
    regex: bool = False,
    case: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """The ids of the rows that hold `text`, in order, as they are found.

    All texts of a row are searched except its keys and the roles of its turns; of a line that is not
    JSON, the line itself. An empty text is in every row. UserError for a regular expression that is none.
    """
    matches = _matcher(text, regex, case)
    hint = text.encode() if case and not regex and text.isascii() else b""
    for row, raw in snapshot.rows():
        if cancelled():
            return
        # Without a backslash the line says what it means, so most rows need not be parsed.
        if hint and hint not in raw and b"\\" not in raw:
            continue
        if not text or _row_matches(raw, matches):
            yield row


def _matcher(text: str, regex: bool, case: bool) -> Matches:
    if regex:
        try:
            return re.compile(text, 0 if case else re.IGNORECASE).search
        except re.error as error:
            message = f"{text!r} is not a regular expression: {error}."
            raise UserError(message, hint="Mend it, or switch regular expressions off.") from error
    if case:
        return lambda there: text in there
    folded = text.casefold()
    return lambda there: folded in there.casefold()


def _row_matches(raw: bytes, matches: Matches) -> bool:
    value = parse_row(raw).value
    if value is None:
        return bool(matches(raw.decode("utf-8", "replace")))
    return any(matches(found) for found in _texts(value))


def _texts(value: dict[str, Any]) -> Iterator[str]:
    """Every string in a row but keys and roles."""
    waiting: list[Any] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(item for key, item in part.items() if key != "role" or not isinstance(item, str))
