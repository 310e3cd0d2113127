"""Where the cursor stands in JSON that may be half written: in which key or value, beside which bracket."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|"(?:[^"\\\n]|\\.)*|[{}\[\]:,]|[^\s"{}\[\]:,]+')
_OPENS, _CLOSES = "{[", "}]"

Path = tuple[str | int, ...]
"""Keys and places from the row down."""


@dataclass(frozen=True, slots=True)
class Spot:
    """path: of the object or list that the cursor is in. key: of the value that is being written, "" for an
    item of a list. start: where the word begins that is being written, behind its quote if it has one.
    taken: the keys that the object has already.
    """

    path: Path
    is_key: bool
    key: str
    start: int
    is_quoted: bool
    taken: frozenset[str]


@dataclass
class _Level:
    """An object or list that is still open."""

    is_object: bool
    name: str | int
    seen: list[str]
    key: str = ""
    expects_key: bool = True
    count: int = 0


def spot_at(text: str, position: int) -> Spot | None:
    """The place of the cursor; None where nothing can be said of it, e.g. outside of the row."""
    levels: list[_Level] = []
    word: re.Match[str] | None = None
    for match in _TOKEN.finditer(text):
        if match.start() >= position:
            break
        word = None
        token = match.group()
        ends_behind = match.end() > position or (match.end() == position and not _is_closed(token))
        if token[0] not in "{}[]:," and ends_behind:
            word = match
            break
        _take(levels, token)
    if not levels:
        return None
    inside = levels[-1]
    is_quoted = word is not None and word.group()[0] == '"'
    start = position if word is None else word.start() + is_quoted
    behind = position if word is None else word.end()
    return Spot(
        path=tuple(level.name for level in levels[1:]),
        is_key=inside.is_object and inside.expects_key,
        key=inside.key if inside.is_object and not inside.expects_key else "",
        start=start,
        is_quoted=is_quoted,
        taken=frozenset(inside.seen) | _keys_behind(text, behind) if inside.is_object else frozenset(),
    )


def bracket_pair(text: str, position: int) -> tuple[int, int | None] | None:
    """The bracket beside the cursor and its counterpart, None for one that has none; None without a bracket.

    The bracket before the cursor counts more than the one behind it.
    """
    beside = [place for place in (position - 1, position) if 0 <= place < len(text) and text[place] in "{}[]"]
    if not beside:
        return None
    partners = _partners(text)
    found = next((place for place in beside if place in partners), None)
    return None if found is None else (found, partners[found])


def _partners(text: str) -> dict[int, int | None]:
    partners: dict[int, int | None] = {}
    open_at: list[int] = []
    for match in _TOKEN.finditer(text):
        token, place = match.group(), match.start()
        if token in _OPENS:
            partners[place] = None
            open_at.append(place)
        elif token in _CLOSES:
            partners[place] = None
            if open_at and _CLOSES.index(token) == _OPENS.index(text[open_at[-1]]):
                partners[place] = open_at[-1]
                partners[open_at.pop()] = place
    return partners


def _take(levels: list[_Level], token: str) -> None:
    inside = levels[-1] if levels else None
    if token in _OPENS:
        name: str | int = "" if inside is None else inside.key if inside.is_object else inside.count
        levels.append(_Level(token == "{", name, []))
    elif token in _CLOSES:
        if levels:
            levels.pop()
    elif inside is None:
        return
    elif token == ",":
        inside.expects_key = True
        inside.count += 1
    elif token == ":":
        inside.expects_key = False
    elif inside.is_object and inside.expects_key and token[0] == '"':
        inside.key = token.strip('"')
        inside.seen.append(inside.key)


def _keys_behind(text: str, position: int) -> frozenset[str]:
    """Keys of the same object that follow the cursor."""
    depth, found = 0, set()
    last = ""
    for match in _TOKEN.finditer(text, position):
        token = match.group()
        if token in _OPENS:
            depth += 1
        elif token in _CLOSES:
            depth -= 1
            if depth < 0:
                break
        elif token == ":" and depth == 0 and last[:1] == '"':
            found.add(last.strip('"'))
        last = token
    return frozenset(found)


def _is_closed(token: str) -> bool:
    return token[0] == '"' and len(token) > 1 and token[-1] == '"' and not token.endswith('\\"')
