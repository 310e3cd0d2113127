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
    """Seconds: of one token in a step, of a validation, of the samples as a trained model writes them."""

    token: float
    validation: float = 0.0
    samples: float = 0.0


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
        self._validation, self._samples = first.validation, first.samples
        self._checkpoint = 0.0
        self._known: set[str] = set()

    def stepped(self, tokens: int) -> None:
        measured = MeasuredStep(tokens, self._run.clock.lap())
        self._steps = [*self._steps, measured][-WINDOW:]

    def validated(self) -> None:
        self._validation = self._newest_half("validation", self._validation)

    def sampled(self) -> None:
        """A model that does not know yet where answers end writes on: it is not taken for the later ones."""
        self._samples = min(self._first.samples, self._run.clock.lap())

    def saved(self) -> None:
        self._checkpoint = self._newest_half("checkpoint", self._checkpoint)

    def seconds_left(self) -> float:
        """From the end of the newest step, before its validation and checkpoint, to the end of the run."""
        done, total = self._run.progress.step, self._run.total
        pace = pace_of(self._steps) or Pace(0.0, self._first.token)
        left = pace.step * (total - done) + pace.token * (self._tokens - self._run.progress.tokens)
        left += (self._validation + self._samples) * occasions(done, total, self._evaluate_each)
        # After the last step answers are asked for once more.
        return left + self._checkpoints(left) + self._samples

    def _checkpoints(self, seconds: float) -> float:
        """Of those to come in so many seconds; an improvement brings one with each validation."""
        many: float = occasions(self._run.progress.step, self._run.total, self._save_each)
        if minutes := self._run.hyper.checkpoint_minutes:
            many = max(many, seconds / (60 * minutes))
        return many * self._checkpoint

    def _newest_half(self, what: str, before: float) -> float:
        """The time since the last look, averaged with earlier ones so that the newest counts a half."""
        now = self._run.clock.lap()
        known, self._known = what in self._known, self._known | {what}
        return (before + now) / 2 if known else now


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
