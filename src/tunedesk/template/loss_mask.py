"""Finds in a rendered text what the assistant itself says: those characters are trained, all others are
context.

The template's own {% generation %} marks say it; without them each turn is searched (see turn_search.py).

A trained range ends with the end-of-turn token and holds no white space behind it, because a model that is
never shown its end-of-turn token never stops (QLoRA, table 10; TRL's is_chat_template_stop_token_trained).
Of an answer in the middle that the template closes with another sign than the last one (gpt-oss: `<|end|>`
for `<|return|>`), that sign stays out: the model would learn to say it where it has to stop.
"""

from collections.abc import Sequence

from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered_chat import Range, RenderedChat, end_of_turn
from tunedesk.template.turn_search import find_turn


def trained_ranges(chat: RenderedChat) -> list[Range]:
    """Character ranges of the trained turns in order; TemplateError when one cannot be found."""
    marked = _from_marks(chat)
    return marked if marked is not None else _from_turns(chat)


def _from_marks(chat: RenderedChat) -> list[Range] | None:
    if not chat.marked:
        return None
    assistant = [turn for turn in chat.turns if turn.role == "assistant"]
    if len(assistant) == len(chat.marked):
        pairs = [
            (turn.content, place) for turn, place in zip(assistant, chat.marked, strict=True) if turn.trained
        ]
    elif all(turn.trained for turn in assistant):
        pairs = [("", place) for place in chat.marked]
    else:
        return None  # which marks belong to the turns of weight 0 cannot be told
    if not _hold_calls(chat, [place for _, place in pairs]):
        return None  # marks that enclose an answer's text only
    return [(start, end_of_turn(chat, content, start, end)) for content, (start, end) in pairs]


def _hold_calls(chat: RenderedChat, ranges: Sequence[Range]) -> bool:
    """Whether the tool calls of the trained turns stand inside the ranges."""
    names = {name for turn in chat.turns if turn.trained for name in turn.call_names}
    return all(any(chat.text.find(name, start, end) >= 0 for start, end in ranges) for name in names)


def _from_turns(chat: RenderedChat) -> list[Range]:
    found: list[Range] = []
    for index, turn in enumerate(chat.turns):
        if not turn.trained:
            continue
        places = find_turn(chat, index, found[-1][1] if found else 0)
        # A turn without a word may leave no trace: Gemma 4 shows nothing of it behind a tool's answer.
        if not places and (turn.content.strip() or turn.call_names):
            raise TemplateError(
                f"It cannot be told which part of the text turn {index + 1} (assistant) became.",
                hint="The chat template rewrites it; use a template with {% generation %} marks.",
            )
        if found and places and places[0][0] < found[-1][1]:  # an end sign that the next turn itself says
            found[-1] = (found[-1][0], places[0][0])
        found += places
    return found
