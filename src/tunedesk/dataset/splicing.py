"""Writes a changed value into a row's own text: what did not change keeps its spelling, numbers above all.

`1.10` stays `1.10` and `1e5` stays `1e5` when something else of the row is edited.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tunedesk.dataset.json_pointer import keys_of
from tunedesk.dataset.json_tokens import TOKEN

Dump = Callable[[Any], str]
"""Writes a value that is new, in the habit of the row."""
_MOST_LEVELS = 200


@dataclass(slots=True)
class _Node:
    """A value in the text: where it stands, and what it says. repeats: an object has a key twice."""

    start: int
    end: int
    value: Any
    items: "list[_Node]" = field(default_factory=list)
    members: "dict[str, _Node]" = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    repeats: bool = False


def splice_at(text: str, pointer: str, new: str) -> str:
    """A row's text with other JSON at a pointer, every other character as it was.

    text: valid JSON. new: JSON, too. LookupError when nothing stands at the pointer; ValueError for text that
    is no JSON. Of a key that stands twice the last one is meant, as readers do.
    """
    node = _parsed(text)
    for key in keys_of(pointer):
        if isinstance(node.value, list):
            if not (key.isascii() and key.isdigit()) or int(key) >= len(node.items):
                raise LookupError(pointer)
            node = node.items[int(key)]
        elif key in node.members:
            node = node.members[key]
        else:
            raise LookupError(pointer)
    return text[: node.start] + new + text[node.end :]


def respelled(text: str, value: Any, dump: Dump, comma: str, colon: str) -> str:
    """`value` written into `text`, the JSON that it was changed from. ValueError for text that is no JSON.

    comma, colon: how the row separates, with blanks. An object with a key twice is written anew, each once.
    """
    node = _parsed(text)
    return text[: node.start] + _Writer(text, dump, comma, colon).written(node, value) + text[node.end :]


class _Writer:
    def __init__(self, text: str, dump: Dump, comma: str, colon: str) -> None:
        self._text = text
        self._dump = dump
        self._comma = comma
        self._colon = colon

    def written(self, node: _Node, value: Any) -> str:
        """The value in the spelling of what stands at the node, as far as they are the same."""
        if isinstance(value, dict) and isinstance(node.value, dict):
            return self._object(node, value)
        if isinstance(value, list) and isinstance(node.value, list):
            return self._list(node, value)
        return self._text[node.start : node.end] if _same(node.value, value) else self._dump(value)

    def _object(self, node: _Node, value: dict[str, Any]) -> str:
        if list(value) == list(node.members) and not node.repeats:
            return self._between(node, [(node.members[key], item) for key, item in value.items()])
        parts = []
        for key, item in value.items():
            old = node.members.get(key)
            name = self._dump(key) if old is None else self._key(node, key)
            written = self._dump(item) if old is None else self.written(old, item)
            parts.append(name + self._colon + written)
        return "{" + self._comma.join(parts) + "}"

    def _key(self, node: _Node, key: str) -> str:
        found = TOKEN.match(self._text, node.keys[key])
        return found.group() if found is not None else self._dump(key)

    def _list(self, node: _Node, value: list[Any]) -> str:
        if len(value) == len(node.items):
            return self._between(node, list(zip(node.items, value, strict=True)))
        pairs = _paired(node.items, value)
        parts = [
            self._dump(item) if old is None else self.written(old, item)
            for old, item in zip(pairs, value, strict=True)
        ]
        return "[" + self._comma.join(parts) + "]"

    def _between(self, node: _Node, pairs: list[tuple[_Node, Any]]) -> str:
        """The node's own text with only its children written anew."""
        parts: list[str] = []
        at = node.start
        for child, item in pairs:
            parts += (self._text[at : child.start], self.written(child, item))
            at = child.end
        return "".join([*parts, self._text[at : node.end]])


def _paired(old: list[_Node], new: list[Any]) -> list[_Node | None]:
    """For each new item the old one that it is or was: equal ones at both ends, then the rest in order."""
    first = 0
    while first < min(len(old), len(new)) and _same(old[first].value, new[first]):
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and _same(old[-1 - last].value, new[-1 - last]):
        last += 1
    middle: list[_Node | None] = [None] * (len(new) - first - last)
    left = old[first : len(old) - last]
    for place, item in enumerate(new[first : len(new) - last]):
        found = next((number for number, node in enumerate(left) if _same(node.value, item)), None)
        middle[place] = left.pop(found) if found is not None else None
    return [*old[:first], *middle, *old[len(old) - last :]]


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all through: 1 is neither 1.0 nor true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(item, other[key]) for key, item in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or one != one


def _parsed(text: str) -> _Node:
    tokens = _Tokens(text)
    node = tokens.value(0)
    if tokens.kind != "":
        raise ValueError("Something stands after the end of the value.")
    return node


class _Tokens:
    """Reads values with their places."""

    def __init__(self, text: str) -> None:
        self._found = TOKEN.finditer(text)
        self._next()

    def _next(self) -> None:
        match = next(self._found, None)
        self.kind = match.group() if match is not None else ""
        self.start, self.end = match.span() if match is not None else (0, 0)

    def value(self, level: int) -> _Node:
        if level > _MOST_LEVELS:
            raise ValueError("Brackets are nested too deeply.")
        if self.kind == "{":
            return self._object(level)
        if self.kind == "[":
            return self._list(level)
        node = _Node(self.start, self.end, json.loads(self.kind))
        self._next()
        return node

    def _object(self, level: int) -> _Node:
        node = _Node(self.start, 0, {})
        for _ in self._parts("}"):
            key, start = json.loads(self.kind), self.start
            self._next()
            self._expect(":")
            child = self.value(level + 1)
            node.repeats |= key in node.members
            node.members[key], node.keys[key] = child, start
            node.value[key] = child.value
        node.end = self._closed
        return node

    def _list(self, level: int) -> _Node:
        node = _Node(self.start, 0, [])
        for _ in self._parts("]"):
            child = self.value(level + 1)
            node.items.append(child)
            node.value.append(child.value)
        node.end = self._closed
        return node

    def _parts(self, closing: str) -> Iterator[None]:
        """Stops before each part of what has just begun; afterwards the closing bracket is read."""
        self._next()
        if self.kind != closing:
            yield
            while self.kind == ",":
                self._next()
                yield
        self._closed = self.end
        self._expect(closing)

    def _expect(self, kind: str) -> None:
        if self.kind != kind:
            raise ValueError(f"{kind} is missing.")
        self._next()
