"""One answer on its way from the engine's messages to OpenAI's objects; it knows no HTTP."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence

from tunedesk import __version__
from tunedesk.runs.generation import Done, GenerationFailed, Load, Piece, TokenChance, WrittenChance
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.chat_objects import (
    CalledFunction,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    ChunkToolCall,
    Delta,
    Finish,
    Logprobs,
    Message,
    MessageToolCall,
    TokenLogprob,
    TopLogprob,
    Usage,
)
from tunedesk.serve.chat_tools import Call, Tools, calls_in, safe_length


class ChatAnswer:
    """Takes in pieces, and gives them out as chunks or, at the end, as one completion.

    tools: those that may be called; text that may become a call is held back until that is certain.
    logprobs, usage: whether they are told.
    """

    def __init__(self, model: str, load: Load, *, tools: Tools, logprobs: bool, usage: bool) -> None:
        self._model = model
        self._tools = tools
        self._logprobs = logprobs
        self._usage = usage
        self._id = f"chatcmpl-{secrets.token_hex(16)}"
        self._created = int(time.time())
        self._fingerprint = fingerprint_of(load)
        self._text = ""
        self._said = 0
        """Characters that stand in chunks."""
        self._chances: list[WrittenChance] = []

    def begin(self) -> ChatCompletionChunk:
        """The first chunk, which says who speaks."""
        return self._chunk(Delta(role="assistant", content=""))

    def take(self, piece: Piece) -> None:
        """Take in a piece of an answer that is given as a whole."""
        self._text += piece.text
        self._chances += piece.chances

    def add(self, piece: Piece) -> Iterator[ChatCompletionChunk]:
        """Take in a piece of a stream; the chunks that it makes."""
        self.take(piece)
        end = safe_length(self._text) if self._tools else len(self._text)
        if end > self._said:
            yield self._say(self._text[self._said : end])
            self._said = end

    def end(self, done: Done) -> Iterator[ChatCompletionChunk]:
        """The last chunks: what was held back, the calls, why it ended, and what it took."""
        text, calls = self._read()
        said = self._text[: self._said].strip() if calls else self._text[: self._said]
        if rest := text.removeprefix(said):
            yield self._say(rest)
        if calls:
            listed = [
                ChunkToolCall(index=number, **_call(call).model_dump()) for number, call in enumerate(calls)
            ]
            yield self._chunk(Delta(tool_calls=listed))
        yield self._chunk(Delta(), finish=finish_of(done, calls))
        if self._usage:
            yield self._object([], usage_of(done))

    def whole(self, done: Done) -> ChatCompletion:
        """Everything that was taken in as one object."""
        text, calls = self._read()
        message = Message(role="assistant", content=text or (None if calls else ""), refusal=None)
        if calls:
            message.tool_calls = [_call(call) for call in calls]
        choice = Choice(
            index=0, message=message, logprobs=self._taken_chances(), finish_reason=finish_of(done, calls)
        )
        return ChatCompletion(
            id=self._id,
            object="chat.completion",
            created=self._created,
            model=self._model,
            choices=[choice],
            usage=usage_of(done),
            system_fingerprint=self._fingerprint,
        )

    def _read(self) -> tuple[str, tuple[Call, ...]]:
        return calls_in(self._text, self._tools) if self._tools else (self._text, ())

    def _say(self, text: str) -> ChatCompletionChunk:
        return self._chunk(Delta(content=text), self._taken_chances())

    def _taken_chances(self) -> Logprobs | None:
        if not self._logprobs:
            return None
        taken, self._chances = self._chances, []
        return Logprobs(content=[_token(each) for each in taken], refusal=None)

    def _chunk(
        self, delta: Delta, logprobs: Logprobs | None = None, finish: Finish | None = None
    ) -> ChatCompletionChunk:
        choice = ChunkChoice(index=0, delta=delta, logprobs=logprobs, finish_reason=finish)
        return self._object([choice], None)

    def _object(self, choices: list[ChunkChoice], usage: Usage | None) -> ChatCompletionChunk:
        made = ChatCompletionChunk(
            id=self._id,
            object="chat.completion.chunk",
            created=self._created,
            model=self._model,
            choices=choices,
            system_fingerprint=self._fingerprint,
        )
        if self._usage:
            made.usage = usage  # null in all chunks but the last, where it was asked for
        return made


def fingerprint_of(load: Load) -> str:
    """Changes with the model, the adapter and the program: with it and a seed, answers are the same."""
    words = "\n".join((__version__, load.model, load.adapter or "", load.quantization, load.digest))
    return f"fp_{hashlib.sha256(words.encode()).hexdigest()[:12]}"


def finish_of(done: Done, calls: Sequence[Call] = ()) -> Finish:
    if calls:
        return "tool_calls"
    return "stop" if done.reason == "end" else "length"


def usage_of(done: Done) -> Usage:
    return Usage(
        prompt_tokens=done.prompt_tokens,
        completion_tokens=done.tokens,
        total_tokens=done.prompt_tokens + done.tokens,
    )


def refusal_of(failed: GenerationFailed) -> ApiError:
    """What the client is told. A question by itself fails only where the context is too short for it."""
    message = f"{failed.message} {failed.hint}".strip()
    if failed.is_fault:
        return ApiError(503, message, code="engine_failed", headers={"Retry-After": "5"})
    if failed.question is not None:
        return ApiError(400, message, code="context_length_exceeded", param="messages")
    return ApiError(400, message, code="invalid_value", param="messages")


def _call(call: Call) -> MessageToolCall:
    function = CalledFunction(name=call.name, arguments=call.arguments)
    return MessageToolCall(id=call.id, type="function", function=function)


def _token(chance: WrittenChance) -> TokenLogprob:
    top = [_top(each) for each in chance.likeliest]
    chosen = _top(chance.chosen)
    return TokenLogprob(token=chosen.token, logprob=chosen.logprob, bytes=chosen.bytes, top_logprobs=top)


def _top(chance: TokenChance) -> TopLogprob:
    is_whole = "\ufffd" not in chance.token
    # OpenAI's own number for what is not possible; JSON knows no infinity.
    logprob = max(chance.logprob, -9999.0)
    data = list(chance.token.encode()) if is_whole else None
    return TopLogprob(token=chance.token, logprob=logprob, bytes=data)
