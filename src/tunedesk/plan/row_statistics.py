"""What one row adds to the statistics of its dataset; knows no other row."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache

from tunedesk.dataset.example import Example, Message
from tunedesk.dataset.languages import language_of
from tunedesk.template.encoding import RowTokens

LONGEST_LABEL = 60
"""Characters of an answer that may be the name of a class."""
MOST_FIELDS = 12
"""Keys of a JSON answer that are looked at as labels."""
SHOWN_OF_A_PROMPT = 200
_REFUSAL = re.compile(
    r"^\W*(?:i['\u2019]?m sorry|sorry|unfortunately|i (?:cannot|can['\u2019]?t|can not|am unable|am not able)"
    r"|i won['\u2019]?t"
    r"|as an ai|es tut mir leid|leider|désolé|je ne peux|lo siento|no puedo|извините|к сожалению|я не могу)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RowFacts:
    """tokens: None when the row cannot be counted. roles: of its turns. prompt: a number for what stands
    before the last answer; rows with the same number ask the same. answer: the same for the answer; 0 without
    one. answer_length: in characters. label: a short answer, which may name a class. fields: key and short
    value of an answer that is a JSON object. system: its system text, cut; "" for none. language: "" for not
    told, None for not looked at.
    """

    tokens: RowTokens | None
    roles: tuple[str, ...]
    prompt: int
    answer: int
    answer_length: int
    label: str
    fields: tuple[tuple[str, str], ...]
    system: str
    is_refusal: bool
    language: str | None


def facts_of_row(example: Example, tokens: RowTokens | None, *, with_language: bool) -> RowFacts:
    """The facts of an example. with_language: telling it takes longer than all the rest."""
    turns = (*example.messages, *example.chosen)
    last = next((index for index in range(len(turns) - 1, -1, -1) if turns[index].role == "assistant"), None)
    answer = said(turns[last]) if last is not None else ""
    asked = "\0".join(f"{turn.role}:{said(turn)}" for turn in turns[:last])
    system = next((said(turn) for turn in turns if turn.role in ("system", "developer")), "")
    return RowFacts(
        tokens=tokens,
        roles=_same_roles(tuple([turn.role for turn in turns])),
        prompt=_number(asked),
        answer=_number(" ".join(answer.split()).casefold()) if answer else 0,
        answer_length=len(answer),
        label=_label(answer),
        fields=_fields(answer),
        system=_same_text(system[:SHOWN_OF_A_PROMPT]),
        is_refusal=_REFUSAL.search(answer[:80]) is not None,
        language=_language(turns, answer) if with_language else None,
    )


@lru_cache(maxsize=4096)
def _same_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The tuple that an earlier row has, so that a million rows share a few."""
    return roles


@lru_cache(maxsize=4096)
def _same_text(text: str) -> str:
    return text


def said(turn: Message) -> str:
    """A turn's text, and what it calls."""
    calls = "".join(f"{call.name}({call.arguments})" for call in turn.tool_calls)
    return (turn.content or "") + calls


def _number(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return (zlib.crc32(data) << 32 | zlib.adler32(data)) + 1


def _label(answer: str) -> str:
    text = answer.strip()
    return text if 0 < len(text) <= LONGEST_LABEL and "\n" not in text and text[:1] not in "{[" else ""


def _fields(answer: str) -> tuple[tuple[str, str], ...]:
    text = answer.strip()
    if not text.startswith("{") or len(text) > 2_000:
        return ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(value, dict):
        return ()
    short = (
        (key, item if isinstance(item, str) else json.dumps(item))
        for key, item in list(value.items())[:MOST_FIELDS]
        if isinstance(item, str | int | float | bool) or item is None
    )
    return tuple((key, item) for key, item in short if len(item) <= LONGEST_LABEL)


def _language(turns: tuple[Message, ...], answer: str) -> str:
    """Of the answer, or of the last question where the answer is too short to tell."""
    found = language_of(answer)
    question = next((said(turn) for turn in reversed(turns) if turn.role == "user"), "")
    return found or language_of(question)
