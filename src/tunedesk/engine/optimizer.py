"""AdamW over all adapter weights as one vector: one call a step, and a state of a few tensors."""

from collections.abc import Iterable
from typing import Any, Literal

import torch

from tunedesk.engine.start_up import light_imports

with light_imports():
    import bitsandbytes


class FlatAdamW:
    """Holds the parameters and their gradients as views of two vectors, in the order they were given.

    Adapter weights are many small matrices; as one vector the norm, the clipping and the step are single
    calls.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], weight_decay: float) -> None:
        parts = list(parameters)
        self.vector = torch.nn.Parameter(torch.cat([part.detach().reshape(-1) for part in parts]))
        self.vector.grad = torch.zeros_like(self.vector)
        start = 0
        for part in parts:
            end = start + part.numel()
            part.data = self.vector.data[start:end].view_as(part)
            part.grad = self.vector.grad[start:end].view_as(part)
            start = end
        self._adam = self._make(weight_decay)

    def _make(self, weight_decay: float) -> Any:
        return torch.optim.AdamW([self.vector], lr=0.0, weight_decay=weight_decay)

    @property
    def gradient(self) -> torch.Tensor:
        assert self.vector.grad is not None
        return self.vector.grad

    def clear_gradient(self) -> None:
        self.gradient.zero_()

    def clip(self, most: float) -> float:
        """Shorten the gradient to the length `most` if it is longer; returns its length before."""
        norm = float(torch.linalg.vector_norm(self.gradient))
        if norm > most:
            self.gradient.mul_(most / norm)
        return norm

    def step(self, learning_rate: float) -> None:
        self._adam.param_groups[0]["lr"] = learning_rate
        self._adam.step()

    def state(self) -> dict[str, torch.Tensor]:
        """What a resume needs besides the weights; empty before the first step."""
        return dict(self._adam.state.get(self.vector, {}))

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        self._adam.state[self.vector] = {
            name: tensor if name == "step" else tensor.to(self.vector.device)
            for name, tensor in state.items()
        }


class FlatAdamW8bit(FlatAdamW):
    """The same with moments in 8 bits, block by block (Dettmers and others 2022, arXiv 2110.02861)."""

    def _make(self, weight_decay: float) -> Any:
        return bitsandbytes.optim.AdamW8bit([self.vector], lr=0.0, weight_decay=weight_decay)

    def state(self) -> dict[str, torch.Tensor]:
        state = super().state()
        return {
            name: value if isinstance(value, torch.Tensor) else torch.tensor(value)
            for name, value in state.items()
        }

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        super().load_state(state)
        if "step" in state:  # bitsandbytes counts in a plain number
            self._adam.state[self.vector]["step"] = int(state["step"])


def flat_adamw(
    parameters: Iterable[torch.nn.Parameter], kind: Literal["adamw", "adamw_8bit"], weight_decay: float
) -> FlatAdamW:
    made = FlatAdamW8bit if kind == "adamw_8bit" else FlatAdamW
    return made(parameters, weight_decay)
