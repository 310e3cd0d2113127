"""Conversations nobody would write: odd white space, empty texts, words that look like control tokens,
thoughts, calls of tools and their answers.
"""

from typing import Any

from hypothesis import strategies as st

from tests.template.real_templates import RealTemplate

Chat = list[dict[str, Any]]
ODD = (
    "Paris", "yes", "assistant", "Zoë 👍", "{{ x }}", "a b", "", "\n", "\t", "  ", "\u00a0", "\r\n", "\u2028",
    "\ue0f3", "<think>", "</think>", "<think>\nwhy\n</think>\n\nYes", "<think>why</think>", "Tunedeskprobe",
)  # fmt: skip


def texts(real: RealTemplate) -> st.SearchStrategy[str]:
    pieces = (*ODD, *real.end_signs, *real.control[:3], *real.closes)
    made = st.lists(st.sampled_from(pieces), max_size=4).map("".join)
    return made | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def chats(draw: st.DrawFn, real: RealTemplate) -> Chat:
    """One to three questions with answers, some after calls; a first question and a last answer always."""
    said = texts(real)
    chat: Chat = [{"role": "system", "content": draw(said)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        chat.append({"role": "user", "content": draw(said)})
        if real.tools and draw(st.booleans()):
            chat += _called(draw, said, draw(st.integers(1, 2)), len(chat))
        thought = draw(st.sampled_from(["", "", "reasoning_content", "thinking", "reasoning"]))
        chat.append({"role": "assistant", "content": draw(said)} | ({thought: draw(said)} if thought else {}))
    return chat


def _called(draw: st.DrawFn, said: st.SearchStrategy[str], count: int, at: int) -> Chat:
    names = [f"call{at:04}{number}" for number in range(count)]  # nine letters and digits, as Mistral demands
    arguments = st.fixed_dictionaries(
        {"number": said}, optional={"years": st.lists(st.integers(), max_size=2)}
    )
    calls = [
        {"id": name, "type": "function", "function": {"name": "track_parcel", "arguments": draw(arguments)}}
        for name in names
    ]
    asking = {"role": "assistant", "content": draw(st.just("") | said), "tool_calls": calls}
    return [asking, *({"role": "tool", "content": draw(said), "tool_call_id": name} for name in names)]


def has_calls(chat: Chat) -> bool:
    return any("tool_calls" in turn for turn in chat)


def most_calls(chat: Chat) -> int:
    return max((len(turn.get("tool_calls", ())) for turn in chat), default=0)
