"""Makes a dialogue fit a target before it is written: weights, roles, pieces, arguments and ids of calls."""

import json
import re
from dataclasses import replace
from typing import Any

from tunedesk.dataset.conversion.dialogue import Call, Dialogue, Ledger, Turn, refuse
from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.formats.turns import parsed
from tunedesk.dataset.target_profiles import TargetProfile

F = RowFormat
MESSAGE_FORMATS = frozenset(
    {F.CHAT, F.REINFORCEMENT, F.PREFERENCE, F.TRL_PREFERENCE, F.PROMPT_COMPLETION, F.PROMPT_ONLY, F.UNPAIRED}
)
"""Formats whose turns are, or may be, messages in OpenAI's words."""


def fit(dialogue: Dialogue, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Dialogue:
    """The dialogue as the target can hold it. CannotConvert for pictures where only text is taken."""

    def turns(listed: tuple[Turn, ...]) -> tuple[Turn, ...]:
        return tuple(_fit_turn(turn, to, profile, ledger) for turn in listed)

    old_tools = dialogue.old_tools
    if old_tools and (to not in MESSAGE_FORMATS or "function" not in profile.roles):
        ledger.lose("/functions", "functions (they become tools)")
        old_tools = False
    fitted = replace(
        dialogue,
        old_tools=old_tools,
        turns=turns(dialogue.turns),
        chosen=turns(dialogue.chosen),
        rejected=turns(dialogue.rejected),
    )
    return _numbered(fitted, to, profile, ledger)


def as_object(call: Call, ledger: Ledger) -> Any:
    """The arguments of a call as an object; CannotConvert when the text is none."""
    if not isinstance(call.arguments, str):
        return call.arguments
    found = parsed(call.arguments or "{}")
    if not isinstance(found, dict):
        refuse(call.pointer, "the arguments of a tool call are no JSON object")
    if json.dumps(found, ensure_ascii=False) != call.arguments:
        ledger.lose(call.pointer, "how the arguments of a tool call are spelled (blanks, numbers, escapes)")
    return found


def _fit_turn(turn: Turn, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Turn:
    is_bare = turn.content is None and bool(turn.calls) and profile.text_beside_calls
    return replace(
        turn,
        role=_role(turn, to, profile, ledger),
        content="" if is_bare else _content(turn, to, profile, ledger),
        has_content=turn.has_content or is_bare,
        weight=_weight(turn, to, profile, ledger),
        calls=tuple(_call(call, to, profile, ledger) for call in turn.calls),
    )


def _role(turn: Turn, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> str:
    if turn.role == "developer" and (turn.role not in profile.roles or to is F.SHAREGPT):
        ledger.lose(f"{turn.pointer}/role", "the role developer (it becomes system)")
        return "system"
    if turn.role == "function" and (turn.role not in profile.roles or to not in MESSAGE_FORMATS):
        ledger.lose(f"{turn.pointer}/role", "the role function (it becomes tool)")
        return "tool"
    return turn.role


def _content(turn: Turn, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Any:
    """Pieces of text become one text where the target knows no pieces."""
    if not isinstance(turn.content, list) or (profile.parts and to in MESSAGE_FORMATS):
        return turn.content
    texts = [
        piece["text"]
        for piece in turn.content
        if isinstance(piece, dict) and isinstance(piece.get("text"), str) and piece.get("type") == "text"
    ]
    if len(texts) != len(turn.content) or not texts:
        refuse(turn.pointer, "a turn holds something that is no text, such as a picture")
    ledger.lose(f"{turn.pointer}/content", "the pieces of a text (they become one text)")
    return "".join(texts)


def _weight(turn: Turn, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> int | None:
    """1 says no more than no weight at all. In a prompt nothing is trained, whatever its weight."""
    if turn.weight is None or to not in (F.CHAT, F.SHAREGPT):
        return turn.weight
    if profile.weight:
        return turn.weight
    if turn.weight == 0 and turn.role == "assistant":
        ledger.lose(turn.pointer, "weight 0 (the answer will be trained)")
    return None


def _call(call: Call, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Call:
    new = call
    # What ShareGPT holds as an object becomes what OpenAI's chat has, unless an object is asked for.
    wants_text = profile.arguments == "text" or (profile.arguments == "any" and not call.raw)
    if to in MESSAGE_FORMATS and profile.arguments == "object":
        new = replace(call, arguments=as_object(call, ledger))
    elif to in MESSAGE_FORMATS and wants_text and not isinstance(call.arguments, str):
        new = replace(call, arguments=json.dumps(call.arguments, ensure_ascii=False))
    if call.is_old and "function" not in profile.roles:
        ledger.lose(call.pointer, "function_call (it becomes tool_calls)")
        new = replace(new, is_old=False)
    return new


def _numbered(dialogue: Dialogue, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Dialogue:
    """New ids for all calls, and for the turns that answer them, where the old ones do not do."""
    turns = (*dialogue.turns, *dialogue.chosen, *dialogue.rejected)
    calls = [call for turn in turns for call in turn.calls if _has_id(call, profile)]
    if to not in MESSAGE_FORMATS or not _needs_ids(calls, dialogue.kind, profile):
        return dialogue
    if any(call.id is not None for call in calls):
        ledger.lose(calls[0].pointer, "the ids of tool calls (they are numbered anew)")
    numberer = _Numberer(profile)
    return replace(
        dialogue,
        turns=numberer.turns(dialogue.turns),
        chosen=numberer.turns(dialogue.chosen),
        rejected=numberer.turns(dialogue.rejected),
    )


def _has_id(call: Call, profile: TargetProfile) -> bool:
    """OpenAI's older function_call has none, and keeps none where it is known."""
    return not (call.is_old and "function" in profile.roles)


def _needs_ids(calls: list[Call], kind: RowFormat, profile: TargetProfile) -> bool:
    if profile.tool_call_id and not all(re.fullmatch(profile.tool_call_id, call.id or "") for call in calls):
        return True
    is_missing = any(call.id is None for call in calls)
    return is_missing and (profile.arguments == "text" or kind is F.SHAREGPT)


class _Numberer:
    """Gives ids of nine letters and digits in order; a result takes the id of the call that it names, or of
    the first that waits for one.
    """

    def __init__(self, profile: TargetProfile) -> None:
        self._profile = profile
        self._count = 0
        self._waiting: list[tuple[str | None, str]] = []

    def turns(self, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        return tuple(self._turn(turn) for turn in turns)

    def _turn(self, turn: Turn) -> Turn:
        if turn.calls:
            return replace(turn, calls=tuple(self._call(call) for call in turn.calls))
        if turn.role != "tool" or not self._waiting:
            return turn
        named = [pair for pair in self._waiting if pair[0] is not None and pair[0] == turn.call_id]
        pair = (named or self._waiting)[0]
        self._waiting.remove(pair)
        return replace(turn, call_id=pair[1])

    def _call(self, call: Call) -> Call:
        if not _has_id(call, self._profile):
            return call
        self._count += 1
        self._waiting.append((call.id, new_id(self._count)))
        return replace(call, id=new_id(self._count))


def new_id(number: int) -> str:
    """Nine letters and digits, as Mistral wants them."""
    return f"call{number:05d}"
