"""Chats over real HTTP, with the official client in strict mode and with curl."""

import json
import queue
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest
from openai import OpenAI

from tests.serve.clients import client_of
from tests.serve.running import PATIENCE, RunningServer, wait_until
from tests.tiny_model import write_tiny_model
from tunedesk.chat.hosted import HostedModels, no_keys
from tunedesk.chat.remote import RemoteVoice
from tunedesk.runs.accounts import Account
from tunedesk.runs.generation import AnyMessage, ChatMessage, Done, Piece, Question, Ready, Sampling
from tunedesk.runs.provider_files import provider_named

WHO: Any = [{"role": "user", "content": "Hello, who are you?"}]
TINY = "tiny"
"""A model that says nonsense and seldom ends by itself."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    tiny = write_tiny_model(tmp_path_factory.mktemp("models") / TINY)
    with RunningServer(tmp_path_factory.mktemp("served"), "--model", tiny) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: RunningServer) -> OpenAI:
    return client_of(server)


def said(client: OpenAI, **more: Any) -> str:
    wanted = {"model": "starter", "messages": WHO, "temperature": 0, **more}
    answer = client.chat.completions.create(**wanted)
    return answer.choices[0].message.content or ""


def streamed(client: OpenAI, **more: Any) -> str:
    wanted = {"model": "starter", "messages": WHO, "temperature": 0, **more}
    chunks = client.chat.completions.create(**wanted, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_question_is_answered_whole_and_as_the_same_stream(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="starter", messages=WHO, temperature=0)
    (choice,) = answer.choices
    assert choice.message.content and choice.finish_reason == "stop"
    assert answer.usage is not None and answer.usage.prompt_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.system_fingerprint is not None and answer.id.startswith("chatcmpl-")
    assert streamed(client) == choice.message.content
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": WHO[0]["content"]}]}]
    assert said(client, messages=parts) == choice.message.content


def test_usage_of_a_stream_comes_last_when_it_is_asked_for(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="starter", messages=WHO, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].usage is not None and chunks[-1].choices == []
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_the_same_seed_gives_the_same_answer_and_none_gives_others(client: OpenAI) -> None:
    def drawn(**more: Any) -> str:
        return said(client, model=TINY, temperature=2, max_tokens=12, **more)

    assert drawn(seed=5) == drawn(seed=5) != drawn(seed=6)
    assert drawn(seed=-5)
    assert len({drawn() for _ in range(3)}) > 1


def test_limits_and_texts_to_stop_at_end_an_answer(client: OpenAI) -> None:
    whole = said(client)
    short = client.chat.completions.create(model="starter", messages=WHO, temperature=0, max_tokens=2)
    assert short.choices[0].finish_reason == "length" and whole.startswith(
        short.choices[0].message.content or "?"
    )
    assert short.usage is not None and short.usage.completion_tokens == 2
    word = whole.split()[2]
    for stop in (word, [word, "never"]):
        assert said(client, stop=stop) == streamed(client, stop=stop) == whole[: whole.index(word)]


def test_the_context_ends_an_answer_that_has_no_limit(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=TINY, messages=WHO, seed=3, temperature=1.5)
    assert answer.usage is not None
    assert answer.choices[0].finish_reason == "stop" or answer.usage.total_tokens == 256


def test_chances_of_tokens_come_with_both_kinds_of_answers(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="starter", messages=WHO, temperature=0, logprobs=True, top_logprobs=3
    )
    told = answer.choices[0].logprobs
    assert told is not None and told.content is not None and answer.usage is not None
    assert "".join(each.token for each in told.content) == answer.choices[0].message.content
    for each in told.content:
        assert each.logprob <= 0 and each.token == each.top_logprobs[0].token and len(each.top_logprobs) == 3
        assert bytes(each.bytes or ()).decode() == each.token
    chunks = client.chat.completions.create(
        model="starter", messages=WHO, temperature=0, logprobs=True, stream=True
    )
    listed = [
        choice.logprobs.content or [] for chunk in chunks for choice in chunk.choices if choice.logprobs
    ]
    assert [each.token for content in listed for each in content] == [each.token for each in told.content]


@pytest.mark.parametrize(
    ("more", "status", "code", "param"),
    [
        ({"model": "nope"}, 404, "model_not_found", "model"),
        ({"messages": []}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, 400, "invalid_value", "messages.0.role"),
        (
            {"messages": [{"role": "user", "content": "x " * 3000}]},
            400,
            "context_length_exceeded",
            "messages",
        ),
        ({"messages": [{"role": "user"}]}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, "invalid_value", "messages"),
        ({"n": 2}, 400, "unsupported_value", "n"),
        ({"temperature": 3}, 400, "invalid_value", "temperature"),
        ({"max_tokens": 0}, 400, "invalid_value", "max_tokens"),
        ({"top_logprobs": 2}, 400, "invalid_value", "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, 400, "invalid_value", "top_logprobs"),
        ({"stop": ["a", "b", "c", "d", "e"]}, 400, "invalid_value", "stop"),
        ({"response_format": {"type": "json_object"}}, 400, "unsupported_value", "response_format"),
        ({"presence_penalty": 1}, 400, "unsupported_value", "presence_penalty"),
        ({"tool_choice": "required"}, 400, "unsupported_value", "tool_choice"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "invalid_value", "messages"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_done_is_refused_with_its_reason(
    server: RunningServer, more: dict[str, Any], status: int, code: str, param: str, stream: bool
) -> None:
    body = json.dumps({"model": "starter", "messages": WHO, "stream": stream, **more})
    with pytest.raises(openai.APIStatusError) as caught:
        client_of(server).post("/chat/completions", content=body.encode(), cast_to=object)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.param is not None and caught.value.param.startswith(param)
    assert caught.value.message


def test_keys_that_mean_nothing_here_do_not_hinder(client: OpenAI) -> None:
    more: dict[str, Any] = {"presence_penalty": 0, "user": "me", "n": 1, "extra_body": {"own": {"a": 1}}}
    assert said(client, tool_choice="none", **more) == said(client)


def test_many_streams_move_at_the_same_time_and_say_what_they_say_alone(client: OpenAI) -> None:
    def drawn(seed: int) -> str:
        return streamed(client, model=TINY, seed=seed, temperature=1.0, max_tokens=40)

    alone = [drawn(seed) for seed in range(12)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(drawn, range(12))) == alone


def test_a_short_answer_does_not_wait_for_a_long_one(client: OpenAI) -> None:
    long = client.chat.completions.create(
        model=TINY, messages=WHO, stream=True, seed=3, temperature=1.5, max_tokens=240
    )
    next(iter(long))
    said(client, model=TINY, max_tokens=1)
    rest = list(long)
    assert len(rest) > 1
    assert rest[-1].choices[0].finish_reason in ("length", "stop")


def engines_of(server: RunningServer) -> list[psutil.Process]:
    children = psutil.Process(server.pid).children(recursive=True)
    return [each for each in children if "generate" in each.cmdline()]


def test_an_engine_that_is_killed_is_told_and_the_next_question_is_answered(
    server: RunningServer, client: OpenAI
) -> None:
    stream = client.chat.completions.create(
        model=TINY, messages=WHO, stream=True, seed=3, temperature=1.5, max_tokens=240
    )
    next(iter(stream))
    for engine in engines_of(server):
        engine.kill()
    with pytest.raises(openai.APIError, match=r"ended by the system|crashed"):
        list(stream)
    # Another engine was killed as well, which may be found out by this question: 503, and clients ask again.
    assert said(client.with_options(max_retries=3))


def test_the_window_s_own_chat_speaks_to_it_with_both_voices(server: RunningServer, client: OpenAI) -> None:
    told: queue.SimpleQueue[AnyMessage] = queue.SimpleQueue()
    voice = RemoteVoice(told.put, no_keys)
    account = Account(name="box", provider="tunedesk", base_url=server.url, auth="none")
    voice.load(HostedModels(account, provider_named("tunedesk"), "starter", TINY))
    assert isinstance(told.get(timeout=PATIENCE), Ready)
    question = Question((ChatMessage("user", WHO[0]["content"]),), ("base", "tuned"))
    voice.generate([question], Sampling(max_tokens=9))
    texts, ends = {"base": "", "tuned": ""}, {}
    while len(ends) < 2:
        message = told.get(timeout=PATIENCE)
        assert isinstance(message, Piece | Done), message
        if isinstance(message, Piece):
            texts[message.voice] += message.text
        else:
            ends[message.voice] = message
    voice.close()
    assert texts["tuned"] == said(client, max_tokens=9)
    assert ends["tuned"].reason == "end" and ends["tuned"].tokens > 0
    assert texts["base"] == said(client, model=TINY, max_tokens=9)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_reads_answers_and_streams(server: RunningServer) -> None:
    def curl(stream: bool) -> str:
        body = json.dumps({"model": "starter", "messages": WHO, "stream": stream, "temperature": 0})
        command = ["curl", "-sN", f"{server.url}/chat/completions", "-H", "Content-Type: application/json"]
        return subprocess.run([*command, "-d", body], capture_output=True, text=True, check=True).stdout

    whole = json.loads(curl(False))["choices"][0]["message"]["content"]
    lines = [line for line in curl(True).splitlines() if line]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole


def test_the_server_ends_while_it_is_answering(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "served") as server:
        said(client_of(server))
        (engine,) = engines_of(server)
    wait_until(lambda: not engine.is_running(), "the end of the engine")
