"""Recommended settings: the published anchors, the bounds, and the cases of tiny and huge sets."""

import pytest

from tests.plan.models import LLAMA31_8B, QWEN3_8B, TINY
from tunedesk.plan.advice import Method, recommend
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings


def facts(rows: int, tokens: int = 200) -> DataFacts:
    return DataFacts(rows, max(1, rows // 20), [tokens] * rows, rows * tokens // 2)


def test_the_learning_rates_of_8b_models_are_the_published_ones() -> None:
    assert recommend(facts(1000), QWEN3_8B).value("learning_rate") == pytest.approx(1.7e-4, rel=0.03)
    assert recommend(facts(1000), LLAMA31_8B).value("learning_rate") == pytest.approx(1.0e-4, rel=0.03)


def test_a_narrow_model_gets_a_higher_learning_rate() -> None:
    narrow = recommend(facts(400), TINY).value("learning_rate")
    assert isinstance(narrow, float)
    assert 5e-4 < narrow < 8e-3


def test_each_value_comes_with_a_sentence_and_a_source() -> None:
    for item in recommend(facts(400), TINY).advice:
        assert item.help.endswith(".") and item.source


@pytest.mark.parametrize("rows", [1, 3, 40, 400, 6_000, 60_000, 200_000])
def test_all_values_are_settings_that_a_job_accepts(rows: int) -> None:
    advice = recommend(facts(rows), TINY)
    job = with_settings(Hyperparameters(), advice.assignments())
    assert job.problems() == []
    assert job.lora_alpha == (job.lora_rank if job.rslora else 2 * job.lora_rank)
    assert job.batch_size <= rows


def test_small_sets_are_read_often_and_huge_ones_once() -> None:
    epochs = [recommend(facts(rows), QWEN3_8B).value("epochs") for rows in (100, 1_600, 30_000, 200_000)]
    assert epochs == [8.0, 3.0, 2.0, 1.0]


def test_the_steps_are_batches_times_epochs() -> None:
    advice = recommend(facts(1_000), QWEN3_8B)
    assert advice.steps == 188  # 3,000 examples read, 16 a step


def test_no_row_is_cut_unless_it_is_among_the_longest_half_per_cent() -> None:
    lengths = [100] * 397 + [300, 300, 4000]
    advice = recommend(DataFacts(400, 20, lengths, 1000), QWEN3_8B)
    assert advice.value("max_length") == 320


def test_the_length_stays_within_the_models_context() -> None:
    assert recommend(facts(400, tokens=5_000), TINY).value("max_length") == TINY.context


def test_a_micro_batch_is_the_fastest_that_fits_the_card() -> None:
    """On 24 GB activations are kept at 2,048 tokens; on 16 GB they are computed again, at 8,192."""

    def tokens(gigabytes: int) -> int | float | str:
        card = Gpu("card", gigabytes * 10**9, gigabytes * 10**9)
        return recommend(facts(1000), QWEN3_8B, Hardware("cpu", 8, 64, 32, (card,))).value(
            "micro_batch_tokens"
        )

    assert [tokens(gigabytes) for gigabytes in (140, 24, 16, 10, 2)] == [8192, 2048, 8192, 2048, 512]


def test_high_ranks_are_scaled_by_their_root() -> None:
    low, high = recommend(facts(20_000), QWEN3_8B), recommend(facts(60_000), QWEN3_8B)
    assert (low.value("lora_rank"), low.value("lora_alpha")) == (32, 64)
    assert (high.value("lora_rank"), high.value("lora_alpha"), high.value("rslora")) == (64, 64, True)
    with pytest.raises(KeyError):
        low.value("rslora")


@pytest.mark.parametrize("rows", [100, 300, 1_000, 10_000])
def test_the_learning_rate_rises_for_at_least_five_steps(rows: int) -> None:
    advice = recommend(facts(rows), QWEN3_8B)
    ratio = advice.value("warmup_ratio")
    assert isinstance(ratio, float) and ratio >= 0.03
    assert ratio * advice.steps >= 5


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_preferences_are_learned_slowly_and_once(method: Method) -> None:
    plain, prefer = recommend(facts(10_000), QWEN3_8B), recommend(facts(10_000), QWEN3_8B, method=method)
    rates = [float(each.value("learning_rate")) for each in (prefer, plain)]
    assert rates[0] == pytest.approx(rates[1] / 10, rel=0.05)
    assert (prefer.value("epochs"), prefer.value("beta")) == (1.0, 0.1)
    assert with_settings(Hyperparameters(), prefer.assignments()).problems() == []
    assert recommend(facts(60), QWEN3_8B, method=method).value("epochs") == 3.0
    assert all(item.help.endswith(".") and item.source for item in prefer.advice)


def test_imitation_has_no_beta() -> None:
    with pytest.raises(KeyError):
        recommend(facts(100), QWEN3_8B).value("beta")


def test_both_answers_of_a_pair_go_into_one_micro_batch() -> None:
    advice = recommend(facts(100, tokens=3_000), QWEN3_8B, method="dpo")
    assert advice.value("micro_batch_tokens") == 2 * int(advice.value("max_length"))


def test_an_empty_dataset_still_gets_settings() -> None:
    advice = recommend(DataFacts(0, 0, [], 0), TINY)
    assert advice.steps == 0
    assert with_settings(Hyperparameters(), advice.assignments()).problems() == []


def test_a_name_without_a_recommendation_is_an_error() -> None:
    with pytest.raises(KeyError):
        recommend(facts(10), TINY).value("colour")
