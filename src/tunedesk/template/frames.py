"""Frames: what a chat template puts around the texts of all conversations of one shape, found once for each
shape; see opaque.py. A frame gives the same text and the same trained ranges as the template itself, some
twenty times faster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import BuiltinMethodType
from typing import Any

from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from tunedesk.template import opaque
from tunedesk.template.opaque import Conditions, Deed, LookedAt, Opaque
from tunedesk.template.sandbox import SIZED, SafeEnvironment

Range = tuple[int, int]
Shape = tuple[tuple[str, bool], ...]
"""Role of each turn, and whether it is trained."""
MOST_SHAPES = 2_000
LONGEST_FRAME = 100_000  # characters; a template that says more by itself is asked each time
MOST_FAILURES = 4  # shapes without a frame, after which a template is not tried any more


@dataclass(frozen=True, slots=True)
class Frame:
    """pieces: the template's own signs, with a text between any two of them: its number and the deed on it.

    ranges: the trained stretches; each end is a piece and a distance from that piece's beginning.
    absent, filled: see Conditions.
    """

    pieces: tuple[str, ...]
    texts: tuple[tuple[int, Deed], ...]
    ranges: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    absent: tuple[tuple[int, str], ...]
    filled: tuple[tuple[int, Deed], ...]

    def fill(self, contents: Sequence[str]) -> tuple[str, list[Range]] | None:
        """The text and its trained ranges; None when the frame does not hold for these texts."""
        for number, needle in self.absent:
            if needle in contents[number]:
                return None
        for number, deed in self.filled:
            if not (opaque.apply(deed, contents[number]) if deed else contents[number]):
                return None
        parts = [self.pieces[0]]
        begins = [0]
        length = len(self.pieces[0])
        for (number, deed), piece in zip(self.texts, self.pieces[1:], strict=True):
            text = opaque.apply(deed, contents[number]) if deed else contents[number]
            length += len(text)
            begins.append(length)
            length += len(piece)
            parts += (text, piece)
        ranges = [
            (begins[first] + ahead, begins[last] + behind) for (first, ahead), (last, behind) in self.ranges
        ]
        return "".join(parts), ranges


class Frames:
    """The frames of one template, made when a shape is seen for the second time. Threads may share it.

    lay_out: renders texts that are Opaque and gives the text with its trained ranges. It may raise anything:
    then the shape has no frame. ends: signs that end a turn; a text that holds one is not put into a frame,
    because where a turn ends is then for the template's own rendering to tell.
    """

    def __init__(
        self, lay_out: Callable[[Shape, list[str]], tuple[str, Sequence[Range]]], ends: frozenset[str]
    ) -> None:
        self._lay_out = lay_out
        self._ends = tuple(ends)
        self._seen: set[Shape] = set()
        self._made: dict[Shape, Frame | None] = {}
        self._failures = 0
        self._lock = threading.Lock()

    def fill(self, shape: Shape, contents: Sequence[str]) -> tuple[str, list[Range]] | None:
        """None when the template itself must be asked."""
        frame = self._made[shape] if shape in self._made else self._look_for(shape)
        if frame is None:
            return None
        for sign in self._ends:
            for text in contents:
                if sign in text:
                    return None
        return frame.fill(contents)

    def _look_for(self, shape: Shape) -> Frame | None:
        if self._failures >= MOST_FAILURES or len(self._seen) >= MOST_SHAPES or len(shape) >= opaque.MOST:
            return None
        with self._lock:
            if shape not in self._seen:
                self._seen.add(shape)
                return None
            if shape not in self._made:
                self._made[shape] = frame = self._find(shape)
                self._failures += frame is None
            return self._made[shape]

    def _find(self, shape: Shape) -> Frame | None:
        conditions = Conditions()
        token = opaque.current.set(conditions)
        try:
            text, ranges = self._lay_out(shape, [Opaque(opaque.mark(n)) for n in range(len(shape))])
            return _frame(text, ranges, conditions)
        except Exception:  # LookedAt, or whatever the template raises; it will say so when it is asked itself
            return None
        finally:
            opaque.current.reset(token)


def _frame(text: str, ranges: Sequence[Range], conditions: Conditions) -> Frame:
    if len(text) > LONGEST_FRAME:
        raise LookedAt
    pieces: list[str] = []
    starts: list[int] = []
    texts: list[tuple[int, Deed]] = []
    position = 0
    for found in opaque.MARK.finditer(text):
        pieces.append(text[position : found.start()])
        starts.append(position)
        number, deed = opaque.read_mark(found)
        texts.append((number, conditions.deeds[deed]))
        position = found.end()
    pieces.append(text[position:])
    starts.append(position)
    if any(opaque.holds_marks(piece) for piece in pieces):
        raise LookedAt  # a mark was cut

    def place(at: int, *, is_end: bool) -> tuple[int, int]:
        for index in reversed(range(len(pieces))):
            distance = at - starts[index]
            # An end must have a sign before it: what it means behind a bare text depends on that text.
            if distance > 0 or (distance == 0 and not is_end):
                if distance > len(pieces[index]):
                    raise LookedAt
                return index, distance
        raise LookedAt

    return Frame(
        tuple(pieces),
        tuple(texts),
        tuple((place(start, is_end=False), place(end, is_end=True)) for start, end in ranges),
        tuple(sorted(conditions.absent)),
        tuple((number, conditions.deeds[deed]) for number, deed in sorted(conditions.filled)),
    )


class _CapturedBlocks(NodeTransformer):
    """Where a template handles a text without asking it."""

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        """`{% set x %}...{% endset %}` captures plain text; what it holds must be known again as opaque."""
        self.generic_visit(node)
        if node.filter is None:
            node.filter = _filtered(node, None, SIZED)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        """`content in 'abc'` would look at the text without asking it."""
        self.generic_visit(node)
        if any(operand.op in ("in", "notin") for operand in node.ops):
            node.expr = _filtered(node, node.expr, "unmarked")
        return node


def _filtered(where: nodes.Node, value: nodes.Expr | None, name: str) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=where.lineno, environment=where.environment)


class WatchedEnvironment(SafeEnvironment):
    """The sandbox for templates that are shown opaque texts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        metered = self.filters[SIZED]
        self.filters = {name: opaque.watched_filter(name, f) for name, f in self.filters.items()}
        self.filters[SIZED] = lambda value: _known_again(metered(value))
        self.filters["unmarked"] = _unmarked
        for name, test in list(self.tests.items()):
            self.tests[name] = opaque.watched_test(name, test)  # type: ignore[arg-type]
        self.globals["strftime_now"] = _changes

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(_CapturedBlocks().visit(source), name, filename, defer_init)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator != "+":
            opaque.refuse_marks((left, right))
        return _known_again(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, Opaque):
            if __obj.__name__ not in opaque.FOLLOWED or isinstance(__obj, BuiltinMethodType):
                raise LookedAt
        elif isinstance(owner, str) or (isinstance(__obj, type) and not issubclass(__obj, Namespace)):
            # jinja adds the loop's own variables, which the callee does not get to see
            named = (value for key, value in kwargs.items() if key not in ("_loop_vars", "_block_vars"))
            opaque.refuse_marks((*args, *named))
        return _known_again(super().call(__context, __obj, *args, **kwargs))


def _known_again(value: Any) -> Any:
    """A macro, a captured block and `~` make plain text; where it holds marks it is opaque."""
    return Opaque(value) if opaque.holds_marks(value) and not isinstance(value, Opaque) else value


def _unmarked(value: Any) -> Any:
    if opaque.holds_marks(value):
        raise LookedAt
    return value


def _changes(*_: Any) -> Any:
    """The date is another one tomorrow."""
    raise LookedAt
