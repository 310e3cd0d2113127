"""Out of memory in the middle of a run: the same work again in smaller micro-batches, the same result."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from tunedesk.engine.trouble import ran_out_of_memory
from tunedesk.errors import UserError
from tunedesk.runs import events

if TYPE_CHECKING:
    from tunedesk.engine.training import Training

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_pieces_that_fit(run: Training, examples: Sequence[Any], work: Callable[[list[Any]], Result]) -> Result:
    """`work` on the micro-batches of these examples, from its beginning again each time memory runs out.

    The loss is a sum that is divided once, so smaller pieces change nothing but rounding. The smaller size is
    kept for the rest of the run, over a resume too. UserError: each example is alone and still too large.
    """
    while True:
        batches = run.objective.micro_batches(examples, run.most_tokens, run.device)
        try:
            return work(batches)
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            largest = max(batch.tokens for batch in batches)
            if len(batches) >= len(examples):
                raise too_large(largest) from error
        # Out here the exception is gone, and with it the frames that hold the tensors of the failed work.
        del batches
        _free()
        _halve(run, largest)


def in_halves_that_fit(items: Sequence[Item], work: Callable[[Sequence[Item]], list[Result]]) -> list[Result]:
    """`work` on all items at once, or on each half of them where memory runs out; one alone must fit."""
    try:
        return work(items)
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error) or len(items) < 2:
            raise
    _free()
    middle = len(items) // 2
    return [*in_halves_that_fit(items[:middle], work), *in_halves_that_fit(items[middle:], work)]


def too_large(tokens: int) -> UserError:
    return UserError(
        f"There is not enough memory for a row of {tokens:,} tokens that cannot be divided any further.",
        hint="Resume the run when other programs have given memory back; or make a new run with a smaller "
        "max_length, activations=recompute or a smaller model.",
        exit_code=1,
    )


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _halve(run: Training, largest: int) -> None:
    before, run.most_tokens = run.most_tokens, max(1, min(run.most_tokens, largest) // 2)
    run.progress.most_tokens = run.most_tokens
    message = (
        f"Memory ran out after step {run.progress.step:,}: rows hold up to {run.most_tokens:,} tokens from "
        f"now on, not {before:,}. The examples of a step and the result stay the same; it is a little slower."
    )
    run.log.write(events.Warned, code="split", message=message)
