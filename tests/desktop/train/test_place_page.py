"""What was found on this computer, in words."""

from dataclasses import replace

from PySide6.QtWidgets import QLabel

from tests.desktop.train.examples import a_model, ready_choices, some_hardware
from tunedesk.desktop.train.place_page import PlacePage
from tunedesk.plan.hardware import Gpu


def texts(qtbot, choices):
    page = PlacePage()
    qtbot.addWidget(page)
    page.show()
    page.show_choices(choices)
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def test_a_processor_and_its_memory_are_named(qtbot):
    told = texts(qtbot, ready_choices())
    assert "A processor, 2 cores" in told
    assert "12.0 GB of 16.0 GB free" in told
    assert "none that training can use" in told
    assert any("fine for a small model" in text for text in told)


def test_a_large_model_on_a_processor_is_advised_against(qtbot):
    told = texts(qtbot, replace(ready_choices(), model=replace(a_model(), parameters=8_000_000_000)))
    assert any("8 B parameters will take very long" in text for text in told)


def test_a_graphics_card_is_named_with_its_free_memory(qtbot):
    card = Gpu("NVIDIA RTX 4070", 12_000_000_000, 11_000_000_000)
    told = texts(qtbot, replace(ready_choices(), hardware=replace(some_hardware(), gpus=(card,))))
    assert "NVIDIA RTX 4070" in told
    assert "11.0 GB of 12.0 GB free" in told
    assert "none that training can use" not in told


def test_while_looking_it_says_so(qtbot):
    assert "Looking at what this computer has…" in texts(qtbot, replace(ready_choices(), hardware=None))
