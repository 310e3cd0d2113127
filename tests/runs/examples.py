"""A job and events with plausible figures, for tests that need some."""

from tunedesk.runs.events import Evaluated, Started, Step
from tunedesk.runs.generation import ChatMessage
from tunedesk.runs.job import DataFile, DatasetRef, Job, ModelRef, WatchedPrompt


def a_job() -> Job:
    return Job(
        run="2026-11-20-1432-a7",
        created="2026-11-20T14:32:00+00:00",
        model=ModelRef("starter", "/models/starter", "abc"),
        dataset=DatasetRef("/data/train.jsonl", 7, True),
        train=DataFile("data/train.jsonl.gz", 3, "ff", "train.jsonl"),
        watched=(WatchedPrompt((ChatMessage("user", "Hello"),), 1),),
    )


def a_step(step: int, attempt: int = 1, loss: float = 2.5) -> Step:
    return Step(
        run="r",
        attempt=attempt,
        seq=step,
        time=1000.0 + step,
        step=step,
        epoch=step / 10,
        loss=loss,
        learning_rate=1e-4,
        grad_norm=0.5,
        tokens_per_second=900.0,
        tokens=450,
        seconds=0.5,
        memory_bytes=10**9,
        gpu_memory_bytes=None,
        eta_seconds=12.0,
    )


def a_start(attempt: int, resumed_from: int | None) -> Started:
    return Started(
        run="r",
        attempt=attempt,
        seq=1,
        time=0.0,
        total_steps=10,
        rows=5,
        tokens_per_epoch=50,
        trained_share=0.5,
        device="cpu",
        versions={},
        resumed_from=resumed_from,
    )


def an_evaluation(step: int, loss: float, attempt: int = 1) -> Evaluated:
    return Evaluated(
        run="r",
        attempt=attempt,
        seq=1,
        time=0.0,
        step=step,
        loss=loss,
        perplexity=2.0,
        tokens=9,
        is_best=False,
    )
