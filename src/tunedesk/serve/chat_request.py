"""What `POST /v1/chat/completions` takes, and the wish for the engine that it becomes."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tunedesk.runs.generation import MOST_LIKELIEST, Question, Sampling
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.catalogue import ServedModel
from tunedesk.serve.voices import Wish

UNBOUNDED = 1 << 30
"""Tokens that an answer may have where the request says nothing: the context ends it."""
_ROLES = Literal["developer", "system", "user", "assistant", "tool", "function"]


class Lenient(BaseModel):
    """Clients send many keys that mean nothing here; those that would change the answer are refused below."""

    model_config = ConfigDict(extra="ignore")


class TextPart(Lenient):
    """One part of a content that is a list. Other kinds, such as images, are refused."""

    type: Literal["text"]
    text: str


class CalledFunction(Lenient):
    """arguments: an object as JSON text."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    arguments: str


class ToolCall(Lenient):
    id: Annotated[str, Field(max_length=256)]
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatTurn(Lenient):
    role: _ROLES
    content: str | list[TextPart] | None = None
    name: Annotated[str, Field(max_length=256)] | None = None
    tool_calls: Annotated[list[ToolCall], Field(max_length=128)] | None = None
    tool_call_id: Annotated[str, Field(max_length=256)] | None = None


class Function(Lenient):
    """parameters: a JSON schema, shown to the model as it is."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Lenient):
    type: Literal["function"]
    function: Function


class StreamOptions(Lenient):
    include_usage: bool | None = None


class ChatRequest(Lenient):
    """Defaults are OpenAI's. seed: without one each answer is drawn anew.

    max_tokens is the older name of max_completion_tokens; without either the context is the limit.
    """

    model: Annotated[str, Field(min_length=1, max_length=512)]
    messages: Annotated[list[ChatTurn], Field(min_length=1, max_length=10_000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_LIKELIEST)] | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    n: int | None = None
    response_format: dict[str, Any] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    functions: list[Any] | None = None

    @property
    def offered_tools(self) -> list[Tool]:
        """The tools that the model is told of."""
        return [] if self.tool_choice == "none" else self.tools or []

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and bool(self.stream_options.include_usage)


def wish_of(request: ChatRequest, model: ServedModel) -> Wish:
    """ApiError 400 for what the engine cannot do: it is refused, not passed over."""
    _refuse_what_is_not_done(request)
    likeliest = None
    if request.logprobs:
        likeliest = request.top_logprobs or 0
    elif request.top_logprobs is not None:
        raise _invalid("top_logprobs needs logprobs to be true.", "top_logprobs")
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    if any("\ud800" <= character <= "\udfff" for stop in stops for character in stop):
        raise _invalid("stop holds half a character.", "stop")
    return Wish(
        model.load,
        Question((), (model.voice,), row_of(request)),
        _sampling(request),
        tuple(stop for stop in stops if stop),
        likeliest,
    )


def row_of(request: ChatRequest) -> str:
    """The conversation as a row of a dataset; null keys are left out, as in rows that are written by hand."""
    row: dict[str, Any] = {"messages": [turn.model_dump(exclude_none=True) for turn in request.messages]}
    if tools := request.offered_tools:
        row["tools"] = [tool.model_dump(exclude_none=True) for tool in tools]
    return json.dumps(row)  # ASCII: half characters, which JSON can name, are refused where they are read


def _sampling(request: ChatRequest) -> Sampling:
    seed = secrets.randbits(62) if request.seed is None else request.seed % 2**63
    return Sampling(
        temperature=1.0 if request.temperature is None else request.temperature,
        # 0 keeps the likeliest token alone, which any number above 0 that is small enough does too.
        top_p=1.0 if request.top_p is None else max(request.top_p, 1e-9),
        max_tokens=request.max_completion_tokens or request.max_tokens or UNBOUNDED,
        seed=seed,
    )


def _refuse_what_is_not_done(request: ChatRequest) -> None:
    if request.n not in (None, 1):
        raise _unsupported("This server gives one answer a request: n must be 1.", "n")
    if request.response_format is not None and request.response_format.get("type") != "text":
        raise _unsupported("This server cannot force a form: only text is given.", "response_format")
    if isinstance(request.tool_choice, dict) or request.tool_choice == "required":
        raise _unsupported("This server cannot force a call: give auto or none.", "tool_choice")
    for name in ("frequency_penalty", "presence_penalty"):
        if getattr(request, name):
            raise _unsupported(f"This server does not know {name}; leave it out or give 0.", name)
    if request.logit_bias:
        raise _unsupported("This server does not know logit_bias; leave it out.", "logit_bias")
    if request.functions:
        raise _unsupported("functions is the older name of tools; give tools.", "functions")


def _unsupported(message: str, param: str) -> ApiError:
    return ApiError(400, message, code="unsupported_value", param=param)


def _invalid(message: str, param: str) -> ApiError:
    return ApiError(400, message, code="invalid_value", param=param)
