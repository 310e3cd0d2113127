"""Turns as messages in OpenAI's words."""

from typing import Any

from tunedesk.dataset.conversion.dialogue import Call, Dialogue, Ledger, Turn
from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.target_profiles import TargetProfile


def write_messages(
    turns: tuple[Turn, ...], profile: TargetProfile, ledger: Ledger, *, weights: bool = True
) -> list[dict[str, Any]]:
    """weights: whether they are written; in a prompt and its completion they follow from the place."""
    return [_message(turn, profile, ledger, weights=weights) for turn in turns]


def tools_of(dialogue: Dialogue) -> dict[str, Any]:
    if dialogue.old_tools and dialogue.tools:
        return {"functions": [tool["function"] for tool in dialogue.tools]}
    return {"tools": dialogue.tools} if dialogue.tools else {}


def _message(turn: Turn, profile: TargetProfile, ledger: Ledger, *, weights: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role}
    if turn.has_content:
        message["content"] = turn.content
    old = [call for call in turn.calls if call.is_old]
    if turn.name is not None:
        message["name"] = turn.name
    if len(old) < len(turn.calls):
        message["tool_calls"] = [_call(call) for call in turn.calls if not call.is_old]
    if old:
        message["function_call"] = {**old[0].raw, "arguments": old[0].arguments}
    if turn.call_id is not None:
        message["tool_call_id"] = turn.call_id
    if weights and turn.weight is not None and profile.weight:
        is_flag = profile.weight == "train"
        message[profile.weight] = bool(turn.weight) if is_flag else turn.weight
    elif turn.weight is not None and turn.role != "assistant":
        ledger.lose(turn.pointer, "a weight where nothing is trained")
    for key, item in turn.rest.items():
        if key in message:
            ledger.lose(turn.pointer + pointer_to(key), f"the key {key} of a turn")
        else:
            message[key] = item
    return message


def _call(call: Call) -> dict[str, Any]:
    """With every key that stood in it."""
    if not call.raw or call.pointer.endswith("/function_call"):
        new: dict[str, Any] = {
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
    else:
        new = dict(call.raw)
        inner = new.get("function")
        holder = dict(inner) if isinstance(inner, dict) else new
        if "arguments" in holder or call.arguments != "":
            holder["arguments"] = call.arguments
        if isinstance(inner, dict):
            new["function"] = holder
    if call.id is None:
        return new
    return {**new, "id": call.id} if "id" in new else {"id": call.id, **new}
