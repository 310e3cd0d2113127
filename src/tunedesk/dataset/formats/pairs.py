"""Prompts and answers: prompt-completion, prompt-only, text, and what judges or compares answers."""

from dataclasses import replace
from typing import Any

from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.dataset.formats.model import Example, Message, RowFormat
from tunedesk.dataset.formats.turns import plain_turn, read_side, read_tools, read_turns

Row = dict[str, Any]


def read_prompt_completion(value: Row) -> Example:
    turns = (*_prompt(value), *read_side(value.get("completion"), "/completion", "assistant"))
    return Example(RowFormat.PROMPT_COMPLETION, turns, read_tools(value))


def read_prompt_only(value: Row) -> Example:
    return Example(RowFormat.PROMPT_ONLY, _prompt(value), read_tools(value))


def read_unpaired(value: Row) -> Example:
    """label: also where it is written as the text true or false."""
    label = value.get("label")
    if isinstance(label, str):
        label = {"true": True, "false": False}.get(label.strip().lower())
    turns = (*_prompt(value), *read_side(value.get("completion"), "/completion", "assistant"))
    is_known = isinstance(label, bool)
    return Example(RowFormat.UNPAIRED, turns, read_tools(value), label=label if is_known else None)


def read_stepwise(value: Row) -> Example:
    """One answer for each step."""
    steps = value.get("completions")
    turns = [
        plain_turn(step, f"/completions/{index}", "assistant")
        for index, step in enumerate(steps if isinstance(steps, list) else [])
    ]
    return Example(RowFormat.STEPWISE, (*_prompt(value), *turns))


def read_text(value: Row) -> Example:
    return Example(RowFormat.TEXT, (plain_turn(value.get("text"), "/text", "assistant"),))


def read_openai_preference(value: Row) -> Example:
    asked = value.get("input")
    asked = asked if isinstance(asked, dict) else {}
    return Example(
        RowFormat.PREFERENCE,
        read_turns(asked.get("messages"), "/input/messages"),
        read_tools(asked, "/input"),
        _output(value, PREFERRED),
        _output(value, REFUSED),
    )


def read_trl_preference(value: Row) -> Example:
    """Without a prompt, the turns that both sides begin with are the conversation, as TRL takes them."""
    chosen = _answer(value, "chosen")
    rejected = _answer(value, "rejected")
    tools = read_tools(value)
    if "prompt" in value:
        return Example(RowFormat.TRL_PREFERENCE, _prompt(value), tools, chosen, rejected)
    if "messages" in value:
        turns = read_turns(value["messages"], "/messages")
        return Example(RowFormat.TRL_PREFERENCE, turns, tools, chosen, rejected)
    shared = shared_turns(value)
    turns = chosen[:shared]
    return Example(RowFormat.TRL_PREFERENCE, turns, tools, chosen[shared:], rejected[shared:])


def shared_turns(value: Row) -> int:
    """How many turns both sides begin with when there is no prompt; the last turn of a side is its answer."""
    chosen, rejected = value.get("chosen"), value.get("rejected")
    if not isinstance(chosen, list) or not isinstance(rejected, list):
        return 0
    most = max(min(len(chosen), len(rejected)) - 1, 0)
    return next((place for place in range(most) if chosen[place] != rejected[place]), most)


def _prompt(value: Row) -> tuple[Message, ...]:
    """The turns before an answer; what the assistant says there is not trained."""
    turns = read_side(value.get("prompt"), "/prompt", "user")
    if any(turn.role == "assistant" for turn in turns):
        return tuple(replace(turn, weight=0) if turn.role == "assistant" else turn for turn in turns)
    return turns


def _answer(value: Row, key: str) -> tuple[Message, ...]:
    return read_side(value[key], f"/{key}", "assistant") if key in value else ()


def _output(value: Row, spellings: tuple[str, str]) -> tuple[Message, ...]:
    for key in spellings:
        if key in value:
            return _answer(value, key)
    return ()
