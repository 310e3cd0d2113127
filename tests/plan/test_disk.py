"""The disk that checkpoints take."""

from tests.plan.models import QWEN3_8B
from tunedesk.plan.disk import checkpoint_bytes, run_bytes
from tunedesk.plan.memory import adapter_parameters


def test_a_checkpoint_is_the_adapter_and_two_moments_of_each_weight() -> None:
    weights = adapter_parameters(QWEN3_8B.shape, 16)
    assert checkpoint_bytes(QWEN3_8B, 16, "adamw") == 12 * weights
    assert checkpoint_bytes(QWEN3_8B, 16, "adamw_8bit") == int(6.03 * weights)


def test_a_run_needs_room_for_what_is_kept_and_what_is_being_written() -> None:
    one = checkpoint_bytes(QWEN3_8B, 16, "adamw")
    assert run_bytes(QWEN3_8B, 16, "adamw", 2) == 5 * one
    assert run_bytes(QWEN3_8B, 16, "adamw", 10) == 13 * one
