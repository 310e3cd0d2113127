"""A client that goes stops its answer, whenever it goes: a scripted engine behind the real route."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from tests.serve.engines import ScriptedEngine
from tunedesk.runs.generation import AnyMessage, GenerationFailed, Load
from tunedesk.serve.catalogue import ServedModel
from tunedesk.serve.chat import chat_router
from tunedesk.serve.refusals import install
from tunedesk.serve.voices import VoicePool

MODEL = ServedModel("starter", 1, "tunedesk", Load("/m"))


class Shelf:
    def models(self, user: str) -> list[ServedModel]:
        return [MODEL]


class Client:
    """Speaks ASGI to the route, and goes when a test says so."""

    def __init__(self, *, stream: bool) -> None:
        self.engines: list[ScriptedEngine] = []
        self.pool = VoicePool(1, self._make)
        self.app = FastAPI()
        install(self.app)
        self.app.include_router(chat_router(Shelf(), self.pool))
        self.sent: list[dict[str, Any]] = []
        self.is_gone = asyncio.Event()
        self._changed = asyncio.Event()
        body = {"model": "starter", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        self._body: bytes | None = json.dumps(body).encode()

    def _make(self, tell: Callable[[AnyMessage], None]) -> ScriptedEngine:
        self.engines.append(ScriptedEngine(tell))
        return self.engines[-1]

    async def receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self._changed.set()

    async def ask(self) -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/v1/chat/completions",
            "raw_path": b"/v1/chat/completions",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"host", b"localhost")],
            "state": {"user": "me"},
        }
        await self.app(scope, self.receive, self.send)  # type: ignore[arg-type]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                await asyncio.sleep(0)

    @property
    def status(self) -> int | None:
        return next((each["status"] for each in self.sent if each["type"] == "http.response.start"), None)

    @property
    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.sent).decode()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_before_the_first_word_stops_its_answer(stream: bool) -> None:
    async def scene() -> None:
        client = Client(stream=stream)
        asking = asyncio.create_task(client.ask())
        await client.until(lambda: bool(client.engines and client.engines[0].asked))
        client.is_gone.set()
        await asking
        assert client.engines[0].cancelled == [1]

    asyncio.run(scene())


def test_a_client_that_goes_in_the_middle_of_a_stream_stops_its_answer() -> None:
    async def scene() -> None:
        client = Client(stream=True)
        asking = asyncio.create_task(client.ask())
        await client.until(lambda: bool(client.engines and client.engines[0].asked))
        client.engines[0].say(1, "so far")
        await client.until(lambda: "so far" in client.text)
        client.is_gone.set()
        await asking
        assert client.engines[0].cancelled == [1]
        assert "[DONE]" not in client.text

    asyncio.run(scene())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_complete_is_not_stopped(stream: bool) -> None:
    async def scene() -> None:
        client = Client(stream=stream)
        asking = asyncio.create_task(client.ask())
        await client.until(lambda: bool(client.engines and client.engines[0].asked))
        client.engines[0].answer(1)
        await asking
        assert client.engines[0].cancelled == []
        assert client.status == 200 and '"hi"' in client.text

    asyncio.run(scene())


def test_a_failure_in_the_middle_of_a_stream_is_told_in_it() -> None:
    async def scene() -> None:
        client = Client(stream=True)
        asking = asyncio.create_task(client.ask())
        await client.until(lambda: bool(client.engines and client.engines[0].asked))
        client.engines[0].say(1, "so far")
        client.engines[0].tell(GenerationFailed(1, "Memory is full.", is_fault=True))
        await asking
        last = json.loads(client.text.strip().rsplit("data: ", 1)[1])
        assert last["error"]["message"] == "Memory is full." and last["error"]["type"] == "server_error"

    asyncio.run(scene())


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_word_has_a_status_of_its_own(stream: bool) -> None:
    async def scene() -> None:
        client = Client(stream=stream)
        asking = asyncio.create_task(client.ask())
        await client.until(lambda: bool(client.engines and client.engines[0].asked))
        client.engines[0].tell(GenerationFailed(1, "Lost.", is_fault=True))
        await asking
        assert client.status == 503

    asyncio.run(scene())


def test_a_server_that_has_too_much_to_do_says_so() -> None:
    async def scene() -> None:
        client = Client(stream=True)
        client.pool.close()
        await client.ask()
        assert client.status == 429 and "server_busy" in client.text

    asyncio.run(scene())
