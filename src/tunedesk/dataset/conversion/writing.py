"""Writes a dialogue in a format; what the format cannot hold goes into the ledger."""

from collections.abc import Callable
from typing import Any

from tunedesk.dataset.conversion.dialogue import Dialogue, Ledger, Style, refuse
from tunedesk.dataset.conversion.messages import tools_of, write_messages
from tunedesk.dataset.conversion.tuned import write_alpaca, write_sharegpt
from tunedesk.dataset.conversion.wording import last_answer, one_answer, plain_prompt, text_of
from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.target_profiles import TargetProfile

Row = dict[str, Any]
F = RowFormat
REFERENCE = "reference_answer"
"""Where the answer goes when a chat becomes a question for a grader; the name in the guides' examples."""


def write(dialogue: Dialogue, to: RowFormat, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    """The new row without the keys that nobody knows. CannotConvert when the format has no place for it."""
    writer = _WRITERS.get(to)
    if writer is None:
        refuse("", f"rows of the format {dialogue.kind} cannot become {to}")
    return writer(dialogue, profile, style, ledger)


def _chat(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    turns = dialogue.turns if dialogue.kind is F.CHAT else one_answer(dialogue, ledger)
    return {"messages": write_messages(turns, profile, ledger), **tools_of(dialogue)}


def _reinforcement(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    """The last answer becomes the grader's reference."""
    if dialogue.kind in (F.REINFORCEMENT, F.PROMPT_ONLY):
        return {"messages": write_messages(dialogue.turns, profile, ledger), **tools_of(dialogue)}
    before, answer = last_answer(one_answer(dialogue, ledger), ledger)
    reference = text_of(answer, ledger)
    return {"messages": write_messages(before, profile, ledger), **tools_of(dialogue), REFERENCE: reference}


def _preference(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    _needs_pair(dialogue)
    for side in (dialogue.chosen, dialogue.rejected):
        if len(side) > 1:
            refuse(side[1].pointer, "an answer has more than one message")
    if not dialogue.turns:
        refuse("", "its two answers have no question in common")
    return {
        "input": {"messages": write_messages(dialogue.turns, profile, ledger), **tools_of(dialogue)},
        "preferred_output": write_messages(dialogue.chosen, profile, ledger),
        "non_preferred_output": write_messages(dialogue.rejected, profile, ledger),
    }


def _trl_preference(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    _needs_pair(dialogue)
    sides = {"chosen": dialogue.chosen, "rejected": dialogue.rejected}
    if style == "messages":
        row = {"prompt": write_messages(dialogue.turns, profile, ledger)} if dialogue.turns else {}
        return {
            **row,
            **{key: write_messages(side, profile, ledger) for key, side in sides.items()},
            **tools_of(dialogue),
        }
    prompt = {"prompt": plain_prompt(dialogue, dialogue.turns, ledger)} if dialogue.turns else {}
    for side in sides.values():
        if len(side) > 1:
            refuse(side[1].pointer, "an answer has more than one message")
    return {**prompt, **{key: text_of(side[0], ledger) for key, side in sides.items()}}


def _prompt_completion(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    before, answer = last_answer(one_answer(dialogue, ledger), ledger)
    if style == "text":
        first = next((place for place, turn in enumerate(before) if turn.role == "assistant"), None)
        if first is not None:  # the first question and its answer are an example of their own
            ledger.lose(before[first].pointer, "second and later turns (the first answer stays)")
            before, answer = before[:first], before[first]
        return {"prompt": plain_prompt(dialogue, before, ledger), "completion": text_of(answer, ledger)}
    for turn in before:
        if turn.role == "assistant" and turn.weight != 0:
            ledger.lose(turn.pointer, "the training of earlier answers (only the last one is trained)")
    if answer.weight == 0:
        ledger.lose(answer.pointer, "weight 0 (the answer will be trained)")
    return {
        "prompt": write_messages(before, profile, ledger, weights=False),
        "completion": write_messages((answer,), profile, ledger, weights=False),
        **tools_of(dialogue),
    }


def _unpaired(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    if dialogue.label is None:
        refuse("", "nobody has said whether its answer is good or bad")
    before, answer = last_answer(dialogue.turns, ledger)
    if style == "text":
        pair = {"prompt": plain_prompt(dialogue, before, ledger), "completion": text_of(answer, ledger)}
        return {**pair, "label": dialogue.label}
    return {
        "prompt": write_messages(before, profile, ledger, weights=False),
        "completion": write_messages((answer,), profile, ledger, weights=False),
        "label": dialogue.label,
        **tools_of(dialogue),
    }


def _prompt_only(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    before = dialogue.turns
    if before and before[-1].role == "assistant":
        ledger.lose(before[-1].pointer, "the answer")
        before = before[:-1]
    for answer in (*dialogue.chosen, *dialogue.rejected):
        ledger.lose(answer.pointer, "the answer")
    if not before:
        refuse("", "it has no question")
    if style == "text":
        return {"prompt": plain_prompt(dialogue, before, ledger)}
    return {"prompt": write_messages(before, profile, ledger, weights=False), **tools_of(dialogue)}


def _needs_pair(dialogue: Dialogue) -> None:
    if not dialogue.chosen or not dialogue.rejected:
        refuse("", "it has no two answers to compare")


def _alpaca(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    return write_alpaca(dialogue, ledger)


def _sharegpt(dialogue: Dialogue, profile: TargetProfile, style: Style, ledger: Ledger) -> Row:
    return write_sharegpt(dialogue, profile, ledger)


_WRITERS: dict[RowFormat, Callable[[Dialogue, TargetProfile, Style, Ledger], Row]] = {
    F.CHAT: _chat,
    F.REINFORCEMENT: _reinforcement,
    F.PREFERENCE: _preference,
    F.TRL_PREFERENCE: _trl_preference,
    F.PROMPT_COMPLETION: _prompt_completion,
    F.UNPAIRED: _unpaired,
    F.PROMPT_ONLY: _prompt_only,
    F.ALPACA: _alpaca,
    F.SHAREGPT: _sharegpt,
}
