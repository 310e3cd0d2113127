"""How much memory the engine has and uses, and what the planner has to know of a run; no planning itself."""

import psutil
import torch

from tunedesk.engine.data import Data
from tunedesk.plan.memory import MemoryPlan, largest_micro_batch
from tunedesk.runs.job import Job


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
    """The job's settings and its real rows as the planner's formula needs them; activations: keep."""
    hyper = job.hyperparameters
    tokens = [example.tokens for example in data.train]
    most = hyper.micro_batch_tokens if hyper.packing else 1
    longest = max((one.tokens for example in data.train for one in example.sequences), default=0)
    return MemoryPlan(
        quantization=hyper.quantization,
        lora_rank=hyper.lora_rank,
        micro_batch_tokens=largest_micro_batch(tokens, hyper.batch_size, most, max(tokens, default=0)),
        activations="keep" if hyper.activations == "auto" else hyper.activations,
        fused_loss=hyper.fused_loss,
        fused_lora=hyper.fused_lora and not hyper.dora and not hyper.lora_dropout,
        optimizer=hyper.optimizer,
        pairs=job.method != "sft",
        longest=longest,
        device="gpu" if device.type == "cuda" else "cpu",
        trained_share=data.trained / max(1, data.tokens),
    )
