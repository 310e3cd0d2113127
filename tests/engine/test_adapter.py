"""What an adapter is refused for before it is trained."""

from pathlib import Path

import msgspec
import pytest
import torch

from tests.engine.made_runs import FAST
from tunedesk.engine.adapter import new_adapter
from tunedesk.engine.load_model import load_base_model
from tunedesk.errors import UserError

DORA = msgspec.structs.replace(FAST, dora=True)


def test_dora_is_refused_where_a_row_of_a_weight_has_no_direction(tiny_model: Path) -> None:
    model = load_base_model(tiny_model, "none")
    with torch.no_grad():
        model.model.layers[1].self_attn.q_proj.weight[3:5] = 0.0
    with pytest.raises(UserError, match=r"DoRA.*2 rows.*layers\.1\.self_attn\.q_proj") as caught:
        new_adapter(model, DORA)
    assert "dora=false" in caught.value.hint


def test_dora_takes_a_model_whose_rows_all_have_a_length(tiny_model: Path) -> None:
    new_adapter(load_base_model(tiny_model, "none"), DORA)
