"""Finds in many lines at once the few bytes that a rule about texts may object to, by comparing whole
stretches of memory; says which rows need a closer look. Calling a clean row suspicious only costs time.

It brings numpy, so it is imported when there are many rows, not with the window.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_EDGE = 32  # bytes of nothing before and behind the rows, so that neighbours can be looked at
# What makes a byte suspicious, as (byte, ((distance, bytes that may stand there), ...)); all conditions
# together.
_Conditions = tuple[tuple[int, bytes], ...]
_Sign = tuple[int, _Conditions]
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in _DIGITS)
_HEX = _DIGITS + b"abcdefABCDEF"
_SIGNS: tuple[_Sign, ...] = (
    (0x7F, ()),
    (ord("`"), ((1, b"`"), (2, b"`"))),
    (ord("#"), ((1, b"#"), (2, b"#"))),
    (ord("<"), ((1, b"|/<st"),)),
    # Secrets, by their prefix.
    (ord("A"), ((1, b"K"), (2, b"I"), (3, b"A"))),
    (ord("A"), ((1, b"S"), (2, b"I"), (3, b"A"))),
    (ord("A"), ((1, b"I"), (2, b"z"), (3, b"a"))),
    (ord("J"), ((-1, b"y"), (-2, b"e"))),
    (ord("I"), ((-1, b"y"), (-2, b"e"))),
    (ord("-"), ((-1, b"k"), (-2, b"s"))),
    (ord("-"), ((-2, b"x"), (-3, b"o"), (-4, b"x"))),
    (ord("-"), ((-1, b"t"), (-2, b"a"), (-3, b"p"))),
    (ord("-"), ((-1, b"i"), (-2, b"p"), (-3, b"y"))),
    (ord("-"), ((1, b"-"), (2, b"-"), (3, b"-"), (4, b"-"))),
    (ord("_"), ((-2, b"h"), (-3, b"g"))),
    (ord("_"), ((-1, b"f"), (-2, b"h"))),
    (ord("_"), ((-1, b"t"), (-2, b"a"), (-3, b"p"))),
    (ord("_"), ((-1, b"m"), (-2, b"p"), (-3, b"n"))),
    (ord("_"), ((-1, b"k"), (-2, b"rs"))),
    # What older formats put before a turn.
    (ord("H"), ((1, b"u"), (2, b"m"), (3, b"a"), (4, b"n"), (5, b":"))),
    (ord("A"), ((1, b"s"), (2, b"s"), (3, b"i"), (4, b"s"), (9, b":"))),
    (ord("A"), ((1, b"S"), (2, b"S"), (3, b"I"), (4, b"S"), (9, b":"))),
    (ord("U"), ((1, b"S"), (2, b"E"), (3, b"R"), (4, b":"))),
    # Addresses and phone numbers.
    (ord("@"), ((-1, _LETTERS + _DIGITS + b"._%+-"), (1, _LETTERS + _DIGITS))),
    (ord("+"), ((1, _DIGITS),)),
    *((ord(first), ((1, _HEX), (2, _HEX), (3, _HEX), (4, b":"))) for first in "23"),
    # Numbers of people that have fewer digits than others.
    (ord("-"), ((-1, _DIGITS), (-2, _DIGITS), (-3, _DIGITS), (-4, _NO_DIGITS), (1, _DIGITS), (3, b"-"))),
    (ord("N"), ((-1, b"D"), (1, b"I"))),
    (ord("N"), ((1, b"I"), (2, b"F"))),
)
_NUMBER = 10  # digits; a card, an account or a person's number has at least so many
_NUMBER_SPAN = 26  # bytes in which they stand, with blanks and hyphens


class Screened(NamedTuple):
    """One entry a row. suspicious: needs the rules. blanks: 0 nothing but single blanks, else the sum of 1
    line feeds
    or tabs among them, 2 two line feeds in a row, 4 any other row of them. quotes: double quotes that are
    not escaped."""

    suspicious: list[bool]
    blanks: list[int]
    quotes: list[int]


def screen(rows: Sequence[bytes], literals: Iterable[str]) -> Screened:
    """literals: control tokens that no text may hold."""
    buffer = b"%b%b%b" % (bytes(_EDGE), b"\n".join(rows), bytes(_EDGE))
    memory = np.frombuffer(buffer, np.uint8)
    ends = np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)) + 1) + _EDGE
    table, by_byte = _plan(tuple(sorted(set(literals))))
    places = np.flatnonzero(np.frombuffer(buffer.translate(table), np.bool_))
    values = memory[places]
    # Sorted by byte, so that all places of one byte lie together.
    by_value = places[np.argsort(values, kind="stable")]
    bounds = [0, *np.cumsum(np.bincount(values, minlength=256)).tolist()]
    digits = np.sort(by_value[bounds[ord("0")] : bounds[ord("9") + 1]])
    bad = [*_numbers(memory, digits), *_dotted(memory, digits)]
    for byte, signs in by_byte:
        if bounds[byte] == bounds[byte + 1]:
            continue
        found = by_value[bounds[byte] : bounds[byte + 1]]
        for conditions in signs:
            where = found
            for distance, allowed in conditions:
                if not len(where):
                    break
                where = where[_is_one_of(memory[where + distance], allowed)]
            bad.append(where)
    slashes = by_value[bounds[ord("\\")] : bounds[ord("\\") + 1]]
    quotes = np.flatnonzero(memory == ord('"'))  # there are so many that they are kept out of the table
    escaped = memory[slashes + 1]
    bad.append(slashes[~_is_one_of(escaped, b'n"t')])
    blanks = memory == ord(" ")
    double = np.flatnonzero(blanks[:-1] & blanks[1:])
    is_quote = escaped == ord('"')
    breaks = slashes[~is_quote]
    follows = memory[breaks + 2]
    pairs = (follows == ord("\\")) & (memory[breaks + 3] != ord('"'))
    triples = pairs & (memory[breaks + 4] == ord("\\")) & (memory[breaks + 5] != ord('"'))
    feeds = (memory[breaks + 1] == ord("n")) & (memory[breaks + 3] == ord("n"))
    ragged = (follows == ord(" ")) | (memory[breaks - 1] == ord(" ")) | triples | (pairs & ~feeds)
    counted = np.searchsorted(quotes, ends) - np.searchsorted(slashes[is_quote], ends)
    size = len(rows)
    return Screened(
        _rows_of(np.concatenate(bad), ends, size).tolist(),
        (
            _rows_of(breaks, ends, size).astype(np.int8)
            + 2 * _rows_of(breaks[pairs], ends, size).astype(np.int8)
            + 4 * _rows_of(np.concatenate([breaks[ragged], double]), ends, size).astype(np.int8)
        ).tolist(),
        np.diff(counted, prepend=0).tolist(),
    )


@lru_cache(maxsize=16)
def _plan(literals: tuple[str, ...]) -> tuple[bytes, list[tuple[int, list[_Conditions]]]]:
    """(a table that makes a byte to look at 1 and every other one 0, the signs of each byte)."""
    found: dict[int, list[_Conditions]] = {}
    for byte, conditions in (*_SIGNS, *_beginnings(literals)):
        found.setdefault(byte, []).append(conditions)
    kept = {*found, *_DIGITS, ord("\\")}
    return bytes(byte in kept for byte in range(256)), list(found.items())


def _beginnings(literals: Iterable[str]) -> list[_Sign]:
    """What the control tokens begin with: few signs to look for, not hundreds."""
    pairs = {(raw[0], raw[1:2]) for raw in (literal.encode() for literal in literals) if raw}
    return [(first, ((1, second),) if second else ()) for first, second in sorted(pairs)]


def _is_one_of(found: Bytes, allowed: bytes) -> Mask:
    if len(allowed) <= 3:
        mask = found == allowed[0]
        for byte in allowed[1:]:
            mask |= found == byte
        return mask
    table = np.zeros(256, np.bool_)
    table[list(allowed)] = True
    return table[found]


def _numbers(memory: Bytes, digits: Places) -> tuple[Places, Places]:
    """Where many digits stand close together, and where letters and digits look like a bank account."""
    first, second = memory[digits - 1], memory[digits - 2]
    account = ((first - np.uint8(65)) < 26) & ((second - np.uint8(65)) < 26)
    account &= (memory[digits + 1] - np.uint8(48)) < 10
    if len(digits) < _NUMBER:
        return digits[:0], digits[account]
    close = digits[_NUMBER - 1 :] - digits[: 1 - _NUMBER] <= _NUMBER_SPAN
    return digits[: len(close)][close], digits[account]


def _dotted(memory: Bytes, digits: Places) -> Iterator[Places]:
    """Where dots stand between digits as in an address: 1.2.3"""
    dots = digits[memory[digits + 1] == ord(".")] + 1
    dots = dots[(memory[dots + 1] - np.uint8(48)) < 10]
    for after in (2, 3, 4):
        yield dots[memory[dots + after] == ord(".")]


def _rows_of(places: Places, ends: Places, size: int) -> Mask:
    flags = np.zeros(size + 1, np.bool_)
    flags[np.searchsorted(ends, places, "right")] = True
    return flags[:size]
