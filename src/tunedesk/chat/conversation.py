"""A conversation with two voices as an immutable value; what a person does to it are pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tunedesk.dataset.converting import convert_row
from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.row_edits import dump_row
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage, Reason, Sampling, Voice

AnswerState = Reason | None


class Answer(Struct, frozen=True):
    """What one voice said. reason: why it ended, None while it is being written. corrected: by a person."""

    voice: Voice
    text: str
    reason: AnswerState = None
    tokens: int = 0
    seconds: float = 0.0
    corrected: bool = False


class Exchange(Struct, frozen=True):
    """One message of the user and the answers to it. attempt: how often it was answered anew, from 0."""

    user: str
    answers: tuple[Answer, ...] = ()
    attempt: int = 0

    def answer(self, voice: Voice) -> Answer | None:
        return next((answer for answer in self.answers if answer.voice == voice), None)


class Conversation(Struct, frozen=True):
    """A system prompt and exchanges; each voice remembers its own answers and not the other's."""

    system: str = ""
    exchanges: tuple[Exchange, ...] = ()
    settings: Sampling = Sampling(temperature=0.0, max_tokens=256)

    def messages(self, voice: Voice, upto: int | None = None) -> tuple[ChatMessage, ...]:
        """The prompt for `voice`: all turns up to the user's message of exchange `upto` (default: last)."""
        last = len(self.exchanges) - 1 if upto is None else upto
        turns = [ChatMessage("system", self.system)] if self.system else []
        for number, exchange in enumerate(self.exchanges[: last + 1]):
            turns.append(ChatMessage("user", exchange.user))
            answer = exchange.answer(voice)
            if answer is not None and number < last:
                turns.append(ChatMessage("assistant", answer.text))
        return tuple(turns)

    def sampling(self) -> Sampling:
        """The settings of the last exchange: each new attempt draws with a seed of its own."""
        attempt = self.exchanges[-1].attempt if self.exchanges else 0
        return replace(self.settings, seed=self.settings.seed + attempt)


def send(conversation: Conversation, text: str) -> Conversation:
    """Add a message of the user; UserError when it is empty."""
    return replace(conversation, exchanges=(*conversation.exchanges, Exchange(_said(text))))


def edit_and_resend(conversation: Conversation, number: int, text: str) -> Conversation:
    """Say something else at exchange `number` (from 0); what came after it is dropped."""
    kept = conversation.exchanges[:number]
    return replace(conversation, exchanges=(*kept, Exchange(_said(text))))


def regenerate(conversation: Conversation, number: int | None = None) -> Conversation:
    """Ask for other answers at exchange `number` (default: the last); what came after it is dropped."""
    number = len(conversation.exchanges) - 1 if number is None else number
    old = conversation.exchanges[number]
    again = Exchange(old.user, attempt=old.attempt + 1)
    return replace(conversation, exchanges=(*conversation.exchanges[:number], again))


def with_system(conversation: Conversation, system: str) -> Conversation:
    """Another system prompt; it holds from the next answer on."""
    return replace(conversation, system=system.strip())


def with_settings(conversation: Conversation, settings: Sampling) -> Conversation:
    """Other sampling; UserError names the value that is out of bounds."""
    if problems := settings.problems():
        raise UserError(problems[0], hint="Change the value.")
    return replace(conversation, settings=settings)


def with_piece(conversation: Conversation, number: int, voice: Voice, text: str) -> Conversation:
    """More text of an answer that is being written."""
    old = conversation.exchanges[number].answer(voice) or Answer(voice, "")
    return _with_answer(conversation, number, replace(old, text=old.text + text))


def with_end(
    conversation: Conversation, number: int, voice: Voice, reason: Reason, tokens: int, seconds: float
) -> Conversation:
    """An answer is complete."""
    old = conversation.exchanges[number].answer(voice) or Answer(voice, "")
    return _with_answer(conversation, number, replace(old, reason=reason, tokens=tokens, seconds=seconds))


def corrected(conversation: Conversation, number: int, voice: Voice, text: str) -> Conversation:
    """The answer as it should have been; the voice remembers the corrected one."""
    old = conversation.exchanges[number].answer(voice)
    if old is None:
        raise UserError(f"Message {number + 1} has no answer to correct.", hint="Wait for the answer.")
    return _with_answer(conversation, number, replace(old, text=text, corrected=True, reason="end"))


def to_example(
    conversation: Conversation, number: int, voice: Voice, row_format: RowFormat, like: bytes = b""
) -> bytes:
    """A dataset row that teaches the answer of `voice` at exchange `number`, with what was said before it.

    like: a row of the dataset, whose spacing is taken over. UserError: no answer yet, or the format cannot
    hold the conversation.
    """
    answer = conversation.exchanges[number].answer(voice)
    if answer is None or not answer.text.strip():
        raise UserError(
            f"Message {number + 1} has no answer to add.", hint="Write the answer it should have."
        )
    turns = conversation.messages(voice, number)
    if row_format is RowFormat.PROMPT_COMPLETION:
        return dump_row(_prompt_completion(turns, answer.text), like)
    messages = [{"role": turn.role, "content": turn.content} for turn in turns]
    messages.append({"role": "assistant", "content": answer.text})
    row = dump_row({"messages": messages}, like)
    return row if row_format in (RowFormat.CHAT, RowFormat.UNKNOWN) else _in_format(row, row_format)


def _in_format(row: bytes, row_format: RowFormat) -> bytes:
    """A chat row in the dataset's own format; UserError when that cannot hold all of it."""
    made = convert_row(1, row, None, row_format)
    if made.raw is None or made.losses:
        why = made.refusal.why if made.refusal is not None else f"{made.losses[0].what} would be lost"
        message = f"This conversation cannot become a row of the format {row_format}: {why}."
        raise UserError(message, hint="Convert the dataset to chat first, or add it to another one.")
    return made.raw


def _prompt_completion(turns: Sequence[ChatMessage], answer: str) -> dict[str, str]:
    if [turn.role for turn in turns] != ["user"]:
        raise UserError(
            "A dataset of prompts and completions has no place for a system prompt or earlier turns.",
            hint="Start a new conversation without a system prompt, or use a dataset in chat format.",
        )
    return {"prompt": turns[0].content, "completion": answer}


def _with_answer(conversation: Conversation, number: int, answer: Answer) -> Conversation:
    exchange = conversation.exchanges[number]
    others = [other for other in exchange.answers if other.voice != answer.voice]
    answers = tuple(sorted([*others, answer], key=lambda each: each.voice))  # base before tuned
    changed = replace(exchange, answers=answers)
    exchanges = (*conversation.exchanges[:number], changed, *conversation.exchanges[number + 1 :])
    return replace(conversation, exchanges=exchanges)


def _said(text: str) -> str:
    if not text.strip():
        raise UserError("There is nothing to send.", hint="Type a message.")
    return text


def encode_conversation(conversation: Conversation) -> bytes:
    return msgspec.json.format(msgspec.json.encode(conversation), indent=2) + b"\n"


def decode_conversation(data: bytes) -> Conversation:
    """msgspec.MsgspecError when the bytes are no conversation."""
    return msgspec.json.decode(data, type=Conversation)
