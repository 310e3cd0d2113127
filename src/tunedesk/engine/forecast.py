"""How long a run will go on: the coming steps by their tokens, the coming validations and checkpoints by
what they took so far.
"""

from dataclasses import dataclass

from tunedesk.engine import schedule
from tunedesk.engine.data import Data
from tunedesk.engine.packing import BatchPlan
from tunedesk.engine.training import Training
from tunedesk.plan.pace import WINDOW, MeasuredStep, Pace, pace_of


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds: of one token in a step, of a validation with its samples, and after the last step."""

    token: float
    evaluation: float = 0.0
    ending: float = 0.0


class Forecast:
    """Measures what a run does between two looks at its clock. first: what is known before the first step.

    A run that stops early is not foreseen, nor is what the user asks for.
    """

    def __init__(self, run: Training, first: Costs) -> None:
        self._run = run
        self._first = first
        self._tokens = tokens_of_run(run.plan, run.data, run.total)
        self._evaluate_each = schedule.evaluation_interval(run.total, run.hyper)
        self._save_each = min(self._evaluate_each, schedule.checkpoint_interval(run.total, run.hyper))
        self._steps: list[MeasuredStep] = []
        self._evaluation: float | None = None
        self._checkpoint: float | None = None

    def stepped(self, tokens: int) -> None:
        measured = MeasuredStep(tokens, self._run.clock.lap())
        self._steps = [*self._steps, measured][-WINDOW:]

    def evaluated(self) -> None:
        self._evaluation = _newest_half(self._evaluation, self._run.clock.lap())

    def saved(self) -> None:
        self._checkpoint = _newest_half(self._checkpoint, self._run.clock.lap())

    def seconds_left(self) -> float:
        """From the end of the newest step, before its validation and checkpoint, to the end of the run."""
        done, total = self._run.progress.step, self._run.total
        pace = pace_of(self._steps) or Pace(0.0, self._first.token)
        left = pace.step * (total - done) + pace.token * (self._tokens - self._run.progress.tokens)
        evaluation = self._first.evaluation if self._evaluation is None else self._evaluation
        left += evaluation * occasions(done, total, self._evaluate_each)
        return left + self._checkpoints(left) + self._first.ending

    def _checkpoints(self, seconds: float) -> float:
        """Of those to come in so many seconds; an improvement brings one with each validation."""
        if self._checkpoint is None:
            return 0.0
        many: float = occasions(self._run.progress.step, self._run.total, self._save_each)
        if minutes := self._run.hyper.checkpoint_minutes:
            many = max(many, seconds / (60 * minutes))
        return many * self._checkpoint


def tokens_of_run(plan: BatchPlan, data: Data, total: int) -> int:
    """Tokens of all steps. Each whole epoch reads every example once; only the last, begun one is counted."""
    epochs, begun = divmod(plan.total_examples, plan.rows)
    first = (plan.total_examples - begun) // plan.batch_size + 1
    last = [index for step in range(first, total + 1) for index in plan.step(step)] if begun else []
    return epochs * data.tokens + sum(data.train[index].tokens for index in last[-begun:])


def occasions(step: int, total: int, each: int) -> int:
    """How often something is done that comes with every `each` steps and with the last, from `step` on."""
    before = max(0, step - 1)
    return total // each - before // each + (1 if total % each else 0)


def _newest_half(before: float | None, now: float) -> float:
    """An average in which the newest one counts a half: answers become shorter while a model learns."""
    return now if before is None else (before + now) / 2
