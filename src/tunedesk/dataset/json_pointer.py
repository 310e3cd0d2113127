"""RFC 6901 JSON pointers into a row's value: read, set, delete; pure, copies what it changes."""

from typing import Any


def value_at(value: Any, pointer: str) -> Any:
    """What stands at an RFC 6901 JSON pointer; "" is the whole. LookupError when nothing stands there."""
    for key in keys_of(pointer):
        value = value[_list_index(key, len(value))] if isinstance(value, list) else _member(value, key)
    return value


def set_at(value: Any, pointer: str, new: Any) -> Any:
    """A copy with `new` at the pointer; a last key that is absent is added, "-" appends to a list."""
    return _set(value, keys_of(pointer), new)


def delete_at(value: Any, pointer: str) -> Any:
    """A copy without what stands at the pointer. LookupError when nothing stands there, and for the whole."""
    value_at(value, pointer)
    if not pointer:
        raise LookupError(pointer)
    above, _, _ = pointer.rpartition("/")
    last = keys_of(pointer)[-1]
    parent = value_at(value, above)
    if isinstance(parent, list):
        return set_at(value, above, [item for place, item in enumerate(parent) if place != int(last)])
    return set_at(value, above, {key: item for key, item in parent.items() if key != last})


def pointer_to(*keys: str) -> str:
    """The pointer that leads through the keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def keys_of(pointer: str) -> list[str]:
    """The keys on the way, unescaped. LookupError for a text that is no pointer."""
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise LookupError(pointer)
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]


def _list_index(key: str, count: int) -> int:
    if not (key.isascii() and key.isdigit()) or int(key) >= count:
        raise LookupError(key)
    return int(key)


def _member(value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise LookupError(key)
    return value[key]


def _set(value: Any, keys: list[str], new: Any) -> Any:
    if not keys:
        return new
    key, *rest = keys
    if isinstance(value, list):
        if key == "-" and not rest:
            return [*value, new]
        place = _list_index(key, len(value))
        return [*value[:place], _set(value[place], rest, new), *value[place + 1 :]]
    if not isinstance(value, dict) or (rest and key not in value):
        raise LookupError(key)
    return {**value, key: _set(value.get(key), rest, new)}
