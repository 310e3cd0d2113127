"""How much memory the engine has and uses, and what the planner has to know of a run; no planning itself."""

from dataclasses import replace

import psutil
import torch

from tunedesk.engine.data import Data
from tunedesk.engine.load_model import compute_dtype
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.memory import MemoryPlan
from tunedesk.runs.job import Job
from tunedesk.runs.planning import memory_needs, share_with_a_loss


def used_bytes() -> int:
    """Main memory of this process."""
    return int(psutil.Process().memory_info().rss)


def used_gpu_bytes(device: torch.device) -> int | None:
    """The most GPU memory that this process had at once; None without a GPU."""
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None


def free_bytes(device: torch.device) -> int:
    """What can still be filled where the model is."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return int(psutil.virtual_memory().available)


def memory_plan(job: Job, data: Data, device: torch.device) -> MemoryPlan:
    """The job's settings and its real rows as the planner's formula needs them."""
    tokens = tuple(max(one.tokens for one in example.sequences) for example in data.train)
    facts = DataFacts(len(data.train), len(data.valid), tokens, 0)
    needs = memory_needs(job.hyperparameters, facts, "gpu" if device.type == "cuda" else "cpu", job.method)
    share = share_with_a_loss(job.hyperparameters, data.trained / max(1, data.tokens), job.method)
    return replace(needs, trained_share=share, has_bfloat16=compute_dtype(device) == torch.bfloat16)
