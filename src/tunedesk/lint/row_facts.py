"""What of a row matters when rows are compared: hashes of its content, question and answer, and the
answer's format.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from tunedesk.dataset.example import Message
from tunedesk.dataset.json_tokens import tokens
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.lint.row_view import RowView
from tunedesk.lint.targets import Target

LONGEST_LABEL = 40  # characters; longer values are texts, not labels
_ANY_TARGET = Target("generic")


@dataclass(frozen=True, slots=True)
class Label:
    """A short value of an answer's JSON object, and where in the answer it begins (behind the quote)."""

    key: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """pointer and length of the answer. keys: sorted keys when it is a JSON object, else None.

    labels: its short string values. long_keys: keys of string values too long to be labels.
    """

    pointer: str
    length: int
    keys: tuple[str, ...] | None
    labels: tuple[Label, ...]
    long_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Hashes are Python's own, 64 bits that hold within one process. question and answer_hash are None when a
    row has no question or no answer.
    """

    row: int
    question: int | None
    answer_hash: int | None
    answer: AnswerFacts | None


def facts_of(parsed: ParsedRow) -> RowFacts | None:
    """None for a line that cannot be read: there is nothing to compare."""
    if parsed.value is None or parsed.problems:
        return None
    view = RowView(parsed, _ANY_TARGET)
    messages = view.example.messages
    last = next((index for index in reversed(range(len(messages))) if _answers(messages[index])), None)
    row = hash(msgspec.json.encode(parsed.value, order="sorted"))
    answer = messages[last].content if last is not None else None
    if last is None or answer is None or not answer.strip():
        # An empty answer is another rule's concern: it neither contradicts nor has a format.
        return RowFacts(row, question_hash(messages[:last]), None, None)
    return RowFacts(
        row,
        question_hash(messages[:last]),
        hash(_normal(answer)),
        _answer_facts(sys.intern(view.content_pointer(messages[last])), answer),
    )


def question_hash(messages: Iterable[Message]) -> int | None:
    """One number for all that stands before an answer; white space and capitals make no difference.

    None when nobody asks anything: an empty prompt is no question that two rows could share.
    """
    parts = [(message.role, _normal(message.content or "")) for message in messages]
    if not any(text for role, text in parts if role != "system"):
        return None
    return hash(tuple(parts))


def _answers(message: Message) -> bool:
    return message.role == "assistant" and message.content is not None


def _answer_facts(pointer: str, answer: str) -> AnswerFacts:
    value = _json_object(answer)
    if value is None:
        return AnswerFacts(pointer, len(answer), None, (), ())
    strings = {key: item for key, item in value.items() if isinstance(item, str)}
    short = {key: item for key, item in strings.items() if len(item) <= LONGEST_LABEL}
    is_flat = not any(isinstance(item, (dict, list)) for item in value.values())
    places = _flat_places(answer, short) if is_flat else _nested_places(answer)
    labels = tuple(Label(key, text, places[key]) for key, text in short.items() if key in places)
    long_keys = tuple(key for key in strings if key not in short)
    return AnswerFacts(pointer, len(answer), tuple(sorted(value)), labels, long_keys)


def _json_object(answer: str) -> dict[str, Any] | None:
    if not answer.lstrip().startswith("{"):
        return None
    try:
        value = msgspec.json.decode(answer)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _flat_places(answer: str, values: dict[str, str]) -> dict[str, int]:
    """Where each value begins, in an object without objects in it; values with escapes are left out."""
    places: dict[str, int] = {}
    for key, text in values.items():
        at = answer.find(f'"{key}"')
        begin = answer.find(f'"{text}"', at + len(key) + 2) if at >= 0 else -1
        if begin >= 0 and answer[at + len(key) + 2 : begin].strip() == ":":
            places[key] = begin + 1
    return places


def _nested_places(answer: str) -> dict[str, int]:
    """The same for objects that hold objects or lists: only keys of the outermost object count."""
    places: dict[str, int] = {}
    depth = 0
    key: str | None = None
    previous = ""
    for token in tokens(answer):
        if token.text in ("{", "["):
            depth += 1
        elif token.text in ("}", "]"):
            depth -= 1
        elif depth == 1 and token.text.startswith('"'):
            if previous == ":" and key is not None and "\\" not in token.text:
                places[key] = token.start + 1
            elif previous in ("{", ","):
                key = token.text[1:-1]
        previous = token.text
    return places


def _normal(text: str) -> str:
    """Without capitals, and with one blank for each stretch of white space."""
    # A printable text has no white space but blanks, so most texts need not be taken apart.
    is_plain = text.isprintable() and "  " not in text
    return (text.strip() if is_plain else " ".join(text.split())).casefold()
