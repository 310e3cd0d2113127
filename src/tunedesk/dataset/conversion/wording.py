"""Which turns are question and answer, and what of a turn a plain string can hold."""

from dataclasses import replace

from tunedesk.dataset.conversion.dialogue import Dialogue, Ledger, Turn, refuse
from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.json_pointer import pointer_to

F = RowFormat


def one_answer(dialogue: Dialogue, ledger: Ledger) -> tuple[Turn, ...]:
    """The turns to imitate: of two answers the better one, of a judged one only if it is good."""
    if dialogue.kind in (F.TEXT, F.PROMPT_ONLY, F.REINFORCEMENT):
        refuse("", "it has no question with an answer")
    if dialogue.label is False:
        refuse("", "its answer is marked as bad, so nothing should imitate it")
    if dialogue.label is True:
        ledger.lose("", "the label that the answer is good")
    for turn in dialogue.rejected:
        ledger.lose(turn.pointer, "the rejected answer")
    turns = (*dialogue.turns, *dialogue.chosen)
    if not any(turn.role == "assistant" for turn in turns):
        refuse("", "it has no answer")
    return _joined_steps(turns, ledger) if dialogue.kind is F.STEPWISE else turns


def _joined_steps(turns: tuple[Turn, ...], ledger: Ledger) -> tuple[Turn, ...]:
    """The steps of an answer as one; TRL's default separator is a line feed."""
    steps = [turn for turn in turns if turn.role == "assistant"]
    ledger.lose("/completions", "the division of an answer into steps, and their labels")
    text = "\n".join(str(step.content) for step in steps)
    return (*(turn for turn in turns if turn.role != "assistant"), replace(steps[0], content=text))


def last_answer(turns: tuple[Turn, ...], ledger: Ledger) -> tuple[tuple[Turn, ...], Turn]:
    """What stands before the last answer, and it. Turns behind it are lost."""
    places = [place for place, turn in enumerate(turns) if turn.role == "assistant"]
    if not places:
        refuse("", "it has no answer")
    last = places[-1]
    for turn in turns[last + 1 :]:
        ledger.lose(turn.pointer, "turns behind the last answer")
    if last == 0:
        refuse(turns[0].pointer, "it has no question")
    return turns[:last], turns[last]


def plain_prompt(dialogue: Dialogue, turns: tuple[Turn, ...], ledger: Ledger) -> str:
    """A question as one string, the system text folded in. CannotConvert for more than a question."""
    if dialogue.tools:
        ledger.lose("/tools", "the tools")
    texts = []
    for turn in turns:
        if turn.role == "system":
            ledger.lose(turn.pointer, "the role of the system text (it stands before the question)")
        elif turn.role != "user":
            refuse(turn.pointer, f"a prompt of one text cannot hold a turn of the role {turn.role}")
        texts.append(text_of(turn, ledger))
    if sum(turn.role == "user" for turn in turns) > 1:
        ledger.lose(turns[-1].pointer, "the division of a question into turns")
    return "\n\n".join(texts)


def text_of(turn: Turn, ledger: Ledger) -> str:
    """The turn's text alone: its name and other keys are lost. CannotConvert when it has no text."""
    if turn.calls:
        refuse(turn.pointer, "a text cannot hold a tool call")
    if not isinstance(turn.content, str):
        refuse(turn.pointer, f"a turn of the role {turn.role} has no text")
    lose_more(turn, ledger)
    if turn.weight == 0 and turn.role == "assistant":
        ledger.lose(turn.pointer, "weight 0 (the answer will be trained)")
    return turn.content


def lose_more(turn: Turn, ledger: Ledger) -> None:
    """Everything of a turn besides role, text and calls."""
    if turn.name is not None:
        ledger.lose(f"{turn.pointer}/name", "the name of a speaker")
    for key in turn.rest:
        ledger.lose(turn.pointer + pointer_to(key), f"the key {key} of a turn")
