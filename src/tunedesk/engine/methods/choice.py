"""Which way of learning a job asks for."""

from typing import Any

from tunedesk.engine.methods.objective import Objective
from tunedesk.engine.methods.preference import DirectPreference, OddsRatioPreference
from tunedesk.engine.methods.supervised import Supervised
from tunedesk.runs.job import Job


def objective_of(job: Job) -> Objective[Any, Any]:
    match job.method:
        case "sft":
            return Supervised()
        case "dpo":
            return DirectPreference(job.hyperparameters.beta)
        case "orpo":
            return OddsRatioPreference(job.hyperparameters.beta)
