"""One request of the generation engine: prompts in, pieces of text out; batches are chosen to fit memory."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from tunedesk.dataset.example import Message
from tunedesk.engine.generate_text import TextStream
from tunedesk.engine.generate_tokens import Answer, write
from tunedesk.engine.generate_voices import Voices
from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    Generate,
    GenerationFailed,
    Piece,
    Reason,
)
from tunedesk.template.model_folder import ModelShape

CACHE_BYTES = 1_000_000_000
"""Keys and values that one batch may hold; larger requests are written in several batches."""
MOST_ROWS = 64

Send = Callable[[AnyMessage], None]


def answer(voices: Voices, request: Generate, send: Send, cancelled: Callable[[], bool]) -> None:
    """Write all answers. UserError: settings out of bounds, a voice that is not loaded."""
    _check(voices, request)
    started = time.monotonic()
    answers = list(_answers(voices, request, send))
    for batch in batches(answers, voices.folder.shape):
        _write_batch(voices, request, batch, send, cancelled, started)


def _check(voices: Voices, request: Generate) -> None:
    if problems := request.settings.problems():
        raise UserError(problems[0], hint="Change the value and send again.")
    wanted = {voice for question in request.questions for voice in question.voices}
    if "tuned" in wanted and voices.request.adapter is None:
        raise UserError("There is no adapter loaded for the tuned voice.", hint="Choose a finished run.")


def _answers(voices: Voices, request: Generate, send: Send) -> Iterator[Answer]:
    context = voices.folder.context
    for number, question in enumerate(request.questions):
        ids = voices.template.prompt(_messages(question.prompt)).ids
        room = context - len(ids)
        if room < 1:
            message = (
                f"The conversation has {len(ids)} tokens, and {voices.folder.name} reads at most {context}."
            )
            hint = "Start a new conversation, or shorten the system prompt or a message."
            send(GenerationFailed(request.id, message, hint, number))
            continue
        wanted = request.settings.max_tokens
        at_limit: Reason = "length" if wanted <= room else "context"
        for voice in question.voices:
            chance = random.Random(request.settings.seed)
            yield Answer(number, voice, ids, min(wanted, room), at_limit, chance)


def _messages(prompt: Sequence[ChatMessage]) -> list[Message]:
    return [
        Message(turn.role, turn.content, None, f"/messages/{position}")
        for position, turn in enumerate(prompt)
    ]


def batches(answers: Sequence[Answer], shape: ModelShape) -> Iterator[list[Answer]]:
    """Answers of similar length together, as many as the memory for keys and values allows, at least one."""
    each = 2 * shape.layers * shape.kv_heads * shape.head_dim * 4  # keys and values, at most float32
    batch: list[Answer] = []
    longest = 0
    for item in sorted(answers, key=lambda item: len(item.ids)):
        longest = max(longest, len(item.ids) + item.limit)
        if batch and (len(batch) >= MOST_ROWS or (len(batch) + 1) * longest * each > CACHE_BYTES):
            yield batch
            batch, longest = [], len(item.ids) + item.limit
        batch.append(item)
    if batch:
        yield batch


def _write_batch(
    voices: Voices,
    request: Generate,
    batch: list[Answer],
    send: Send,
    cancelled: Callable[[], bool],
    started: float,
) -> None:
    template = voices.template
    streams = {item: TextStream(template.decode) for item in batch}
    texts: dict[Answer, list[str]] = {item: [] for item in batch}
    for written in write(
        voices.forward,
        batch,
        request.settings,
        cache=voices.new_cache(),
        end_ids=template.end_ids,
        pad_id=template.pad_id,
        device=voices.device,
        cancelled=cancelled,
    ):
        item = written.answer
        text = streams[item].add(written.token) if written.token is not None else ""
        if item.reason:
            text += streams[item].rest()
        texts[item].append(text)
        if request.stream or item.reason:
            whole = "".join(texts[item])
            texts[item].clear()
            if whole:
                send(Piece(request.id, item.question, item.voice, whole))
        if item.reason:
            send(_done(request, item, started))


def _done(request: Generate, item: Answer, started: float) -> Done:
    assert item.reason is not None
    seconds = time.monotonic() - started
    return Done(
        request.id,
        item.question,
        item.voice,
        item.reason,
        len(item.written),
        seconds,
        prompt_tokens=len(item.ids),
    )
