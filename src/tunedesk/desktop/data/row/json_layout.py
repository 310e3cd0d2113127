"""A JSON row laid out over several lines, and back to one. Moves only blanks: each token stays as written.

Parsing and writing again would change 1.10, escapes and repeated keys; here they survive.
"""

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+|"')
_OPENS, _CLOSES = "{[", "}]"
INDENT = "  "


def spread(text: str) -> str:
    """One item a line, two blanks a level. `text` must be JSON; anything else comes back unchanged."""
    tokens = _TOKEN.findall(text)
    if not _is_balanced(tokens):
        return text
    parts: list[str] = []
    depth = 0
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token in _OPENS:
            depth += 1
            parts.append(token if following in _CLOSES else token + _line(depth))
        elif token in _CLOSES:
            depth -= 1
            is_empty = number > 0 and tokens[number - 1] in _OPENS
            parts.append(token if is_empty else _line(depth) + token)
        elif token == ",":
            parts.append("," + _line(depth))
        else:
            parts.append(": " if token == ":" else token)
    return "".join(parts)


def joined(text: str, like: str) -> str:
    """One line, with the blanks after commas and colons of `like`; line ends in quotes become blanks."""
    tokens = _TOKEN.findall(text)
    if not _is_balanced(tokens):
        return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text).strip(" ")
    comma, colon = _habit(like)
    return "".join(comma if token == "," else colon if token == ":" else token for token in tokens)


def _line(depth: int) -> str:
    return "\n" + INDENT * depth


def _is_balanced(tokens: list[str]) -> bool:
    """Whether the tokens look like JSON well enough to be laid out: brackets match, no quote is left open."""
    open_brackets: list[str] = []
    for token in tokens:
        if token == '"' or (token[0] == '"' and "\n" in token):
            return False
        if token in _OPENS:
            open_brackets.append(_CLOSES[_OPENS.index(token)])
        elif token in _CLOSES and (not open_brackets or open_brackets.pop() != token):
            return False
    return not open_brackets and bool(tokens) and tokens[0] in _OPENS


def _habit(like: str) -> tuple[str, str]:
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', like)
    comma = re.search(r",([ \t]*)", outside)
    colon = re.search(r":([ \t]*)", outside)
    return "," + (comma[1] if comma else " "), ":" + (colon[1] if colon else " ")


def place_in(laid_out: str, text: str, position: int) -> int:
    """Where the character at `position` of `text` stands in the same tokens laid out differently."""
    for here, there in zip(_TOKEN.finditer(text), _TOKEN.finditer(laid_out), strict=False):
        if here.end() > position:
            return there.start() + max(position - here.start(), 0)
    return len(laid_out)
