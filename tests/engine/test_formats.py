"""Whatever format rows are in, what is trained is what a chat row of the same turns would be; what cannot be
learned by imitation is refused with a sentence.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.made_runs import FAST, train_here
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.engine.data import prepare_data
from tunedesk.engine.examples import TrainingExample
from tunedesk.errors import UserError
from tunedesk.runs.events import Finished
from tunedesk.runs.hyperparameters import with_settings
from tunedesk.runs.requests import RunRequest, check, prepare_run
from tunedesk.template.chat_template import ChatTemplate

QUESTION, ANSWER = "what says the red cat", "no"
CHAT = {
    "messages": [
        {"role": "system", "content": "hello"},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": ANSWER},
    ]
}
MAPPING = ColumnMapping(user="ask", assistant="reply", system_text="hello")
SAME: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": QUESTION, "input": "", "output": ANSWER, "system": "hello"},
    "sharegpt": {
        "conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": ANSWER}],
        "system": "hello",
    },
    "mapped": {"ask": QUESTION, "reply": ANSWER},
    "prompt-completion": {"prompt": CHAT["messages"][:2], "completion": CHAT["messages"][2:]},
}


def request(
    folder: Path, model: Path, rows: list[dict[str, Any]], mapping: ColumnMapping | None
) -> RunRequest:
    raws = [json.dumps(row).encode() for row in rows]
    settings = with_settings(FAST, ["max_steps=2"])
    return RunRequest(
        folder, folder / "t.jsonl", raws, model, raws[:1], "t.jsonl", settings,
        mapping=mapping, valid_mapping=mapping,
    )  # fmt: skip


def trained(folder: Path, model: Path, row: dict[str, Any], mapping: ColumnMapping | None) -> TrainingExample:
    run = prepare_run(request(folder, model, [row], mapping))
    return prepare_data(run, run.job(), ChatTemplate.load(model)).train[0]


@pytest.mark.parametrize("name", SAME)
def test_the_same_turns_are_trained_in_the_same_way(name: str, tmp_path: Path, tiny_model: Path) -> None:
    assert trained(tmp_path, tiny_model, SAME[name], MAPPING) == trained(tmp_path, tiny_model, CHAT, None)


def test_a_bare_text_is_trained_whole_with_an_end(tmp_path: Path, tiny_model: Path) -> None:
    example = trained(tmp_path, tiny_model, {"text": "the red cat says no"}, None)
    template = ChatTemplate.load(tiny_model)
    assert template.decode(example.ids, skip_special=False) == "the red cat says no<|end|>"
    assert set(example.mask) == {1}


def test_a_table_is_trained_from_its_columns_to_the_end(tmp_path: Path, tiny_model: Path) -> None:
    rows = [{"ask": f"what says the {animal}", "reply": "no", "id": 7} for animal in ("cat", "dog", "bird")]
    run = prepare_run(request(tmp_path, tiny_model, rows, MAPPING))
    assert run.job().train.mapping == MAPPING
    assert [turn.content for turn in run.job().watched[0].messages] == ["hello", "what says the cat"]
    assert isinstance(train_here(run).ended, Finished)


def test_texts_are_trained_to_the_end_without_a_question_to_watch(tmp_path: Path, tiny_model: Path) -> None:
    rows = [{"text": f"the {animal} says yes"} for animal in ("cat", "dog", "bird")]
    run = prepare_run(request(tmp_path, tiny_model, rows, None))
    assert run.job().watched == ()
    assert isinstance(train_here(run).ended, Finished)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"input": {"messages": CHAT["messages"][:2]}, "preferred_output": [], "non_preferred_output": []},
        {"prompt": "q", "completion": "a", "label": False},
        {"prompt": "q", "completions": ["a"], "labels": [True]},
        {"prompt": "q"},
        {"messages": CHAT["messages"][:2], "reference_answer": "no"},
        {"instruction": "q", "input": "", "output": "a", "kto_tag": False},
        {"instruction": "q", "chosen": "a", "rejected": "b"},
        {"ask": "q", "reply": "a"},
    ],
)
def test_what_is_not_imitated_is_refused_with_its_row(
    row: dict[str, Any], tmp_path: Path, tiny_model: Path
) -> None:
    asked = request(tmp_path, tiny_model, [SAME["alpaca"], row], None)
    problem = check(asked)[0]
    assert "row 2" in problem.message and problem.hint
    with pytest.raises(UserError, match="row 2"):
        prepare_run(asked)
