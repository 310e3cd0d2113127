"""TuneDesk's engine on the task, from a run folder, as a run of the window is trained."""

import contextlib
import time
from pathlib import Path
from typing import Any

from common import BEGAN, Task, Told

from tunedesk.engine import threads
from tunedesk.engine.control import ControlWatch
from tunedesk.engine.event_log import AnyEvent, EventLog
from tunedesk.engine.train import train
from tunedesk.engine.training import prepare
from tunedesk.errors import UserError
from tunedesk.runs.events import Step
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.requests import RunRequest, prepare_run


class Stopwatch(EventLog):
    """An event log that notes when the steps began and ended."""

    before_steps = ended = (0.0, 0.0)
    first = 0.0

    def write(self, kind: type[AnyEvent], *, sync: bool = False, **fields: Any) -> AnyEvent:
        event = super().write(kind, sync=sync, **fields)
        now = time.process_time(), time.perf_counter()
        if isinstance(event, Step):
            self.ended, self.first = now, self.first or time.time() - BEGAN
        elif not self.first:
            self.before_steps = now
        return event


def main() -> None:
    task = Task.given()
    chats = Path(task.chats)
    hyper = Hyperparameters(
        epochs=1,
        batch_size=task.sequences,
        micro_batch_tokens=task.row_tokens,
        learning_rate=task.learning_rate,
        schedule="constant",
        warmup_ratio=0,
        lora_rank=task.rank,
        lora_alpha=task.alpha,
        max_length=task.max_length,
        checkpoint_steps=1_000_000,
        eval_steps=1_000_000,  # nor samples, of which the others have none
        threads=1,
        seed=task.seed,
    )
    request = RunRequest(
        runs_dir=Path(task.output),
        dataset=chats,
        train=chats.read_bytes().splitlines(),
        model=Path(task.model),
        hyperparameters=hyper,
    )
    run = prepare_run(request)
    job = run.job()
    threads.use(1)
    # A model that has seen a few random words may not end its answers; it is judged by its held-out loss.
    with Stopwatch(run.events_path, job.run, 1) as log, contextlib.suppress(UserError):
        train(prepare(run, job, log, ControlWatch(run), resume=False))
    steps = run.history().steps.values()
    cpu, wall = (end - start for start, end in zip(log.before_steps, log.ended, strict=True))
    run.adapter_dir.rename(Path(task.output) / "adapter")
    Told(sum(step.tokens for step in steps), cpu, wall, log.first, [step.loss for step in steps]).tell()


if __name__ == "__main__":
    main()
