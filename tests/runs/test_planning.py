"""The settings of a run as the planner sees them."""

from msgspec.structs import replace

from tests.plan.models import QWEN3_8B
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.planning import memory_plan, tokens_read, total_steps

GB = 10**9
FACTS = DataFacts(400, 20, [100] * 399 + [3000], 10_000)
SETTINGS = Hyperparameters(micro_batch_tokens=512, max_length=1024, batch_size=8)


def machine(gigabytes: int) -> Hardware:
    return Hardware("cpu", 8, 64 * GB, 32 * GB, (Gpu("card", gigabytes * GB, gigabytes * GB),))


def test_the_largest_micro_batch_is_the_longest_example_as_it_is_cut() -> None:
    plan = memory_plan(QWEN3_8B, SETTINGS, FACTS, machine(80))
    assert (plan.micro_batch_tokens, plan.longest, plan.device) == (1024, 1024, "gpu")
    assert memory_plan(QWEN3_8B, SETTINGS, FACTS, Hardware("cpu", 8, 1, 1)).device == "cpu"


def test_pairs_take_both_answers() -> None:
    plan = memory_plan(QWEN3_8B, SETTINGS, FACTS, machine(80), "dpo")
    assert (plan.micro_batch_tokens, plan.longest, plan.pairs) == (2048, 1024, True)


def test_without_packing_each_example_is_computed_for_itself() -> None:
    alone = replace(SETTINGS, micro_batch_tokens=8192, packing=False)
    assert memory_plan(QWEN3_8B, alone, FACTS, machine(80)).micro_batch_tokens == 1024


def test_activations_left_to_us_are_chosen_by_what_is_free() -> None:
    full = replace(SETTINGS, micro_batch_tokens=8192, batch_size=200)
    policies = [memory_plan(QWEN3_8B, full, FACTS, machine(free)).activations for free in (80, 16, 8)]
    assert policies == ["keep", "recompute", "offload"]
    forced = replace(full, activations="keep")
    assert memory_plan(QWEN3_8B, forced, FACTS, machine(8)).activations == "keep"


def test_dropout_and_dora_go_through_pefts_own_layers() -> None:
    for changed in (replace(SETTINGS, lora_dropout=0.05), replace(SETTINGS, dora=True)):
        assert not memory_plan(QWEN3_8B, changed, FACTS, machine(80)).fused_lora
    assert memory_plan(QWEN3_8B, SETTINGS, FACTS, machine(80)).fused_lora


def test_with_a_weight_of_prompts_every_token_of_a_chat_gets_a_loss() -> None:
    weighted = replace(SETTINGS, prompt_loss_weight=0.1)
    assert memory_plan(QWEN3_8B, weighted, FACTS, machine(80)).trained_share == 1.0
    for method in ("dpo", "orpo"):  # where prompts never get one
        share = memory_plan(QWEN3_8B, weighted, FACTS, machine(80), method).trained_share
        assert share == FACTS.trained_share
    assert memory_plan(QWEN3_8B, SETTINGS, FACTS, machine(80)).trained_share == FACTS.trained_share


def test_steps_and_tokens_are_those_of_whole_epochs_or_of_the_steps_asked_for() -> None:
    facts = DataFacts(40, 0, [100] * 20 + [300] * 20, 1_000)
    settings = Hyperparameters(batch_size=16, epochs=2, max_length=200)
    assert (total_steps(40, settings), tokens_read(facts, settings)) == (5, 80 * 150)
    assert tokens_read(facts, settings, "dpo") == 2 * 80 * 150
    assert tokens_read(facts, replace(settings, max_steps=2)) == 32 * 150
    assert tokens_read(DataFacts(0, 0, [], 0), settings) == 0
