"""A waiting engine does the next run in its own process, and is never in the way."""

import queue
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.runs.chats import chat_row
from tests.waiting_engines import waiting_engines
from tunedesk.runs.generation import AnyMessage, Load, Ready
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places import this_computer
from tunedesk.runs.places.generator import Generator
from tunedesk.runs.places.warm_engine import NEEDED_BYTES, SHORT_BYTES, WarmEngine
from tunedesk.runs.places.warm_order import Order
from tunedesk.runs.requests import RunRequest, prepare_run
from tunedesk.runs.run_folder import RunFolder, RunState

TASK = [chat_row(f"what says the {who}", "yes") for who in ("cat", "dog", "bird")]
SETTINGS = Hyperparameters(
    epochs=1000, max_steps=10, batch_size=3, learning_rate=1e-2, max_length=64, threads=1, lora_rank=4
)


@pytest.fixture
def run(tmp_path: Path, tiny_model: Path) -> RunFolder:
    return prepare_run(
        RunRequest(tmp_path / "runs", Path("t.jsonl"), TASK, tiny_model, hyperparameters=SETTINGS)
    )


@pytest.fixture
def warm() -> Iterator[WarmEngine]:
    engine = WarmEngine(this_computer.ENVIRONMENT)
    yield engine
    engine.close()


def until_it_waits(warm: WarmEngine) -> None:
    warm.prepare(free=NEEDED_BYTES)
    assert warm.wait_until_ready(60)


def test_the_next_run_is_done_by_the_one_that_waits(warm: WarmEngine, run: RunFolder) -> None:
    until_it_waits(warm)
    this_computer.start(run, warm)
    assert not warm.is_waiting
    info = run.process()
    assert info is not None and run.state() is RunState.RUNNING
    process = psutil.Process(info.pid)
    assert process.cmdline()[-1] == "wait", "it is the process that has waited"
    process.wait()
    assert run.state() is RunState.FINISHED, run.log_path.read_text()
    warm.prepare(free=NEEDED_BYTES)  # the next one


def test_without_one_that_waits_a_run_starts_as_ever(warm: WarmEngine, run: RunFolder) -> None:
    assert warm.take(Order(("check",))) is None
    this_computer.start(run, warm)
    info = run.process()
    assert info is not None
    assert "train" in psutil.Process(info.pid).cmdline()
    this_computer.stop_now(run)


def test_little_memory_keeps_it_from_starting_and_ends_it(warm: WarmEngine) -> None:
    warm.prepare(free=NEEDED_BYTES - 1)
    assert not waiting_engines()
    until_it_waits(warm)
    warm.end_when_short(free=SHORT_BYTES)
    assert warm.is_waiting
    warm.end_when_short(free=SHORT_BYTES - 1)
    assert not warm.is_waiting and not waiting_engines()


def test_one_that_was_killed_gets_no_order(warm: WarmEngine) -> None:
    until_it_waits(warm)
    (child,) = waiting_engines()
    child.kill()
    child.wait()
    assert warm.take(Order(("check",))) is None


def test_a_chat_is_served_by_it(warm: WarmEngine, tiny_model: Path) -> None:
    until_it_waits(warm)
    (child,) = waiting_engines()
    told: queue.Queue[AnyMessage] = queue.Queue()
    with Generator(told.put, warm=warm) as generator:
        generator.load(Load(str(tiny_model)))
        assert isinstance(told.get(timeout=60), Ready)
        assert not warm.is_waiting and child.is_running()
    assert not child.is_running()
