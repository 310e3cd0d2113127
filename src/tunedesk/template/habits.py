"""What a chat template does to every conversation, found out by showing it a small one when it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunedesk.template.rendered_chat import PROBE
from tunedesk.template.sandbox import CompiledTemplate

_QUESTION = [{"role": "user", "content": "Hello"}]
_CHAT = [*_QUESTION, {"role": "assistant", "content": PROBE}]


@dataclass(frozen=True, slots=True)
class Habits:
    """variables: what the template is given besides the messages.

    ends: control tokens that it puts right behind the last answer. keeps_answers: whether an answer's text
    comes out at all (templates for images want lists of parts). asks_as_trained: whether the prompt for an
    answer is what stands before an answer in a whole conversation; if not, a tuned model is asked in another
    way than it was taught. lead: what stands between that prompt and the answer's text.
    """

    variables: Mapping[str, Any]
    ends: tuple[str, ...] = ()
    keeps_answers: bool = True
    asks_as_trained: bool = True
    lead: str = ""


def find_habits(template: CompiledTemplate, special: Mapping[str, str], control: frozenset[str]) -> Habits:
    """A template that refuses the small conversation is taken as it comes: its words are told when it
    is used.
    """
    # Models that think first are prompted to begin a thought, and data without thoughts does not show them
    # one.
    for variables in (special, {**special, "enable_thinking": False}):
        text = _try(template, _CHAT, variables, add_prompt=False)
        prompt = _try(template, _QUESTION, variables, add_prompt=True)
        if text is not None and prompt is not None and _is_asked(prompt, text):
            keeps = PROBE.casefold() in text.casefold()
            lead = text[len(prompt) :].partition(PROBE)[0] if PROBE in text else ""
            return Habits(variables, _signs_behind(text, control), keeps, lead=lead)
    text = _try(template, _CHAT, special, add_prompt=False)
    if text is None:
        return Habits(special)
    keeps = PROBE.casefold() in text.casefold()
    return Habits(special, _signs_behind(text, control), keeps, asks_as_trained=False)


def _is_asked(prompt: str, text: str) -> bool:
    """Whether the text goes on behind the prompt, for the tokenizer too: it takes white space together."""
    cuts_space = prompt[-1:].isspace() and text[len(prompt) : len(prompt) + 1].isspace()
    return text.startswith(prompt) and not cuts_space


def _try(
    template: CompiledTemplate,
    messages: list[dict[str, str]],
    variables: Mapping[str, Any],
    *,
    add_prompt: bool,
) -> str | None:
    try:
        return template.render(messages, variables, add_prompt=add_prompt)
    except Exception:  # whatever the template's own expressions raise; nothing is lost, see find_habits
        return None


def _signs_behind(text: str, control: frozenset[str]) -> tuple[str, ...]:
    """The control tokens that follow the answer, up to the first white space between them."""
    tail = text.rpartition(PROBE)[2].lstrip() if PROBE in text else ""
    found: list[str] = []
    while signs := [sign for sign in control if sign and tail.startswith(sign)]:
        found.append(max(signs, key=len))
        tail = tail[len(found[-1]) :]
    return tuple(found)
