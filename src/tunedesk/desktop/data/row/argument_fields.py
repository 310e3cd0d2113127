"""A tool's JSON Schema and a call's arguments as a typed form: which field, of which kind, what is amiss.

Knows the parts of JSON Schema (draft 2020-12) that tools use: type, enum, const, properties, required, items,
description, local $ref, and the anyOf of a type with null. What it does not know becomes a field of JSON.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
"""Keys and places from the arguments down to a value."""

DEEPEST = 6
"""Groups within groups; what lies deeper is a field of JSON."""
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")


class Kind(StrEnum):
    STRING = "text"
    NUMBER = "number"
    INTEGER = "whole number"
    BOOLEAN = "true or false"
    CHOICE = "choice"
    LIST = "list"
    GROUP = "group"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class ArgumentField:
    """value: None where nothing is given. is_known: whether the schema names it. choices: of a CHOICE.

    trouble: what is wrong, in words; "" when nothing is. fields: of a GROUP and of the items of a LIST.
    """

    path: Path
    name: str
    kind: Kind
    value: Any
    is_given: bool
    is_required: bool = False
    is_known: bool = True
    description: str = ""
    choices: tuple[Any, ...] = ()
    trouble: str = ""
    fields: tuple["ArgumentField", ...] = ()


_MISSING = object()


def fields_of(schema: Schema | None, arguments: Mapping[str, Any]) -> tuple[ArgumentField, ...]:
    """The schema's properties in its order, then the keys that it does not name."""
    return _group_fields(schema or {}, schema or {}, arguments, ())


def with_argument(arguments: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The arguments with a value set; groups and lists on the way are made when they are not there."""
    made = _with(arguments, path, value)
    assert isinstance(made, dict)
    return made


def without_argument(arguments: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The arguments without a key or an item of a list."""
    above = value_in(arguments, path[:-1])
    if isinstance(above, list):
        rest: Any = [item for place, item in enumerate(above) if place != path[-1]]
    else:
        rest = {key: item for key, item in above.items() if key != path[-1]}
    return with_argument(arguments, path[:-1], rest) if len(path) > 1 else rest


def value_in(arguments: Any, path: Path) -> Any:
    for key in path:
        arguments = arguments[key]
    return arguments


def typed(text: str, kind: Kind) -> Any:
    """What was written into a field as a value. What is no number stays text, so that nothing typed is lost;
    the field then says what is wrong with it. ValueError: not JSON.
    """
    wanted = text.strip()
    if kind is Kind.INTEGER and _INTEGER.fullmatch(wanted):
        return int(wanted) if len(wanted) < 400 else text
    if kind is Kind.NUMBER and _NUMBER.fullmatch(wanted):
        return json.loads(wanted) if len(wanted) < 400 else text
    if kind is Kind.JSON:
        return json.loads(text, parse_constant=_refuse)
    return text


def written(value: Any, kind: Kind) -> str:
    """A value as the text of its field."""
    if isinstance(value, str) and kind is not Kind.JSON:
        return value
    return json.dumps(value, ensure_ascii=False, indent=2 if kind is Kind.JSON else None)


def empty_item(kind: Kind, choices: Sequence[Any]) -> Any:
    """What a new item of a list begins as."""
    if kind is Kind.CHOICE and choices:
        return choices[0]
    return {Kind.BOOLEAN: False, Kind.NUMBER: 0, Kind.INTEGER: 0}.get(kind, "")


def item_kind(schema: Schema | None, path: Path) -> tuple[Kind, tuple[Any, ...]]:
    """The kind of a list's items; `path` is that of the list."""
    root = schema or {}
    at: Schema = root
    for key in path:
        at = _plain(root, at)
        at = at.get("items", {}) if isinstance(key, int) else at.get("properties", {}).get(key, {})
    return _kind_of(root, _items(root, _plain(root, at)), 0)


def _group_fields(
    root: Schema, schema: Schema, given: Mapping[str, Any], path: Path
) -> tuple[ArgumentField, ...]:
    properties = schema.get("properties")
    named: Schema = properties if isinstance(properties, dict) else {}
    listed = schema.get("required")
    required = listed if isinstance(listed, list) else []
    fields = [
        _field(root, each, given.get(key, _MISSING), (*path, key), key in required)
        for key, each in named.items()
    ]
    for key, value in given.items():
        if key not in named:
            fields.append(_unknown(value, (*path, key), bool(named)))
    fields += [_unnamed(key, path) for key in required if key not in named and key not in given]
    return tuple(fields)


def _field(root: Schema, schema: Any, value: Any, path: Path, required: bool) -> ArgumentField:
    plain = _plain(root, schema)
    kind, choices = _kind_of(root, plain, len(path))
    is_given = value is not _MISSING
    shown = value if is_given else None
    trouble = _trouble(kind, choices, shown) if is_given else "Required, but missing" if required else ""
    fits = not is_given or _fits(kind, shown)
    if not fits:
        kind = Kind.STRING if isinstance(shown, str) else Kind.JSON
    words = plain.get("description")
    return ArgumentField(
        path=path,
        name=str(path[-1]),
        kind=kind,
        value=shown,
        is_given=is_given,
        is_required=required,
        description=words if isinstance(words, str) else "",
        choices=choices,
        trouble=trouble,
        fields=_inner(root, plain, kind, shown, path) if fits else (),
    )


def _inner(root: Schema, schema: Schema, kind: Kind, value: Any, path: Path) -> tuple[ArgumentField, ...]:
    if kind is Kind.GROUP:
        return _group_fields(root, schema, value if isinstance(value, dict) else {}, path)
    if kind is Kind.LIST:
        items = _items(root, schema)
        listed = value if isinstance(value, list) else []
        return tuple(_field(root, items, item, (*path, place), False) for place, item in enumerate(listed))
    return ()


def _unknown(value: Any, path: Path, has_schema: bool) -> ArgumentField:
    kind = Kind.JSON
    if isinstance(value, bool):
        kind = Kind.BOOLEAN
    elif isinstance(value, str):
        kind = Kind.STRING
    elif isinstance(value, int | float):
        kind = Kind.NUMBER
    trouble = "The tool's schema does not name this key" if has_schema else ""
    return ArgumentField(path, str(path[-1]), kind, value, True, is_known=False, trouble=trouble)


def _unnamed(key: Any, path: Path) -> ArgumentField:
    """Required, although the schema says nothing else of it."""
    trouble = "Required, but missing"
    return ArgumentField((*path, key), str(key), Kind.JSON, None, False, is_required=True, trouble=trouble)


def _kind_of(root: Schema, schema: Schema, depth: int) -> tuple[Kind, tuple[Any, ...]]:
    if isinstance(schema.get("enum"), list):
        return Kind.CHOICE, tuple(schema["enum"])
    if "const" in schema:
        return Kind.CHOICE, (schema["const"],)
    name = _type_name(schema)
    if name == "array":
        inner, choices = _kind_of(root, _items(root, schema), depth + 1)
        return (Kind.JSON, ()) if inner in (Kind.LIST, Kind.GROUP, Kind.JSON) else (Kind.LIST, choices)
    if name == "object":
        is_group = isinstance(schema.get("properties"), dict) and depth < DEEPEST
        return (Kind.GROUP if is_group else Kind.JSON), ()
    kinds = {"string": Kind.STRING, "number": Kind.NUMBER, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}
    return kinds.get(name, Kind.JSON), ()


def _type_name(schema: Schema) -> str:
    named = schema.get("type", "object" if "properties" in schema else "")
    if isinstance(named, list):
        others = [each for each in named if each != "null"]
        named = others[0] if len(others) == 1 else ""
    return named if isinstance(named, str) else ""


def _items(root: Schema, schema: Schema) -> Schema:
    return _plain(root, schema.get("items", {}))


def _plain(root: Schema, schema: Any, depth: int = 0) -> Schema:
    """The schema behind a local $ref, and behind the "or null" of an optional value."""
    if not isinstance(schema, dict) or depth > DEEPEST:
        return {}
    pointer = schema.get("$ref")
    if isinstance(pointer, str) and pointer.startswith("#/"):
        at: Any = root
        for key in pointer[2:].split("/"):
            at = at.get(key) if isinstance(at, dict) else None
        return {**_plain(root, at, depth + 1), **{key: each for key, each in schema.items() if key != "$ref"}}
    options = schema.get("anyOf")
    if isinstance(options, list):
        others = [each for each in options if not (isinstance(each, dict) and each.get("type") == "null")]
        if len(others) == 1 and len(options) == 2:
            return {**_plain(root, others[0], depth + 1), **{k: v for k, v in schema.items() if k != "anyOf"}}
    return schema


def _fits(kind: Kind, value: Any) -> bool:
    """Whether a field of this kind can show the value."""
    if kind in (Kind.NUMBER, Kind.INTEGER):
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    wanted = {Kind.STRING: str, Kind.BOOLEAN: bool, Kind.LIST: list, Kind.GROUP: dict}.get(kind)
    return wanted is None or isinstance(value, wanted)


def _trouble(kind: Kind, choices: Sequence[Any], value: Any) -> str:
    if kind is Kind.CHOICE:
        return "" if any(_same(value, each) for each in choices) else "Not one of the tool's choices"
    if kind is Kind.NUMBER and isinstance(value, str):
        return "Not a number"
    if kind is Kind.INTEGER and (isinstance(value, str) or (isinstance(value, float) and value % 1)):
        return "Not a whole number"
    return "" if _fits(kind, value) else f"The tool's schema asks for {_asked(kind)}"


def _same(value: Any, other: Any) -> bool:
    """1 and true are equal in Python, not in JSON."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _asked(kind: Kind) -> str:
    return {
        Kind.STRING: "text",
        Kind.LIST: "a list",
        Kind.GROUP: "an object",
        Kind.BOOLEAN: "true or false",
    }.get(kind, f"a {kind.value}")


def _with(at: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        listed = list(at) if isinstance(at, list) else []
        return [
            *listed[:key],
            _with(listed[key] if key < len(listed) else None, rest, value),
            *listed[key + 1 :],
        ]
    given = at if isinstance(at, Mapping) else {}
    return {**given, key: _with(given.get(key), rest, value)}


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")
