"""Engines are shared, exchanged and lost without a wish that never hears anything again."""

import threading
from collections.abc import Callable

import pytest

from tests.serve.engines import ScriptedEngine
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    EngineLost,
    GenerationFailed,
    Load,
    LoadFailed,
    Piece,
    Question,
    Sampling,
)
from tunedesk.serve import voices as voices_module
from tunedesk.serve.voices import Busy, Told, VoicePool, Wish

BASE = Load("/base")
TUNED = Load("/base", "/adapter")
OTHER = Load("/other")
QUESTION = Question((ChatMessage("user", "hello"),), ("base",))


class House:
    def __init__(self, most: int = 2) -> None:
        self.engines: list[ScriptedEngine] = []
        self.pool = VoicePool(most, self._make)
        self.told: dict[str, list[Told]] = {}

    def _make(self, tell: Callable[[AnyMessage], None]) -> ScriptedEngine:
        self.engines.append(ScriptedEngine(tell))
        return self.engines[-1]

    def ask(self, name: str, load: Load):  # type: ignore[no-untyped-def]
        heard = self.told.setdefault(name, [])
        return self.pool.ask(Wish(load, QUESTION, Sampling()), heard.append)

    def ends(self, name: str) -> list[Told]:
        return [told for told in self.told[name] if not isinstance(told, Piece)]


def test_wishes_for_one_model_share_an_engine_and_hear_only_their_own() -> None:
    house = House()
    for name in ("a", "b"):
        house.ask(name, TUNED)
    (engine,) = house.engines
    assert engine.loads == [TUNED] and len(engine.asked) == 2
    engine.ready()
    engine.answer(2)
    assert len(house.told["b"]) == 2 and house.told["a"] == []
    engine.answer(1)
    assert len(house.told["a"]) == 2


def test_a_base_model_is_asked_in_the_engine_that_has_it_with_an_adapter() -> None:
    house = House()
    house.ask("tuned", TUNED)
    house.ask("base", BASE)
    assert len(house.engines) == 1 and house.engines[0].loads == [TUNED]


def test_a_third_model_takes_the_engine_that_was_not_used_for_longest_and_is_idle() -> None:
    house = House(most=2)
    for name, load in (("a", TUNED), ("b", OTHER)):
        house.ask(name, load)
    for engine in house.engines:
        engine.ready()
    house.engines[1].answer(1)
    third = Load("/third")
    house.ask("c", third)
    assert [engine.loads for engine in house.engines] == [[TUNED], [OTHER, third]], "the other one is busy"
    house.engines[0].answer(1)
    fourth = Load("/base", "/another")
    house.ask("d", fourth)
    assert house.engines[0].loads == [TUNED, fourth], "the same weights with another adapter are quick"


def test_when_all_are_busy_the_model_waits_behind_what_is_being_answered() -> None:
    house = House(most=1)
    house.ask("a", BASE)
    house.ask("b", OTHER)
    (engine,) = house.engines
    assert engine.loads == [BASE, OTHER]
    engine.ready()
    engine.answer(1)
    engine.ready()
    engine.answer(2)
    assert [len(house.ends(name)) for name in "ab"] == [1, 1]


def test_a_model_that_cannot_be_loaded_fails_those_who_want_it_and_is_tried_again() -> None:
    house = House(most=1)
    house.ask("a", BASE)
    house.ask("b", OTHER)
    (engine,) = house.engines
    engine.tell(LoadFailed("No such model.", "Look."))
    assert house.ends("a") == [GenerationFailed(1, "No such model.", "Look.", is_fault=True)]
    assert house.told["b"] == []
    engine.tell(GenerationFailed(1, "No model is loaded."))
    engine.tell(LoadFailed("Nor this one."))
    assert len(house.ends("b")) == 1 and len(house.ends("a")) == 1
    house.ask("c", OTHER)
    assert engine.loads == [BASE, OTHER, OTHER]


def test_an_engine_that_is_lost_fails_its_wishes_and_the_next_one_loads_again() -> None:
    house = House(most=1)
    house.ask("a", BASE)
    (engine,) = house.engines
    engine.ready()
    engine.tell(EngineLost("The chat engine crashed.", "Try again."))
    (failed,) = house.ends("a")
    assert isinstance(failed, GenerationFailed) and failed.is_fault
    house.ask("b", BASE)
    assert engine.loads == [BASE, BASE]
    engine.ready()
    engine.ready()  # what an engine started again may have loaded by itself
    engine.answer(2)
    assert isinstance(house.ends("b")[0], Done)


def test_who_has_cancelled_hears_nothing_more() -> None:
    house = House()
    asked = house.ask("a", BASE)
    (engine,) = house.engines
    asked.cancel()
    asked.cancel()
    engine.answer(1)
    assert engine.cancelled == [1] and house.told["a"] == []


def test_rest_ends_only_engines_that_nobody_waits_for() -> None:
    house = House()
    house.ask("a", BASE)
    house.ask("b", OTHER)
    house.engines[1].answer(1)
    house.pool.rest()
    assert [engine.is_closed for engine in house.engines] == [False, True]
    house.ask("c", OTHER)
    assert len(house.engines) == 3


def test_at_the_end_everybody_is_told_and_nothing_more_is_taken_on() -> None:
    house = House()
    house.ask("a", BASE)
    house.pool.close()
    assert house.engines[0].is_closed
    assert isinstance(house.ends("a")[0], GenerationFailed)
    with pytest.raises(Busy):
        house.ask("b", BASE)


def test_no_more_is_taken_on_than_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices_module, "MOST_OPEN", 2)
    house = House()
    for name in ("a", "b"):
        house.ask(name, BASE)
    with pytest.raises(Busy):
        house.ask("c", BASE)
    house.engines[0].answer(1)
    house.ask("d", BASE)


def test_an_answer_that_comes_before_ask_returns_is_heard() -> None:
    heard: list[Told] = []

    class Hasty(ScriptedEngine):
        def generate(self, *arguments: object, **more: object) -> int:
            thread = threading.Thread(target=self.answer, args=(1,))
            thread.start()
            thread.join(0.05)  # it waits for the request to be known
            self.late = thread
            return 1

    engines: list[Hasty] = []

    def make(tell: Callable[[AnyMessage], None]) -> Hasty:
        engines.append(Hasty(tell))
        return engines[-1]

    VoicePool(1, make).ask(Wish(BASE, QUESTION, Sampling()), heard.append)
    engines[0].late.join()
    assert len(heard) == 2
