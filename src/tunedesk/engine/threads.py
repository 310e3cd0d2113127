"""How many cores torch uses, and that it computes the same way each time."""

import os

import psutil
import torch


def use(threads: int) -> int:
    """Use this many threads; 0: one for each physical core that this process may use. Returns the number.

    OMP_NUM_THREADS, where somebody set it, stays the upper limit. On a processor every operation is made
    deterministic: a resumed run must repeat the unbroken one bit for bit.
    """
    count = threads or _available()
    torch.set_num_threads(count)
    torch.use_deterministic_algorithms(not torch.cuda.is_available())
    # A debugging aid that costs 3 % of a step; torch names it only in its documentation.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010
    return count


def _available() -> int:
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(physical, allowed, int(limit) if limit.isdigit() else physical))
