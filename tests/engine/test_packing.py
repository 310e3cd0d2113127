"""Every epoch reads each example once, and examples that share a row do not see each other."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.engine.attention import SEGMENTS
from tunedesk.engine.examples import TrainingExample
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.loss import rows_are_isolated, summed_loss, trained_logits
from tunedesk.engine.packing import BatchPlan, micro_batches, pack

CPU = torch.device("cpu")


def an_example(row: int, length: int, seed: int = 0) -> TrainingExample:
    generator = torch.Generator().manual_seed(row * 100 + seed)
    ids = tuple(torch.randint(5, 300, (length,), generator=generator).tolist())
    return TrainingExample(row, ids, (0,) * (length // 2) + (1,) * (length - length // 2))


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 5))
def test_each_epoch_reads_every_example_once(rows: int, batch: int, seed: int) -> None:
    plan = BatchPlan(rows, batch, rows * 2, seed)
    steps = -(-rows * 2 // batch)
    read = [index for step in range(1, steps + 1) for index in plan.step(step)]
    assert sorted(read[:rows]) == sorted(read[rows:]) == list(range(rows))
    assert plan.epoch(steps) == 2.0


def test_the_order_follows_the_seed_and_differs_between_epochs() -> None:
    plan, same, other = (BatchPlan(50, 50, 100, seed) for seed in (1, 1, 2))
    assert plan.step(1) == same.step(1)
    assert plan.step(1) != other.step(1)
    assert plan.step(1) != plan.step(2)


@given(st.lists(st.integers(2, 50), min_size=1, max_size=30), st.integers(1, 100))
def test_packing_loses_no_token_and_overfills_no_row(lengths: list[int], most: int) -> None:
    examples = [an_example(row, length) for row, length in enumerate(lengths, 1)]
    batches = micro_batches(examples, most, CPU)
    assert sum(batch.tokens for batch in batches) == sum(lengths)
    assert sum(len(batch.targets) for batch in batches) == sum(example.trained for example in examples)
    assert all(batch.tokens <= most or len(batch.bounds) == 2 for batch in batches)


def test_a_target_is_the_token_after_its_predictor_in_the_same_example() -> None:
    first, second = TrainingExample(1, (7, 8, 9), (1, 0, 1)), TrainingExample(2, (5, 6), (1, 1))
    batch = pack([first, second], CPU)
    assert batch.predictors.tolist() == [1, 3]
    assert batch.targets.tolist() == [9, 6]
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1]]


def test_a_token_counts_what_its_example_says() -> None:
    plain = TrainingExample(1, (7, 8, 9), (1, 0, 1))
    weighted = TrainingExample(2, (5, 6, 4), (0, 0, 1), (0.0, 0.25, 1.0))
    batch = pack([plain, weighted], CPU)
    assert batch.targets.tolist() == [9, 6, 4]
    assert batch.weights is not None and batch.weights.tolist() == [1.0, 0.25, 1.0]
    assert summed_loss(torch.tensor([1.0, 4.0, 2.0]), batch) == 4.0
    assert pack([plain], CPU).weights is None


@pytest.fixture(scope="module", params=["nf4", "none"])
def model(request: pytest.FixtureRequest, tiny_model: Path) -> Any:
    return load_base_model(tiny_model, request.param, CPU)


@pytest.mark.parametrize("attention", [SEGMENTS, "sdpa"])
def test_packed_logits_are_those_of_each_example_alone(model: Any, attention: str) -> None:
    examples = [an_example(row, length) for row, length in enumerate((31, 7, 18), 1)]
    model.set_attn_implementation(attention)
    with torch.no_grad():
        together = trained_logits(model, pack(examples, CPU))
        alone = torch.cat([trained_logits(model, pack([example], CPU)) for example in examples])
        model.set_attn_implementation("eager")
        eager = torch.cat([trained_logits(model, pack([example], CPU)) for example in examples])
    assert torch.allclose(together, alone, atol=1e-5)
    assert torch.allclose(together, eager, atol=1e-5)
    model.set_attn_implementation(attention)
    assert rows_are_isolated(model, examples, CPU)


def test_a_model_that_mixes_examples_is_noticed(model: Any) -> None:
    class Mixing(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, **inputs: Any) -> Any:
            inputs.pop("position_ids")
            return self.inner(**inputs)

    model.set_attn_implementation("sdpa")
    assert not rows_are_isolated(Mixing(), [an_example(1, 20), an_example(2, 20)], CPU)
