"""Early stopping: a run ends when one validation after another brings nothing better; it measures none."""

from tunedesk.engine.checkpoint import Progress
from tunedesk.engine.training import Training
from tunedesk.runs import events


def count_validation(progress: Progress, *, improved: bool) -> None:
    """Remember, over all attempts, how many validations in a row were no better than the best."""
    progress.without_better = 0 if improved else progress.without_better + 1


def is_enough(run: Training) -> bool:
    """Whether the steps that are left shall not be taken, because validations stopped getting better."""
    patience = run.hyper.early_stopping
    return bool(patience) and run.progress.without_better >= patience


def warn_if_impossible(run: Training) -> None:
    """Nothing can be validated without rows for it; the run then goes to its last step."""
    if run.hyper.early_stopping and not run.data.valid:
        message = "There are no validation rows, so this run cannot stop early."
        run.log.write(events.Warned, code="early-stopping", message=message)


def say_so(run: Training) -> None:
    many = run.progress.without_better
    validations = "1 validation" if many == 1 else f"{many} validations"
    message = (
        f"Stopped early after step {run.progress.step:,} of {run.total:,}: {validations} in a row without a "
        f"lower loss than that of step {run.progress.best_step:,}, whose adapter is the result."
    )
    run.log.write(events.Noted, phase="early-stopping", message=message)
