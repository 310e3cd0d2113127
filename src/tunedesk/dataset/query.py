"""What is looked for in rows: a text or a pattern, where, and in whose turns; knows no window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tunedesk.dataset.example import Example, Message
from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.errors import UserError

if TYPE_CHECKING:
    import regex

TIMEOUT = 0.5
"""Seconds that a pattern may take in one text. Some patterns need longer than a life for thirty letters."""


class Query(msgspec.Struct, frozen=True):
    """where: "texts" is every string but keys and roles, "turns" only what is said in turns.

    roles: only inside turns of these roles, in the words of `Example`; () is anywhere.
    keys: only under these top-level keys; () is all.
    """

    text: str
    regex: bool = False
    case: bool = False
    whole_word: bool = False
    where: Literal["texts", "turns"] = "texts"
    roles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowText:
    """A string of a row. role: of the turn it stands in, "" outside of turns."""

    pointer: str
    role: str
    text: str


class Matcher:
    """A compiled query. Its methods raise TimeoutError when a text takes longer than TIMEOUT seconds."""

    def __init__(self, query: Query) -> None:
        """UserError with the place for a pattern that is none."""
        self._query = query
        self.pattern = _compiled(query)
        plain = query.text if not query.regex and query.text.isascii() else ""
        self._hint = (plain if query.case else plain.lower()).encode()

    def matches(self, text: str) -> Iterator[regex.Match[str]]:
        """Every place in a text, from the left, none inside another."""
        return self.pattern.finditer(text, timeout=TIMEOUT)

    def is_in(self, text: str) -> bool:
        return self.pattern.search(text, timeout=TIMEOUT) is not None

    def may_be_in(self, raw: bytes) -> bool:
        """False when a row cannot hold it. Needs no parsing, so most rows are done with at once."""
        if not self._hint or b"\\" in raw:
            return True
        if self._query.case:
            return self._hint in raw
        # The Kelvin sign is a "k" and the long s an "s" when case does not count.
        return not raw.isascii() or self._hint in raw.lower()


def compile_query(query: Query) -> Matcher:
    """UserError that names the place (character, from 1) for a regular expression that is none."""
    return Matcher(query)


def texts_of(value: Any, example: Example, query: Query) -> Iterator[RowText]:
    """The strings of a row that the query looks at, in the order in which they stand there."""
    roles, hidden = _roles(example)
    said = _said(example) if query.where == "turns" else None
    for pointer, key, text in _strings(value, query.keys):
        if pointer in hidden or key == "role" or (said is not None and pointer not in said):
            continue
        role = _role_at(pointer, roles)
        if not query.roles or role in query.roles:
            yield RowText(pointer, role, text)


def all_turns(example: Example) -> tuple[Message, ...]:
    """The conversation's turns, then those of the two answers of a preference."""
    return (*example.messages, *example.chosen, *example.rejected)


def text_pointers(message: Message) -> tuple[str, ...]:
    """The places of the strings that a turn says."""
    if message.parts:
        return tuple(part.pointer for part in message.parts if part.text is not None)
    return (message.text_pointer,) if message.text_pointer else ()


def _compiled(query: Query) -> regex.Pattern[str]:
    import regex  # slow, and not needed to open the window

    flags = regex.VERSION0 if query.case else regex.VERSION0 | regex.IGNORECASE | regex.FULLCASE
    source = query.text if query.regex else regex.escape(query.text, literal_spaces=True)
    try:
        pattern = regex.compile(source, flags)
        if query.whole_word:
            pattern = regex.compile(rf"(?<!\w)(?:{source})(?!\w)", flags)
    except regex.error as error:
        place = "" if error.pos is None else f" at character {error.pos + 1}"
        message = f"{query.text!r} is not a regular expression: {error.msg}{place}."
        raise UserError(message, hint="Mend it, or switch regular expressions off.") from error
    except (RecursionError, OverflowError) as error:
        message = "The regular expression is too big or nested too deeply."
        raise UserError(message, hint="Make it shorter.") from error
    return pattern


def _roles(example: Example) -> tuple[dict[str, str], set[str]]:
    """The role at each pointer of a turn, and the pointers of the role names themselves."""
    roles: dict[str, str] = {}
    hidden = set()
    for message in all_turns(example):
        for pointer in (message.pointer, *text_pointers(message)):
            roles[pointer] = message.role
        if message.role_pointer:
            hidden.add(message.role_pointer)
    return roles, hidden


def _said(example: Example) -> set[str]:
    return {pointer for message in all_turns(example) for pointer in text_pointers(message)}


def _role_at(pointer: str, roles: dict[str, str]) -> str:
    while pointer:
        if pointer in roles:
            return roles[pointer]
        pointer = pointer.rpartition("/")[0]
    return ""


def _strings(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Pointer, last key ("" in a list) and text of every string, without recursion: rows may be deep."""
    waiting: list[tuple[str, str, Any]] = [("", "", value)]
    while waiting:
        pointer, key, part = waiting.pop()
        if isinstance(part, str):
            yield pointer, key, part
        elif isinstance(part, list):
            last = len(part) - 1
            waiting.extend((f"{pointer}/{last - at}", "", item) for at, item in enumerate(reversed(part)))
        elif isinstance(part, dict):
            names = [name for name in part if pointer or not keys or name in keys]
            waiting.extend((pointer + pointer_to(name), name, part[name]) for name in reversed(names))
