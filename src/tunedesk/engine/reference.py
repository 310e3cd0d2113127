"""What the model thought of each pair's answers before the training, kept in the run folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from tunedesk import paths
from tunedesk.engine.data import Data
from tunedesk.engine.evaluate import evaluation_mode
from tunedesk.engine.examples import PairExample
from tunedesk.engine.loss import TokenLosses
from tunedesk.engine.methods.preference import answers, pair_batch
from tunedesk.engine.packing import best_fit
from tunedesk.engine.ready_model import ReadyModel
from tunedesk.engine.splitting import in_halves_that_fit

FILE = "reference.safetensors"
PAIRS_AT_ONCE = 64
"""Pairs that are packed together; few enough that a file of any size is computed in steady memory."""


def with_references(ready: ReadyModel, data: Data, folder: Path, identity: str) -> Data:
    """The same data, each pair with its reference. ready: as the training begins with it, before any step.

    They are read from an earlier attempt's file if it was made for this very job (`identity`), since
    computing them costs a third of an epoch.
    """
    pairs = [one for one in (*data.train, *data.valid) if isinstance(one, PairExample)]
    path = folder / FILE
    known = _read(path, identity)
    if known is None:
        known = reference_log_probabilities(ready.model, pairs, ready.row_tokens, ready.losses)
        paths.write_atomically(path, save({identity: known}))
    given = [
        replace(pair, reference=(chosen, rejected))
        for pair, (chosen, rejected) in zip(pairs, known.tolist(), strict=True)
    ]
    return replace(data, train=tuple(given[: len(data.train)]), valid=tuple(given[len(data.train) :]))


@torch.no_grad()
def reference_log_probabilities(
    model: Any, pairs: Sequence[PairExample], most_tokens: int, losses: TokenLosses
) -> torch.Tensor:
    """Summed log-probabilities of both answers of each pair, [pairs, 2], float32 on the processor."""
    found = []
    with evaluation_mode(model):
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            group = pairs[start : start + PAIRS_AT_ONCE]
            found.append(_of_group(model, group, most_tokens, losses))
    return torch.cat(found)


def _of_group(
    model: Any, group: Sequence[PairExample], most_tokens: int, losses: TokenLosses
) -> torch.Tensor:
    result = torch.empty(len(group), 2)
    for row in best_fit([pair.tokens for pair in group], most_tokens):
        found = in_halves_that_fit(
            [group[index] for index in row],
            lambda some: answers(model, pair_batch(some, model.device), losses).tolist(),
        )
        result[row] = torch.tensor(found)
    return result


def _read(path: Path, identity: str) -> torch.Tensor | None:
    """None: there is none, it is damaged, or it was made for another job; then it is computed again."""
    try:
        return load(path.read_bytes()).get(identity)
    except (FileNotFoundError, SafetensorError):
        return None
