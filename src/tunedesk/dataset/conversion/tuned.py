"""Alpaca and ShareGPT, as LLaMA-Factory reads them."""

import json
from collections.abc import Sequence
from typing import Any

from tunedesk.dataset.conversion.dialogue import Dialogue, Ledger, Turn, refuse
from tunedesk.dataset.conversion.fitting import as_object, new_id
from tunedesk.dataset.conversion.wording import one_answer, text_of
from tunedesk.dataset.formats.instructions import FUNCTION_CALL, SHAREGPT_ROLES
from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.target_profiles import TargetProfile

Row = dict[str, Any]
_WORDS = {"user": "human", "assistant": "gpt", "tool": "observation"}


def write_alpaca(dialogue: Dialogue, ledger: Ledger) -> Row:
    """A system text, then questions and answers in turn; all but the last pair are its history."""
    is_pair = bool(dialogue.chosen and dialogue.rejected)
    turns = dialogue.turns if is_pair or dialogue.label is not None else one_answer(dialogue, ledger)
    system, turns = _system_first(turns)
    wanted = 1 if is_pair else 0
    if len(turns) % 2 != wanted or not turns:
        refuse(turns[-1].pointer if turns else "", "Alpaca needs a question and an answer in turn")
    for place, turn in enumerate(turns):
        if turn.role != ("user", "assistant")[place % 2]:
            refuse(turn.pointer, f"Alpaca has no place here for a turn of the role {turn.role}")
    last = len(turns) - 2 + wanted
    row: Row = {"instruction": text_of(turns[last], ledger), "input": ""}
    if is_pair:
        row |= {"chosen": _side(dialogue.chosen, ledger), "rejected": _side(dialogue.rejected, ledger)}
    else:
        row["output"] = text_of(turns[last + 1], ledger)
    if system is not None:
        row["system"] = text_of(system, ledger)
        if not row["system"]:
            ledger.lose(system.pointer, "an empty system text")
    texts = [text_of(turn, ledger) for turn in turns[:last]]
    if texts:
        row["history"] = [texts[place : place + 2] for place in range(0, len(texts), 2)]
    if dialogue.tools:
        row["tools"] = _tools_text(dialogue.tools, ledger)
    return row | ({"kto_tag": dialogue.label} if dialogue.label is not None and not is_pair else {})


def write_sharegpt(dialogue: Dialogue, profile: TargetProfile, ledger: Ledger) -> Row:
    is_pair = bool(dialogue.chosen and dialogue.rejected)
    turns = dialogue.turns if is_pair or dialogue.label is not None else one_answer(dialogue, ledger)
    _tell_ids(turns, ledger)
    row: Row = {"conversations": [_said(turn, profile, ledger) for turn in turns]}
    if is_pair:
        for key, side in (("chosen", dialogue.chosen), ("rejected", dialogue.rejected)):
            if len(side) > 1:
                refuse(side[1].pointer, "an answer has more than one message")
            row[key] = _said(side[0], profile, ledger)
    elif dialogue.label is not None:
        row["kto_tag"] = dialogue.label
    if dialogue.tools:
        row["tools"] = _tools_text(dialogue.tools, ledger)
    return row


def _system_first(turns: tuple[Turn, ...]) -> tuple[Turn | None, tuple[Turn, ...]]:
    is_first = bool(turns) and turns[0].role == "system"
    return (turns[0], turns[1:]) if is_first else (None, turns)


def _side(side: Sequence[Turn], ledger: Ledger) -> str:
    if len(side) > 1:
        refuse(side[1].pointer, "an answer has more than one message")
    return text_of(side[0], ledger)


def _said(turn: Turn, profile: TargetProfile, ledger: Ledger) -> Row:
    said: Row = {"from": _WORDS.get(turn.role, turn.role), "value": turn.content}
    if SHAREGPT_ROLES.get(said["from"], said["from"]) != turn.role or turn.role == FUNCTION_CALL:
        ledger.lose(f"{turn.pointer}/role", f"the role {turn.role}")
    if turn.calls:
        _tell_keys(turn, ledger)
        calls = [{"name": call.name, "arguments": as_object(call, ledger)} for call in turn.calls]
        said["from"] = FUNCTION_CALL
        said["value"] = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
        if turn.content not in (None, ""):
            ledger.lose(turn.pointer, "the text beside a tool call")
    elif not isinstance(turn.content, str):
        refuse(turn.pointer, f"a turn of the role {turn.role} has no text")
    if turn.weight is not None and profile.weight:
        said[profile.weight] = bool(turn.weight) if profile.weight == "train" else turn.weight
    if turn.name is not None:
        ledger.lose(f"{turn.pointer}/name", "the name of a speaker")
    for key, item in turn.rest.items():
        if key in said or key in ("from", "value", "role", "content"):
            ledger.lose(turn.pointer + pointer_to(key), f"the key {key} of a turn")
        else:
            said[key] = item
    return said


def _tell_keys(turn: Turn, ledger: Ledger) -> None:
    """A call here has a name and arguments, and its turn nothing else."""
    if turn.role != "assistant":
        ledger.lose(f"{turn.pointer}/role", f"the role {turn.role}")
    if not turn.has_content:
        ledger.lose(turn.pointer, "that a content is absent, not null")
    for call in turn.calls:
        if not isinstance(call.arguments, str) and call.raw:
            ledger.lose(call.pointer, "that the arguments of a tool call are an object, not its text")
        inner = call.raw.get("function")
        keys = {*call.raw, *(inner if isinstance(inner, dict) else ())}
        for key in sorted(keys - {"id", "type", "function", "name", "arguments"}):
            ledger.lose(call.pointer, f"the key {key} of a tool call")
        if call.raw and not (call.name and isinstance(inner, dict) and call.raw.get("type") == "function"):
            ledger.lose(call.pointer, "how a tool call is wrapped")


def _tell_ids(turns: Sequence[Turn], ledger: Ledger) -> None:
    """Results follow their calls in order here; ids that say nothing else need no word."""
    waiting: list[str | None] = []
    count = 0
    for turn in turns:
        for call in turn.calls:
            count += 1
            waiting.append(call.id)
            if call.id is not None and call.id != new_id(count):
                ledger.lose(call.pointer, "the ids of tool calls")
        if turn.role == "tool":
            expected = waiting.pop(0) if waiting else None
            if turn.call_id is not None and turn.call_id != expected:
                ledger.lose(turn.pointer, "which call a result belongs to (it is taken in order)")


def _tools_text(tools: list[Any], ledger: Ledger) -> str:
    """A list of functions, without OpenAI's wrapping."""
    bare = []
    for place, tool in enumerate(tools):
        if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
            bare.append(tool)
            continue
        for key in tool:
            if key not in ("type", "function"):
                ledger.lose(f"/tools/{place}{pointer_to(key)}", f"the key {key} of a tool")
        bare.append(tool["function"])
    return json.dumps(bare, ensure_ascii=False)
