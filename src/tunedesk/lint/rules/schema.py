"""SCH: the shape of a row: its format, its keys and their types."""

import json
from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.example import RowFormat
from tunedesk.lint.edits import DeleteKey, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule

ROLES = frozenset({"system", "user", "assistant", "tool", "function"})
ROLE_ALIASES = {
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "observation": "tool",
}
# FineTuneChatRequestInput of OpenAI's API description of April 2025, and the message types in it.
_ROW_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "weight", "refusal", "tool_calls", "function_call", "tool_call_id", "audio"}
)
NOT_RENDERED = ("tools", "functions", "tool_calls", "function_call")
_COLUMNS = (  # pairs of question and answer that other tools use
    ("instruction", "output"),
    ("instruction", "response"),
    ("question", "answer"),
    ("input", "output"),
    ("query", "response"),
)


def alias_of(role: str) -> str | None:
    """The role that is meant by another name for it; None when the name says nothing."""
    lower = role.strip().lower()
    if lower in ROLES:
        return None if lower == role else lower
    return ROLE_ALIASES.get(lower)


def unknown_format(view: RowView) -> Iterator[Hit]:
    if view.example.format is not RowFormat.UNKNOWN:
        return
    keys = ", ".join(list(view.value)[:5]) or "no keys"
    yield Hit(
        "",
        f"The row has neither messages nor prompt and completion (it has {keys}).",
        fix=_mapped(view.value),
    )


def _mapped(value: dict[str, Any]) -> Fix | None:
    """Known columns of other tools as messages, with every other key kept."""
    conversation = value.get("conversations")
    if isinstance(conversation, list) and all(
        isinstance(turn, dict) and "from" in turn for turn in conversation
    ):
        turns = [
            {"role": alias_of(str(turn["from"])) or turn["from"], "content": turn.get("value")}
            for turn in conversation
        ]
        return _as_messages("Turn conversations into messages", "conversations", turns)
    for question, answer in _COLUMNS:
        if isinstance(value.get(question), str) and isinstance(value.get(answer), str):
            edits = (
                SetValue("/prompt", value[question]),
                SetValue("/completion", value[answer]),
                DeleteKey(f"/{question}"),
                DeleteKey(f"/{answer}"),
            )
            return Fix(FixKind.SUGGESTION, f"Use {question} as prompt and {answer} as completion", edits)
    return None


def _as_messages(label: str, old: str, turns: list[dict[str, Any]]) -> Fix:
    return Fix(FixKind.SUGGESTION, label, (SetValue("/messages", turns), DeleteKey(f"/{old}")))


def missing_key(view: RowView) -> Iterator[Hit]:
    if view.example.format is RowFormat.PROMPT_COMPLETION:
        for key in ("prompt", "completion"):
            if key not in view.value:
                yield Hit("", f"The row has no {key}.")
    for index, (message, turn) in enumerate(view.turns):
        if "role" not in turn:
            role = _likely_role(view, index)
            fix = Fix(
                FixKind.SUGGESTION, f"Make it the {role}'s turn", (SetValue(f"{message.pointer}/role", role),)
            )
            yield Hit(message.pointer, "The turn has no role.", fix=fix)


def _likely_role(view: RowView, index: int) -> str:
    """By what stands before: the user begins, then both take turns."""
    before = view.turns[index - 1][0].role if index else "system"
    return "assistant" if before == "user" else "user"


def unknown_key(view: RowView) -> Iterator[Hit]:
    if view.target.name == "local":
        yield from _keys_left_out(view)
        return
    allowed = _ROW_KEYS if view.is_chat else frozenset({"prompt", "completion"})
    if view.example.format is RowFormat.UNKNOWN:
        return
    for key in view.value:
        if key not in allowed:
            yield Hit(
                f"/{_escaped(key)}",
                f"The target does not know the key {key}.",
                fix=_drop(f"/{_escaped(key)}", key),
            )
    for message, turn in view.turns:
        for key in turn:
            if key not in _MESSAGE_KEYS:
                pointer = f"{message.pointer}/{_escaped(key)}"
                yield Hit(
                    pointer, f"The target does not know the key {key} of a turn.", fix=_drop(pointer, key)
                )


def _keys_left_out(view: RowView) -> Iterator[Hit]:
    """Locally, other keys are kept and ignored; only tools are worth a word, because a person expects
    them trained.
    """
    for key in NOT_RENDERED:
        if view.value.get(key):
            yield Hit(f"/{key}", f"{key} is not put into the text that is trained.")
    for message, turn in view.turns:
        for key in NOT_RENDERED:
            if turn.get(key):
                yield Hit(f"{message.pointer}/{key}", f"{key} is not put into the text that is trained.")


def _drop(pointer: str, key: str) -> Fix:
    return Fix(FixKind.UNSAFE, f"Delete the key {key}", (DeleteKey(pointer),))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def wrong_type(view: RowView) -> Iterator[Hit]:
    if view.is_chat:
        yield from _wrong_messages(view)
    elif view.example.format is RowFormat.PROMPT_COMPLETION:
        for key in ("prompt", "completion"):
            if key in view.value and not isinstance(view.value[key], str):
                yield _not_text(f"/{key}", key, view.value[key])


def _wrong_messages(view: RowView) -> Iterator[Hit]:
    messages = view.value["messages"]
    if not isinstance(messages, list):
        yield Hit("/messages", f"messages must be a list; it is {_kind(messages)}.")
        return
    for index, turn in enumerate(messages):
        if not isinstance(turn, dict):
            yield Hit(
                f"/messages/{index}",
                f"A turn must be an object with role and content; this is {_kind(turn)}.",
            )
    for message, turn in view.turns:
        if "role" in turn and not isinstance(turn["role"], str):
            yield Hit(f"{message.pointer}/role", f"The role must be text; it is {_kind(turn['role'])}.")
        content = turn.get("content")
        if content is not None and not isinstance(content, str) and not _takes_parts(view, content):
            yield _not_text(f"{message.pointer}/content", "content", content)


def _takes_parts(view: RowView, content: Any) -> bool:
    """Online services take a list of parts as content; templates here are given text only."""
    return (
        view.target.name != "local"
        and isinstance(content, list)
        and all(isinstance(part, dict) for part in content)
    )


def _not_text(pointer: str, key: str, value: Any) -> Hit:
    parts = _joined_parts(value)
    if value is None:
        return Hit(pointer, f"{key} must be text; it is null.")
    text = parts if parts is not None else json.dumps(value, ensure_ascii=False)
    label = "Join the parts to one text" if parts is not None else "Write it as text"
    fix = Fix(FixKind.UNSAFE, label, (SetValue(pointer, text),))
    return Hit(pointer, f"{key} must be text; it is {_kind(value)}.", fix=fix)


def _joined_parts(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return None
    texts = [part.get("text") for part in value if isinstance(part, dict) and part.get("type") == "text"]
    strings = [text for text in texts if isinstance(text, str)]
    return "".join(strings) if len(strings) == len(value) else None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", str: "text", type(None): "null"}
    return names.get(type(value), "a number")


def null_padding(view: RowView) -> Iterator[Hit]:
    for key, item in view.value.items():
        if item is None and key not in ("messages", "prompt", "completion"):
            yield _null(f"/{_escaped(key)}", key)
    for message, turn in view.turns:
        for key, item in turn.items():
            if item is None and key not in ("role", "content"):
                yield _null(f"{message.pointer}/{_escaped(key)}", key)


def _null(pointer: str, key: str) -> Hit:
    return Hit(
        pointer,
        f"{key} is null; leave the key out.",
        fix=Fix(FixKind.SAFE, f"Delete {key}", (DeleteKey(pointer),)),
    )


def role_alias(view: RowView) -> Iterator[Hit]:
    for message, turn in view.turns:
        role = turn.get("role")
        meant = alias_of(role) if isinstance(role, str) else None
        if meant is not None and isinstance(role, str):
            pointer = f"{message.pointer}/role"
            fix = Fix(FixKind.SAFE, f"Change the role to {meant}", (SetValue(pointer, meant),))
            yield Hit(pointer, f'The role "{role}" is another name for {meant}.', 0, len(role), fix)


RULES = (
    Rule(
        "SCH001",
        "unknown-format",
        "The row matches no known format.",
        Severity.ERROR,
        check=unknown_format,
        fix=FixKind.SUGGESTION,
        rejects=True,
    ),
    Rule(
        "SCH003",
        "missing-key",
        "A key that the format asks for is missing.",
        Severity.ERROR,
        check=missing_key,
        fix=FixKind.SUGGESTION,
        rejects=True,
    ),
    Rule(
        "SCH004",
        "unknown-key",
        "A key that the target refuses or does not train.",
        Severity.ERROR,
        check=unknown_key,
        fix=FixKind.UNSAFE,
        by_target={"local": Severity.WARNING, "generic": None},
    ),
    Rule(
        "SCH005",
        "wrong-type",
        "A value has another type than the format asks for.",
        Severity.ERROR,
        check=wrong_type,
        fix=FixKind.UNSAFE,
        rejects=True,
    ),
    Rule(
        "SCH006",
        "null-padding",
        "A key is null where it should be absent.",
        Severity.WARNING,
        check=null_padding,
        fix=FixKind.SAFE,
    ),
    Rule(
        "SCH009",
        "role-alias",
        "A role has a name that trainers do not know.",
        Severity.ERROR,
        check=role_alias,
        fix=FixKind.SAFE,
        rejects=True,
    ),
)
