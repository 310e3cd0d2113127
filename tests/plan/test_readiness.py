"""What blocks a run, and what only deserves a word."""

import dataclasses

from tests.plan.models import TINY
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import Change
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.plan.memory import MemoryEstimate
from tunedesk.plan.readiness import data_obstacles, machine_obstacles, model_obstacles

GOOD = DataFacts(100, 5, [50] * 100, 2_000)


def test_good_data_has_no_obstacle() -> None:
    assert data_obstacles(GOOD, 0, 512) == ()


def test_errors_no_rows_and_nothing_to_train_block() -> None:
    for facts, errors in ((GOOD, 3), (DataFacts(0, 0, [], 0), 0), (DataFacts(5, 1, [9] * 5, 0), 0)):
        assert [each.blocks for each in data_obstacles(facts, errors, 512)] == [True]


def test_cut_rows_and_a_missing_validation_split_are_told_and_do_not_block() -> None:
    found = data_obstacles(DataFacts(3, 0, [10, 600, 700], 100), 0, 512)
    assert [each.blocks for each in found] == [False, False]
    assert found[0].message == "2 examples would be cut at 512 tokens."


def test_a_model_without_template_or_with_too_short_a_context_blocks() -> None:
    assert model_obstacles(TINY, 512) == ()
    assert len(model_obstacles(dataclasses.replace(TINY, has_template=False), 4096)) == 2


def test_memory_and_disk_that_do_not_suffice_block_with_the_numbers() -> None:
    card = Hardware("cpu", 4, 64 * 10**9, 32 * 10**9, (Gpu("Card", 8 * 10**9, 6 * 10**9),))
    found = machine_obstacles(MemoryEstimate(5 * 10**9, 0, 2 * 10**9, 0, 0), card, 3 * 10**9, 10**9)
    assert [each.message for each in found] == [
        "About 7.0 GB are needed; Card has 6.0 GB free.",
        "Checkpoints need 3.0 GB on disk and 1.0 GB are free.",
    ]
    assert found[0].hint == "Choose a smaller model, or close other programs."


def test_what_does_not_fit_comes_with_the_change_that_makes_it_fit() -> None:
    card = Hardware("cpu", 4, 64 * 10**9, 32 * 10**9, (Gpu("Card", 8 * 10**9, 6 * 10**9),))
    changes = (Change("activations", "recompute", "Slower.", 5 * 10**9, True),)
    (found,) = machine_obstacles(MemoryEstimate(7 * 10**9, 0, 0, 0, 0), card, 0, 10**9, changes)
    assert found.hint == "Set activations=recompute: then it fits."
