"""One request of the generation engine: prompts in, pieces of text out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from tunedesk.dataset.example import Message, example_of
from tunedesk.dataset.parsing import parse_row
from tunedesk.engine.generate_stop import StopWatch
from tunedesk.engine.generate_text import TextStream
from tunedesk.engine.generate_tokens import Answer, Chances, Written
from tunedesk.engine.generate_voices import Voices
from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    MOST_LIKELIEST,
    AnyMessage,
    ChatMessage,
    Done,
    Generate,
    GenerationFailed,
    Piece,
    Question,
    Reason,
    TokenChance,
    WrittenChance,
)
from tunedesk.template.chat_template import ChatTemplate

Send = Callable[[AnyMessage], None]


class Request:
    """The answers of one request, and what of them is told; `answers` are written by somebody else."""

    def __init__(self, voices: Voices, asked: Generate, send: Send) -> None:
        """UserError: settings out of bounds, a voice that is not loaded, a prompt the template refuses."""
        _check(voices, asked)
        self.asked = asked
        self._send = send
        self._started = time.monotonic()
        self.answers = list(_answers(voices, asked, send))
        self._tellings = {item: _Telling(voices.template, asked) for item in self.answers}

    def take(self, written: Written) -> None:
        """Tell what a new token says; may end its answer."""
        item = written.answer
        telling = self._tellings[item]
        if written.token is not None:
            telling.add(written.token, written.chances)
        if telling.has_stopped:
            item.reason = "end"
        if self.asked.stream or item.reason:
            self._tell(item, telling)
        if item.reason:
            self._send(self._done(item))

    def cancel(self) -> None:
        """End the answers that are not complete; what was said stands."""
        for item in self.answers:
            if item.reason is None:
                item.reason = "cancelled"
                self.take(Written(item, None))

    def fail(self, failure: GenerationFailed) -> None:
        """Tell that nothing more will come."""
        for item in self.answers:
            item.reason = item.reason or "cancelled"
        self._send(failure)

    def _tell(self, item: Answer, telling: _Telling) -> None:
        text, chances = telling.taken(is_end=item.reason is not None)
        if text:
            self._send(Piece(self.asked.id, item.question, item.voice, text, chances))

    def _done(self, item: Answer) -> Done:
        assert item.reason is not None
        return Done(
            self.asked.id,
            item.question,
            item.voice,
            item.reason,
            len(item.written),
            time.monotonic() - self._started,
            prompt_tokens=len(item.ids),
        )


class _Telling:
    """What one answer has said and what of it is not told yet."""

    def __init__(self, template: ChatTemplate, asked: Generate) -> None:
        self._template = template
        self._stream = TextStream(template.decode)
        self._watch = StopWatch(asked.stop)
        self._said: list[str] = []
        self._told = 0
        """Characters that are told or stand in `_said`."""
        self._written = 0
        """Characters that the tokens make, of those that were taken in."""
        self._last: int | None = None
        self._chances: list[tuple[int, WrittenChance]] = []
        """Chances that are not told, each with the place where its token's text begins."""

    @property
    def has_stopped(self) -> bool:
        return self._watch.has_stopped

    def add(self, token: int, chances: Chances | None) -> None:
        if chances is not None:
            self._chances.append((self._written, self._in_words(token, chances)))
            self._last = token
        text = self._stream.add(token)
        self._written += len(text)
        self._say(self._watch.add(text))

    def taken(self, is_end: bool) -> tuple[str, tuple[WrittenChance, ...]]:
        """What can be told now; at the end everything that was said."""
        if is_end and not self.has_stopped:
            self._say(self._watch.add(self._stream.rest()))
        if is_end and not self.has_stopped:
            self._say(self._watch.rest())
        text = "".join(self._said)
        self._said.clear()
        if not text:
            return "", ()
        ready = [chance for start, chance in self._chances if start < self._told]
        self._chances = self._chances[len(ready) :]
        return text, tuple(ready)

    def _say(self, text: str) -> None:
        self._said.append(text)
        self._told += len(text)

    def _in_words(self, token: int, chances: Chances) -> WrittenChance:
        named = (TokenChance(self._text(other), log) for other, log in chances.likeliest)
        return WrittenChance(TokenChance(self._text(token), chances.logprob), tuple(named))

    def _text(self, token: int) -> str:
        """What the token would add: decoders treat a text's first token apart from the others."""
        decode = self._template.decode
        if self._last is None:
            return decode([token], skip_special=False)
        before = decode([self._last], skip_special=False)
        return decode([self._last, token], skip_special=False)[len(before) :]


def _check(voices: Voices, asked: Generate) -> None:
    if problems := asked.settings.problems():
        raise UserError(problems[0], hint="Change the value and send again.")
    if asked.likeliest is not None and not 0 <= asked.likeliest <= MOST_LIKELIEST:
        raise UserError(f"At most {MOST_LIKELIEST} likeliest tokens can be told.", hint="Ask for fewer.")
    wanted = {voice for question in asked.questions for voice in question.voices}
    if "tuned" in wanted and voices.request.adapter is None:
        raise UserError("There is no adapter loaded for the tuned voice.", hint="Choose a finished run.")


def _answers(voices: Voices, asked: Generate, send: Send) -> Iterator[Answer]:
    context = voices.folder.context
    for number, question in enumerate(asked.questions):
        ids = _prompt_ids(voices.template, question)
        room = context - len(ids)
        if room < 1:
            message = (
                f"The conversation has {len(ids)} tokens, and {voices.folder.name} reads at most {context}."
            )
            hint = "Start a new conversation, or shorten the system prompt or a message."
            send(GenerationFailed(asked.id, message, hint, number))
            continue
        wanted = asked.settings.max_tokens
        at_limit: Reason = "length" if wanted <= room else "context"
        for voice in question.voices:
            chance = random.Random(asked.settings.seed)
            limit = min(wanted, room)
            yield Answer(number, voice, ids, limit, at_limit, chance, asked.settings, asked.likeliest)


def _prompt_ids(template: ChatTemplate, question: Question) -> Sequence[int]:
    if not question.row:
        return template.prompt(_messages(question.prompt)).ids
    parsed = parse_row(question.row.encode())
    if parsed.value is None:
        raise UserError("The conversation cannot be read.", hint=parsed.problems[0].message)
    return template.prompt_of(example_of(parsed.value)).ids


def _messages(prompt: Sequence[ChatMessage]) -> list[Message]:
    return [
        Message(turn.role, turn.content, None, f"/messages/{position}")
        for position, turn in enumerate(prompt)
    ]
