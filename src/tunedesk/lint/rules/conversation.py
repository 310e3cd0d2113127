"""CNV: who speaks when, with what content and weight."""

import json
from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.example import RowFormat
from tunedesk.lint.edits import DeleteKey, DeleteRow, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView, is_trained
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.rules.schema import ROLES, alias_of

_CALLS = ("tool_calls", "function_call")
LONGEST_SHOWN = 40  # characters of a value in a message


def empty_messages(view: RowView) -> Iterator[Hit]:
    if view.value.get("messages") == []:
        fix = Fix(FixKind.UNSAFE, "Delete the row", (DeleteRow(),))
        yield Hit("/messages", "The list of messages is empty.", fix=fix)


def unknown_role(view: RowView) -> Iterator[Hit]:
    for index, (message, turn) in enumerate(view.turns):
        role = turn.get("role")
        if not isinstance(role, str) or role in ROLES or alias_of(role) is not None:
            continue
        meant = _likely_role(view, index, role)
        pointer = f"{message.pointer}/role"
        fix = Fix(FixKind.SUGGESTION, f"Change the role to {meant}", (SetValue(pointer, meant),))
        yield Hit(pointer, f'No trainer knows the role "{role}".', 0, len(role), fix)


def _likely_role(view: RowView, index: int, role: str) -> str:
    if role == "developer" or index == 0:
        return "system"
    return "assistant" if view.turns[index - 1][0].role == "user" else "user"


def no_assistant(view: RowView) -> Iterator[Hit]:
    if view.is_chat and view.turns and _roles_are_known(view) and "assistant" not in _roles(view):
        yield Hit("/messages", "There is no answer of the assistant to learn from.")


def last_not_assistant(view: RowView) -> Iterator[Hit]:
    roles = _roles(view)
    if "assistant" not in roles or roles[-1] == "assistant" or not _roles_are_known(view):
        return
    last = len(roles) - 1 - roles[::-1].index("assistant")
    kept = view.value["messages"][: last + 1]
    fix = Fix(FixKind.UNSAFE, "Delete the turns behind the last answer", (SetValue("/messages", kept),))
    yield Hit(
        view.turns[-1][0].pointer, f"The row ends with a {roles[-1]} turn that is never answered.", fix=fix
    )


def same_role_twice(view: RowView) -> Iterator[Hit]:
    for (before, earlier), (message, turn) in zip(view.turns, view.turns[1:], strict=False):
        if message.role == before.role and message.role in ("user", "assistant"):
            fix = _merged(view, before.pointer, message.pointer, earlier, turn)
            yield Hit(message.pointer, f"Two {message.role} turns stand one after the other.", fix=fix)


def _merged(
    view: RowView, first: str, second: str, earlier: dict[str, Any], turn: dict[str, Any]
) -> Fix | None:
    """Both texts in one turn, a blank line between them; only where both are plain text of the same
    weight.
    """
    contents = (earlier.get("content"), turn.get("content"))
    same_weight = earlier.get("weight", 1) == turn.get("weight", 1)
    has_calls = any(key in each for key in _CALLS for each in (earlier, turn))
    if has_calls or not same_weight or not all(isinstance(content, str) for content in contents):
        return None
    text = "\n\n".join(str(content) for content in contents)
    return Fix(FixKind.UNSAFE, "Merge the two turns", (SetValue(f"{first}/content", text), DeleteKey(second)))


def system_not_first(view: RowView) -> Iterator[Hit]:
    for index, (message, _) in enumerate(view.turns):
        if index and message.role == "system":
            yield Hit(message.pointer, "A system turn stands behind the first turn.", fix=_system_first(view))


def _system_first(view: RowView) -> Fix | None:
    """One system turn at the head with all their texts, a blank line between them."""
    system = [turn for message, turn in view.turns if message.role == "system"]
    texts = [turn.get("content") for turn in system]
    if len(view.turns) != len(view.example.messages) or not all(isinstance(text, str) for text in texts):
        return None
    head = {**system[0], "content": "\n\n".join(str(text) for text in texts)}
    rest = [turn for message, turn in view.turns if message.role != "system"]
    return Fix(
        FixKind.UNSAFE, "Put all system text into the first turn", (SetValue("/messages", [head, *rest]),)
    )


def missing_content(view: RowView) -> Iterator[Hit]:
    for message, turn in view.turns:
        if turn.get("content") is None and not any(turn.get(key) for key in _CALLS):
            yield Hit(message.pointer, "The turn has no content.")


def empty_content(view: RowView) -> Iterator[Hit]:
    for text in view.texts:
        if text.text.strip() or text.pointer == "/prompt":
            continue
        trained = is_trained(text.message)
        consequence = "the model would learn to say nothing" if trained else "it tells the model nothing"
        yield Hit(
            text.pointer,
            f"The {text.message.role or 'turn'}'s text is empty; {consequence}.",
            0,
            len(text.text),
            _without_empty(view, text.message.pointer, text.message.role),
            None if trained else Severity.WARNING,
        )


def _without_empty(view: RowView, pointer: str, role: str) -> Fix:
    """An empty system turn can go alone; without its question or answer the row says nothing."""
    if role == "system" and len(view.turns) > 1:
        return Fix(FixKind.UNSAFE, "Delete the empty turn", (DeleteKey(pointer),))
    return Fix(FixKind.UNSAFE, "Delete the row", (DeleteRow(),))


def bad_weight(view: RowView) -> Iterator[Hit]:
    for message, turn in view.turns:
        weight = turn.get("weight")
        if weight is None:
            continue
        pointer = f"{message.pointer}/weight"
        if message.role != "assistant" and message.role in ROLES:
            fix = Fix(FixKind.SAFE, "Delete the weight", (DeleteKey(pointer),))
            yield Hit(pointer, f"Only answers have a weight; this is a {message.role} turn.", fix=fix)
        elif type(weight) is not int or weight not in (0, 1):
            yield Hit(
                pointer,
                f"The weight must be 0 (not trained) or 1; it is {_as_json(weight)}.",
                fix=_as_weight(pointer, weight),
            )


def _as_json(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _as_weight(pointer: str, weight: Any) -> Fix:
    """true, 1.0 and "1" mean 1, and their opposites 0; of anything else nobody knows what it means."""
    meant = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0}.get(str(weight).lower())
    if meant is None:
        return Fix(
            FixKind.SUGGESTION, "Delete the weight, so that the answer is trained", (DeleteKey(pointer),)
        )
    return Fix(FixKind.SAFE, f"Write {meant}", (SetValue(pointer, meant),))


def nothing_to_train(view: RowView) -> Iterator[Hit]:
    assistant = [message for message, _ in view.turns if message.role == "assistant"]
    if assistant and all(message.weight == 0 for message in assistant):
        yield Hit(f"{assistant[-1].pointer}/weight", "Every answer has weight 0, so the row trains nothing.")


def _roles(view: RowView) -> list[str]:
    return [message.role for message, _ in view.turns]


def _roles_are_known(view: RowView) -> bool:
    """Otherwise other rules speak, and what is missing cannot be told."""
    return view.example.format is RowFormat.CHAT and all(role in ROLES for role in _roles(view))


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
        "A role that no trainer knows.",
        Severity.ERROR,
        check=unknown_role,
        fix=FixKind.SUGGESTION,
        rejects=True,
    ),
    Rule(
        "CNV003", "no-assistant", "The row has no answer.", Severity.ERROR, check=no_assistant, rejects=True
    ),
    Rule(
        "CNV005",
        "last-not-assistant",
        "The row does not end with an answer.",
        Severity.ERROR,
        check=last_not_assistant,
        fix=FixKind.UNSAFE,
        by_target={"local": Severity.WARNING, "generic": Severity.WARNING},
    ),
    Rule(
        "CNV006",
        "consecutive-same-role",
        "Two turns of the same role follow each other.",
        Severity.WARNING,
        check=same_role_twice,
        fix=FixKind.UNSAFE,
        by_target={"azure": Severity.ERROR},
    ),
    Rule(
        "CNV007",
        "system-not-first",
        "A system turn stands behind the first turn.",
        Severity.WARNING,
        check=system_not_first,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "CNV008",
        "missing-content",
        "A turn has no content.",
        Severity.ERROR,
        check=missing_content,
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
        "CNV010",
        "bad-weight",
        "A weight other than 0 and 1, or on a turn that is no answer.",
        Severity.ERROR,
        check=bad_weight,
        fix=FixKind.SAFE,
        rejects=True,
    ),
    Rule(
        "CNV011",
        "nothing-to-train",
        "Every answer has weight 0.",
        Severity.ERROR,
        check=nothing_to_train,
        rejects=True,
    ),
)
