"""What can happen in a run: a tagged union, one JSON object a line; it knows neither files nor processes."""

import msgspec
from msgspec import Struct


class EventBase(Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """Every event says which run and attempt it belongs to, its number within the attempt (from 1), and when.

    time: seconds since 1970, UTC.
    """

    run: str
    attempt: int
    seq: int
    time: float


class Noted(EventBase, frozen=True, kw_only=True):
    """Progress before and between steps; phase: a short word such as "data", "model" or "success"."""

    phase: str
    message: str


class Started(EventBase, frozen=True, kw_only=True):
    """The first step is about to run. resumed_from: steps done before this attempt, None for a new run.

    tokens_per_epoch: tokens computed in an epoch; trained_share: the share of them that gets a loss, 0 to 1.
    seconds: from the start of the engine, or from its order if it waited, until now. version: of this format.
    """

    total_steps: int
    rows: int
    tokens_per_epoch: int
    trained_share: float
    device: str
    versions: dict[str, str]
    resumed_from: int | None = None
    trained_parameters: int = 0
    seconds: float = 0.0
    version: int = 1


class Step(EventBase, frozen=True, kw_only=True):
    """One optimizer step. step: from 1. loss: mean over the step's trained tokens, in nats.

    tokens: computed in this step (without padding); seconds: of this step; memory in bytes. spike: the
    loss or the gradient stands out from the steps before. accuracy, margin: of preferences, the share of
    pairs whose chosen answer is preferred, and by how much (difference of rewards, in nats times beta).
    token_accuracy: the share of trained tokens that was the most likely one, 0 to 1. None: not told, as a
    provider tells of few things.
    """

    step: int
    loss: float
    epoch: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    tokens_per_second: float | None = None
    tokens: int | None = None
    seconds: float | None = None
    memory_bytes: int | None = None
    gpu_memory_bytes: int | None = None
    eta_seconds: float | None = None
    token_accuracy: float | None = None
    spike: bool = False
    accuracy: float | None = None
    margin: float | None = None


class Preflighted(EventBase, frozen=True, kw_only=True):
    """The longest micro-batch was computed, one validation row and one sample too: the run fits.

    tokens: of that micro-batch; predicted and measured: bytes at the peak; free: bytes there were before it;
    seconds: of that micro-batch; activations: what was chosen for them; total_seconds: predicted for the run.
    """

    tokens: int
    predicted_bytes: int
    measured_bytes: int
    free_bytes: int
    seconds: float
    activations: str
    total_seconds: float


class Evaluated(EventBase, frozen=True, kw_only=True):
    """The validation loss after a step, mean over `tokens` trained tokens. accuracy, margin: as in Step.

    perplexity: exp of the loss; None where the loss is not that of answers alone.
    """

    step: int
    loss: float
    perplexity: float | None
    tokens: int
    is_best: bool
    accuracy: float | None = None
    margin: float | None = None


class Sampled(EventBase, frozen=True, kw_only=True):
    """The greedy answer to a watched prompt (counted from 0). stopped: it ended its turn by itself."""

    step: int
    prompt_index: int
    prompt: str
    text: str
    stopped: bool


class Checkpointed(EventBase, frozen=True, kw_only=True):
    """A checkpoint is complete. path: relative to the run; reason: "schedule", "best", "asked" or "stop".

    model: its name at the provider that keeps it; path is "" then.
    """

    step: int
    path: str
    reason: str
    model: str = ""


class Warned(EventBase, frozen=True, kw_only=True):
    """Something a person should know; the run goes on. code: a short word for programs."""

    code: str
    message: str


class Paused(EventBase, frozen=True, kw_only=True):
    step: int


class Resumed(EventBase, frozen=True, kw_only=True):
    """The run goes on after a pause (a new attempt announces itself with `Started` instead)."""

    step: int


class Finished(EventBase, frozen=True, kw_only=True):
    """The run succeeded. adapter: its folder, relative to the run, "" when there is none here.

    seconds: of all attempts together. model: the tuned model's name at the provider that keeps it.
    trained_tokens: that the provider counted and bills.
    """

    steps: int
    train_loss: float | None
    valid_loss: float | None
    best_step: int
    adapter: str
    seconds: float
    model: str = ""
    trained_tokens: int | None = None


class Failed(EventBase, frozen=True, kw_only=True):
    """The run cannot go on as it is. step: the last step that was done."""

    reason: str
    hint: str
    step: int


class Stopped(EventBase, frozen=True, kw_only=True):
    """A person or the system asked the run to stop. checkpoint: where it can go on, relative to the run."""

    step: int
    checkpoint: str


Event = (
    Noted
    | Started
    | Preflighted
    | Step
    | Evaluated
    | Sampled
    | Checkpointed
    | Warned
    | Paused
    | Resumed
    | Finished
    | Failed
    | Stopped
)
TerminalEvent = Finished | Failed | Stopped


class Unreadable(Struct, frozen=True):
    """A line that is no event of this version: noise, damage, or a newer writer."""

    line: str
    reason: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """One line, with its line end. JSON has no NaN: a writer must not put one into an event."""
    return _encoder.encode(event) + b"\n"


def decode_line(line: bytes) -> Event | Unreadable:
    """Read one line; never raises."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(line.decode("utf-8", "replace")[:200], str(error))
