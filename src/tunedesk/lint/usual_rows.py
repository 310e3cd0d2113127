"""Reads rows in the usual shape quickly: nothing but roles and texts, in the usual order, without a sign
that any rule looks for. Says what is kept of them for comparing; everything else is left to the rules.

Saying "not usual" is always allowed and only costs time; a test holds this file equal to the rules.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.columns import Batch, Kind
from tunedesk.lint.counters import ClassCounter
from tunedesk.lint.row_facts import LONGEST_LABEL, PROSE, read_answer, role_code, usual_hash, usual_texts
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rules.refusals import is_refusal
from tunedesk.lint.rules.text import GARBLED_CYRILLIC, GARBLED_LATIN
from tunedesk.lint.target_facts import TAKES_ANY_KEY, accepts, token_limit
from tunedesk.lint.targets import Target

LONGEST = 100_000  # bytes; there are limits on what a message may hold
MOST_TURNS = 64
_SCALARS = (str, bool, float)
_decode = msgspec.json.Decoder().decode


class _Turn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: str
    content: str


class _Chat(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The most usual row, read twice as fast as any other."""

    messages: list[_Turn]


_decode_chat = msgspec.json.Decoder(_Chat).decode
_NO_TURNS: tuple[str, ...] = ()
_AFTER = {"system": ("user",), "user": ("assistant",), "assistant": ("user",)}
# What a refusal begins with, when it begins with a letter.
_REFUSAL_STARTS = frozenset(
    variant
    for start in (
        "i'",
        "i\u2019",
        "i ",
        "so",
        "un",
        "as",
        "my",
        "из",
        "к ",
        "пр",
        "я ",
        "抱歉",
        "对不",
        "很抱",
        "对此",
        "lo",
        "je",
        "es",
        "tu",
    )
    for variant in (start, start.upper(), start.capitalize(), start[0] + start[1:].upper())
)


def can_read(target: Target, counters: Sequence[ClassCounter]) -> bool:
    """Whether rows of this target can be read quickly at all: no rendering, no rules that are off for
    others."""
    plain = target.template is None and not target.pedantic and not target.select and target.mapping is None
    return plain and target.is_supervised and all(counter.by_shape for counter in counters)


class _Shape:
    """Keys of a row and the roles of its turns. quotes: how many the line has when no key stands twice."""

    __slots__ = ("asked", "begin", "code", "is_good", "keys", "kind", "pointer", "quotes")

    def __init__(self, value: dict[str, Any], roles: tuple[str, ...], target: Target) -> None:
        self.keys = tuple(key for key in value if key not in ("messages", "prompt", "completion"))
        pair = "prompt" in value
        self.code = "prompt" if pair else role_code(roles)
        self.asked = (role_code(("user",)) if pair else role_code(roles[:-1])).encode() + b"\0"
        self.pointer = "/completion" if pair else f"/messages/{len(roles) - 1}/content"
        self.quotes = 2 * len(value) + (4 if pair else 8 * len(roles))
        self.begin = self.code.encode() + b"\0"
        self.is_good = self._is_good(value, roles, target)
        self.kind: Kind | None = None

    def _is_good(self, value: dict[str, Any], roles: tuple[str, ...], target: Target) -> bool:
        wanted = RowFormat.PROMPT_COMPLETION if "prompt" in value else RowFormat.CHAT
        if detect_format(value) is not wanted or not accepts(target, wanted):
            return False
        if self.keys and (target.name not in TAKES_ANY_KEY or {"tools", "functions"} & set(self.keys)):
            return False
        if wanted is RowFormat.PROMPT_COMPLETION:
            return len(value) == len(self.keys) + 2
        return _take_turns(roles) and len(value) == len(self.keys) + 1


def _take_turns(roles: tuple[str, ...]) -> bool:
    if not 2 <= len(roles) <= MOST_TURNS or roles[0] not in ("system", "user") or roles[-1] != "assistant":
        return False
    return all(after in _AFTER.get(role, ()) for role, after in pairwise(roles))


class UsualRows:
    """For one target; what was learned of one shape holds for all later rows. Not shared between threads."""

    def __init__(self, target: Target, counters: Sequence[ClassCounter]) -> None:
        self._target = target
        self._counters = counters
        self._shapes: dict[Hashable, _Shape] = {}

    def read_into(self, batch: Batch) -> Callable[[int, bytes, int, int], bool]:
        """A function (row, line, blanks, quotes) that adds a usual row to the batch; False when it is
        none."""
        add, signatures = batch.waiting.append, batch.signatures
        prose = signatures.number(PROSE)
        shapes, hashed = self._shapes, xxh3_64_intdigest
        longest = min(LONGEST, token_limit(self._target) or LONGEST)  # a token has a byte at least
        kinds: dict[_Shape, int] = {}  # of this batch

        def read(row: int, raw: bytes, blanks: int, quotes: int) -> bool:
            value: dict[str, Any] | None = None
            try:
                turns = _decode_chat(raw).messages
                roles, texts = tuple([turn.role for turn in turns]), [turn.content for turn in turns]
                known: Hashable = roles
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                value = _read_other(raw)
                if value is None:
                    return False
                roles, texts = _turns_of(value)
                known = (roles, *value, *map(type, value.values()))  # a shape has its types
            shape = shapes.get(known)
            if shape is None:
                shape = shapes[known] = _Shape(
                    value if value is not None else _decode(raw), roles, self._target
                )
            if not shape.is_good or len(raw) > longest:
                return False
            joined = "\0".join(texts)
            rest: dict[str, Any] = {}
            if shape.keys and value is not None:
                rest = {key: value[key] for key in shape.keys}
                quotes -= _quotes_of(rest)
            if quotes != shape.quotes:
                return False
            stripped = list(map(str.strip, texts))
            if not all(stripped):
                return False
            whole = joined.encode()
            even = _evened(stripped, blanks) if blanks or stripped != texts else joined
            if joined.isascii():
                low = (whole if even is joined else even.encode()).lower()
            elif _is_clean(raw, even):
                low = even.casefold().encode()
            else:
                return False
            cut = low.rindex(b"\0")
            answer, last = texts[-1], stripped[-1]
            signature = prose
            if "{" in joined or "[" in joined or len(last) <= LONGEST_LABEL:
                if not _are_whole(texts, roles):
                    return False
                look, starts = read_answer(answer)
                signature = signatures.number(look)
                if starts:
                    batch.starts[row] = starts
            if (answer[:2] in _REFUSAL_STARTS or not answer[0].isalpha()) and is_refusal(answer):
                batch.starts.pop(row, None)
                return False
            kind = kinds.get(shape)
            if kind is None:
                kind = kinds[shape] = batch.kinds.number(self._kind_of(shape, raw))
            add(
                (
                    row,
                    usual_hash(shape.code, whole, rest) if rest else hashed(b"%b%b\0" % (shape.begin, whole)),
                    hashed(shape.asked + low[:cut]) or 1,
                    hashed(low[cut + 1 :]) or 1,
                    len(answer),
                    kind,
                    signature,
                )
            )
            return True

        return read

    def _kind_of(self, shape: _Shape, raw: bytes) -> Kind:
        if shape.kind is None:
            view = RowView(ParsedRow(raw, _decode(raw)), self._target)
            shape.kind = Kind(shape.pointer, tuple(counter.key_of(view) for counter in self._counters))
        return shape.kind


def _read_other(raw: bytes) -> dict[str, Any] | None:
    """A row that has other keys too, or is a pair of texts; None for what is not nearly usual."""
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    if type(value) is not dict or usual_texts(value) is None:
        return None
    return value


def _turns_of(value: dict[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    turns = value.get("messages")
    if turns is None:
        return _NO_TURNS, [value["prompt"], value["completion"]]
    return tuple(turn["role"] for turn in turns), [turn["content"] for turn in turns]


def _quotes_of(rest: dict[str, Any]) -> int:
    """Quotes of the values beside the conversation; more than any line has when one of them may interest a
    rule."""
    count = 0
    for item in rest.values():
        kind = type(item)
        if kind is str:
            count += 2
        elif (kind is int and not -(2**62) < item < 2**62) or kind not in (int, bool, float):
            return 10 * LONGEST
    return count


def _is_clean(raw: bytes, even: str) -> bool:
    """Whether no character beyond ASCII needs a look; the others were looked at in the line.

    Line separators at the ends of a text are blanks, which `even` has no more.
    """
    if b"\xe2\x80\xa8" in raw or b"\xe2\x80\xa9" in raw or b"\xc2\x85" in raw:
        return False
    if not even.replace("\0", "").isprintable() or "\ufffd" in even:
        return False
    # Only with these letters can a text look as if it was read in the wrong encoding.
    if ("\u0420" in even or "\u0421" in even) and GARBLED_CYRILLIC.search(even):
        return False
    return b"\xc3" not in raw or GARBLED_LATIN.search(even) is None


def _evened(texts: list[str], blanks: int) -> str:
    """The texts with single blanks between words; only line feeds and tabs can stand there."""
    joined = "\0".join(texts)
    if blanks & 2:
        joined = joined.replace("\n\n", " ")
    if blanks & 1:
        joined = joined.replace("\n", " ").replace("\t", " ")
    if blanks & 4:
        while "  " in joined:
            joined = joined.replace("  ", " ")
    return joined


def _are_whole(texts: Sequence[str], roles: Sequence[str]) -> bool:
    """Whether no answer that begins like JSON is broken."""
    answers = texts[1::2] if not roles or roles[0] == "user" else texts[2::2]
    for text in answers:
        if text.lstrip()[:1] in ("{", "["):
            try:
                msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                return False
    return True
