"""Finds one turn of the assistant in a text that does not say where its turns stand, by comparing it with
other writings of the same conversation.

Four ways, in this order: prefixes (what stands before a turn is the text of the turns before it with a
generation prompt, what follows it the rest); a second rendering with another answer, whose difference shows
where the answer stands; the answer's text, searched behind the answer before it; and for a turn that calls
tools a second rendering with other arguments.
"""

import re

from tunedesk.template.rendered_chat import (
    Range,
    RenderedChat,
    Turn,
    behind_sign,
    end_of_turn,
    new_word,
    shared_end,
    shared_start,
    skip_signs,
)

_CUE = 4  # characters that a prompt for an answer ends with, at least
_CLOSED = re.compile(r"[\s>\]]")  # what a line or a sign ends with
_LOOK_BACK = 2_000  # characters in which two prompts are compared


def find_turn(chat: RenderedChat, index: int, behind: int) -> list[Range]:
    """Where a turn stands, in pieces; none when it is not found. `behind`: the end of the answer before."""
    before = chat.prefix(index, True)
    start = len(before) if before is not None and chat.text.startswith(before) else None
    if start is not None:
        end = _end_by_prefix(chat, index, start)
        if end is not None:
            return [(start, end)]
    if chat.turns[index].call_names:
        call = _calling_turn(chat, index, start, behind)
        return [] if call is None else [call, *_text_behind_call(chat, index, call[1])]
    if start is not None and (place := _by_probe(chat, index, start)):
        return [place]
    place = _by_probe(chat, index, None) or _by_search(chat, index, max(behind, _shown(chat, index)))
    if place is not None:
        begin = _thought(chat, index, behind, place[0]) if chat.turns[index].thinks else None
        if begin is None:
            has_lead = chat.text.endswith(chat.lead, behind, place[0])
            begin = place[0] - len(chat.lead) * has_lead
        return [(min(begin, place[0]), place[1])]
    begin = _parted_from_prompt(chat, index)
    place = None if begin is None else _by_probe(chat, index, begin)
    return [] if place is None else [place]


def _end_by_prefix(chat: RenderedChat, index: int, start: int) -> int | None:
    """None when the turn reads differently once others follow it (a dropped thought, a sign at the
    very end).
    """
    is_last = index == len(chat.turns) - 1
    through = chat.text if is_last else chat.prefix(index + 1, False)
    if through is None or len(through) <= start or not chat.text.startswith(through):
        return None
    return end_of_turn(chat, chat.turns[index].content, start, len(through))


def _by_probe(chat: RenderedChat, index: int, start: int | None) -> Range | None:
    """Where the text differs when the answer is another one. With a prompt that fits, the answer begins
    behind the prompt, a thought before it included, even if nothing is left of the answer itself.
    """
    probe = new_word(chat.text)
    other = chat.replaced(index, probe)
    if other is None or other.count(probe) != 1:
        return None
    before, _, after = other.partition(probe)
    parted = shared_start(chat.text, before)
    if before[parted:start].strip():  # white space before an answer may go with it
        return None
    begin = parted if start is None else start
    end = len(chat.text) - len(after)
    if end < begin or not chat.text.endswith(after):
        return None
    return begin, behind_sign(chat, end) or end


def _shown(chat: RenderedChat, index: int) -> int:
    """Where the turns before this one end, if they read in the text as they do alone; else 0."""
    shown = chat.prefix(index, False)
    return len(shown) if shown is not None and chat.text.startswith(shown) else 0


def _by_search(chat: RenderedChat, index: int, behind: int) -> Range | None:
    """The first place that reads like the answer and is followed by the end of a turn."""
    content = chat.turns[index].content.strip()
    at = chat.text.find(content, behind) if content else -1
    while at >= 0:
        sign = behind_sign(chat, at + len(content))
        if sign is not None:
            return at, sign
        at = chat.text.find(content, at + 1)
    return None


def _calling_turn(chat: RenderedChat, index: int, start: int | None, behind: int) -> Range | None:
    """From the prompt for it to the first end sign behind the arguments of its last call. `behind`: the end
    of the answer before this one.
    """
    probes = probes_of_calls(chat.turns[index], chat.text, index)
    other = chat.called(index, probes)
    if other is None or not all(probe in other for probe in probes):
        return None
    signs = [other.find(sign, other.rfind(probes[-1])) for sign in chat.ends]
    found = [at for at in signs if at >= 0]
    behind_call = other[skip_signs(other, chat.ends, min(found)) :] if found else ""
    begin = shared_start(chat.text, other)
    end = len(chat.text) - len(behind_call)
    if start is None:
        start = _thought(chat, index, behind, begin)
    if not found or not chat.text.endswith(behind_call) or start is None or not start <= begin <= end:
        return None
    return start, end


def _text_behind_call(chat: RenderedChat, index: int, end: int) -> list[Range]:
    """Gemma 4 shows what a calling turn says behind the answer of the tool."""
    probe = new_word(chat.text)
    other = chat.replaced(index, probe) if chat.turns[index].content.strip() else None
    before, _, after = (other or "").partition(probe)
    stop = len(chat.text) - len(after)
    if not (
        after and end <= len(before) < stop and chat.text.startswith(before) and chat.text.endswith(after)
    ):
        return []
    return [(len(before), behind_sign(chat, stop) or stop)]


def probes_of_calls(turn: Turn, text: str, index: int) -> list[str]:
    """A word for each call of a turn, none of which the text holds; no two are alike in a conversation."""
    return [f"{new_word(text)}{index}x{number}x" for number in range(len(turn.call_names))]


def _thought(chat: RenderedChat, index: int, behind: int, before: int) -> int | None:
    """Where the turn's own words begin that stand before its text or its calls."""
    parted = _parted_from_prompt(chat, index)
    return _behind_moved_prompt(chat, index, behind, before) if parted is None else parted


def _parted_from_prompt(chat: RenderedChat, index: int) -> int | None:
    """Where the text and the prompt for a turn part, if only the prompt's end is another one: it says more
    than stands before this turn (an empty thought, where the turn has one of its own).
    """
    prompt, shown = chat.prefix(index, True), chat.prefix(index, False)
    if prompt is None or shown is None or not (chat.text.startswith(shown) and prompt.startswith(shown)):
        return None
    parted = shared_start(chat.text, prompt)
    while parted > len(shown) and not _CLOSED.fullmatch(chat.text[parted - 1]):
        parted -= 1  # not inside a word or a sign that both begin with alike
    content = chat.turns[index].content.strip()
    at = chat.text.rfind(content, len(shown), parted + len(content)) if content else -1
    return min(at, parted) if at >= 0 and at + len(content) >= parted else parted


def _behind_moved_prompt(chat: RenderedChat, index: int, behind: int, before: int) -> int | None:
    """Where the end of the prompt for a turn stands, the turn before included, if what stands further ahead
    reads otherwise: tools stand with the last question, a thought is dropped.
    """
    prompt, shown = chat.prefix(index, True), chat.prefix(index, False)
    if prompt is None or shown is None or not prompt.startswith(shown) or chat.text.startswith(shown):
        return None
    least = max(len(prompt) - len(shown), _last_said(chat, index, prompt), _CUE)
    sign = re.compile(re.escape(prompt[-_CUE:]))
    places = [found.end() for found in sign.finditer(chat.text, max(behind - _CUE, 0), before)]
    alike = [shared_end(chat.text[max(at - _LOOK_BACK, 0) : at], prompt) for at in places]
    longest, place = max(zip(alike, places, strict=True), default=(0, 0))
    own = chat.text[place:before].replace(chat.turns[index].content.strip() or "\0", "")
    crosses_turns = any(sign in own for sign in chat.ends)
    return place if longest >= min(least, _LOOK_BACK) and not crosses_turns else None


def _last_said(chat: RenderedChat, index: int, prompt: str) -> int:
    """How many characters of a prompt the text of the turn before it and what follows take."""
    said = chat.turns[index - 1].content.strip() if index else ""
    ahead = chat.prefix(index - 1, False) if index > 1 else None
    at = prompt.rfind(said, shared_start(prompt, ahead or ""))
    return len(prompt) - at if at >= 0 else 0
