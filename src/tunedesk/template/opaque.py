"""A text that a template may place but not look at, so that one rendering holds for every text in its place.

A chat template that only puts the turns' texts between its own signs makes of each conversation of the same
shape (the same roles in the same order) the same frame. The frame is found by rendering the shape with
`Opaque` texts. Whatever a template does with a text is either carried along (joining, stripping), answered
under a condition that each row is checked for (`'</think>' in content`), or ends with `LookedAt`: then there
is no frame, and each row is rendered by the template itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from tunedesk.template.sandbox import ROUNDS, SIZED

# A mark is four characters of the private use area: open, which text, what was done with it, close.
_OPEN, _CLOSE = "\ue0f3", "\ue0f4"
_TEXT, _DEED = 0xE100, 0xE500
MOST = 0x300
"""Texts of one frame, and different deeds on them."""
MARK = re.compile(f"{_OPEN}(.)(.){_CLOSE}", re.DOTALL)

Deed = tuple[tuple[str, tuple[str, ...]], ...]
"""Methods that are called on a text one after the other, with their arguments."""


class LookedAt(Exception):
    """The template's outcome depends on a text in a way that is not followed."""


@dataclass
class Conditions:
    """Under which rows the frame holds. absent: strings that the n-th text must not hold; filled: texts that
    must not be empty after a deed. deeds: by number, 0 is to leave the text as it is.
    """

    deeds: list[Deed] = field(default_factory=lambda: [()])
    absent: set[tuple[int, str]] = field(default_factory=set)
    filled: set[tuple[int, int]] = field(default_factory=set)

    def number_of(self, deed: Deed) -> int:
        if deed not in self.deeds:
            if len(self.deeds) >= MOST:
                raise LookedAt
            self.deeds.append(deed)
        return self.deeds.index(deed)


current: ContextVar[Conditions] = ContextVar("frame_conditions")
"""What the rendering that runs on this thread finds out."""


def mark(text: int, deed: int = 0) -> str:
    return f"{_OPEN}{chr(_TEXT + text)}{chr(_DEED + deed)}{_CLOSE}"


def read_mark(found: re.Match[str]) -> tuple[int, int]:
    """Which text, and the number of what was done with it."""
    return ord(found.group(1)) - _TEXT, ord(found.group(2)) - _DEED


def holds_marks(value: object) -> bool:
    return isinstance(value, str) and _OPEN in str(value)


def apply(deed: Deed, text: str) -> str:
    for name, arguments in deed:
        text = getattr(text, name)(*arguments)
    return text


def _looked_at(*_: Any, **__: Any) -> Any:
    raise LookedAt


class Opaque(str):
    """A text made of marks and the template's own signs."""

    def __add__(self, other: str) -> Opaque:
        return Opaque(str(self) + str(other))

    def __radd__(self, other: str) -> Opaque:
        return Opaque(str(other) + str(self))

    def __bool__(self) -> bool:
        bare = MARK.fullmatch(str(self))
        if bare:
            current.get().filled.add(read_mark(bare))
        elif not MARK.sub("", str(self)):
            raise LookedAt
        return True

    def __contains__(self, needle: object) -> bool:
        return self._would_hold(needle)

    def startswith(self, needle: Any, *more: Any) -> bool:
        return self._would_hold(needle) if not more else _looked_at()

    def endswith(self, needle: Any, *more: Any) -> bool:
        return self._would_hold(needle) if not more else _looked_at()

    def strip(self, characters: str | None = None, /) -> str:
        return self._done("strip", characters)

    def lstrip(self, characters: str | None = None, /) -> str:
        return self._done("lstrip", characters)

    def rstrip(self, characters: str | None = None, /) -> str:
        return self._done("rstrip", characters)

    def _would_hold(self, needle: object) -> bool:
        """False: rows whose text holds the string are rendered by the template itself."""
        bare = MARK.fullmatch(str(self))
        if not bare or not isinstance(needle, str) or not needle or holds_marks(needle):
            raise LookedAt
        current.get().absent.add((read_mark(bare)[0], str(needle)))
        return False

    def _done(self, name: str, characters: str | None) -> Opaque:
        bare = MARK.fullmatch(str(self))
        if not bare or not (characters is None or type(characters) is str) or holds_marks(characters):
            raise LookedAt
        text, deed = read_mark(bare)
        arguments = () if characters is None else (str(characters),)
        conditions = current.get()
        whole = (*conditions.deeds[deed], (name, arguments))
        return Opaque(mark(text, conditions.number_of(whole)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return not self if not str(other) else bool(_looked_at())
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __lt__ = __le__ = __gt__ = __ge__ = _looked_at
    __hash__ = _looked_at
    __iter__ = __getitem__ = __mod__ = __rmod__ = __mul__ = __rmul__ = __format__ = _looked_at


FOLLOWED = frozenset({"startswith", "endswith", "strip", "lstrip", "rstrip"})
"""Methods that a template may call on a text."""
_PASSING = frozenset({"default", "d", "string", ROUNDS, SIZED})
"""Filters that pass a text on without looking at it."""
_OF_TURNS = frozenset({"list", "first", "last", "length", "count", "selectattr", "rejectattr"})
"""Filters that look at the list of turns."""
_TYPE_TESTS = frozenset(
    {
        "defined",
        "undefined",
        "none",
        "string",
        "mapping",
        "boolean",
        "true",
        "false",
        "number",
        "integer",
        "float",
    }
)


def watched_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that does not look at opaque texts; `trim` is followed. `wraps` keeps jinja's marks on it."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0  # jinja's own context stands first

    @functools.wraps(function)
    def watched(*arguments: Any, **named: Any) -> Any:
        if name == "trim" and len(arguments) == 1 and not named and isinstance(arguments[0], Opaque):
            return arguments[0].strip()
        values = (*arguments[skipped:], *named.values())
        if name in _OF_TURNS:
            refuse_marks([value for value in values if isinstance(value, str)])
        elif name not in _PASSING:
            refuse_marks(values)
        return function(*arguments, **named)

    return watched


def watched_test(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A test (`is string`) that asks for nothing but the kind of an opaque text."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def watched(*arguments: Any, **named: Any) -> Any:
        if name not in _TYPE_TESTS:
            refuse_marks((*arguments[skipped:], *named.values()))
        return function(*arguments, **named)

    return watched


def refuse_marks(values: Sequence[Any], depth: int = 0) -> None:
    """LookedAt when one of the values is or holds an opaque text, or cannot be looked through."""
    for value in values:
        if isinstance(value, str):
            if _OPEN in str(value):
                raise LookedAt
        elif value is None or isinstance(value, (int, float)):
            continue
        elif isinstance(value, (list, tuple)) and depth < 8:
            refuse_marks(value, depth + 1)
        elif isinstance(value, dict) and depth < 8:
            refuse_marks(tuple(value.values()), depth + 1)
        elif type(value).__name__ != "Undefined":
            raise LookedAt
