"""TLC: tools, the calls to them and their results; whether each fits the other."""

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tunedesk.dataset.example import RowFormat, Tool, ToolCall
from tunedesk.dataset.formats.turns import written
from tunedesk.lint.edits import Edit, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule, on_targets
from tunedesk.lint.rules.types import kind
from tunedesk.lint.target_facts import ARGUMENTS_AS_OBJECT, ARGUMENTS_AS_TEXT, TOOL_CALL_IDS
from tunedesk.lint.targets import TARGET_NAMES

# "Must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64." (FunctionObject)
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MAX_TOOLS = 128  # OpenAI's `functions`, Azure's quotas-limits page
MAX_SCHEMA_ERRORS = 5  # in one call; more help nobody


def _wrapped(view: RowView) -> list[ToolCall]:
    """Calls in OpenAI's tool_calls; older ones and ShareGPT's have no id."""
    return [call for _, call in view.calls if "/tool_calls/" in call.pointer]


def tool_call_id(view: RowView) -> Iterator[Hit]:
    calls = _wrapped(view)
    if not calls:
        return
    pattern = TOOL_CALL_IDS.get(view.target.name)
    seen: Counter[str] = Counter(call.id for call in calls if call.id)
    fix = _new_ids(view)
    for call in calls:
        if not call.id:
            yield Hit(call.pointer, "The tool call has no id, so no result can name it.", fix=fix)
        elif seen[call.id] > 1 and view.target.name not in _ORDERED:
            yield Hit(f"{call.pointer}/id", f"The id {call.id} stands for several calls.", fix=fix)
        elif pattern is not None and not re.fullmatch(pattern, call.id):
            words = "The target's ids are 9 letters and digits."
            yield Hit(f"{call.pointer}/id", words, 0, len(call.id), fix)


_ORDERED = ("local", "trl", "llamafactory", "axolotl")  # templates go by the order of calls and results


def _new_ids(view: RowView) -> Fix | None:
    """Ids in the order of the calls, and the same for each call's result; None when it is not plain which
    result belongs to which call.
    """
    edits: list[Edit] = []
    waiting: list[tuple[str | None, str]] = []
    count = 0
    for message, _ in view.all_turns:
        if message.role == "tool":
            match = _result_of(message.tool_call_id, waiting)
            if match is None:
                return None
            waiting.remove(match)
            if match[1] != message.tool_call_id:
                edits.append(SetValue(f"{message.pointer}/tool_call_id", match[1]))
        elif message.tool_calls:
            waiting = []
            for call in message.tool_calls:
                count += 1
                new = f"call{count:05d}"
                waiting.append((call.id, new))
                if call.id != new and isinstance(view.at(call.pointer), dict):
                    edits.append(SetValue(f"{call.pointer}/id", new))
    return Fix(FixKind.SAFE, "Number the calls anew", tuple(edits)) if edits else None


def _result_of(name: str | None, waiting: list[tuple[str | None, str]]) -> tuple[str | None, str] | None:
    """The call that a result belongs to: by its id, or in order where calls or the result have none."""
    if not waiting:
        return None
    named = [pair for pair in waiting if pair[0] is not None and pair[0] == name]
    if named:
        return named[0]
    return waiting[0] if name is None or waiting[0][0] is None else None


def arguments_representation(view: RowView) -> Iterator[Hit]:
    wants_text = view.target.name in ARGUMENTS_AS_TEXT
    for call in _wrapped(view):
        pointer = view.arguments_pointer(call)
        arguments = view.at(pointer)
        if wants_text and not isinstance(arguments, str) and arguments is not None:
            text = written(arguments)
            fix = (
                Fix(FixKind.SAFE, "Write the arguments as text", (SetValue(pointer, text),)) if text else None
            )
            words = f"The target wants the arguments as a string of JSON; they are {kind(arguments)}."
            yield Hit(pointer, words, fix=fix)
        elif not wants_text and isinstance(arguments, str):
            value = _parsed(arguments)
            if isinstance(value, dict):
                fix = Fix(FixKind.SAFE, "Write the arguments as an object", (SetValue(pointer, value),))
                words = "The target wants the arguments as an object; a string would be quoted twice."
                yield Hit(pointer, words, fix=fix)


def arguments_invalid(view: RowView) -> Iterator[Hit]:
    for _, call in view.calls:
        pointer = view.arguments_pointer(call)
        arguments = view.at(pointer)
        if pointer == call.pointer:  # ShareGPT: the whole call is the text, and it was read
            continue
        if isinstance(arguments, str):
            value = _parsed(arguments)
            if value is _BROKEN:
                yield Hit(pointer, "The arguments are not JSON.", 0, len(arguments))
            elif not isinstance(value, dict):
                words = f"The arguments must be an object with names; they are {kind(value)}."
                yield Hit(pointer, words, 0, len(arguments))
        elif not isinstance(arguments, dict):
            place = pointer if arguments is not None else call.pointer
            words = "The call has no arguments." if arguments is None else "The arguments must be an object."
            yield Hit(place, words)


_BROKEN = object()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _BROKEN


def arguments_schema(view: RowView) -> Iterator[Hit]:
    """The arguments against the tool's own JSON Schema."""
    schemas = {tool.name: tool.parameters for tool in view.example.tools if tool.parameters}
    for _, call in view.calls:
        schema = schemas.get(call.name)
        value = _parsed(call.arguments)
        if schema is None or not isinstance(value, dict):
            continue
        pointer = view.arguments_pointer(call)
        for words in _violations(written(schema), value):
            yield Hit(pointer, f"{call.name}: {words}.", 0, _length(view, pointer))


def _length(view: RowView, pointer: str) -> int:
    found = view.at(pointer)
    return len(found) if isinstance(found, str) else 0


def _violations(schema: str, value: Mapping[str, Any]) -> list[str]:
    checker = _validator(schema)
    if checker is None:
        return []
    from referencing.exceptions import Unresolvable

    try:
        errors = sorted(checker.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    except (RecursionError, Unresolvable):  # a reference that leads nowhere or in circles is TLC007's
        return []
    return [_sentence(error) for error in errors[:MAX_SCHEMA_ERRORS]]


def _sentence(error: Any) -> str:
    where = ".".join(str(step) for step in error.absolute_path)
    words = str(error.message).rstrip(".")
    if len(words) > 200:
        words = f"{words[:200]}..."
    return f"{where}: {words}" if where else words


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """A validator for a tool's schema, None when it is no schema; jsonschema is loaded at the first one."""
    return None if schema_error(schema) is not None else _draft().__call__(json.loads(schema))


@functools.lru_cache(maxsize=1)
def _draft() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator


@functools.lru_cache(maxsize=256)
def schema_error(schema: str) -> str | None:
    """What is wrong with a JSON Schema; None when nothing is."""
    from jsonschema.exceptions import SchemaError

    try:
        _draft().check_schema(json.loads(schema))
    except SchemaError as error:
        return _sentence(error)
    except (RecursionError, ValueError):  # written as "" because it is too deep
        return "it is nested too deeply"
    return None


def unknown_tool(view: RowView) -> Iterator[Hit]:
    names = {tool.name for tool in view.example.tools}
    for _, call in view.calls:
        if not call.name:
            yield Hit(call.pointer, "The call names no tool.")
        elif call.name not in names:
            words = f"{call.name} is not among the row's tools."
            if not names:
                words = f"{call.name} is called, but the row lists no tools."
            pointer = _name_pointer(view, call)
            length = _length(view, pointer) if pointer != call.pointer else 0
            yield Hit(pointer, words, 0, length, severity=None if names else Severity.WARNING)


def _name_pointer(view: RowView, call: ToolCall) -> str:
    for path in ("/function/name", "/name"):
        if isinstance(view.at(call.pointer + path), str):
            return call.pointer + path
    return call.pointer


def call_result_mismatch(view: RowView) -> Iterator[Hit]:
    """Each call has its result before the next answer; calls in the last turn may stay open."""
    told: set[str] = set()
    for turns in view.sequences:
        for pointer, words in _mismatches(view, [message for message, _ in turns]):
            if pointer not in told:
                told.add(pointer)
                yield Hit(pointer, words)


def _mismatches(view: RowView, messages: list[Any]) -> Iterator[tuple[str, str]]:
    by_order = view.format is RowFormat.SHAREGPT or view.target.name in _ORDERED
    waiting: list[ToolCall] = []
    for message in messages:
        if message.role == "tool":
            call = _called(waiting, message.tool_call_id, by_order)
            if call is not None:
                waiting.remove(call)
            elif waiting:
                named = message.tool_call_id or "no call"
                tail = ", which no open call has" if message.tool_call_id else ""
                yield message.pointer, f"The result names {named}{tail}."
            else:
                yield message.pointer, "The result belongs to no call."
        else:
            for call in waiting:
                yield call.pointer, f"The call to {call.name or 'a tool'} has no result."
            waiting = [call for call in message.tool_calls if not call.pointer.endswith("/function_call")]


def _called(waiting: list[ToolCall], name: str | None, by_order: bool) -> ToolCall | None:
    named = [call for call in waiting if call.id is not None and call.id == name]
    if named:
        return named[0]
    return waiting[0] if waiting and name is None and (by_order or waiting[0].id is None) else None


def bad_tool_definition(view: RowView) -> Iterator[Hit]:
    tools = view.example.tools
    if len(tools) > MAX_TOOLS:
        yield Hit("/tools", f"There are {len(tools)} tools; no more than {MAX_TOOLS} are allowed.")
    if "tools" in view.value and not tools and view.value["tools"]:
        yield Hit("/tools", "tools must be a list of tools, or such a list as a text of JSON.")
    names: Counter[str] = Counter(tool.name for tool in tools)
    for tool in tools:
        yield from _bad_tool(view, tool, names)


def _bad_tool(view: RowView, tool: Tool, names: Counter[str]) -> Iterator[Hit]:
    if not tool.name:
        yield Hit(tool.pointer, "The tool has no name.")
        return
    if not _NAME.fullmatch(tool.name):
        words = f"The name {tool.name[:80]} must be 1 to 64 letters, digits, underscores and dashes."
        yield Hit(tool.pointer, words)
    if names[tool.name] > 1:
        yield Hit(tool.pointer, f"Several tools are called {tool.name}.")
    given = view.at(f"{tool.pointer}/function/parameters")
    if tool.parameters is not None:
        problem = schema_error(written(tool.parameters))
        if problem is not None:
            yield Hit(tool.pointer, f"The parameters of {tool.name} are no JSON Schema: {problem}.")
    elif given is not None:
        yield Hit(tool.pointer, f"The parameters of {tool.name} must be an object; they are {kind(given)}.")


_TAKE_WHATEVER = ("local", "trl", "axolotl", "generic")  # templates write down whatever comes
_STRICT_ABOUT_ARGUMENTS = ARGUMENTS_AS_TEXT | ARGUMENTS_AS_OBJECT
RULES = (
    Rule(
        "TLC001",
        "tool-call-id",
        "A tool call has no id, one that others have too, or one that the target refuses.",
        Severity.ERROR,
        check=tool_call_id,
        fix=FixKind.SAFE,
        by_target=on_targets(
            (Severity.WARNING, ("generic", "together", "nebius")),
            (None, _ORDERED),
        ),
        rejects=True,
    ),
    Rule(
        "TLC002",
        "arguments-representation",
        "Arguments are text where the target wants an object, or the other way round.",
        Severity.ERROR,
        check=arguments_representation,
        fix=FixKind.SAFE,
        by_target=on_targets((None, [name for name in TARGET_NAMES if name not in _STRICT_ABOUT_ARGUMENTS])),
        rejects=True,
    ),
    Rule(
        "TLC003",
        "arguments-invalid-json",
        "The arguments of a call cannot be read.",
        Severity.ERROR,
        check=arguments_invalid,
        rejects=True,
    ),
    Rule(
        "TLC004",
        "arguments-schema",
        "The arguments of a call do not fit the tool's JSON Schema.",
        Severity.WARNING,
        check=arguments_schema,
    ),
    Rule(
        "TLC005",
        "unknown-tool",
        "A tool is called that the row does not list.",
        Severity.ERROR,
        check=unknown_tool,
    ),
    Rule(
        "TLC006",
        "call-result-mismatch",
        "A call without a result, or a result without a call.",
        Severity.ERROR,
        check=call_result_mismatch,
        by_target=on_targets((Severity.WARNING, _TAKE_WHATEVER)),
        rejects=True,
    ),
    Rule(
        "TLC007",
        "bad-tool-definition",
        "A tool's name or parameters are not valid.",
        Severity.ERROR,
        check=bad_tool_definition,
        by_target=on_targets((Severity.WARNING, _TAKE_WHATEVER)),
        rejects=True,
    ),
)
