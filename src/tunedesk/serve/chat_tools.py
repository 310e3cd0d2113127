"""Calls of tools in what a model wrote: the forms that chat templates teach, read back into OpenAI's."""

from __future__ import annotations

import ast
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Tools = Mapping[str, Mapping[str, Any]]
"""The JSON schema of the parameters of each tool that was offered, by its name."""
OPEN, CLOSE = "<tool_call>", "</tool_call>"
_FUNCTION, _HARMONY = "<function=", "to=functions."
_TAGGED = re.compile(re.escape(OPEN) + r"(.*?)(?:" + re.escape(CLOSE) + r"|\Z)", re.DOTALL)
# Qwen 3.5 and Nemotron 3; each value on lines of its own.
_FUNCTIONS = re.compile(r"<function=([^>\n]+)>(.*?)</function>", re.DOTALL)
_PARAMETERS = re.compile(r"<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
# GLM 4.5.
_PAIRS = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)
# gpt-oss, whose control tokens may be left out of the text.
_TO = re.compile(
    r"to=functions\.(?P<name>[\w.-]+?)\s*(?:<\|channel\|>)?commentary\s*(?:<\|constrain\|>)?(?:json)?"
    r"\s*(?:<\|message\|>)?\s*(?P<arguments>\{.*\})\s*\Z",
    re.DOTALL,
)
# Llama 3 writes "parameters", the others "arguments".
_ARGUMENTS = ("arguments", "parameters")
_ANYWHERE = (OPEN, _FUNCTION)
_FIRST = (*_ANYWHERE, _HARMONY, "{", "[")
_MOST = 1_000_000
"""Characters; a longer answer is read by nobody as a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """arguments: JSON text of an object. id: made here, as OpenAI's look."""

    name: str
    arguments: str
    id: str


def calls_in(text: str, tools: Tools) -> tuple[str, tuple[Call, ...]]:
    """The text without its calls, and the calls; all text and no calls where one part cannot be read.

    What calls a tool that was not offered is text: it may be an example that the user wanted. Forms: objects
    with name and arguments in <tool_call> tags (Hermes, Qwen 2.5 and 3), or as the whole answer, one after
    the other or in a list (Llama 3, Mistral); <function=NAME> with parameters (Qwen 3.5, Nemotron 3); names
    with <arg_key> (GLM 4.5); a list of Python calls (LFM 2); to=functions.NAME (gpt-oss). Gemma 4's form
    needs control tokens that no text has; it stays text.
    """
    if len(text) > _MOST:
        return text, ()
    for pattern in (_TAGGED, _FUNCTIONS):
        found = [match.group(1 if pattern is _TAGGED else 0) for match in pattern.finditer(text)]
        if found:
            read = [_body(each, tools) for each in found]
            calls = tuple(call for each in read for call in each)
            return (pattern.sub("", text).strip(), calls) if all(read) else (text, ())
    calls = _body(text, tools)
    return ("", calls) if calls else (text, ())


def safe_length(text: str) -> int:
    """How much of an answer that is still being written cannot become a call any more."""
    body = text.lstrip()
    if not body or any(body.startswith(sign) or sign.startswith(body) for sign in _FIRST):
        return 0
    places = [place for sign in _ANYWHERE if (place := text.find(sign)) >= 0]
    if places:
        return min(places)
    return len(text) - max(_begun(text, sign) for sign in _ANYWHERE)


def _begun(text: str, sign: str) -> int:
    """How many characters at the end of `text` are the beginning of `sign`."""
    return next((size for size in range(len(sign) - 1, 0, -1) if text.endswith(sign[:size])), 0)


def _body(text: str, tools: Tools) -> tuple[Call, ...]:
    """The calls of a text that is nothing but calls; () for every other one."""
    text = text.strip()
    for read in (_from_json, _from_functions, _from_pairs, _from_python, _from_harmony):
        named = read(text, tools)
        if named:
            calls = [_call(name, arguments, tools) for name, arguments in named]
            return tuple(call for call in calls if call) if all(calls) else ()
    return ()


_Named = list[tuple[Any, Any]]
"""Names and arguments, of whatever type a model wrote."""


def _from_json(text: str, tools: Tools) -> _Named:
    """One object after the other, or lists of them."""
    decoder, named, at = json.JSONDecoder(), [], 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        while text[at : at + 1].isspace():
            at += 1
        for item in value if isinstance(value, list) else [value]:
            inner = item.get("function") if isinstance(item, dict) else None
            function = inner if isinstance(inner, dict) else item
            if not isinstance(function, dict) or "name" not in function:
                return []
            arguments: Any = next((function[key] for key in _ARGUMENTS if key in function), {})
            named.append((function["name"], _parsed(arguments) if isinstance(arguments, str) else arguments))
    return named


def _from_functions(text: str, tools: Tools) -> _Named:
    if _FUNCTIONS.sub("", text).strip():
        return []
    return [
        (name.strip(), {key.strip(): _typed(value, tools, name.strip(), key.strip()) for key, value in pairs})
        for name, inside in _FUNCTIONS.findall(text)
        for pairs in [_PARAMETERS.findall(inside)]
    ]


def _from_pairs(text: str, tools: Tools) -> _Named:
    name = text.partition("<arg_key>")[0].strip()
    if name not in tools:
        return []
    return [(name, {key: _typed(value, tools, name, key) for key, value in _PAIRS.findall(text)})]


def _from_python(text: str, tools: Tools) -> _Named:
    """A list of calls whose arguments are named and literal; nothing of it is executed."""
    if not (text.startswith("[") and text.endswith(")]")):
        return []
    try:
        tree = ast.parse(text, mode="eval").body
        calls = tree.elts if isinstance(tree, ast.List) else []
        return [_python_call(call) for call in calls]
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # MemoryError: ast's word for too deep
        return []


def _python_call(node: ast.expr) -> tuple[Any, Any]:
    """ValueError: something else than a call of literals."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.args:
        raise ValueError
    return node.func.id, {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}


def _from_harmony(text: str, tools: Tools) -> _Named:
    match = _TO.match(text)
    return [(match["name"], _parsed(match["arguments"]))] if match else []


def _typed(text: str, tools: Tools, name: str, key: str) -> Any:
    """A value that was written without quotes: text where the schema says so, else JSON if it is any."""
    properties = tools.get(name, {}).get("properties")
    schema = properties.get(key) if isinstance(properties, Mapping) else None
    if isinstance(schema, Mapping) and schema.get("type") == "string":
        return text
    value = _parsed(text)
    return text if value is None and text.strip() != "null" else value


def _call(name: Any, arguments: Any, tools: Tools) -> Call | None:
    if not isinstance(name, str) or name not in tools or not isinstance(arguments, dict):
        return None
    try:
        # As ASCII: a model may name half a character, which no answer can carry.
        return Call(name, json.dumps(arguments, allow_nan=False), f"call_{secrets.token_hex(12)}")
    except (ValueError, TypeError, RecursionError):
        return None


def _parsed(text: str) -> Any:
    """The value of a JSON text, None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
