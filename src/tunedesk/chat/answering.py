"""What a chat asks of whoever answers it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tunedesk.chat.hosted import Wanted
from tunedesk.runs.generation import AnyMessage, Load, Question, Sampling

Tell = Callable[[AnyMessage], None]
"""Takes messages; called on the answering side's threads."""


class Answering(Protocol):
    """One engine on this computer; `runs.places.generator.Generator` is one."""

    def load(self, request: Load) -> None: ...

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int: ...

    def cancel(self, request: int) -> None: ...

    def close(self) -> None: ...


class AnsweringAny(Protocol):
    """Whoever is wanted, here or at a service; `AnyVoice` is one."""

    def load(self, request: Wanted) -> None: ...

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int: ...

    def cancel(self, request: int) -> None: ...

    def close(self) -> None: ...
