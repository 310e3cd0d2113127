"""How much work one rendering may do: steps and string sizes are counted, so a hostile template ends with an
error.

Python's sandbox keeps a template from reaching the interpreter, not from looping for an hour or asking for 10
GB. Counting instead of timing keeps the outcome the same on a slow computer.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError

BASE_STEPS = 200_000  # loop rounds, calls and filters; real templates of 2025 need under 100 for each message
STEPS_PER_MESSAGE = 1_000
MAX_CHARACTERS = 64_000_000  # of one string inside the template
MAX_COUNT = 1_000_000  # the largest number that a width, an indent or a batch size may be
CHARACTERS_PER_STEP = 1_000
_FILLING_FILTERS = frozenset({"batch", "center", "indent", "slice", "wordwrap"})
_WIDE_FORMAT = re.compile(r"\d{6,}")


class Budget:
    """The work that one rendering has left. One thread only."""

    __slots__ = ("left",)

    def __init__(self, messages: int = 0, characters: int = 0) -> None:
        self.left = BASE_STEPS + STEPS_PER_MESSAGE * messages + characters // 10

    def spend(self, steps: int) -> None:
        """SecurityError when the work is used up."""
        self.left -= steps
        if self.left < 0:
            raise SecurityError("the template loops too much; it was stopped")


_current: ContextVar[Budget | None] = ContextVar("render_budget", default=None)


def with_budget(budget: Budget, work: Callable[[], str]) -> str:
    """Run `work` on this thread under `budget`."""
    token = _current.set(budget)
    try:
        return work()
    finally:
        _current.reset(token)


def spend(steps: int) -> None:
    budget = _current.get()
    if budget is not None:
        budget.spend(steps)


def metered_rounds(items: Iterable[Any]) -> Iterator[Any]:
    """The items of a `for`, one step each. A generator on purpose: jinja then counts `loop.length` itself."""
    for item in items:
        spend(1)
        yield item


def checked_size(value: Any) -> Any:
    """Pass a value on; a string costs steps by its length and has a largest size."""
    if isinstance(value, str):
        _charge_characters(len(value))
    return value


def checked_range(*bounds: int) -> range:
    """`range`, where every number costs a step before the first one is made."""
    numbers = range(*bounds)
    spend(len(numbers) + 1)
    return numbers


def check_product(left: Any, right: Any) -> None:
    """Before `left * right`: repetition of text or lists may not exceed the largest size."""
    for repeated, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(repeated, (str, list, tuple)):
            _charge_characters(len(repeated) * max(times, 0))


def check_power(left: Any, right: Any) -> None:
    """Before `left ** right`: no number with more than some hundred thousand digits."""
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * max(right, 1) > MAX_COUNT:
        raise SecurityError("the template computes a number that is too large")


def charge(arguments: Iterable[Any]) -> None:
    """Before a call or filter: one step, and more for long text and long lists."""
    spend(1)
    for argument in arguments:
        if isinstance(argument, str):
            _charge_characters(len(argument))
        elif isinstance(argument, (list, tuple, dict)):
            spend(len(argument) // 10)


def check_counts(arguments: Iterable[Any]) -> None:
    """Before something that fills up to a width: no gigantic numbers."""
    for argument in arguments:
        if isinstance(argument, int) and abs(argument) > MAX_COUNT:
            raise SecurityError(f"the template uses the number {argument} where it could fill the memory")


def check_format(text: Any) -> None:
    """Before `%` or `.format`: a field width of six digits or more is refused."""
    if isinstance(text, str) and _WIDE_FORMAT.search(text) is not None:
        raise SecurityError("the template formats a field that is too wide")


def metered_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A jinja filter that pays for its work; `wraps` keeps jinja's marks on the function."""

    @functools.wraps(function)
    def paid(*arguments: Any, **named: Any) -> Any:
        everything = (*arguments, *named.values())
        charge(everything)
        if name in _FILLING_FILTERS:
            check_counts(everything)
        if name == "format":
            check_format(arguments[0])
        return checked_size(function(*arguments, **named))

    return paid


def _charge_characters(count: int) -> None:
    if count > MAX_CHARACTERS:
        raise SecurityError("the template makes a text that is too long")
    spend(count // CHARACTERS_PER_STEP)
