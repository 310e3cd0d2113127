"""Turns figures of steps and checkpoints into events: rising, each once, also when they come in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from tunedesk.runs.events import Checkpointed, Evaluated, Started, Step
from tunedesk.runs.job import Job
from tunedesk.runs.places.cloud.metrics import Metric, merged, metric_of_checkpoint
from tunedesk.runs.places.cloud.remote import RemoteCheckpoint
from tunedesk.runs.places.cloud.telling import Telling

_STAMPS = ("run", "attempt", "seq", "time")


class Curves:
    """What comes too late for its place is kept until `tell_the_rest` begins again from there."""

    def __init__(self, telling: Telling, job: Job) -> None:
        self._telling = telling
        self._job = job
        self._late: dict[int, Metric] = {}
        self._has_begun = False
        self._is_of_pairs = job.method != "sft"
        self._best = _lowest(telling.history.evaluations.values())

    def begin(self, total_steps: int = 0) -> None:
        """The training runs, as far as is known; 0: nobody said how many steps it takes."""
        history = self._telling.history
        known = history.total_steps
        if self._has_begun and total_steps <= known:
            return
        self._has_begun = True
        self._start(max(total_steps, known), history.step or None)

    def tell(self, metrics: Iterable[Metric], ends_at: float | None = None) -> bool:
        """Whether any was new. ends_at: when the service thinks that the job will end, unix seconds."""
        is_news = False
        for step, metric in merged(metrics).items():
            if self.is_told(metric):
                continue
            is_news = True
            if self._is_late(metric):
                self._late[step] = metric.over(self._late.get(step, Metric(step)))
                continue
            self.begin(metric.total_steps or 0)
            self._tell_one(metric, ends_at)
        return is_news

    def tell_checkpoints(self, checkpoints: Iterable[RemoteCheckpoint]) -> bool:
        """Whether any was new. A checkpoint without a step or a name is nothing that could be used."""
        is_news = False
        for one in sorted(checkpoints, key=lambda one: one.step_number or 0):
            known = self._telling.history.checkpoints.get(one.step_number or 0)
            model = one.fine_tuned_model_checkpoint or ""
            if not one.step_number or (known is not None and known.model == model):
                continue
            is_news = True
            self.begin()
            self._telling.write(
                Checkpointed, at=one.created_at, step=one.step_number, path="", reason="schedule", model=model
            )
        return is_news

    def tell_the_rest(self, metrics: Iterable[Metric], checkpoints: Iterable[RemoteCheckpoint]) -> None:
        """All that is known at the end. If steps are missing among those told, the curve is told again from
        the first of them on, as by an engine that went back to a checkpoint.
        """
        checkpoints = list(checkpoints)
        told = (metric for one in checkpoints if (metric := metric_of_checkpoint(one)) is not None)
        whole = merged([*self._late.values(), *told, *metrics])
        new = {step: metric for step, metric in whole.items() if not self._is_written(metric)}
        missing = [step for step, metric in new.items() if self._is_late(metric)]
        self._late.clear()
        if missing:
            self._tell_again(min(missing) - 1, whole)
        else:
            self.tell(new.values())
        self.tell_checkpoints(checkpoints)

    def is_told(self, metric: Metric) -> bool:
        """Whether the events hold all figures of it that are drawn, or it is kept for the end."""
        kept = self._late.get(metric.step)
        is_kept = kept is not None and replace(metric.over(kept), at=kept.at) == kept
        return is_kept or self._is_written(metric)

    def _is_written(self, metric: Metric) -> bool:
        history = self._telling.history
        step_told = metric.train_loss is None or metric.step in history.steps
        return step_told and (metric.validation is None or metric.step in history.evaluations)

    def _is_late(self, metric: Metric) -> bool:
        """Whether a later step was told already; those that are told rise."""
        history = self._telling.history
        is_new = metric.train_loss is not None and metric.step not in history.steps
        return is_new and bool(history.steps) and metric.step < history.step

    def _tell_one(self, metric: Metric, ends_at: float | None = None) -> None:
        history = self._telling.history
        if metric.train_loss is not None and metric.step not in history.steps:
            self._telling.write(
                Step,
                at=metric.at,
                step=metric.step,
                loss=metric.train_loss,
                epoch=metric.epoch,
                learning_rate=metric.learning_rate,
                eta_seconds=max(0.0, ends_at - metric.at) if ends_at and metric.at else None,
                token_accuracy=None if self._is_of_pairs else metric.token_accuracy,
                accuracy=self._of_pairs(metric.accuracy, metric.token_accuracy),
                margin=metric.margin,
            )
        if metric.validation is not None and metric.step not in history.evaluations:
            loss, best = metric.validation, self._best
            is_best = best is None or loss < best
            self._best = loss if is_best else best
            self._telling.write(
                Evaluated,
                at=metric.at,
                step=metric.step,
                loss=metric.validation,
                perplexity=None,
                tokens=0,
                is_best=is_best,
                accuracy=self._of_pairs(metric.valid_token_accuracy),
            )

    def _of_pairs(self, *accuracies: float | None) -> float | None:
        """The share of pairs told apart rightly: what a service calls accuracy where pairs are trained."""
        if not self._is_of_pairs:
            return None
        return next((accuracy for accuracy in accuracies if accuracy is not None), None)

    def _tell_again(self, after: int, metrics: dict[int, Metric]) -> None:
        history = self._telling.history
        steps = {step: event for step, event in history.steps.items() if step > after}
        evaluations = {step: event for step, event in history.evaluations.items() if step > after}
        checkpoints = {step: event for step, event in history.checkpoints.items() if step > after}
        self._start(max(history.total_steps, *metrics, *steps, 0), after)
        self._best = _lowest(history.evaluations.values())  # of those before, which stay
        for number in sorted({*steps, *evaluations, *checkpoints, *(one for one in metrics if one > after)}):
            for old in (steps.get(number), evaluations.get(number), checkpoints.get(number)):
                if old is not None:
                    self._repeat(old)
            if number in metrics:
                self._tell_one(metrics[number])

    def _repeat(self, old: Step | Evaluated | Checkpointed) -> None:
        fields = {name: value for name, value in msgspec.structs.asdict(old).items() if name not in _STAMPS}
        if isinstance(old, Evaluated):
            fields["is_best"] = self._best is None or old.loss < self._best
            self._best = old.loss if fields["is_best"] else self._best
        self._telling.write(type(old), at=old.time, **fields)

    def _start(self, total_steps: int, resumed_from: int | None) -> None:
        """tokens_per_epoch of 0 says that neither it nor the trained share is known."""
        order = self._job.cloud
        assert order is not None
        self._telling.write(
            Started,
            total_steps=total_steps,
            rows=self._job.train.rows,
            tokens_per_epoch=0,
            trained_share=0.0,
            device=order.account.name,
            versions={**self._job.versions, "service": order.provider.id},
            resumed_from=resumed_from,
        )


def _lowest(evaluations: Iterable[Evaluated]) -> float | None:
    return min((one.loss for one in evaluations), default=None)
