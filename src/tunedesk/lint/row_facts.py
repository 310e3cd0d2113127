"""What of a row matters when rows are compared: hashes of its content, question and answer, and the
answer's format.
"""

import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from tunedesk.dataset.example import Message, RowFormat
from tunedesk.dataset.json_tokens import tokens
from tunedesk.lint.row_view import RowView

LONGEST_LABEL = 40  # characters; longer values are texts, not labels
NOTHING = 0
"""Stands for the hash of a question or answer that a row does not have."""
Signature = tuple[tuple[str, ...] | None, tuple[tuple[str, str], ...], tuple[str, ...]]
"""Of an answer: sorted keys when it is a JSON object, else None; its labels (key, text), the key "" for an
answer that is nothing but a short text; the keys of texts too long to be labels."""
PROSE: Signature = (None, (), ())
# Several answers to one question are what these formats are made of.
_WITHOUT_ANSWER = (
    RowFormat.PREFERENCE,
    RowFormat.TRL_PREFERENCE,
    RowFormat.UNPAIRED,
    RowFormat.STEPWISE,
    RowFormat.PROMPT_ONLY,
    RowFormat.REINFORCEMENT,
)


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Hashes are 64 bits that every process agrees on; NOTHING where a row has no question or answer.

    pointer, length: the answer's, "" and 0 without one. starts: where in the answer each label of the
    signature begins. classes: one key for each class counter.
    """

    row: int
    question: int
    answer: int
    pointer: str = ""
    length: int = 0
    signature: Signature | None = None
    starts: tuple[int, ...] = ()
    classes: tuple[Hashable, ...] = ()


def facts_of(view: RowView, classes: tuple[Hashable, ...] = ()) -> RowFacts | None:
    """None for a line that cannot be read: there is nothing to compare."""
    if view.parsed.value is None or view.parsed.problems:
        return None
    row = row_hash(view.parsed.value)
    messages = view.example.messages
    if view.format in _WITHOUT_ANSWER:
        return RowFacts(row, question_hash(messages), NOTHING, classes=classes)
    last = next((index for index in reversed(range(len(messages))) if _answers(messages[index])), None)
    question = question_hash(messages[:last])
    answer = messages[last].content if last is not None else None
    if last is None or answer is None or not answer.strip():
        # An empty answer is another rule's concern: it neither contradicts nor has a format.
        return RowFacts(row, question, NOTHING, classes=classes)
    message = messages[last]
    pointer, length = sys.intern(view.content_pointer(message)), 0 if message.parts else len(answer)
    signature, starts = read_answer(answer) if not message.parts else (PROSE, ())
    return RowFacts(row, question, text_hash(answer), pointer, length, signature, starts, classes)


def row_hash(value: Mapping[str, Any]) -> int:
    """The same for equal values, whatever the order of their keys."""
    usual = usual_texts(value)
    if usual is None:
        return xxh3_64_intdigest(msgspec.json.encode(value, order="sorted"))
    code, texts, rest = usual
    return usual_hash(code, "\0".join(texts).encode("utf-8", "surrogatepass"), rest)


def usual_hash(code: str, joined: bytes, rest: Mapping[str, Any]) -> int:
    """Of a row in the usual shape. code: who speaks; joined: the texts with a NUL between two."""
    extra = msgspec.json.encode(rest, order="sorted") if rest else b""
    return xxh3_64_intdigest(b"%b\0%b\0%b" % (code.encode(), joined, extra))


def usual_texts(value: Mapping[str, Any]) -> tuple[str, list[str], dict[str, Any]] | None:
    """(who speaks, the texts, all other keys) of a row whose turns are nothing but a role and a text; None
    for any other, and for texts with a NUL."""
    turns = value.get("messages")
    if type(turns) is list:
        code, texts, own = _turns(turns)
    elif (
        "messages" not in value and type(value.get("prompt")) is str and type(value.get("completion")) is str
    ):
        code, texts, own = "prompt", [value["prompt"], value["completion"]], ("prompt", "completion")
    else:
        return None
    if not texts or any("\0" in text for text in texts):
        return None
    return code, texts, {key: item for key, item in value.items() if key not in own}


def _turns(turns: Sequence[Any]) -> tuple[str, list[str], tuple[str, ...]]:
    if not all(type(turn) is dict and len(turn) == 2 for turn in turns):
        return "", [], ()
    roles, texts = [turn.get("role") for turn in turns], [turn.get("content") for turn in turns]
    if not all(type(item) is str for item in (*roles, *texts)):
        return "", [], ()
    return role_code(roles), texts, ("messages",)


def role_code(roles: Iterable[str]) -> str:
    return "\x01".join(roles).encode("utf-8", "backslashreplace").decode()


def question_hash(messages: Sequence[Message]) -> int:
    """One number for all that stands before an answer; white space and capitals make no difference.

    NOTHING when nobody asks anything: an empty prompt is no question that two rows could share.
    """
    texts = [normal(message.content or "") for message in messages]
    if not any(text for text, message in zip(texts, messages, strict=True) if message.role != "system"):
        return NOTHING
    joined = "\0".join([role_code(message.role for message in messages), *texts])
    return xxh3_64_intdigest(joined.encode("utf-8", "surrogatepass")) or 1


def text_hash(text: str) -> int:
    """Of an answer; white space and capitals make no difference."""
    return xxh3_64_intdigest(normal(text).encode("utf-8", "surrogatepass")) or 1


def normal(text: str) -> str:
    """Without capitals, and with one blank for each stretch of white space."""
    return " ".join(text.split()).casefold()


def _answers(message: Message) -> bool:
    return message.role == "assistant" and message.content is not None


def read_answer(answer: str) -> tuple[Signature, tuple[int, ...]]:
    """What the answer looks like, and where its labels begin."""
    value = _json_object(answer)
    if value is None:
        text = answer.strip()
        if len(text) > LONGEST_LABEL or "\n" in text:
            return PROSE, ()
        return (None, (("", text),), ()), (answer.index(text),)
    strings = {key: item for key, item in value.items() if isinstance(item, str)}
    short = {key: item for key, item in strings.items() if len(item) <= LONGEST_LABEL}
    is_flat = not any(isinstance(item, (dict, list)) for item in value.values())
    places = _flat_places(answer, short) if is_flat else _nested_places(answer)
    labels = tuple((key, text) for key, text in short.items() if key in places)
    long_keys = tuple(key for key in strings if key not in short)
    return (tuple(sorted(value)), labels, long_keys), tuple(places[key] for key, _ in labels)


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
