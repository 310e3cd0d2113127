"""What is measured between the steps: the validation loss and answers to the watched prompts."""

import math

from tunedesk.engine.evaluate import evaluation_mode, validate
from tunedesk.engine.forecast import Forecast
from tunedesk.engine.sample import Answer, greedy_answers
from tunedesk.engine.splitting import in_halves_that_fit
from tunedesk.engine.stopping import count_validation
from tunedesk.engine.success import answer_limit
from tunedesk.engine.training import Training
from tunedesk.engine.trouble import ran_out_of_memory
from tunedesk.runs import events

WATCHED_TOKENS = 128
"""Of a watched answer, which is for the eye: a model that does not end yet must not hold up its training."""


def evaluate(run: Training, forecast: Forecast) -> bool:
    """Validation loss and samples; whether the adapter is the best so far."""
    improved = bool(run.data.valid) and measure(run)
    forecast.validated()
    sample(run)
    forecast.sampled()
    return improved


def measure(run: Training) -> bool:
    """Tell the validation loss; whether it is the lowest so far."""
    step, best = run.progress.step, run.progress.best_loss
    validation = validate(run)
    if not math.isfinite(validation.loss):
        message = f"The validation loss after step {step} is not a finite number."
        run.log.write(events.Warned, code="validation", message=message)
        count_validation(run.progress, improved=False)
        return False
    improved = best is None or validation.loss < best
    count_validation(run.progress, improved=improved)
    if improved:
        run.progress.best_step, run.progress.best_loss = step, validation.loss
    run.log.write(
        events.Evaluated,
        step=step,
        loss=validation.loss,
        perplexity=validation.perplexity if _is_of_answers(run) else None,
        tokens=validation.tokens,
        is_best=improved,
        accuracy=validation.score.accuracy,
        margin=validation.score.mean_margin,
    )
    return improved


def _is_of_answers(run: Training) -> bool:
    """Whether the loss is that of the answers' tokens, each counting as it does anywhere."""
    return run.job.method == "sft" and not run.hyper.prompt_loss_weight


def sample(run: Training) -> None:
    """Greedy answers to the watched prompts."""
    if not run.watched:
        return
    try:
        answers = _answers(run)
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
        message = f"After step {run.progress.step:,} memory was not enough to answer the watched prompts."
        run.log.write(events.Warned, code="sample", message=message)
        return
    for index, ((prompt, _), answer) in enumerate(zip(run.watched, answers, strict=True)):
        run.log.write(
            events.Sampled,
            step=run.progress.step,
            prompt_index=index,
            prompt=prompt,
            text=run.template.decode(answer.ids),
            stopped=answer.stopped,
        )


def _answers(run: Training) -> list[Answer]:
    ends, pad = run.template.end_ids, run.template.pad_id
    most = min(WATCHED_TOKENS, answer_limit(run.data, run.base.context))
    with evaluation_mode(run.model):
        return in_halves_that_fit(
            [ids for _, ids in run.watched],
            lambda prompts: greedy_answers(run.model, prompts, ends, pad, most),
        )
