"""Runs a chat template as transformers would, inside a sandbox that also limits work; it knows no model and
no tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import BuiltinMethodType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from tunedesk.template import metering
from tunedesk.template.metering import Budget

ROUNDS, SIZED = "metered_rounds", "checked_size"
# Two signs of the private use area with a word between them: a marker no text holds by accident. Should one
# hold it all the same, the marked text differs from the plain one, and the marks are not used.
_OPEN, _CLOSE = "\ue0f1tunedesk-trained\ue0f2", "\ue0f1tunedesk-untrained\ue0f2"
_MARKS = re.compile(f"{_OPEN}|{_CLOSE}")
_marking: ContextVar[bool] = ContextVar("mark_generation", default=False)


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A rendering and the character ranges that stood inside {% generation %}; None where they cannot be
    told.
    """

    text: str
    ranges: tuple[tuple[int, int], ...] | None


class CompiledTemplate:
    """One template, compiled once; `render` and `render_marked` may be called from any thread.

    jinja2.TemplateSyntaxError when the source is no template. What a rendering raises is the template's own
    error: jinja2.TemplateError or whatever Python exception its expressions cause.
    """

    def __init__(self, source: str, environment_class: type[SafeEnvironment] | None = None) -> None:
        environment = (environment_class or SafeEnvironment)(
            trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, "jinja2.ext.loopcontrols"]
        )
        compiled: list[jinja2.Template] = []

        def compile_source() -> str:
            compiled.append(environment.from_string(source))
            return ""

        # Constant parts are evaluated while compiling, so compiling has a budget too.
        metering.with_budget(Budget(characters=len(source)), compile_source)
        self._template = compiled[0]
        self.has_generation_marks = re.search(r"{%-?\s*generation\s*-?%}", source) is not None

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        variables: Mapping[str, Any],
        *,
        add_prompt: bool,
        tools: Sequence[Mapping[str, Any]] | None = None,
    ) -> str:
        """The text of the messages. documents is None, as transformers passes it."""
        size = sum(len(str(value)) for message in messages for value in message.values())
        size += sum(len(str(tool)) for tool in tools or ())
        copies = [dict(message) for message in messages]

        def work() -> str:
            return self._template.render(
                **variables, messages=copies, tools=tools, documents=None, add_generation_prompt=add_prompt
            )

        return metering.with_budget(Budget(len(messages), size), work)

    def render_marked(
        self,
        messages: Sequence[Mapping[str, Any]],
        variables: Mapping[str, Any],
        tools: Sequence[Mapping[str, Any]] | None = None,
    ) -> MarkedText:
        """The text, and what {% generation %} encloses.

        The marks are signs in the text, so that they survive macros and captured blocks; a template that
        measures or trims the marked text would come out differently, which is noticed by rendering without
        them too.
        """
        plain = self.render(messages, variables, add_prompt=False, tools=tools)
        if not self.has_generation_marks:
            return MarkedText(plain, None)
        token = _marking.set(True)
        try:
            marked = self.render(messages, variables, add_prompt=False, tools=tools)
        finally:
            _marking.reset(token)
        stripped, ranges = _read_marks(marked)
        return MarkedText(plain, ranges if stripped == plain else None)


def _read_marks(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    pieces: list[str] = []
    ranges: list[tuple[int, int]] = []
    position = length = begin = depth = 0
    for mark in _MARKS.finditer(marked):
        pieces.append(marked[position : mark.start()])
        length += mark.start() - position
        position = mark.end()
        if mark.group() == _OPEN:
            begin = length if depth == 0 else begin
            depth += 1
        else:
            depth -= 1
            if depth == 0 and length > begin:
                ranges.append((begin, length))
    pieces.append(marked[position:])
    return "".join(pieces), tuple(ranges)


class GenerationTag(Extension):
    """{% generation %}: what it encloses is the assistant's own text (the tag is transformers' invention)."""

    tags = {"generation"}  # noqa: RUF012 (jinja declares it so)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller: Macro) -> str:
        text = caller()
        return f"{_OPEN}{text}{_CLOSE}" if _marking.get() else text


class _Meters(NodeTransformer):
    """Puts a meter on every loop and every `~`, which the sandbox itself cannot intercept."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _filtered(node.iter, ROUNDS)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(node, SIZED)


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)


class SafeEnvironment(ImmutableSandboxedEnvironment):
    """jinja2's immutable sandbox with transformers' options and globals, and with every loop and call
    counted.
    """

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, function in list(self.filters.items()):
            self.filters[name] = metering.metered_filter(name, function)
        self.filters.update(
            {"tojson": _tojson, ROUNDS: metering.metered_rounds, SIZED: metering.checked_size}
        )
        self.globals.update(
            range=metering.checked_range,
            dict=_DictMaker(),
            namespace=_PlainNamespace,
            raise_exception=_raise_exception,
            strftime_now=_strftime_now,
        )
        del self.globals["lipsum"]  # makes random text of any length

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(_Meters().visit(source), name, filename, defer_init)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            metering.check_product(left, right)
        elif operator == "**":
            metering.check_power(left, right)
        elif operator == "%":
            metering.check_format(left)
        return metering.checked_size(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        everything = (*args, *kwargs.values())
        metering.charge(everything)
        owner = __obj.__self__ if isinstance(__obj, BuiltinMethodType) else None
        if isinstance(owner, str):
            metering.charge((owner,))
            metering.check_counts(everything)
            if __obj.__name__ in ("format", "format_map"):
                metering.check_format(owner)
        return metering.checked_size(super().call(__context, __obj, *args, **kwargs))


class _DictMaker:
    """`dict` for templates without the type itself, whose attributes lead to Python's inside."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, keys: Any, value: Any = None) -> dict[Any, Any]:
        return dict.fromkeys(keys, value)


class _PlainNamespace(Namespace):
    """jinja's namespace without names that begin with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        values = dict(*args[1:], **kwargs)
        for name in values:
            _check_name(name)
        Namespace.__init__(args[0], values)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


def _check_name(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(
            f"the template stores {name!r} on a namespace; names may not begin with an underscore"
        )


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime_now(layout: str) -> str:
    return datetime.now().strftime(layout)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> Any:
    """JSON without jinja's escaping of HTML signs, with the options that transformers offers to templates."""
    if isinstance(indent, int):
        metering.check_counts((indent,))
    text = json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    return metering.checked_size(text)
