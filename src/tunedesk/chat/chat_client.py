"""Asks a service for one answer as a stream; what goes wrong becomes a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from tunedesk.chat.hosted import HostedModels
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage, Reason, Sampling, Voice
from tunedesk.runs.places.cloud import refusals
from tunedesk.runs.places.cloud.connection import Key, connect
from tunedesk.runs.places.cloud.refusals import Kind

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk

SECONDS = 300.0
"""Without a byte: a server may have to load the model first."""
DOING = "answering"
_REASONS: dict[str, Reason] = {"length": "length"}
# What newer models call the limit, and what some services do not know at all.
_OTHER_NAMES = {"max_tokens": "max_completion_tokens"}
_CAN_BE_LEFT_OUT = ("stream_options", "seed", "top_p", "temperature")
_HINTS = {
    Kind.LINE: "Check the connection, and ask again.",
    Kind.GARBLED: "Ask again; if it stays so, check the account's address in Settings, Services.",
    Kind.BUSY: "Ask again in a while.",
    Kind.QUOTA: "Raise the limit at the service, or wait until it is renewed.",
    Kind.KEY: "Give a valid key in Settings, Services.",
    Kind.FORBIDDEN: "Check what the key may do at the service.",
    Kind.MISSING: "The model may be gone, or not be ready yet.",
    Kind.REFUSED: "Change what it objects to, and ask again.",
}
_NOT_DEPLOYED = "Deploy the tuned model first: see the run's page."


class Speech(Protocol):
    """An answer under way, as the client sees it. is_over: somebody has ended it."""

    @property
    def voice(self) -> Voice: ...

    @property
    def is_over(self) -> bool: ...

    def hear(self, stream: openai.Stream[ChatCompletionChunk]) -> bool: ...

    def say(self, text: str) -> None: ...

    def done(self, reason: Reason, tokens: int = 0, prompt_tokens: int = 0) -> None: ...


class ChatClient:
    """The service behind one account, and what was learnt of the parameters that it takes."""

    def __init__(self, models: HostedModels, key: Key) -> None:
        self._models = models
        self._key = key if isinstance(key, str) else ""
        self._client = connect(models.account, models.provider, key, timeout=SECONDS)
        self._renamed: dict[str, str] = {}
        self._left_out: set[str] = set()

    def close(self) -> None:
        self._client.close()

    def speak(self, speech: Speech, prompt: Sequence[ChatMessage], settings: Sampling) -> None:
        """UserError: the service refused, or the line broke."""
        name = self._models.name_of(speech.voice)
        if not name:
            raise UserError("The service has no base model to compare with.", hint="Ask the tuned one alone.")
        try:
            with self._asking(), self._opened(speech, name, prompt, settings) as stream:
                if speech.hear(stream):
                    _listen(stream, speech)
        except UserError:
            if not speech.is_over:  # a line that was cut by `cancel` is no trouble
                raise

    @contextlib.contextmanager
    def _opened(
        self, speech: Speech, name: str, prompt: Sequence[ChatMessage], settings: Sampling
    ) -> Iterator[openai.Stream[ChatCompletionChunk]]:
        """The stream, asked for again where the service objects to a parameter that it can do without."""
        import openai

        while True:
            body = self._body(name, prompt, settings)
            try:
                stream = self._asked_for(name).chat.completions.create(**body, stream=True)
            except openai.BadRequestError as error:
                if speech.is_over or not self._learn(error, body):
                    raise
                continue
            with stream:
                yield stream
            return

    def _asked_for(self, name: str) -> openai.OpenAI:
        """Azure's older API has an address of its own for each deployment."""
        if self._models.provider.api != "azure-classic":
            return self._client
        root = str(self._client.base_url).rstrip("/")
        return self._client.with_options(base_url=f"{root}/deployments/{quote(name, safe='')}/")

    def _body(self, name: str, prompt: Sequence[ChatMessage], settings: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": name,
            "messages": [{"role": turn.role, "content": turn.content} for turn in prompt],
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
            "max_tokens": settings.max_tokens,
            "stream_options": {"include_usage": True},
        }
        kept = {key: value for key, value in body.items() if key not in self._left_out}
        return {self._renamed.get(key, key): value for key, value in kept.items()}

    def _learn(self, error: openai.BadRequestError, body: dict[str, Any]) -> bool:
        """Whether asking in another way can help. Models of one family differ in what they take."""
        for old, new in _OTHER_NAMES.items():
            if old in body and new in error.message:
                self._renamed[old] = new
                return True
        for name in _CAN_BE_LEFT_OUT:
            if name in body and (error.param or "").partition(".")[0] == name and "support" in error.message:
                self._left_out.add(name)
                return True
        return False

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Every way in which the client fails becomes a sentence."""
        import httpx2
        import openai

        service = self._models.account.name
        try:
            yield
        except openai.APITimeoutError as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=True)) from error
        except openai.APIConnectionError as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=False)) from error
        except openai.APIStatusError as error:
            raise self._told_refusal(refusals.refusal(service, DOING, error, self._key)) from error
        except httpx2.TimeoutException as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=True)) from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise _told(refusals.no_answer(service, DOING, error, timed_out=False)) from error
        except openai.APIError as error:  # told in the middle of a stream
            raise _in_stream(service, error, self._key) from error
        except (openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise _told(refusals.garbled(service, DOING)) from error

    def _told_refusal(self, refused: refusals.Refused) -> UserError:
        if refused.kind is Kind.MISSING and self._models.provider.deploys:
            return UserError(refused.message, hint=_NOT_DEPLOYED)
        return _told(refused)


def _listen(stream: openai.Stream[ChatCompletionChunk], speech: Speech) -> None:
    """Until the end of the answer; a stream that ends without saying why has broken."""
    import openai

    reason = ""
    tokens = prompt_tokens = 0
    for chunk in stream:
        if speech.is_over:
            return
        if chunk.usage is not None:
            tokens, prompt_tokens = chunk.usage.completion_tokens, chunk.usage.prompt_tokens
        for choice in chunk.choices or ():
            if choice.delta is not None and choice.delta.content:
                speech.say(choice.delta.content)
            reason = choice.finish_reason or reason
    if reason == "content_filter":
        raise UserError("The service's filter ended the answer.", hint="Ask in another way.")
    if not reason:
        raise openai.OpenAIError("no reason for the end")
    speech.done(_REASONS.get(reason, "end"), tokens, prompt_tokens)


def _told(refused: refusals.Refused) -> UserError:
    """With a hint for somebody who chats; the one it has is for somebody who trains."""
    return UserError(refused.message, hint=_HINTS.get(refused.kind, refused.hint))


def _in_stream(service: str, error: openai.APIError, key: str) -> UserError:
    from tunedesk.runs.redaction import redact

    words = redact(" ".join(error.message.split()), (key,))[: refusals.LONGEST_WORDS]
    return UserError(f"{service} broke off its answer: {words.rstrip('.')}.", hint=_HINTS[Kind.BUSY])
