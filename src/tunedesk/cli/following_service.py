"""Follows a job at a service, and says what it came to; Ctrl+C leaves it alone."""

from __future__ import annotations

from datetime import datetime

from tunedesk.cli.following import follow
from tunedesk.cli.output import progress
from tunedesk.errors import UserError
from tunedesk.plan.estimates import actual_cost, against_actual
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.consent import seller_of
from tunedesk.runs.events import Failed, Finished
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.job import CloudOrder
from tunedesk.runs.run_folder import RunFolder


def follow_job(run: RunFolder) -> int:
    """Exit code of an ended job, 0 where Ctrl+C left it alone. UserError with exit code 1: it failed."""
    try:
        history = follow(run, stops=False)
    except KeyboardInterrupt:
        progress("The job goes on at the service, and a process of its own follows it.")
        print(f"Look again with: tunedesk resume {run.path}")
        print(f"Cancel it with: tunedesk stop {run.path}")
        return 0
    return outcome(run, history)


def outcome(run: RunFolder, history: RunHistory) -> int:
    """The last sentences about an ended job: its model, and what it cost against what was expected."""
    order = run.job().cloud
    assert order is not None, "only jobs at services come here"
    match history.ended:
        case Failed(reason=reason, hint=hint):
            raise UserError(f"The run {run.path} failed: {reason}", hint=hint, exit_code=1)
        case Finished() as ended:
            print(f"Finished: {run.path}")
            print(f"The tuned model is {ended.model} at {order.account.name}.")
            print(cost_of(order, ended.trained_tokens))
            if ended.adapter:
                print(f"Its weights are in {run.path / ended.adapter}")
            if order.provider.deploys:
                print(f"It must be deployed before it answers: tunedesk cloud deploy {run.path} --show")
            else:
                print(f"Talk to it with: tunedesk chat {run.path}")
        case _:
            print(f"Cancelled: {run.path}. The service charges for the work that was done.")
    return 0


def cost_of(order: CloudOrder, trained_tokens: int | None) -> str:
    """Expected against actual, one sentence."""
    if trained_tokens is None:
        return f"Expected: {order.price} The service did not say how many tokens it trained."
    today = datetime.now().astimezone().date()
    actual = actual_cost(read_prices(), seller_of(order), trained_tokens, today)
    return against_actual(order.low, order.high, order.currency, actual)
