"""CNV: who speaks when, and with what content; weights have a file of their own."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tunedesk.dataset.example import RowFormat
from tunedesk.lint.edits import DeleteKey, DeleteRow, Edit, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView, Turn
from tunedesk.lint.rule import Hit, Rule, on_targets
from tunedesk.lint.rules.schema import alias_of
from tunedesk.lint.target_facts import ALL_ROLES, ALTERNATING, ROLES, TAKES_GRADED, TEXT_BESIDE_CALLS
from tunedesk.lint.targets import AZURE, REINFORCEMENT_TARGETS

_CALLS = ("tool_calls", "function_call")
_LISTS = {
    RowFormat.CHAT: "messages",
    RowFormat.REINFORCEMENT: "messages",
    RowFormat.SHAREGPT: "conversations",
}
# Formats whose conversation shall end with an answer; the others end with a question, or are no conversation.
IMITATED = (RowFormat.CHAT, RowFormat.REINFORCEMENT, RowFormat.SHAREGPT, RowFormat.MAPPED)


def empty_messages(view: RowView) -> Iterator[Hit]:
    key = _LISTS.get(view.format)
    fix = Fix(FixKind.UNSAFE, "Delete the row", (DeleteRow(),))
    if key is not None and view.value.get(key) == []:
        yield Hit(f"/{key}", "The list of messages is empty.", fix=fix)
    elif view.format is RowFormat.PREFERENCE and view.at("/input/messages") == []:
        yield Hit("/input/messages", "The list of messages is empty.", fix=fix)


def unknown_role(view: RowView) -> Iterator[Hit]:
    known = ROLES[view.target.name]
    for index, (message, turn) in enumerate(view.all_turns):
        role_key, _ = view.keys_of(turn)
        role = turn.get(role_key)
        if not isinstance(role, str) or message.role in known or alias_of(message.role) is not None:
            continue
        meant = _likely_role(view, index, role)
        if role_key == "from":
            meant = {"user": "human", "assistant": "gpt"}.get(meant, meant)
        fix = Fix(FixKind.SUGGESTION, f"Change the role to {meant}", (SetValue(message.role_pointer, meant),))
        who = "The target does not know" if message.role in ALL_ROLES else "No trainer knows"
        words = f'{who} the role "{role}".'
        yield Hit(message.role_pointer, words, 0, len(role), fix)


def _likely_role(view: RowView, index: int, role: str) -> str:
    if index >= len(view.turns):
        return "assistant"
    if role == "function":
        return "tool"
    if role == "developer" or index == 0:
        return "system"
    return "assistant" if view.turns[index - 1][0].role == "user" else "user"


def _is_imitated(view: RowView) -> bool:
    """Whether the row itself should end with the answer: not where answers are compared, or where a grader
    judges what the model will say.
    """
    if view.format not in IMITATED or view.example.is_preference:
        return False
    if view.target.name in REINFORCEMENT_TARGETS:
        return False
    return view.format is not RowFormat.REINFORCEMENT or view.target.name not in TAKES_GRADED


def no_assistant(view: RowView) -> Iterator[Hit]:
    if not _is_imitated(view) or not view.turns or not _roles_are_known(view):
        return
    if "assistant" not in _roles(view):
        yield Hit(_place(view), "There is no answer of the assistant to learn from.")


def _place(view: RowView) -> str:
    """The list of turns, where the row has one."""
    key = _LISTS.get(view.format)
    return f"/{key}" if key is not None else ""


def no_user(view: RowView) -> Iterator[Hit]:
    if view.turns and _roles_are_known(view) and "user" not in _roles(view):
        pointer = "/input/messages" if view.format is RowFormat.PREFERENCE else _place(view)
        yield Hit(pointer, "No user says anything, so the answer is an answer to nothing.")


def last_not_assistant(view: RowView) -> Iterator[Hit]:
    roles = _roles(view)
    if not _is_imitated(view) or "assistant" not in roles or roles[-1] == "assistant":
        return
    if not _roles_are_known(view):
        return
    key = _LISTS.get(view.format)
    fix = None
    if key is not None and len(view.turns) == len(view.value[key]):
        last = len(roles) - 1 - roles[::-1].index("assistant")
        kept = view.value[key][: last + 1]
        fix = Fix(FixKind.UNSAFE, "Delete the turns behind the last answer", (SetValue(f"/{key}", kept),))
    words = f"The row ends with a {roles[-1]} turn that is never answered."
    yield Hit(view.turns[-1][0].pointer, words, fix=fix)


def same_role_twice(view: RowView) -> Iterator[Hit]:
    told: set[str] = set()
    for turns in view.sequences:
        for before, now in pairwise(turns):
            role, pointer = now[0].role, now[0].pointer
            if role == before[0].role and role in ("user", "assistant") and pointer not in told:
                told.add(pointer)
                words = f"Two {role} turns stand one after the other."
                yield Hit(pointer, words, fix=_merged(view, before, now))


def _merged(view: RowView, before: Turn, now: Turn) -> Fix | None:
    """Both texts in one turn, a blank line between them; only where both are plain text of the same weight
    in one list.
    """
    (first, earlier), (second, turn) = before, now
    contents = (first.content, second.content)
    pointers = (first.text_pointer, second.text_pointer)
    same_list = first.pointer.rpartition("/")[0] == second.pointer.rpartition("/")[0]
    same_weight = earlier.get("weight", 1) == turn.get("weight", 1)
    has_calls = bool(first.tool_calls or second.tool_calls) or any(
        key in each for key in _CALLS for each in (earlier, turn)
    )
    if has_calls or not same_weight or not same_list or not all(pointers):
        return None
    text = "\n\n".join(str(content) for content in contents)
    edits = (SetValue(first.text_pointer, text), DeleteKey(second.pointer))
    return Fix(FixKind.UNSAFE, "Merge the two turns", edits)


def system_not_first(view: RowView) -> Iterator[Hit]:
    if view.format is RowFormat.PREFERENCE or view.is_chat or view.format is RowFormat.SHAREGPT:
        for index, (message, _) in enumerate(view.turns):
            if index and message.role == "system":
                words = "A system turn stands behind the first turn."
                behind_answer = view.turns[index - 1][0].role in ("assistant", "tool")
                refused = behind_answer and view.target.name == "mistral"  # mistral-common's order of roles
                severity = Severity.ERROR if refused else None
                yield Hit(message.pointer, words, fix=_system_first(view), severity=severity)


def _system_first(view: RowView) -> Fix | None:
    """One system turn at the head with all their texts, a blank line between them."""
    system = [(message, turn) for message, turn in view.turns if message.role == "system"]
    whole = len(view.turns) == len(view.example.messages) and all(m.text_pointer for m, _ in system)
    pointer = view.turns[0][0].pointer.rpartition("/")[0]
    if not whole or not isinstance(view.at(pointer), list):
        return None
    _, text_key = view.keys_of(system[0][1])
    head = {**system[0][1], text_key: "\n\n".join(message.content or "" for message, _ in system)}
    rest = [turn for message, turn in view.turns if message.role != "system"]
    edit = SetValue(pointer, [head, *rest])
    return Fix(FixKind.UNSAFE, "Put all system text into the first turn", (edit,))


def missing_content(view: RowView) -> Iterator[Hit]:
    strict = view.target.name in TEXT_BESIDE_CALLS
    for message, turn in view.all_turns:
        _, text_key = view.keys_of(turn)
        if turn.get(text_key) is not None:
            continue
        if not any(turn.get(key) for key in _CALLS):
            yield Hit(message.pointer, "The turn has no content.")
        elif strict:
            words = "The target wants a text in every turn, also beside tool calls."
            edit = SetValue(f"{message.pointer}/{text_key}", "")
            yield Hit(message.pointer, words, fix=Fix(FixKind.SAFE, "Write an empty text", (edit,)))
    if view.format in (RowFormat.MAPPED, RowFormat.ALPACA):
        yield from _empty_columns(view)


def _empty_columns(view: RowView) -> Iterator[Hit]:
    """A column that is absent or null where a turn should come from it."""
    for message in view.example.messages:
        if message.content is None and not message.parts and view.at(message.pointer) is None:
            column = message.pointer.rpartition("/")[2]
            yield Hit("", f"The column {column} is empty, so the {message.role or 'turn'} says nothing.")


def empty_content(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.strip() or text.pointer in _MAY_BE_EMPTY or text.is_call or text.message.tool_calls:
            continue
        consequence = "the model would learn to say nothing" if text.trained else "it tells the model nothing"
        yield Hit(
            text.pointer,
            f"The {text.message.role or 'turn'}'s text is empty; {consequence}.",
            0,
            len(text.text),
            _without_empty(view, text.message.pointer, text.message.role),
            None if text.trained else Severity.WARNING,
        )


_MAY_BE_EMPTY = ("/prompt", "/input", "/system", "/instruction")


def _without_empty(view: RowView, pointer: str, role: str) -> Fix:
    """An empty system turn can go alone; without its question or answer the row says nothing."""
    if role == "system" and len(view.turns) > 1 and view.format in _LISTS:
        return Fix(FixKind.UNSAFE, "Delete the empty turn", (DeleteKey(pointer),))
    return Fix(FixKind.UNSAFE, "Delete the row", (DeleteRow(),))


def legacy_function_call(view: RowView) -> Iterator[Hit]:
    for message, turn in view.all_turns:
        if turn.get("function_call") is not None:
            words = "function_call is the old way to call a tool."
            yield Hit(f"{message.pointer}/function_call", words, fix=_modern_calls(view))
            return
        if message.role == "function":
            yield Hit(message.pointer, "The role function is the old name for tool.", fix=_modern_calls(view))
            return
    if view.value.get("functions") and view.is_chat:
        words = "functions is the old way to list tools."
        yield Hit("/functions", words, fix=_modern_calls(view))


def _modern_calls(view: RowView) -> Fix | None:
    """functions become tools, each function_call one tool call, and each result names the call before it."""
    messages = view.value.get("messages")
    if not view.is_chat or not isinstance(messages, list) or len(view.turns) != len(messages):
        return None
    functions = view.value.get("functions")
    if "tools" in view.value or not isinstance(functions, list | None):
        return None
    edits: list[Edit] = []
    if functions is not None:
        listed = [{"type": "function", "function": function} for function in functions]
        edits += [SetValue("/tools", listed), DeleteKey("/functions")]
    turns: list[dict[str, Any]] = []
    call_id = ""
    for message, turn in view.turns:
        call = turn.get("function_call")
        if isinstance(call, dict):
            if turn.get("tool_calls"):
                return None  # which of the two is meant, only a person knows
            call_id = f"call{len(turns):05d}"
            made = {key: item for key, item in turn.items() if key not in _CALLS}
            made["tool_calls"] = [{"id": call_id, "type": "function", "function": call}]
            turns.append(made)
        elif call is not None:
            return None
        elif message.role == "function":
            if not call_id:
                return None
            turns.append({**turn, "role": "tool", "tool_call_id": call_id})
        else:
            turns.append(turn)
    edits.append(SetValue("/messages", turns))
    return Fix(FixKind.SAFE, "Write it as tools and tool calls", tuple(edits))


def _roles(view: RowView) -> list[str]:
    return [message.role for message, _ in view.turns]


def _roles_are_known(view: RowView) -> bool:
    """Otherwise other rules speak, and what is missing cannot be told."""
    return all(role in ALL_ROLES for role in _roles(view)) and len(view.turns) == len(view.example.messages)


_LENIENT = ("local", "generic", "trl", "axolotl", "nebius")

RULES = (
    Rule(
        "CNV001",
        "empty-messages",
        "The list of messages is empty.",
        Severity.ERROR,
        check=empty_messages,
        fix=FixKind.UNSAFE,
        rejects=True,
    ),
    Rule(
        "CNV002",
        "unknown-role",
        "A role that the target does not know.",
        Severity.ERROR,
        check=unknown_role,
        fix=FixKind.SUGGESTION,
        rejects=True,
    ),
    Rule(
        "CNV003", "no-assistant", "The row has no answer.", Severity.ERROR, check=no_assistant, rejects=True
    ),
    Rule(
        "CNV004",
        "no-user",
        "No user says anything.",
        Severity.WARNING,
        check=no_user,
        by_target=on_targets((Severity.ERROR, [*AZURE, "llamafactory"])),
    ),
    Rule(
        "CNV005",
        "last-not-assistant",
        "The row does not end with an answer.",
        Severity.ERROR,
        check=last_not_assistant,
        fix=FixKind.UNSAFE,
        by_target=on_targets((Severity.WARNING, [*_LENIENT, "together"])),
        rejects=True,
    ),
    Rule(
        "CNV006",
        "consecutive-same-role",
        "Two turns of the same role follow each other.",
        Severity.WARNING,
        check=same_role_twice,
        fix=FixKind.UNSAFE,
        by_target=on_targets((Severity.ERROR, ALTERNATING)),
        rejects=True,
    ),
    Rule(
        "CNV007",
        "system-not-first",
        "A system turn stands behind the first turn.",
        Severity.WARNING,
        check=system_not_first,
        fix=FixKind.UNSAFE,
        by_target=on_targets((Severity.ERROR, ["llamafactory"])),
    ),
    Rule(
        "CNV008",
        "missing-content",
        "A turn has no content.",
        Severity.ERROR,
        check=missing_content,
        fix=FixKind.SAFE,
        rejects=True,
    ),
    Rule(
        "CNV009",
        "empty-content",
        "A turn's text is empty.",
        Severity.ERROR,
        check=empty_content,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "CNV013",
        "legacy-function-call",
        "The old way to call tools.",
        Severity.WARNING,
        check=legacy_function_call,
        fix=FixKind.SAFE,
    ),
)
