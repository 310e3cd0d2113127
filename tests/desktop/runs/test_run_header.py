"""The head of a run: gauges of memory, from the events and from the computer."""

import msgspec
import pytest
from PySide6.QtWidgets import QWidget

from tests.desktop.train.examples import some_hardware
from tests.runs.examples import a_step
from tunedesk.desktop.runs.gauges import Gauge
from tunedesk.desktop.runs.run_actions import RunActions
from tunedesk.desktop.runs.run_header import RunHeader
from tunedesk.plan.hardware import Gpu, Hardware


@pytest.fixture
def owner(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    return owner


@pytest.fixture
def header(qtbot, owner):
    header = RunHeader(RunActions(owner))
    qtbot.addWidget(header)
    return header


def gauges(header):
    return [gauge.accessibleName() for gauge in header.findChildren(Gauge)]


def with_card() -> Hardware:
    found = some_hardware()
    card = Gpu("A card", 12_000_000_000, 8_000_000_000)
    return Hardware(found.cpu_name, found.cpu_count, found.ram_total, found.ram_free, (card,))


def test_a_run_on_the_processor_shows_its_share_of_the_memory(header):
    header.show_memory(a_step(1), some_hardware())
    assert gauges(header) == ["Memory of the run: 1.0 GB of 16 GB", "Graphics card: not used"]


def test_a_run_on_a_card_shows_the_cards_memory_from_its_events(header):
    step = msgspec.structs.replace(a_step(1), gpu_memory_bytes=6_000_000_000)
    header.show_memory(step, with_card())
    assert gauges(header)[1] == "Graphics card: 6.0 GB of 12 GB"


def test_before_the_first_step_the_card_shows_what_others_use(header):
    header.show_memory(None, with_card())
    assert gauges(header) == ["Memory of the run: -", "Graphics card: 4.0 GB of 12 GB"]


def test_without_a_card_and_before_the_first_step_it_says_that_none_was_found(header):
    header.show_memory(None, some_hardware())
    assert gauges(header)[1] == "Graphics card: none found"
