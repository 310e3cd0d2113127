"""Pieces become OpenAI's objects: chunks add up to the whole, calls are never shown half."""

from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from tunedesk.runs.generation import Done, GenerationFailed, Load, Piece, Reason, TokenChance, WrittenChance
from tunedesk.serve.chat_answer import ChatAnswer, fingerprint_of, refusal_of
from tunedesk.serve.chat_objects import ChatCompletion, ChatCompletionChunk

CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'


def answer_of(*, tools: Sequence[str] = (), logprobs: bool = False, usage: bool = False) -> ChatAnswer:
    offered: dict[str, dict[str, object]] = {name: {} for name in tools}
    return ChatAnswer("starter", Load("/m"), tools=offered, logprobs=logprobs, usage=usage)


def done(reason: Reason = "end") -> Done:
    return Done(1, 0, "base", reason, 5, 0.1, 7)


def pieces_of(text: str, size: int) -> list[Piece]:
    return [Piece(1, 0, "base", text[at : at + size]) for at in range(0, len(text), size)]


def streamed(answer: ChatAnswer, pieces: Sequence[Piece], end: Done) -> list[ChatCompletionChunk]:
    chunks = [answer.begin()]
    for piece in pieces:
        chunks += answer.add(piece)
    return chunks + list(answer.end(end))


def whole(answer: ChatAnswer, pieces: Sequence[Piece], end: Done) -> ChatCompletion:
    for piece in pieces:
        answer.take(piece)
    return answer.whole(end)


def keys(made: BaseModel) -> set[str]:
    return set(made.model_dump(exclude_unset=True))


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("text", "content", "calls"),
    [
        ("Hello <b>you</b>", "Hello <b>you</b>", 0),
        (CALL, "", 1),
        (f"I look.\n{CALL}\n{CALL}", "I look.", 2),
        ('{"name": "weather", "arguments": {}}', "", 1),
        ('{"name": "other", "arguments": {}}', '{"name": "other", "arguments": {}}', 0),
        ("<tool_call>broken", "<tool_call>broken", 0),
    ],
)
def test_a_stream_says_the_same_as_a_whole_answer(text: str, content: str, calls: int, size: int) -> None:
    pieces = pieces_of(text, size)
    one = whole(answer_of(tools=("weather",)), pieces, done()).choices[0]
    assert (one.message.content or "").strip() == content
    assert len(one.message.tool_calls or ()) == calls
    assert one.finish_reason == ("tool_calls" if calls else "stop")
    chunks = streamed(answer_of(tools=("weather",)), pieces, done())
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas).strip() == content
    assert sum(len(delta.tool_calls or ()) for delta in deltas) == calls
    assert chunks[-1].choices[0].finish_reason == one.finish_reason
    assert deltas[0].role == "assistant" and all(delta.role is None for delta in deltas[1:])


def test_without_tools_what_looks_like_a_call_is_text() -> None:
    one = whole(answer_of(), pieces_of(CALL, 4), done()).choices[0]
    assert one.message.content == CALL and "tool_calls" not in keys(one.message)


@pytest.mark.parametrize(("reason", "finish"), [("end", "stop"), ("length", "length"), ("context", "length")])
def test_why_an_answer_ended_is_told_in_openai_s_words(reason: Reason, finish: str) -> None:
    assert whole(answer_of(), pieces_of("a", 1), done(reason)).choices[0].finish_reason == finish


def test_usage_comes_in_a_chunk_of_its_own_only_when_asked_for() -> None:
    chunks = streamed(answer_of(usage=True), pieces_of("ab", 1), done())
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert all("usage" in keys(chunk) for chunk in chunks)
    last = chunks[-1]
    assert last.choices == [] and last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (7, 5, 12)
    plain = streamed(answer_of(), pieces_of("ab", 1), done())
    assert not any("usage" in keys(chunk) for chunk in plain)


def test_chances_are_told_once_and_only_when_asked_for() -> None:
    chance = WrittenChance(TokenChance("é", -0.5), (TokenChance("é", -0.5), TokenChance("\ufffd", -2.0)))
    impossible = WrittenChance(TokenChance("a", float("-inf")))
    pieces = [Piece(1, 0, "base", "é", (chance,)), Piece(1, 0, "base", "a", (impossible,))]
    told = whole(answer_of(logprobs=True), pieces, done()).choices[0].logprobs
    assert told is not None
    first, second = told.content
    assert (first.token, first.bytes, second.logprob) == ("é", [0xC3, 0xA9], -9999.0)
    assert [each.bytes for each in first.top_logprobs] == [[0xC3, 0xA9], None]
    chunks = streamed(answer_of(logprobs=True), pieces, done())
    listed = [choice.logprobs.content for chunk in chunks for choice in chunk.choices if choice.logprobs]
    assert [len(each) for each in listed] == [1, 1]
    assert whole(answer_of(), pieces, done()).choices[0].logprobs is None


def test_the_fingerprint_changes_with_the_model_and_the_adapter_and_tells_no_path() -> None:
    loads = [Load("/m"), Load("/n"), Load("/m", "/a"), Load("/m", "/a", "none")]
    prints = {fingerprint_of(load) for load in loads}
    assert len(prints) == 4 and not any("/m" in each for each in prints)


def test_a_fault_is_the_server_s_and_a_prompt_that_is_too_long_the_client_s() -> None:
    fault = refusal_of(GenerationFailed(1, "Lost.", "Again.", is_fault=True))
    assert (fault.status, fault.message) == (503, "Lost. Again.")
    long = refusal_of(GenerationFailed(1, "Too long.", "", 0))
    assert (long.status, long.code) == (400, "context_length_exceeded")
    assert refusal_of(GenerationFailed(1, "Refused.")).status == 400
