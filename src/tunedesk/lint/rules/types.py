"""SCH005: values of another type than their format asks for."""

from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.example import Message, RowFormat
from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.dataset.formats.turns import written
from tunedesk.lint.edits import SetValue
from tunedesk.lint.finding import Fix, FixKind
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit
from tunedesk.lint.target_facts import TAKES_PARTS

_TEXT = (str,)
_SIDE = (str, list)  # TRL: a text, or a list of messages
_TURNS = (list,)
_TYPES: dict[RowFormat, dict[str, tuple[type, ...]]] = {
    RowFormat.PROMPT_COMPLETION: {"prompt": _SIDE, "completion": _SIDE},
    RowFormat.PROMPT_ONLY: {"prompt": _SIDE},
    RowFormat.UNPAIRED: {"prompt": _SIDE, "completion": _SIDE, "label": (bool,)},
    RowFormat.STEPWISE: {"prompt": _TEXT, "completions": _TURNS, "labels": _TURNS},
    RowFormat.TRL_PREFERENCE: {"prompt": _SIDE, "chosen": _SIDE, "rejected": _SIDE},
    RowFormat.PREFERENCE: {"input": (dict,), **dict.fromkeys((*PREFERRED, *REFUSED), _TURNS)},
    RowFormat.TEXT: {"text": _TEXT},
    RowFormat.SHAREGPT: {"conversations": _TURNS},
    RowFormat.ALPACA: {"instruction": _TEXT, "history": _TURNS, **dict.fromkeys(("input", "output"), _TEXT)},
}
_PARTS = {"user": {"text", "image_url"}, "assistant": {"text", "refusal"}}
"""What OpenAI and Azure take as parts of a turn's content: no images in answers, no sound, no files."""
_OPTIONAL = {"input", "output", "system", "history"}  # of Alpaca; null says that there is none


def wrong_type(view: RowView) -> Iterator[Hit]:
    if view.is_chat:
        if not isinstance(view.value["messages"], list):
            yield _no_list("/messages", "messages", view.value["messages"])
    else:
        yield from _wrong_columns(view)
    yield from _wrong_turns(view)


def _wrong_columns(view: RowView) -> Iterator[Hit]:
    types = _TYPES.get(view.format, {})
    is_alpaca = view.format is RowFormat.ALPACA
    for key, allowed in types.items():
        item = view.value.get(key)
        if (
            key not in view.value
            or type(item) in allowed
            or (is_alpaca and item is None and key in _OPTIONAL)
        ):
            continue
        if str in allowed:
            yield _no_text(f"/{key}", key, item)
        elif list in allowed:
            yield _no_list(f"/{key}", key, item)
        else:
            wanted = "true or false" if bool in allowed else "an object"
            yield Hit(f"/{key}", f"{key} must be {wanted}; it is {kind(item)}.")
    asked = view.value.get("input")
    is_asked = view.format is RowFormat.PREFERENCE and isinstance(asked, dict)
    if is_asked and not isinstance(view.at("/input/messages"), list):
        yield Hit("/input", "input must hold messages, a list of turns.")
    if view.format is RowFormat.STEPWISE:
        yield from _wrong_steps(view)


def _wrong_steps(view: RowView) -> Iterator[Hit]:
    """TRL's stepwise supervision: one label, true or false, for each step."""
    steps, labels = view.value.get("completions"), view.value.get("labels")
    if not isinstance(steps, list) or not isinstance(labels, list):
        return
    for index, step in enumerate(steps):
        if not isinstance(step, str):
            yield _no_text(f"/completions/{index}", "a step", step)
    for index, label in enumerate(labels):
        if not isinstance(label, bool):
            words = f"The label of a step must be true or false; it is {kind(label)}."
            yield Hit(f"/labels/{index}", words)
    if len(steps) != len(labels):
        yield Hit("/labels", f"There are {len(steps)} steps and {len(labels)} labels.")


def _wrong_turns(view: RowView) -> Iterator[Hit]:
    example = view.example
    known = {id(message) for message, _ in view.all_turns}
    for message in (*example.messages, *example.chosen, *example.rejected):
        if (
            id(message) not in known
            and message.pointer.rpartition("/")[2].isdigit()
            and not message.text_pointer
        ):
            item = view.at(message.pointer)
            if view.format is not RowFormat.STEPWISE and not message.pointer.startswith("/history/"):
                yield Hit(
                    message.pointer, f"A turn must be an object with role and content; this is {kind(item)}."
                )
    for message, turn in view.all_turns:
        role_key, text_key = view.keys_of(turn)
        if role_key in turn and not isinstance(turn[role_key], str):
            yield Hit(
                f"{message.pointer}/{role_key}", f"The role must be text; it is {kind(turn[role_key])}."
            )
        content = turn.get(text_key)
        if content is not None and not isinstance(content, str) and not _takes_parts(view, message, content):
            yield _no_text(f"{message.pointer}/{text_key}", text_key, content)
        elif isinstance(content, list) and view.target.name.startswith(("openai", "azure")):
            yield from _wrong_parts(f"{message.pointer}/{text_key}", message.role, content)


def _wrong_parts(pointer: str, role: str, parts: list[dict[str, Any]]) -> Iterator[Hit]:
    """OpenAI's guide to vision: "You cannot include images as output"; its description of the API: "Input
    messages may contain text or image content only."
    """
    for place, part in enumerate(parts):
        if part.get("type") not in _PARTS.get(role, {"text"}):
            what = part.get("type") if isinstance(part.get("type"), str) else kind(part.get("type"))
            yield Hit(f"{pointer}/{place}", f"The target takes no part of the type {what} in a {role} turn.")


def _takes_parts(view: RowView, message: Message, content: Any) -> bool:
    """Online services take a list of parts as content; templates here are given the parts that are text."""
    if not isinstance(content, list) or not content or not all(isinstance(part, dict) for part in content):
        return False
    if view.target.name == "local":
        return message.content is not None
    return view.target.name in TAKES_PARTS


def _no_list(pointer: str, key: str, item: Any) -> Hit:
    return Hit(pointer, f"{key} must be a list; it is {kind(item)}.")


def _no_text(pointer: str, key: str, value: Any) -> Hit:
    if value is None:
        return Hit(pointer, f"{key} must be text; it is null.")
    parts = _joined_parts(value)
    text = parts if parts is not None else written(value)
    label = "Join the parts to one text" if parts is not None else "Write it as text"
    fix = Fix(FixKind.UNSAFE, label, (SetValue(pointer, text),)) if text or parts is not None else None
    return Hit(pointer, f"{key} must be text; it is {kind(value)}.", fix=fix)


def _joined_parts(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return None
    texts = [part.get("text") for part in value if isinstance(part, dict) and part.get("type") == "text"]
    strings = [text for text in texts if isinstance(text, str)]
    return "".join(strings) if len(strings) == len(value) else None


def kind(value: Any) -> str:
    """A value's type in words."""
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", str: "text", type(None): "null"}
    return names.get(type(value), "a number")
