"""What is offered when a run does not fit: the least harm that suffices, and the truth when nothing does."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.plan.models import QWEN3_8B
from tunedesk.plan.fitting import Change, choose_activations, fits, in_words, most_tokens, smallest_change
from tunedesk.plan.memory import MemoryPlan, estimate_memory

GB = 10**9
PLAN = MemoryPlan(micro_batch_tokens=8192, longest=4096, lora_rank=64)


def settings(changes: tuple[Change, ...]) -> list[str]:
    return [change.setting for change in changes]


def test_nothing_is_changed_in_a_run_that_fits() -> None:
    assert smallest_change(QWEN3_8B, PLAN, 100 * GB) == ()
    assert in_words(()) == "Nothing needs to be changed."


def test_computing_again_comes_first_and_then_main_memory() -> None:
    def needed(**changes: object) -> int:
        return estimate_memory(QWEN3_8B, replace(PLAN, **changes)).total  # type: ignore[arg-type]

    (first,) = smallest_change(QWEN3_8B, PLAN, needed(activations="recompute"))
    assert (first.setting, first.value, first.fits) == ("activations", "recompute", True)
    assert first.needed == needed(activations="recompute")
    (second,) = smallest_change(QWEN3_8B, PLAN, needed(activations="recompute") - 1)
    assert (second.assignment, second.needed) == ("activations=offload", needed(activations="offload"))


def test_the_harm_grows_as_the_memory_shrinks() -> None:
    seen = [settings(smallest_change(QWEN3_8B, PLAN, free)) for free in range(20 * GB, 5 * GB, -GB // 10)]
    assert all(len(after) >= len(before) for before, after in pairwise(seen))
    assert seen[-1] == ["activations", "micro_batch_tokens", "optimizer", "max_length", "lora_rank"]


@pytest.mark.parametrize("free", [18 * GB, 12 * GB, 10 * GB, 9 * GB])
def test_what_is_offered_really_fits(free: int) -> None:
    changes = smallest_change(QWEN3_8B, PLAN, free)
    assert changes[-1].fits and changes[-1].needed <= free
    assert not any(change.fits for change in changes[:-1])
    assert in_words(changes).startswith("Set activations=")


def test_a_micro_batch_is_as_large_as_fits_and_no_smaller_than_the_longest_example() -> None:
    small = replace(PLAN, activations="offload")
    least = estimate_memory(QWEN3_8B, replace(small, micro_batch_tokens=4096)).total
    (change,) = smallest_change(QWEN3_8B, small, least)
    assert change.assignment == "micro_batch_tokens=4096"
    (change,) = smallest_change(QWEN3_8B, small, least + GB // 10)
    assert isinstance(change.value, int) and 4096 < change.value < 8192 and change.value % 64 == 0


def test_the_two_answers_of_a_pair_stay_in_one_micro_batch() -> None:
    pairs = replace(PLAN, activations="offload", pairs=True, longest=2048)
    changes = smallest_change(QWEN3_8B, pairs, 1)
    assert [change.value for change in changes[:1]] == [4096]


def test_full_logits_go_before_anything_that_slows_the_run() -> None:
    plain = replace(PLAN, fused_loss=False)
    free = estimate_memory(QWEN3_8B, replace(plain, fused_loss=True)).total
    (change,) = smallest_change(QWEN3_8B, plain, free)
    assert change.assignment == "fused_loss=true"


def test_a_model_in_16_bits_is_quantised_before_examples_are_cut() -> None:
    whole = replace(PLAN, quantization="none", lora_rank=16)
    changes = smallest_change(QWEN3_8B, whole, 16 * GB)
    assert settings(changes) == ["activations", "micro_batch_tokens", "optimizer", "quantization"]
    assert changes[-1].fits


def test_a_model_that_is_too_large_is_told_so() -> None:
    changes = smallest_change(QWEN3_8B, PLAN, 2 * GB)
    assert not changes[-1].fits
    assert "smaller model" in in_words(changes)


def test_auto_is_the_fastest_policy_that_fits() -> None:
    needs = {
        each: estimate_memory(QWEN3_8B, replace(PLAN, activations=each)).total  # type: ignore[arg-type]
        for each in ("keep", "recompute", "offload")
    }
    for each, needed in needs.items():
        assert choose_activations(QWEN3_8B, PLAN, needed) == each
    assert choose_activations(QWEN3_8B, PLAN, 0) == "offload"
    assert choose_activations(QWEN3_8B, replace(PLAN, device="cpu"), 0) == "recompute"


def test_the_most_tokens_fit_and_one_more_does_not() -> None:
    most = most_tokens(QWEN3_8B, PLAN, 30 * GB)
    assert fits(QWEN3_8B, replace(PLAN, micro_batch_tokens=most), 30 * GB)
    assert not fits(QWEN3_8B, replace(PLAN, micro_batch_tokens=most + 1), 30 * GB)
    assert most_tokens(QWEN3_8B, PLAN, GB) == 0
