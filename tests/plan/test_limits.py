"""Settings far from the advice are told, each with a sentence and a source; advised ones never are."""

import pytest
from msgspec.structs import replace

from tests.plan.models import LLAMA31_8B, QWEN3_8B, TINY
from tunedesk.plan.advice import Method, recommend
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.limits import Caution, cautions
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings
from tunedesk.template.model_folder import ModelFolder


def facts(rows: int = 1_000) -> DataFacts:
    return DataFacts(rows, 50, [200] * rows, 100 * rows)


def look(rows: int = 1_000, method: Method = "sft", **changes: object) -> tuple[Caution, ...]:
    advised = recommend(facts(rows), QWEN3_8B, method=method)
    chosen = replace(with_settings(Hyperparameters(), advised.assignments()), **changes)
    return cautions(chosen, advised, facts(rows), QWEN3_8B)


@pytest.mark.parametrize("method", ["sft", "dpo", "orpo"])
@pytest.mark.parametrize("rows", [400, 1_000, 6_000, 60_000, 200_000])
@pytest.mark.parametrize("model", [QWEN3_8B, LLAMA31_8B, TINY])
def test_nobody_is_warned_of_what_was_advised(model: ModelFolder, rows: int, method: Method) -> None:
    advised = recommend(facts(rows), model, method=method)
    chosen = with_settings(Hyperparameters(), advised.assignments())
    assert cautions(chosen, advised, facts(rows), model) == ()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("learning_rate", 2e-3),
        ("learning_rate", 1e-5),
        ("epochs", 10.0),
        ("epochs", 0.5),
        ("max_steps", 5),
        ("batch_size", 128),
        ("batch_size", 1),
        ("lora_rank", 128),
        ("lora_rank", 4),
        ("lora_alpha", 256),
        ("lora_alpha", 2),
        ("max_length", 64),
        ("warmup_ratio", 0.5),
        ("weight_decay", 0.5),
        ("lora_dropout", 0.5),
        ("prompt_loss_weight", 1.0),
    ],
)
def test_a_value_that_is_far_off_is_told_by_its_name(setting: str, value: float) -> None:
    found = look(**{setting: value})
    assert setting in {caution.setting for caution in found}
    assert all(caution.sentence.endswith(".") and caution.source for caution in found)


def test_the_sentence_says_how_far_off_it_is() -> None:
    (caution,) = look(learning_rate=3.4e-3)
    assert caution.sentence.startswith("0.0034 is 20 times the advised 0.00017: ")


def test_twice_or_half_the_advice_is_a_matter_of_taste() -> None:
    assert look(learning_rate=4e-4, epochs=5.0, batch_size=32, lora_rank=32, lora_alpha=32) == ()


def test_a_run_of_a_few_steps_is_told_from_the_data() -> None:
    found = look(rows=10, epochs=1.0)
    assert [caution.setting for caution in found] == ["epochs"]
    assert "has 2 steps" in found[0].sentence


def test_high_ranks_with_root_scaling_bear_a_larger_alpha() -> None:
    assert look(rows=60_000, lora_alpha=64, lora_rank=64, rslora=True) == ()
    assert [each.setting for each in look(rows=60_000, lora_alpha=512, rslora=True)] == ["lora_alpha"]


def test_beta_is_looked_at_only_where_it_is_used() -> None:
    assert look(beta=5.0) == ()
    assert [each.setting for each in look(method="dpo", beta=5.0)] == ["beta"]
    assert [each.setting for each in look(method="orpo", beta=1e-3)] == ["beta"]


def test_a_weight_of_prompts_is_told_to_do_nothing_for_preferences() -> None:
    (told,) = look(method="dpo", prompt_loss_weight=0.1)
    assert told.setting == "prompt_loss_weight" and "no effect" in told.sentence
    assert look(prompt_loss_weight=0.1) == ()
