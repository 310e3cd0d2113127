"""The engines that answer the server's chats: a few at once, each with one model; it knows no HTTP."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tunedesk.runs.generation import (
    AnyMessage,
    Done,
    EngineLost,
    GenerationFailed,
    Load,
    LoadFailed,
    Piece,
    Question,
    Ready,
    Sampling,
)
from tunedesk.runs.places.generator import Generator

MOST_OPEN = 256
"""Answers that may be open at the same time; each costs memory while it waits."""

Told = Piece | Done | GenerationFailed
Tell = Callable[[Told], None]
MakeGenerator = Callable[[Callable[[AnyMessage], None]], Generator]


class Busy(Exception):
    """So many answers are open that no more are taken on."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One answer that is wanted. stop, likeliest: see `runs.generation.Generate`."""

    load: Load
    question: Question
    settings: Sampling
    stop: tuple[str, ...] = ()
    likeliest: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that is under way."""

    engine: _Engine
    request: int

    def cancel(self) -> None:
        """Nobody waits for it any more; nothing is told after this. One that is complete is left alone."""
        self.engine.cancel(self.request)


class VoicePool:
    """Gives each wish an engine that has its model, or loads it in the one that was not used for longest.

    Requests for one model share an engine, which answers them at the same time. Methods may be called from
    any thread; `tell` is called on an engine's reader thread, at last with `Done` or `GenerationFailed`.
    """

    def __init__(self, most: int = 2, make_generator: MakeGenerator = Generator) -> None:
        """most: engines, each with the memory of a model."""
        self._most = most
        self._make_generator = make_generator
        self._lock = threading.Lock()
        self._engines: list[_Engine] = []
        """The one that was used last stands last."""
        self._is_closed = False

    def ask(self, wish: Wish, tell: Tell) -> Asked:
        """Busy: too many answers are open."""
        with self._lock:
            if self._is_closed or sum(engine.open_answers for engine in self._engines) >= MOST_OPEN:
                raise Busy
            engine = self._engine_for(wish.load)
            self._engines.remove(engine)
            self._engines.append(engine)
            return engine.ask(wish, tell)

    def rest(self) -> None:
        """End engines that nobody waits for, so that a training gets their memory."""
        with self._lock:
            idle = [engine for engine in self._engines if not engine.open_answers]
            self._engines = [engine for engine in self._engines if engine.open_answers]
        for engine in idle:
            engine.close()

    def close(self) -> None:
        """End all engines; whoever waits is told."""
        with self._lock:
            self._is_closed = True
            engines, self._engines = self._engines, []
        for engine in engines:
            engine.close()

    def _engine_for(self, load: Load) -> _Engine:
        fitting = [engine for engine in self._engines if engine.serves(load)]
        if fitting:
            return fitting[0]
        if len(self._engines) < self._most:
            engine = _Engine(self._make_generator)
            self._engines.append(engine)
            return engine
        idle = [engine for engine in self._engines if not engine.open_answers]
        # The same weights with another adapter are ready at once.
        alike = [engine for engine in idle if engine.has_weights_of(load)]
        return next(iter([*alike, *idle, *self._engines]))


@dataclass(slots=True)
class _Open:
    """An answer that is under way. load: the number of the loading that it waits for."""

    tell: Tell
    load: int


@dataclass(slots=True)
class _State:
    """What changes on the reader's thread. open: by request; loading: numbers of those not yet answered."""

    open: dict[int, _Open] = field(default_factory=dict)
    loading: deque[int] = field(default_factory=deque)
    load: Load | None = None


class _Engine:
    """One generation engine, the model it has or is to have, and who waits for it.

    It loads another model only after the answers of the one before are complete.
    """

    def __init__(self, make_generator: MakeGenerator) -> None:
        self._lock = threading.RLock()
        self._state = _State()
        self._numbers = itertools.count(1)
        self._last_load = 0
        self._generator = make_generator(self._on_message)

    @property
    def open_answers(self) -> int:
        return len(self._state.open)

    def serves(self, load: Load) -> bool:
        """Whether it has that model; a base voice speaks from any adapter's engine too."""
        mine = self._state.load
        if mine is None or not self.has_weights_of(load):
            return False
        return mine == load or (load.adapter is None and not load.digest)

    def has_weights_of(self, load: Load) -> bool:
        mine = self._state.load
        return mine is not None and (mine.model, mine.quantization) == (load.model, load.quantization)

    def ask(self, wish: Wish, tell: Tell) -> Asked:
        with self._lock:  # a message about the request waits until it is known
            if not self.serves(wish.load):
                self._last_load = next(self._numbers)
                self._state.load = wish.load
                self._state.loading.append(self._last_load)
                self._generator.load(wish.load)
            request = self._generator.generate(
                (wish.question,), wish.settings, stop=wish.stop, likeliest=wish.likeliest
            )
            self._state.open[request] = _Open(tell, self._last_load)
            return Asked(self, request)

    def cancel(self, request: int) -> None:
        with self._lock:
            waited = self._state.open.pop(request, None)
        if waited is not None:
            self._generator.cancel(request)

    def close(self) -> None:
        self._generator.close()
        self._fail_all("The server is shutting down.", "")

    def _on_message(self, message: AnyMessage) -> None:
        match message:
            case Piece():
                with self._lock:
                    waiting = self._state.open.get(message.id)
                if waiting is not None:
                    waiting.tell(message)
            case Done() | GenerationFailed():
                with self._lock:
                    waiting = self._state.open.pop(message.id, None)
                if waiting is not None:
                    waiting.tell(message)
            case Ready():
                self._next_loading()
            case LoadFailed():
                self._load_failed(message)
            case EngineLost():
                self._fail_all(message.message, message.hint)

    def _next_loading(self) -> int | None:
        """The loading that was answered: they are in their order.

        None: an engine that was started again loads by itself what it had.
        """
        with self._lock:
            return self._state.loading.popleft() if self._state.loading else None

    def _load_failed(self, failed: LoadFailed) -> None:
        with self._lock:
            number = self._next_loading()
            if number == self._last_load:
                self._state.load = None  # the next wish loads again: the model may be mended
            waiting = [request for request, each in self._state.open.items() if each.load == number]
            told = [(request, self._state.open.pop(request)) for request in waiting]
        for request, each in told:
            each.tell(GenerationFailed(request, failed.message, failed.hint, is_fault=True))

    def _fail_all(self, message: str, hint: str) -> None:
        with self._lock:
            waiting, self._state.open = self._state.open, {}
            self._state.load = None  # the next wish loads into a new engine
            self._state.loading.clear()
        for request, each in waiting.items():
            each.tell(GenerationFailed(request, message, hint, is_fault=True))
