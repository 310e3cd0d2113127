"""Which way of learning a job asks for."""

from typing import Any

from tunedesk.engine.loss import TokenLosses
from tunedesk.engine.methods.objective import Objective
from tunedesk.engine.methods.preference import DirectPreference, OddsRatioPreference
from tunedesk.engine.methods.supervised import Supervised
from tunedesk.runs.job import Job


def objective_of(job: Job, losses: TokenLosses) -> Objective[Any, Any]:
    """losses: how those of single tokens are computed, fused or plain; every method is made of them."""
    match job.method:
        case "sft":
            return Supervised(losses)
        case "dpo":
            return DirectPreference(job.hyperparameters.beta, losses)
        case "orpo":
            return OddsRatioPreference(job.hyperparameters.beta, losses)
