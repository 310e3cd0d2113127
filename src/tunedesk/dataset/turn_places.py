"""Where in a row its turns lie: which list holds them, under which keys, and what a format cannot hold."""

from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.example import Example, Message, RowFormat, example_of
from tunedesk.dataset.formats.instructions import SHAREGPT_ROLES, turn_keys
from tunedesk.dataset.formats.pairs import shared_turns
from tunedesk.dataset.json_pointer import pointer_to, value_at
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError

Row = dict[str, Any]
Place = int | str
"""A turn's place in Example.messages, from 0, or its pointer."""

_NAMES = {
    RowFormat.CHAT: "A chat row",
    RowFormat.REINFORCEMENT: "A reinforcement row",
    RowFormat.PREFERENCE: "A preference row",
    RowFormat.TRL_PREFERENCE: "A row with chosen and rejected",
    RowFormat.UNPAIRED: "A row with prompt, completion and label",
    RowFormat.STEPWISE: "A row with a label for each step",
    RowFormat.PROMPT_COMPLETION: "A row with prompt and completion",
    RowFormat.PROMPT_ONLY: "A row with a prompt alone",
    RowFormat.TEXT: "A row with one text",
    RowFormat.ALPACA: "An Alpaca row",
    RowFormat.SHAREGPT: "A ShareGPT row",
    RowFormat.MAPPED: "A row of a table",
    RowFormat.UNKNOWN: "A row of an unknown format",
}
_LISTS = {
    RowFormat.CHAT: "/messages",
    RowFormat.REINFORCEMENT: "/messages",
    RowFormat.PREFERENCE: "/input/messages",
    RowFormat.SHAREGPT: "/conversations",
    RowFormat.STEPWISE: "/completions",
}
_TEXTS_IN_LISTS = ("/history", "/completions")


@dataclass(frozen=True, slots=True)
class TurnKeys:
    """What a turn's role and text are called, and the format's own words for roles."""

    role: str
    text: str
    words: dict[str, str]

    def word(self, role: str) -> str:
        return self.words.get(role, role)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Item `index` of the list at pointer `base`.

    twin: a list whose items up to there are the same, and stay the same (both sides of a preference that has
    no prompt of its own). texts: the items are strings, not turns.
    """

    base: str
    index: int
    twin: str = ""
    texts: bool = False


def turn_at(value: Row, place: Place, mapping: ColumnMapping | None) -> tuple[Example, Message]:
    """IndexError or LookupError when there is no such turn."""
    example = example_of(value, mapping)
    if isinstance(place, int):
        return example, example.messages[checked(place, len(example.messages))]
    for turn in (*example.messages, *example.chosen, *example.rejected):
        if turn.pointer == place and place:
            return example, turn
    raise LookupError(place)


def list_place(value: Row, kind: RowFormat, pointer: str) -> ListPlace | None:
    """The list that holds the turn at the pointer; None for a turn that lies in no list."""
    base, _, last = pointer.rpartition("/")
    if not base or not (last == "-" or (last.isascii() and last.isdigit())):
        return None
    try:
        found = value_at(value, base)
    except LookupError:
        return None
    if not isinstance(found, list):
        return None
    index = len(found) if last == "-" else int(last)
    twin = ""
    if kind is RowFormat.TRL_PREFERENCE and "prompt" not in value and "messages" not in value:
        sides = {"/chosen": "/rejected", "/rejected": "/chosen"}
        twin = sides.get(base, "") if index < shared_turns(value) else ""
    return ListPlace(base, index, twin, base.startswith(_TEXTS_IN_LISTS))


def main_list(kind: RowFormat, mapping: ColumnMapping | None) -> str:
    """The list that new turns go to when there is no turn beside them; "" where the format has none."""
    if kind is RowFormat.MAPPED and mapping is not None:
        return pointer_to(mapping.messages) if mapping.messages else ""
    return _LISTS.get(kind, "")


def keys_in(value: Row, kind: RowFormat, base: str, mapping: ColumnMapping | None) -> TurnKeys:
    """The keys of the turns in a list, as those that stand there have them."""
    if kind is RowFormat.MAPPED and mapping is not None:
        return TurnKeys(mapping.role_key, mapping.text_key, _words_in(value, base, mapping.role_key))
    if kind is not RowFormat.SHAREGPT:
        return TurnKeys("role", "content", {})
    first = next((turn for turn in _items(value, base) if isinstance(turn, dict)), {})
    role, text = turn_keys(first)
    words = {"user": "human", "assistant": "gpt", "tool": "observation"} if role == "from" else {}
    return TurnKeys(role, text, {**words, **_words_in(value, base, role)})


def name_of(kind: RowFormat) -> str:
    return _NAMES[kind]


def refusal(kind: RowFormat, what: str, hint: str = "Edit its JSON instead.") -> UserError:
    """The sentence for what a format cannot hold, such as "roles to change"."""
    return UserError(f"{_NAMES[kind]} has no {what}.", hint=hint)


def checked(index: int, count: int) -> int:
    """Negative indexes are mistakes here, not places counted from the end."""
    if not 0 <= index < count:
        raise IndexError(index)
    return index


def _items(value: Row, base: str) -> list[Any]:
    try:
        found = value_at(value, base)
    except LookupError:
        return []
    return found if isinstance(found, list) else []


def _words_in(value: Row, base: str, role_key: str) -> dict[str, str]:
    """OpenAI's word -> the word that stands in the row; a call's own name is no word for all answers."""
    found: dict[str, str] = {}
    for turn in _items(value, base):
        word = turn.get(role_key) if isinstance(turn, dict) else None
        if isinstance(word, str) and word != "function_call":
            found.setdefault(SHAREGPT_ROLES.get(word.lower(), word), word)
    return found
