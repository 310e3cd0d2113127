"""Finds in a rendered text what the assistant itself says: those characters are trained, all others are
context.

Four ways, in this order: the template's own {% generation %} marks; prefixes (what stands before a turn is
the text of the turns before it with a generation prompt, what follows it the rest); a second rendering with
another answer, whose difference shows where the answer stands; the answer's text, searched behind the answer
before it.

A trained range ends with the end-of-turn token and holds no white space behind it, because a model that is
never shown its end-of-turn token never stops (QLoRA, table 10; TRL's is_chat_template_stop_token_trained).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunedesk.template.errors import TemplateError

PROBE = "Tunedeskprobe"  # an answer that no template rewrites and no text holds
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """role and text of one message, whether it shall be trained, and the names of the tools it calls."""

    role: str
    content: str
    trained: bool
    call_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedChat:
    """A chat, its text, and what is needed to find the turns in it.

    marked: ranges inside {% generation %}, None without marks. ends: literals that end a turn. prefix(count,
    prompt) renders the first `count` turns, replaced(index, answer) all turns with another answer (and no
    tool call) in place of one; both give None when the template refuses that.
    """

    turns: Sequence[Turn]
    text: str
    marked: Sequence[Range] | None
    ends: frozenset[str]
    prefix: Callable[[int, bool], str | None]
    replaced: Callable[[int, str], str | None]


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
    if not _hold_calls(chat, chosen):
        return None  # marks that enclose an answer's text only
    return [(start, _end_of_turn(chat, start, end)) for start, end in chosen]


def _hold_calls(chat: RenderedChat, ranges: Sequence[Range]) -> bool:
    """Whether the tool calls of the trained turns stand inside the ranges."""
    names = {name for turn in chat.turns if turn.trained for name in turn.call_names}
    return all(any(chat.text.find(name, start, end) >= 0 for start, end in ranges) for name in names)


def _end_of_turn(chat: RenderedChat, start: int, end: int) -> int:
    """The end of a marked range, moved to its end-of-turn token inside or right behind it."""
    inside = _without_tail(chat, start, end)
    if any(chat.text.endswith(sign, start, inside) for sign in chat.ends):
        return inside
    return _behind_sign(chat, end) or inside


def _from_turns(chat: RenderedChat) -> list[Range]:
    found: list[Range] = []
    for index, turn in enumerate(chat.turns):
        if not turn.trained:
            continue
        place = _find_turn(chat, index, found[-1][1] if found else 0)
        if place is None:
            raise TemplateError(
                f"It cannot be told which part of the text turn {index + 1} (assistant) became.",
                hint="The chat template rewrites it; use a template with {% generation %} marks.",
            )
        found.append(place)
    return found


def _find_turn(chat: RenderedChat, index: int, behind: int) -> Range | None:
    """`behind`: the end of the answer before this one."""
    before = chat.prefix(index, True)
    start = len(before) if before is not None and chat.text.startswith(before) else None
    if start is not None:
        end = _end_by_prefix(chat, index, start)
        if end is not None:
            return start, end
    if chat.turns[index].call_names:
        return _calling_turn(chat, index, start)
    place = _by_probe(chat, index) or _by_search(chat, index, behind if start is None else start)
    # With a prompt that fits, the answer begins behind the prompt, a thought before the answer included.
    return place if place is None or start is None or start > place[0] else (start, place[1])


def _end_by_prefix(chat: RenderedChat, index: int, start: int) -> int | None:
    """None when the turn reads differently once others follow it (a dropped thought, a sign at the
    very end).
    """
    is_last = index == len(chat.turns) - 1
    through = chat.text if is_last else chat.prefix(index + 1, False)
    if through is None or len(through) <= start or not chat.text.startswith(through):
        return None
    return _without_tail(chat, start, len(through))


def _by_probe(chat: RenderedChat, index: int) -> Range | None:
    """Where the text differs when the answer is another one."""
    other = chat.replaced(index, PROBE)
    if other is None or other.count(PROBE) != 1:
        return None
    before, _, after = other.partition(PROBE)
    end = len(chat.text) - len(after)
    if end < len(before) or not chat.text.startswith(before) or not chat.text.endswith(after):
        return None
    return len(before), _behind_sign(chat, end) or end


def _calling_turn(chat: RenderedChat, index: int, start: int | None) -> Range | None:
    """A turn that calls tools reads like no text of the row: what a plain answer would take the place of."""
    other = chat.replaced(index, PROBE)
    if other is None or other.count(PROBE) != 1:
        return None
    before, _, after = other.partition(PROBE)
    end = len(chat.text) - len(after)
    begin = start if start is not None else len(before)
    names = chat.turns[index].call_names
    if not chat.text.endswith(after) or not all(chat.text.find(name, begin, end) >= 0 for name in names):
        return None
    if start is None and not chat.text.startswith(before):
        return None
    return begin, _behind_sign(chat, end) or end


def _by_search(chat: RenderedChat, index: int, behind: int) -> Range | None:
    """The first place that reads like the answer and is followed by the end of a turn."""
    content = chat.turns[index].content.strip()
    at = chat.text.find(content, behind) if content else -1
    while at >= 0:
        sign = _behind_sign(chat, at + len(content))
        if sign is not None:
            return at, sign
        at = chat.text.find(content, at + 1)
    return None


def _behind_sign(chat: RenderedChat, position: int) -> int | None:
    """Where the end-of-turn tokens that follow `position` end, white space before them allowed; None
    without any.
    """
    at = position
    while at < len(chat.text) and chat.text[at].isspace():
        at += 1
    end = _skip_signs(chat, at)
    return end if end > at else None


def _skip_signs(chat: RenderedChat, at: int) -> int:
    """Past all end-of-turn tokens that follow each other without white space."""
    while lengths := [len(sign) for sign in chat.ends if chat.text.startswith(sign, at)]:
        at += max(lengths)
    return at


def _without_tail(chat: RenderedChat, start: int, end: int) -> int:
    """Cut white space, and of several groups of end signs at the end of a range all but the first."""
    stop = best = start + len(chat.text[start:end].rstrip())
    while lengths := [len(sign) for sign in chat.ends if chat.text.endswith(sign, start, stop)]:
        stop = start + len(chat.text[start : stop - max(lengths)].rstrip())
        best = _behind_sign(chat, stop) or best
    return min(best, end)
