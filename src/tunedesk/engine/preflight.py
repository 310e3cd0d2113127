"""One real micro-batch, validation and sample before a run counts as started: does it fit, how fast is it?

Nothing that the training depends on is different afterwards: weights, optimizer and random streams.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import psutil
import torch

from tunedesk.engine.evaluate import VALIDATED_AT_ONCE, evaluation_mode
from tunedesk.engine.forecast import Costs, Forecast
from tunedesk.engine.memory import free_bytes, memory_plan
from tunedesk.engine.packing import best_fit
from tunedesk.engine.sample import greedy_answers
from tunedesk.engine.success import answer_limit
from tunedesk.engine.training import Training
from tunedesk.engine.trouble import ran_out_of_memory
from tunedesk.engine.watching import WATCHED_TOKENS
from tunedesk.errors import UserError
from tunedesk.plan.fitting import in_words, smallest_change
from tunedesk.plan.memory import GPU_CONTEXT, OPTIMIZER_BYTES, MemoryPlan, estimate_memory
from tunedesk.runs import events
from tunedesk.template.model_folder import ModelFolder

STEPS_SEARCHED = 2000
"""For the largest micro-batch; a million rows need not all be looked at."""
SAMPLE_TOKENS = 8
"""Of the trial sample; the first one reads the prompts, the others tell what a token takes."""
HOPELESS = 1.1
"""Times the free memory: above this a prediction is believed without a trial. Where main memory runs out the
system ends a process without a word, so a processor is not put to the test."""
LOOK_SECONDS = 0.002
UNTIMED_SECONDS = 2.0
"""On a card a first micro-batch that took less is computed once more: in it libraries are loaded and kernels
chosen. On a processor the first one is a sixth slower than the others, which is not worth another one."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """What was measured: of a micro-batch, of a validated token, of reading the watched prompts up to the
    first written token, and of each further one.
    """

    batch: float
    validation: float = 0.0
    prompts: float = 0.0
    token: float = 0.0


def preflight(run: Training) -> Forecast:
    """Try the largest micro-batch that comes, tell what it took, and foresee the run.

    UserError: it does not fit; the hint names the smallest change with which it does.
    """
    if run.progress.step >= run.total:
        return Forecast(run, Costs(0.0))  # only the ending is left
    batch = largest_batch(run, coming_examples(run))
    plan = plan_of(run, batch.tokens)
    predicted, free = estimate_memory(run.base, plan).total, free_before(run.device)
    if run.device.type == "cpu" and predicted > HOPELESS * free:
        raise does_not_fit(run.base, plan, predicted, free)
    try:
        with Peak(run.device) as peak, torch.random.fork_rng(devices=_cards(run.device)):
            seconds = _try_all(run, batch)
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
        raise does_not_fit(run.base, plan, predicted, free) from error
    finally:
        run.optimizer.clear_gradient()
    forecast = Forecast(run, _costs(run, batch.tokens, seconds))
    run.log.write(
        events.Preflighted,
        tokens=batch.tokens,
        predicted_bytes=predicted,
        measured_bytes=peak.bytes,
        free_bytes=free,
        seconds=seconds.batch,
        activations=run.activations,
        total_seconds=forecast.seconds_left(),
    )
    return forecast


def _cards(device: torch.device) -> list[torch.device]:
    """That of the run and no other: asking all of a computer's cards for their state wakes them up."""
    return [device] if device.type == "cuda" else []


def plan_of(run: Training, tokens: int) -> MemoryPlan:
    """What the planner has to know of this run, with the micro-batch that is really computed."""
    plan = memory_plan(run.job, run.data, run.device)
    return replace(
        plan,
        micro_batch_tokens=tokens,
        activations=run.activations,
        fused_loss=run.fused_loss,
        fused_lora=run.fused_lora,
    )


def does_not_fit(base: ModelFolder, plan: MemoryPlan, predicted: int, free: int) -> UserError:
    """free: bytes that the run could fill. A prediction that was too low is taken to be so by a tenth."""
    asked = min(free, int(predicted / HOPELESS))
    row = f"its largest row, of {plan.micro_batch_tokens:,} tokens,"
    if predicted > free:
        found = f"{row} needs about {predicted / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free."
    else:
        found = f"{row} was tried and did not fit into the {free / 1e9:,.1f} GB that are free."
    return UserError(
        f"There is not enough memory for this training: {found}",
        hint=in_words(smallest_change(base, plan, asked)) + " Or end other programs, and resume this run.",
        exit_code=1,
    )


def coming_examples(run: Training) -> list[Any]:
    """The examples that fill the largest row of all steps to come, as `largest_row` of each step finds it."""
    last = min(run.total, run.progress.step + STEPS_SEARCHED)
    fullest: list[Any] = []
    longest = max(run.data.train, key=lambda one: one.tokens)
    full = max(run.most_tokens, longest.tokens)
    for step in range(run.progress.step + 1, last + 1):
        row = largest_row([run.data.train[index] for index in run.plan.step(step)], run.most_tokens)
        fullest = max(fullest, row, key=tokens_of)
        if tokens_of(fullest) >= full:
            break
    return max(fullest, [longest], key=tokens_of)


def largest_row(examples: Sequence[Any], most_tokens: int) -> list[Any]:
    """The examples of the row with the most tokens, of those that they are packed into."""
    rows = best_fit([one.tokens for one in examples], most_tokens)
    return max(([examples[index] for index in row] for row in rows), key=tokens_of)


def tokens_of(examples: Sequence[Any]) -> int:
    return sum(one.tokens for one in examples)


def largest_batch(run: Training, examples: Sequence[Any]) -> Any:
    batches = run.objective.micro_batches(examples, run.most_tokens, run.device)
    return max(batches, key=lambda one: one.tokens)


def free_before(device: torch.device) -> int:
    """Bytes that this run could fill: what is free, and what this process has taken already."""
    held = torch.cuda.memory_reserved(device) + GPU_CONTEXT if device.type == "cuda" else _resident()
    return free_bytes(device) + held


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def _try_all(run: Training, batch: Any) -> Seconds:
    moments = _room_for_moments(run)
    seconds = Seconds(_learn(run, batch))
    if run.device.type == "cuda" and seconds.batch < UNTIMED_SECONDS:
        seconds = Seconds(_learn(run, batch))
    del moments
    with torch.no_grad(), evaluation_mode(run.model):
        if run.data.valid:
            seconds = replace(seconds, validation=_validate(run))
        if run.watched:
            first, all_of_them = _sample(run, 1), _sample(run, SAMPLE_TOKENS)
            each = max(0.0, all_of_them - first) / (SAMPLE_TOKENS - 1)
            seconds = replace(seconds, prompts=first, token=each)
    return seconds


def _validate(run: Training) -> float:
    """Seconds of each token in the largest row."""
    row = largest_row(run.data.valid[:VALIDATED_AT_ONCE], run.most_tokens)
    batch = largest_batch(run, row)
    began = run.clock.now()
    float(run.objective.loss(run.model, batch).total)
    return (run.clock.now() - began) / tokens_of(row)


def _sample(run: Training, most_tokens: int) -> float:
    """Seconds of short answers to all watched prompts."""
    prompts = [ids for _, ids in run.watched]
    began = run.clock.now()
    greedy_answers(run.model, prompts, run.template.end_ids, run.template.pad_id, most_tokens)
    return run.clock.now() - began


def _learn(run: Training, batch: Any) -> float:
    """Seconds of one forward and backward pass."""
    run.optimizer.clear_gradient()
    began = run.clock.now()
    run.objective.loss(run.model, batch).total.backward()
    if run.device.type == "cuda":
        torch.cuda.synchronize(run.device)
    return run.clock.now() - began


def _room_for_moments(run: Training) -> torch.Tensor | None:
    """As many bytes as the optimizer takes with its first step; None where a resumed one has them already."""
    if run.optimizer.state():
        return None
    count = int(run.optimizer.vector.numel() * OPTIMIZER_BYTES[run.hyper.optimizer])
    return torch.ones(count, dtype=torch.uint8, device=run.device)


def _costs(run: Training, tokens: int, seconds: Seconds) -> Costs:
    """Samples are taken to be as long as the answers of an example are."""
    longest = min(WATCHED_TOKENS, answer_limit(run.data, run.base.context))
    usual = min(longest, run.data.trained / len(run.data.train))
    validation = seconds.validation * tokens_of(run.data.valid)
    samples = seconds.prompts + (usual - 1) * seconds.token
    return Costs(seconds.batch / tokens, validation, max(0.0, samples))


class Peak:
    """The most memory that this process has held within the block, in bytes, its whole self included.

    On a card that is what the allocator has taken of it, with the gaps between tensors: so much has to be
    free, and the prediction has a share for it too.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak memory", daemon=True)
        self.bytes = 0

    def __enter__(self) -> "Peak":
        if self._device.type == "cuda":
            torch.cuda.empty_cache()  # what loading left over would count as needed
            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._device.type == "cuda":
            self.bytes = torch.cuda.max_memory_reserved(self._device) + GPU_CONTEXT
            return
        self._done.set()
        self._thread.join()
        self.bytes = max(self.bytes, _resident())

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._done.wait(LOOK_SECONDS):
            self.bytes = max(self.bytes, int(process.memory_info().rss))
