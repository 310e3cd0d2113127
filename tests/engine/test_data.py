"""Nothing is dropped or cut in silence, and what cannot be trained on stops the run before the model
is loaded.
"""

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from tests.engine.made_runs import FAST, chat_row, make_run, rows
from tunedesk.engine.data import Data, prepare_data
from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate

SHORT = msgspec.structs.replace(FAST, max_length=16)
LONG = "what says the bird " * 20


def read(run: RunFolder) -> Data:
    job = run.job()
    return prepare_data(run, job, ChatTemplate.load(Path(job.model.path)))


def test_only_the_answer_and_its_end_are_trained(tmp_path: Path, tiny_model: Path) -> None:
    data = read(make_run(tmp_path, tiny_model, train=[chat_row("what says the cat", "yes")]))
    template = ChatTemplate.load(tiny_model)
    (example,) = data.train
    trained = [token for token, flag in zip(example.ids, example.mask, strict=True) if flag]
    assert template.decode(trained, skip_special=False) == "yes<|end|>"
    assert (
        template.decode(example.prompt, skip_special=False) == "<|user|>what says the cat<|end|><|assistant|>"
    )
    assert data.warnings == ()


def test_cut_rows_are_named(tmp_path: Path, tiny_model: Path) -> None:
    answer = "yes " * 30
    data = read(
        make_run(tmp_path, tiny_model, SHORT, train=[*rows(2), chat_row("the cat", answer)], valid=[])
    )
    assert [warning.code for warning in data.warnings] == ["cut", "no-validation"]
    assert "Row 3 of the training data: cut at 16 tokens." in data.warnings[0].message
    assert "in 1 row the end too" in data.warnings[0].message
    assert len(data.train[2].ids) == 16


def test_a_row_whose_answer_is_wholly_cut_stops_the_run(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, SHORT, train=[*rows(1), chat_row(LONG, "yes")])
    with pytest.raises(UserError, match="row 2 of the training data") as caught:
        read(run)
    assert "max_length" in caught.value.hint


def test_unless_the_job_says_to_leave_it_out(tmp_path: Path, tiny_model: Path) -> None:
    skip = msgspec.structs.replace(SHORT, wholly_cut_rows="skip")
    data = read(make_run(tmp_path, tiny_model, skip, train=[*rows(1), chat_row(LONG, "yes")], valid=[]))
    assert [example.row for example in data.train] == [1]
    assert [warning.code for warning in data.warnings] == ["cut", "left-out", "no-validation"]


def test_rows_without_anything_trained_are_named_and_left_out(tmp_path: Path, tiny_model: Path) -> None:
    muted = json.loads(chat_row("the cat", "yes"))
    muted["messages"][1]["weight"] = 0
    data = read(make_run(tmp_path, tiny_model, train=[json.dumps(muted).encode(), *rows(2)], valid=[]))
    assert [example.row for example in data.train] == [2, 3]
    assert "Row 1 of the training data" in data.warnings[0].message


def test_validation_rows_that_are_trained_on_are_named(tmp_path: Path, tiny_model: Path) -> None:
    train = rows(6)
    data = read(make_run(tmp_path, tiny_model, train=train, valid=[*rows(7)[6:], train[4]]))
    (warning,) = data.warnings
    assert warning.code == "leak"
    assert "Row 2 of the validation data stands in the training data too (row 5)" in warning.message


def test_a_control_token_in_a_text_is_told(tmp_path: Path, tiny_model: Path) -> None:
    data = read(make_run(tmp_path, tiny_model, train=[*rows(1), chat_row("say <|end|>", "yes")]))
    assert [warning.code for warning in data.warnings] == ["control-tokens"]
    assert "Row 2 of the training data: <|end|> in the text" in data.warnings[0].message


def test_all_that_stops_a_run_is_said_at_once(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, SHORT, train=[*rows(1), chat_row(LONG, "yes"), b"{"])
    with pytest.raises(UserError, match=r"Row 3 of the training data: .* In row 2 of the training data"):
        read(run)


def test_nothing_to_learn_at_all_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    question = json.dumps({"messages": [{"role": "user", "content": "hello"}]}).encode()
    with pytest.raises(UserError, match="nothing to learn"):
        read(make_run(tmp_path, tiny_model, train=[question]))


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'{"messages": []}', b""])
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, tiny_model: Path, raw: bytes) -> None:
    with pytest.raises(UserError, match=r"[Rr]ow 3 of the training data|nothing to learn"):
        read(make_run(tmp_path, tiny_model, Hyperparameters(max_length=64), train=[*rows(2), raw]))


def test_rows_that_changed_after_the_job_was_made_are_refused(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    (run.path / "data" / "train.jsonl.gz").write_bytes(gzip.compress(b"\n".join(rows(13))))
    with pytest.raises(UserError, match="changed or is damaged"):
        read(run)
