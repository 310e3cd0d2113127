"""A conversation as a template wrote it, with the means to ask for other writings of it; and what can be told
about its text alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PROBE = "Tunedeskprobe"  # an answer that no template rewrites
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """role and text of one message, whether it shall be trained, the names of the tools it calls, and whether
    it has a thought beside its text.
    """

    role: str
    content: str
    trained: bool
    call_names: tuple[str, ...] = ()
    thinks: bool = False


@dataclass(frozen=True, slots=True)
class RenderedChat:
    """A chat, its text, and what is needed to find the turns in it.

    marked: ranges inside {% generation %}, None without marks. ends: literals that end a turn. lead: what
    the template puts between the prompt for an answer and its text. prefix(count, prompt) renders the
    first `count` turns, replaced(index, answer) all turns with another answer in place of one,
    called(index, words) all turns with other arguments in the calls of one, a word for each call; all
    give None when the template refuses that.
    """

    turns: Sequence[Turn]
    text: str
    marked: Sequence[Range] | None
    ends: frozenset[str]
    lead: str
    prefix: Callable[[int, bool], str | None]
    replaced: Callable[[int, str], str | None]
    called: Callable[[int, Sequence[str]], str | None]


def end_of_turn(chat: RenderedChat, content: str, start: int, end: int) -> int:
    """The end of a range, moved to its end-of-turn token inside or right behind it; end signs in the turn's
    own content do not count.
    """
    shown = content if content in chat.text[start:end] else content.strip()
    at = chat.text.find(shown, start, end)
    said = start if at < 0 else at + len(shown)
    inside = _without_tail(chat, said, start, end)
    if any(chat.text.endswith(sign, said, inside) for sign in chat.ends):
        return inside
    return behind_sign(chat, end) or inside


def behind_sign(chat: RenderedChat, position: int) -> int | None:
    """Where the end-of-turn tokens that follow `position` end, white space before them allowed; None
    without any.
    """
    at = position
    while at < len(chat.text) and chat.text[at].isspace():
        at += 1
    end = skip_signs(chat.text, chat.ends, at)
    return end if end > at else None


def skip_signs(text: str, ends: frozenset[str], at: int) -> int:
    """Past all end-of-turn tokens that follow each other without white space."""
    while lengths := [len(sign) for sign in ends if text.startswith(sign, at)]:
        at += max(lengths)
    return at


def _without_tail(chat: RenderedChat, said: int, start: int, end: int) -> int:
    """Cut white space, and of several groups of end signs behind what is said all but the first."""
    stop = best = start + len(chat.text[start:end].rstrip())
    while lengths := [len(sign) for sign in chat.ends if chat.text.endswith(sign, said, stop)]:
        stop = start + len(chat.text[start : stop - max(lengths)].rstrip())
        best = behind_sign(chat, max(stop, said)) or best
    return min(best, end)


def new_word(text: str) -> str:
    """A word that the text does not hold."""
    word = PROBE
    while word in text:
        word += "x"
    return word


def shared_start(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def shared_end(one: str, other: str) -> int:
    """How many characters two texts end with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        same = one[len(one) - middle :] == other[len(other) - middle :]
        low, high = (middle, high) if same else (low, middle - 1)
    return low
