"""The route of chats: whole answers and streams, and what happens when a client hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tunedesk.runs.generation import Done, GenerationFailed, Piece
from tunedesk.serve.access import user_of
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.catalogue import Catalogue, find_model
from tunedesk.serve.chat_answer import ChatAnswer, refusal_of
from tunedesk.serve.chat_objects import ChatCompletion, ChatCompletionChunk
from tunedesk.serve.chat_request import ChatRequest, wish_of
from tunedesk.serve.refusals import ANSWERS
from tunedesk.serve.voices import Asked, Busy, Told, VoicePool, Wish

User = Annotated[str, Depends(user_of)]
_STREAM_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The completion; with `stream`, chunks as server-sent events, ended by [DONE].",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    503: {"description": "The model could not be loaded, or its engine ended."},
}


def chat_router(catalogue: Catalogue, voices: VoicePool) -> APIRouter:
    router = APIRouter(prefix="/v1/chat", tags=["chat"], responses={**ANSWERS, **_STREAM_ANSWER})

    @router.post("/completions", response_model=ChatCompletion)
    async def create_chat_completion(user: User, wanted: ChatRequest, request: Request) -> Response:
        model = await run_in_threadpool(find_model, catalogue, user, wanted.model)
        if model is None:
            message = f"The model '{wanted.model[:256]}' does not exist"
            raise ApiError(404, message, param="model", code="model_not_found")
        wish = wish_of(wanted, model)
        answer = ChatAnswer(
            model.id,
            model.load,
            tools={tool.function.name: tool.function.parameters or {} for tool in wanted.offered_tools},
            logprobs=bool(wanted.logprobs),
            usage=wanted.wants_usage,
        )
        hearing = _Hearing(request)
        await hearing.ask(voices, wish)
        if not wanted.stream:
            try:
                return await _whole(answer, hearing)
            finally:
                hearing.end()
        return await _stream(answer, hearing)

    return router


class _HungUp(Exception):
    """Nobody waits for the answer any more."""


class _Hearing:
    """Brings what an engine tells to the event loop, and notices when the client hangs up.

    `end` must be called in the end; it stops an answer that is not complete.
    """

    def __init__(self, request: Request) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[Told | None] = asyncio.Queue()
        self._asked: Asked | None = None
        self._watch = self._loop.create_task(self._watch_client(request))

    async def ask(self, voices: VoicePool, wish: Wish) -> None:
        try:
            self._asked = await run_in_threadpool(voices.ask, wish, self._tell)
        except Busy:
            self.end()
            message = "The server is answering as many requests as it can. Try again later."
            raise ApiError(429, message, code="server_busy", headers={"Retry-After": "5"}) from None
        except BaseException:
            self.end()
            raise

    async def next(self) -> Piece | Done:
        """ApiError: there will be no answer, or no more of it. _HungUp: nobody waits for it."""
        told = await self._told.get()
        if told is None:
            raise _HungUp
        if isinstance(told, GenerationFailed):
            raise refusal_of(told)
        return told

    def end(self) -> None:
        self._watch.cancel()
        if self._asked is not None:
            self._asked.cancel()

    def _tell(self, told: Told) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, told)

    async def _watch_client(self, request: Request) -> None:
        """The body is read when a route runs, so that the next message is the client's end."""
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._told.put_nowait(None)


async def _whole(answer: ChatAnswer, hearing: _Hearing) -> Response:
    try:
        while isinstance(told := await hearing.next(), Piece):
            answer.take(told)
    except _HungUp:
        return Response(status_code=499)  # goes nowhere: nginx's word for a client that has gone
    return JSONResponse(answer.whole(told).model_dump(exclude_unset=True))


async def _stream(answer: ChatAnswer, hearing: _Hearing) -> Response:
    """Begins with the first message, so that what fails at once is told as a refusal."""
    try:
        first = await hearing.next()
    except _HungUp:
        hearing.end()
        return Response(status_code=499)
    except BaseException:
        hearing.end()
        raise
    return _EventStream(_events(answer, hearing, first), hearing)


class _EventStream(StreamingResponse):
    """Stops the answer also when the client has gone before the first byte."""

    def __init__(self, events: AsyncIterator[bytes], hearing: _Hearing) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._hearing = hearing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hearing.end()


async def _events(answer: ChatAnswer, hearing: _Hearing, first: Piece | Done) -> AsyncIterator[bytes]:
    yield _event(answer.begin())
    told = first
    try:
        while isinstance(told, Piece):
            for chunk in answer.add(told):
                yield _event(chunk)
            told = await hearing.next()
    except _HungUp:
        return
    except ApiError as refusal:  # the status is sent; clients look for an error in the stream
        yield b"data: " + json.dumps(refusal.body).encode() + b"\n\n"
        return
    for chunk in answer.end(told):
        yield _event(chunk)
    yield b"data: [DONE]\n\n"


def _event(chunk: ChatCompletionChunk) -> bytes:
    # As ASCII: some clients take more characters for the end of a line than the format does.
    return b"data: " + json.dumps(chunk.model_dump(exclude_unset=True)).encode() + b"\n\n"
