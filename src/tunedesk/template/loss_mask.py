"""Finds in a rendered text what the assistant itself says: those characters are trained, all others are
context.

Three ways, in this order: the template's own {% generation %} marks; prefixes (what stands before turn i is
the text of the turns before it with a generation prompt, so the rest is turn i); the turn's content, searched
behind what was found before. A trained range ends with the end-of-turn token and holds no white space behind
it, because a model that is never shown its end-of-turn token never stops (QLoRA, table 10; TRL's
is_chat_template_stop_token_trained).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunedesk.template.errors import TemplateError

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """role and text of one message, and whether it shall be trained."""

    role: str
    content: str
    trained: bool


@dataclass(frozen=True, slots=True)
class RenderedChat:
    """A chat, its text, and what is needed to find the turns in it.

    marked: ranges inside {% generation %}, None without marks. ends: literals that end a turn. prefix(count,
    prompt) renders the first `count` turns, None when the template refuses them.
    """

    turns: Sequence[Turn]
    text: str
    marked: Sequence[Range] | None
    ends: frozenset[str]
    prefix: Callable[[int, bool], str | None]


def trained_ranges(chat: RenderedChat) -> list[Range]:
    """Character ranges of the trained turns in order; TemplateError when one cannot be found."""
    marked = _from_marks(chat)
    return marked if marked is not None else _from_turns(chat)


def _from_marks(chat: RenderedChat) -> list[Range] | None:
    if not chat.marked:
        return None
    assistant = [turn for turn in chat.turns if turn.role == "assistant"]
    if len(assistant) == len(chat.marked):
        chosen = [found for turn, found in zip(assistant, chat.marked, strict=True) if turn.trained]
    elif all(turn.trained for turn in assistant):
        chosen = list(chat.marked)
    else:
        return None  # which marks belong to the turns of weight 0 cannot be told
    return [(start, _end_of_turn(chat, start, end)) for start, end in chosen]


def _end_of_turn(chat: RenderedChat, start: int, end: int) -> int:
    """The end of a marked range, moved to its end-of-turn token inside or right behind it."""
    inside = _without_tail(chat, start, end)
    if any(chat.text.endswith(sign, start, inside) for sign in chat.ends):
        return inside
    behind = _end_sign_at(chat, end)
    return behind if behind is not None else inside


def _from_turns(chat: RenderedChat) -> list[Range]:
    found: list[Range] = []
    behind_answer = behind_context = 0
    for index, turn in enumerate(chat.turns):
        if not turn.trained:
            behind_context = _behind_content(chat, turn, behind_context)
            continue
        place = (
            _by_prefix(chat, index)
            or _by_content(chat, turn, behind_context)
            or _by_content(chat, turn, behind_answer)
        )
        if place is None:
            raise TemplateError(
                f"It cannot be told which part of the text turn {index + 1} (assistant) became.",
                hint="The chat template rewrites it; use a template with {% generation %} marks.",
            )
        found.append(place)
        behind_answer = behind_context = place[1]
    return found


def _behind_content(chat: RenderedChat, turn: Turn, cursor: int) -> int:
    """Past a turn that is not trained; templates move system text about, so that is not waited for."""
    content = turn.content.strip()
    at = -1 if turn.role == "system" else chat.text.find(content, cursor)
    return cursor if at < 0 else at + len(content)


def _by_prefix(chat: RenderedChat, index: int) -> Range | None:
    before = chat.prefix(index, True)
    if before is None or not chat.text.startswith(before):
        return None
    start = len(before)
    is_last = index == len(chat.turns) - 1
    through = chat.text if is_last else chat.prefix(index + 1, False)
    if through is not None and len(through) > start and chat.text.startswith(through):
        return start, _without_tail(chat, start, len(through))
    # The turn reads differently when others follow it (a thought that is dropped, a sign at the very end).
    content = chat.turns[index].content.strip()
    at = chat.text.find(content, start)
    if at < 0:
        return None
    end = at + len(content)
    return start, _end_sign_at(chat, end) or end


def _by_content(chat: RenderedChat, turn: Turn, cursor: int) -> Range | None:
    content = turn.content.strip()
    at = chat.text.find(content, cursor) if content else -1
    while at >= 0:
        end = at + len(content)
        sign = _end_sign_at(chat, end)
        if sign is not None:
            return at, sign
        if not chat.ends or end == len(chat.text.rstrip()):
            return at, end
        at = chat.text.find(content, at + 1)
    return None


def _end_sign_at(chat: RenderedChat, position: int) -> int | None:
    """Where an end-of-turn token that follows `position`, white space between them allowed, ends."""
    at = position
    while at < len(chat.text) and chat.text[at].isspace():
        at += 1
    lengths = [len(sign) for sign in chat.ends if chat.text.startswith(sign, at)]
    return at + max(lengths) if lengths else None


def _without_tail(chat: RenderedChat, start: int, end: int) -> int:
    """Cut white space and all but the first of the end signs that the range ends with."""
    stop = best = start + len(chat.text[start:end].rstrip())
    while True:
        lengths = [len(sign) for sign in chat.ends if chat.text.endswith(sign, start, stop)]
        if not lengths:
            return best
        best = stop
        stop = start + len(chat.text[start : stop - max(lengths)].rstrip())
