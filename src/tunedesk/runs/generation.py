"""What a client and the generation engine say to each other: one JSON object a line, both ways."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

Voice = Literal["base", "tuned"]
Reason = Literal["end", "length", "context", "cancelled"]
VOICES: tuple[Voice, Voice] = ("base", "tuned")
MOST_LIKELIEST = 20
"""Tokens that may be told in the place of one, as OpenAI's `top_logprobs`."""


class ChatMessage(Struct, frozen=True):
    """One turn of a prompt. role: system, user or assistant."""

    role: str
    content: str


class Sampling(Struct, frozen=True):
    """How tokens are chosen. temperature 0 is greedy; top_p keeps the likeliest tokens that add up to it."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 1

    def problems(self) -> list[str]:
        """One sentence for each value out of bounds."""
        found = []
        if not 0.0 <= self.temperature <= 5.0:
            found.append(f"temperature is {self.temperature:g}; it must lie between 0 and 5.")
        if not 0.0 < self.top_p <= 1.0:
            found.append(f"top_p is {self.top_p:g}; it must be above 0 and at most 1.")
        if self.max_tokens < 1:
            found.append(f"max_tokens is {self.max_tokens}; it must be at least 1.")
        if not 0 <= self.seed < 2**63:
            found.append(f"seed is {self.seed}; it must be a whole number from 0 on.")
        return found


class Command(Struct, frozen=True, tag_field="type", tag=str.lower):
    """What a client asks."""


class Load(Command, frozen=True):
    """Load a base model and, for the tuned voice, an adapter; a model that is loaded already is kept.

    model, adapter: folders. quantization: as in the run that made the adapter, for the same numbers.
    threads: cores to use on a processor, 0 for all physical ones. digest: of the model that the adapter was
    trained on (`runs.digests.model_digest`); another one is refused. Empty: not checked.
    """

    model: str
    adapter: str | None = None
    quantization: Literal["nf4", "none"] = "nf4"
    threads: int = 0
    digest: str = ""


class Question(Struct, frozen=True, omit_defaults=True):
    """A prompt, and the voices that shall answer it.

    row: the prompt as a row of a dataset in OpenAI's chat format, where it has more than texts: tools, calls
    and their results; it goes through the same code as a row that is trained. `prompt` is empty then.
    """

    prompt: tuple[ChatMessage, ...]
    voices: tuple[Voice, ...] = ("tuned",)
    row: str = ""


class Generate(Command, frozen=True):
    """Answer all questions at once. id: chosen by the client; it comes back in every message about it.

    Each answer draws with the same seed, so that it is the same alone and in company. stream: pieces come
    token by token; otherwise one piece holds a whole answer. stop: texts that end an answer and are not said.
    likeliest: None, or how many tokens each token's chances shall name besides its own (0 to 20).
    """

    id: int
    questions: tuple[Question, ...]
    settings: Sampling = Sampling()
    stream: bool = True
    stop: tuple[str, ...] = ()
    likeliest: int | None = None


class Cancel(Command, frozen=True):
    """Stop a request between two tokens; what was said until then stands."""

    id: int


class Quit(Command, frozen=True):
    """End the engine."""


class Message(Struct, frozen=True, tag_field="type", tag=str.lower):
    """What the engine tells."""


class Ready(Message, frozen=True):
    """Model (and adapter) are loaded. context: tokens the model can read; seconds: how long loading took."""

    model: str
    adapter: str | None
    device: str
    seconds: float
    context: int


class LoadFailed(Message, frozen=True):
    """The model or the adapter could not be loaded; what was loaded before may be gone."""

    message: str
    hint: str = ""


class TokenChance(Struct, frozen=True):
    """A token's text and the logarithm of its probability before temperature and top_p."""

    token: str
    logprob: float


class WrittenChance(Struct, frozen=True):
    """A token that was written, and the likeliest ones in its place, the likeliest first."""

    chosen: TokenChance
    likeliest: tuple[TokenChance, ...] = ()


class Piece(Message, frozen=True, omit_defaults=True):
    """More text of one answer. question: its number within the request, from 0. chances: see `Generate`."""

    id: int
    question: int
    voice: Voice
    text: str
    chances: tuple[WrittenChance, ...] = ()


class Done(Message, frozen=True):
    """One answer is complete. reason: the model (or a text to stop at) ended it, max_tokens or the context
    did, or it was cancelled.

    prompt_tokens, tokens: read and written; seconds: from the start of the request's work.
    """

    id: int
    question: int
    voice: Voice
    reason: Reason
    tokens: int
    seconds: float
    prompt_tokens: int = 0


class GenerationFailed(Message, frozen=True, omit_defaults=True):
    """One question (or, with question None, the whole request) cannot be answered.

    is_fault: the engine is to blame and not what was asked; the same request may be answered another time.
    voice: the only one of the question's voices that failed; None: all of them did.
    """

    id: int
    message: str
    hint: str = ""
    question: int | None = None
    is_fault: bool = False
    voice: Voice | None = None


class EngineLost(Message, frozen=True):
    """The engine ended by itself; written by the client, never by the engine. log: its last lines."""

    message: str
    hint: str = ""
    log: str = ""


AnyCommand = Load | Generate | Cancel | Quit
AnyMessage = Ready | LoadFailed | Piece | Done | GenerationFailed | EngineLost

_encoder = msgspec.json.Encoder()
_commands = msgspec.json.Decoder(AnyCommand)
_messages = msgspec.json.Decoder(AnyMessage)


def encode_line(item: AnyCommand | AnyMessage) -> bytes:
    """One line with its line end."""
    return _encoder.encode(item) + b"\n"


def decode_command(line: bytes) -> AnyCommand:
    """msgspec.MsgspecError when the line is no command."""
    return _commands.decode(line)


def decode_message(line: bytes) -> AnyMessage | None:
    """None for a line that is no message: libraries may print into any stream."""
    try:
        return _messages.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
