"""SCH: the format of a row, its keys and roles; types are checked in `types`."""

from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.lint.edits import DeleteKey, Edit, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule, on_targets
from tunedesk.lint.rules.types import wrong_type
from tunedesk.lint.target_facts import (
    KNOWN_ROLES,
    PREFERENCE_FORMATS,
    TAKES_ANY_KEY,
    accepts,
    only_imitates,
)
from tunedesk.lint.targets import REINFORCEMENT_TARGETS

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
_ROW_KEYS = {
    RowFormat.CHAT: frozenset({"messages", "tools", "parallel_tool_calls", "functions"}),
    RowFormat.PROMPT_COMPLETION: frozenset({"prompt", "completion"}),
    RowFormat.TEXT: frozenset({"text"}),
    RowFormat.PREFERENCE: frozenset({"input", *PREFERRED, *REFUSED}),
}
_ROW_KEYS[RowFormat.REINFORCEMENT] = _ROW_KEYS[RowFormat.CHAT]
_TOGETHER_CHAT = frozenset({"messages"})  # together-python's check_file refuses every other column
_MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "weight", "refusal", "tool_calls", "function_call", "tool_call_id", "audio"}
)
_SAYS = frozenset({"content", "refusal", "tool_calls", "function_call"})  # a turn without any is no turn
_COLUMNS = (  # pairs of question and answer that other tools use
    ("instruction", "response"),
    ("question", "answer"),
    ("input", "output"),
    ("query", "response"),
)


def alias_of(role: str) -> str | None:
    """The role that is meant by another name for it; None when the name says nothing."""
    lower = role.strip().lower()
    if lower in KNOWN_ROLES:
        return None if lower == role else lower
    return ROLE_ALIASES.get(lower)


def unknown_format(view: RowView) -> Iterator[Hit]:
    if view.format is not RowFormat.UNKNOWN:
        return
    keys = ", ".join(list(view.value)[:5]) or "no keys"
    message = f"The row is in no format that is known: it has no messages, no prompt ({keys})."
    yield Hit("", message, fix=_mapped(view.value))


def _mapped(value: dict[str, Any]) -> Fix | None:
    """Known columns of other tools as prompt and completion, with every other key kept."""
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


_REQUIRED: dict[RowFormat, tuple[tuple[str, ...], ...]] = {
    RowFormat.PROMPT_COMPLETION: (("prompt",), ("completion",)),
    RowFormat.PREFERENCE: (("input",), PREFERRED, REFUSED),
    RowFormat.TRL_PREFERENCE: (("chosen",), ("rejected",)),
    RowFormat.UNPAIRED: (("prompt",), ("completion",), ("label",)),
    RowFormat.STEPWISE: (("prompt",), ("completions",), ("labels",)),
    RowFormat.ALPACA: (("instruction",), ("output", "chosen"), ("output", "rejected")),
}


def missing_key(view: RowView) -> Iterator[Hit]:
    for key in _missing_keys(view):
        yield Hit("", f"The row has no {key}.")
    for index, (message, turn) in enumerate(view.all_turns):
        role_key, _ = view.keys_of(turn)
        if role_key not in turn:
            role = _likely_role(view, index)
            if role_key == "from":
                role = {"user": "human", "assistant": "gpt"}[role]
            edit = SetValue(f"{message.pointer}/{role_key}", role)
            fix = Fix(FixKind.SUGGESTION, f"Make it the {role}'s turn", (edit,))
            yield Hit(message.pointer, "The turn has no role.", fix=fix)


def _missing_keys(view: RowView) -> list[str]:
    """Of those that can be spelled in two ways, the first."""
    required = _REQUIRED.get(view.format, ())
    return list(dict.fromkeys(keys[0] for keys in required if not any(key in view.value for key in keys)))


def _likely_role(view: RowView, index: int) -> str:
    """By what stands before: the user begins, then both take turns; what is compared are answers."""
    if index >= len(view.turns):
        return "assistant"
    before = view.turns[index - 1][0].role if index else "system"
    return "assistant" if before == "user" else "user"


def unknown_key(view: RowView) -> Iterator[Hit]:
    """Every key of the row and its turns that the target's description does not have.

    A row or turn that lacks a key may have it by another name: such a key is not deleted in bulk. ShareGPT's
    turns have a rule of their own.
    """
    if view.target.name in TAKES_ANY_KEY:
        return
    known = _TOGETHER_CHAT if view.target.name == "together" and view.is_chat else _ROW_KEYS.get(view.format)
    if known is not None and view.target.name not in REINFORCEMENT_TARGETS:
        is_whole = not _missing_keys(view)
        for key in view.value:
            if key not in known:
                pointer = f"/{escaped(key)}"
                yield Hit(
                    pointer, f"The target does not know the key {key}.", fix=_drop(pointer, key, is_whole)
                )
    if view.target.name == "together" or view.format is RowFormat.SHAREGPT:
        return  # Together looks at role, content and weight of a turn and at nothing else
    for message, turn in view.all_turns:
        is_whole = "role" in turn and not _SAYS.isdisjoint(turn)
        for key in turn:
            if key not in _MESSAGE_KEYS:
                pointer = f"{message.pointer}/{escaped(key)}"
                words = f"The target does not know the key {key} of a turn."
                yield Hit(pointer, words, fix=_drop(pointer, key, is_whole))


def _drop(pointer: str, key: str, is_whole: bool) -> Fix:
    kind = FixKind.UNSAFE if is_whole else FixKind.SUGGESTION
    return Fix(kind, f"Delete the key {key}", (DeleteKey(pointer),))


def escaped(key: str) -> str:
    """A key as a piece of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


# Null is what these say when they say nothing.
_MAY_BE_NULL = frozenset({"messages", "prompt", "completion", "conversations", "chosen", "rejected", "text"})
_HAS_COLUMNS = (RowFormat.UNKNOWN, RowFormat.MAPPED)


def null_padding(view: RowView) -> Iterator[Hit]:
    required = {key for keys in _REQUIRED.get(view.format, ()) for key in keys} | _MAY_BE_NULL
    for key, item in view.value.items() if view.format not in _HAS_COLUMNS else ():
        if item is None and key not in required:
            yield _null(f"/{escaped(key)}", key)
    for message, turn in view.all_turns:
        for key, item in turn.items():
            if item is None and key not in view.keys_of(turn):
                yield _null(f"{message.pointer}/{escaped(key)}", key)


def _null(pointer: str, key: str) -> Hit:
    return Hit(
        pointer,
        f"{key} is null; leave the key out.",
        fix=Fix(FixKind.SAFE, f"Delete {key}", (DeleteKey(pointer),)),
    )


def role_alias(view: RowView) -> Iterator[Hit]:
    """Not in ShareGPT, where human and gpt are the right names."""
    if view.format is RowFormat.SHAREGPT:
        return
    for message, turn in view.all_turns:
        role = turn.get("role")
        meant = alias_of(role) if isinstance(role, str) else None
        if meant is not None and isinstance(role, str):
            pointer = f"{message.pointer}/role"
            fix = Fix(FixKind.SAFE, f"Change the role to {meant}", (SetValue(pointer, meant),))
            yield Hit(pointer, f'The role "{role}" is another name for {meant}.', 0, len(role), fix)


def sharegpt_keys(view: RowView) -> Iterator[Hit]:
    if view.format is not RowFormat.SHAREGPT:
        return
    message = "The turns have the keys from and value; the target reads messages with role and content."
    yield Hit("/conversations", message, fix=_as_messages(view, "conversations", "system"))


def format_not_trainable(view: RowView) -> Iterator[Hit]:
    """What the target's method cannot use; ShareGPT and unknown columns have rules of their own."""
    target, format = view.target, view.format
    if format in (RowFormat.UNKNOWN, RowFormat.SHAREGPT) and not view.example.is_preference:
        return
    profile = profile_named(target.name)
    title = profile.title[:1].upper() + profile.title[1:]
    if not accepts(target, format):
        fix = _as_chat(view) if format not in PREFERENCE_FORMATS else None
        yield Hit("", f"{title} cannot train on rows of the format {format.value}.", fix=fix)
    elif view.example.is_preference and only_imitates(target):
        yield Hit("", f"The row compares or judges answers; {profile.title} only learns answers by heart.")
    elif format is RowFormat.PROMPT_COMPLETION and _has_lists(view) and not profile.messages_as_prompt:
        message = f"{title} reads prompt and completion as texts; here they are lists of messages."
        yield Hit("", message, fix=_as_chat(view))


def _has_lists(view: RowView) -> bool:
    return any(isinstance(view.value.get(key), list) for key in ("prompt", "completion"))


def _as_chat(view: RowView) -> Fix | None:
    """The same conversation as messages, where the target reads such."""
    if not accepts(view.target, RowFormat.CHAT) or view.target.name in REINFORCEMENT_TARGETS:
        return None
    if view.format is RowFormat.PROMPT_COMPLETION:
        return _as_messages(view, "prompt", "completion")
    if view.format is RowFormat.ALPACA and not view.example.is_preference:
        return _as_messages(view, "instruction", "input", "output", "system", "history")
    return None


def _as_messages(view: RowView, *columns: str) -> Fix | None:
    """Only roles and texts: a conversation with anything else is for the export to turn."""
    messages = view.example.messages
    if not messages or any(message.content is None or message.tool_calls for message in messages):
        return None
    if view.example.is_preference:
        return None
    turns: list[dict[str, Any]] = []
    for message in messages:
        weight = {} if message.weight is None or message.role != "assistant" else {"weight": message.weight}
        turns.append({"role": message.role, "content": message.content, **weight})
    edits: tuple[Edit, ...] = (
        SetValue("/messages", turns),
        *(DeleteKey(f"/{column}") for column in columns if column in view.value),
    )
    return Fix(FixKind.SAFE, "Turn it into messages", edits)


_TAKE_SHAREGPT = ("local", "llamafactory", "axolotl", "generic")
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
        "A key that the target refuses.",
        Severity.ERROR,
        check=unknown_key,
        fix=FixKind.UNSAFE,
        by_target=on_targets((None, TAKES_ANY_KEY)),
        rejects=True,
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
        "SCH008",
        "sharegpt-keys",
        "Turns have the keys from and value.",
        Severity.ERROR,
        check=sharegpt_keys,
        fix=FixKind.SAFE,
        by_target=on_targets((None, _TAKE_SHAREGPT)),
        rejects=True,
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
    Rule(
        "SCH010",
        "format-not-trainable",
        "The target's method cannot use rows of this format.",
        Severity.ERROR,
        check=format_not_trainable,
        fix=FixKind.SAFE,
        rejects=True,
    ),
)
