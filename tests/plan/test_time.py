"""Time estimates: which source is used, and that work scales them."""

import pytest

from tests.plan.models import LLAMA31_8B, QWEN3_8B, TINY
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.plan.time import (
    START_SECONDS,
    PastRun,
    estimate_seconds,
    measure_cpu_flops,
    training_flops_per_token,
)

CPU = Hardware("Some processor", 2, 8 * 10**9, 4 * 10**9)


def test_a_past_run_of_the_same_model_is_believed_first() -> None:
    past = [PastRun(CPU.device, "tiny", 1e6, 500.0), PastRun(CPU.device, "other", 1e6, 9.0)]
    estimate = estimate_seconds(TINY, 5_000, CPU, past=past)
    assert estimate.seconds == pytest.approx(START_SECONDS + 10)
    assert "last run of this model" in estimate.source


def test_a_past_run_of_another_model_is_scaled_by_the_work() -> None:
    work = training_flops_per_token(TINY, 1.0)
    estimate = estimate_seconds(TINY, 1_000, CPU, past=[PastRun(CPU.device, "other", 2 * work, 100.0)])
    assert estimate.seconds == pytest.approx(START_SECONDS + 5)
    assert "other" in estimate.source


def test_runs_on_another_device_do_not_count() -> None:
    estimate = estimate_seconds(TINY, 1_000, CPU, past=[PastRun("A card", "tiny", 1e6, 1e9)])
    assert "measurement" in estimate.source


def test_a_known_card_is_looked_up_and_an_unknown_one_gives_no_number() -> None:
    known = Hardware("cpu", 8, 64, 32, (Gpu("NVIDIA H100 80GB HBM3", 80, 80),))
    unknown = Hardware("cpu", 8, 64, 32, (Gpu("Fantasy 1", 80, 80),))
    assert estimate_seconds(LLAMA31_8B, 10**6, known).seconds is not None
    estimate = estimate_seconds(LLAMA31_8B, 10**6, unknown)
    assert estimate.seconds is None and "Fantasy 1" in estimate.source


def test_computing_activations_twice_costs_half_as_much_again_in_the_layers() -> None:
    assert training_flops_per_token(QWEN3_8B, 0.0, recompute=True) == pytest.approx(
        1.5 * training_flops_per_token(QWEN3_8B, 0.0)
    )


def test_the_processor_is_measured_in_operations_a_second() -> None:
    assert measure_cpu_flops(0.001) > 1e8
