"""What a drafting model is shown, and what is read from its answers; asks nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import Example
from tunedesk.dataset.sheet_columns import text_in_cell
from tunedesk.runs.generation import ChatMessage

SHOWN = 3
"""Examples that a model sees at a time."""
INSTRUCTION = (
    "You write new examples for a dataset that trains a language model. Write one example of the same kind "
    "as those you are shown, about something else. Answer with one JSON object that has the keys question "
    "and answer, and with nothing else."
)
_NAMES = (("question", "answer"), ("prompt", "completion"), ("user", "assistant"), ("input", "output"))
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_PLAIN = re.compile(
    r"^\s*Question:\s*(\S.*?)\n\s*Answer:\s*(\S.*?)\s*\Z", re.DOTALL | re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Seed:
    """answers: the numbers of the assistant's turns that come after a user's."""

    raw: bytes
    value: dict[str, Any]
    example: Example
    answers: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.answers[-1]


def conversation_for(seed: Seed, wish: str) -> tuple[ChatMessage, ...]:
    """The seed's own conversation up to its last answer; the wish stands in its system prompt."""
    turns = [
        ChatMessage("system" if turn.role == "developer" else turn.role, turn.content or "")
        for turn in seed.example.messages[: seed.last]
        if turn.role in ("system", "developer", "user", "assistant")
    ]
    if not wish:
        return tuple(turns)
    if turns and turns[0].role == "system":
        return (ChatMessage("system", f"{turns[0].content}\n\n{wish}"), *turns[1:])
    return (ChatMessage("system", wish), *turns)


def examples_for(seeds: Sequence[Seed], wish: str) -> tuple[ChatMessage, ...]:
    parts = [INSTRUCTION]
    if system := system_of(seeds[0].example):
        parts.append(f"The model's own instructions are: {system}")
    if wish:
        parts.append(wish)
    shown = [
        json.dumps(
            {"question": seed.example.first_user, "answer": seed.example.messages[seed.answers[0]].content},
            ensure_ascii=False,
        )
        for seed in seeds
    ]
    return (ChatMessage("system", "\n\n".join(parts)), ChatMessage("user", "\n".join(shown)))


def system_of(example: Example) -> str:
    return next((turn.content or "" for turn in example.messages if turn.role in ("system", "developer")), "")


def without_thoughts(text: str) -> str:
    """What a model says after thinking aloud; "" when it never came to an end."""
    return _THOUGHTS.sub("", text).strip()


def read_example(text: str) -> tuple[str, str] | None:
    """Question and answer in what a model wrote: a JSON object somewhere in it, or two marked lines."""
    decoder = json.JSONDecoder()
    for place in [found.start() for found in re.finditer(r"\{", text)][:20]:
        try:
            value, _ = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            continue
        if (pair := _pair(value)) is not None:
            return pair
    found = _PLAIN.search(text)
    return (found[1].strip(), found[2].strip()) if found else None


def _pair(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, dict):
        return None
    folded = {key.casefold(): item for key, item in value.items()}
    for question, answer in _NAMES:
        if folded.get(question) and folded.get(answer):
            return text_in_cell(folded[question]).strip(), text_in_cell(folded[answer]).strip()
    return None
