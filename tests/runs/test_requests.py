"""A request becomes a run folder that can be repeated from itself alone, or a sentence about what is
in the way.
"""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.runs.chats import chat_row
from tunedesk.errors import UserError
from tunedesk.runs.digests import model_digest
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.requests import RunRequest, check, prepare_run, watched_prompts
from tunedesk.template.chat_template import ChatTemplate

TRAIN = [chat_row(f"question {number}", "yes") for number in range(9)]
VALID = [chat_row("a held back question", "no")]


@pytest.fixture
def request_(tmp_path: Path, tiny_model: Path) -> RunRequest:
    return RunRequest(
        runs_dir=tmp_path / "project" / "runs",
        dataset=tmp_path / "train.jsonl",
        train=TRAIN,
        model=tiny_model,
        valid=VALID,
        valid_source="valid.jsonl",
        hyperparameters=Hyperparameters(max_length=64),
        document_version=17,
        modified=True,
    )


def test_the_run_folder_holds_the_whole_request(request_: RunRequest, tiny_model: Path) -> None:
    job = prepare_run(request_).job()
    assert job.dataset.document_version == 17 and job.dataset.modified
    assert job.train.rows == 9 and job.train.source == "train.jsonl"
    assert job.valid is not None and job.valid.source == "valid.jsonl"
    assert job.hyperparameters == request_.hyperparameters
    assert Path(job.model.path) == tiny_model.resolve()
    assert job.model.digest == model_digest(tiny_model)
    assert job.template_digest == ChatTemplate.load(tiny_model).digest
    assert job.versions["tunedesk"] and job.versions["torch"]
    assert check(request_) == []


def test_the_rows_are_those_on_the_screen(request_: RunRequest) -> None:
    run = prepare_run(request_)
    rows = gzip.decompress((run.path / run.job().train.path).read_bytes()).splitlines()
    assert rows == TRAIN


def test_two_runs_of_one_minute_get_two_folders(request_: RunRequest) -> None:
    assert prepare_run(request_).path != prepare_run(request_).path


def test_a_run_can_be_given_a_name(request_: RunRequest) -> None:
    run = prepare_run(replace(request_, name="my-run"))
    assert run.path.name == run.job().run == "my-run"
    with pytest.raises(UserError, match="exists already"):
        prepare_run(replace(request_, name="my-run"))


def test_three_prompts_are_watched_spread_over_the_rows() -> None:
    watched = watched_prompts([b"not json", *TRAIN])
    assert [prompt.row for prompt in watched] == [2, 6, 10]
    assert [message.content for message in watched[0].messages] == ["question 0"]
    assert len(watched_prompts(TRAIN[:2])) == 2


def test_a_watched_prompt_ends_before_the_last_answer() -> None:
    turns = [("system", "be kind"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    row = json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}).encode()
    (watched,) = watched_prompts([row])
    assert [(message.role, message.content) for message in watched.messages] == turns[:-1]


def test_a_bad_row_is_named_with_its_file(request_: RunRequest) -> None:
    with pytest.raises(UserError, match=r"train\.jsonl, row 3:"):
        prepare_run(replace(request_, train=[*TRAIN[:2], b"{"]))
    (problem,) = check(replace(request_, valid=[b"nothing"]))
    assert problem.message.startswith("valid.jsonl, row 1:")


def test_nothing_to_train_on_and_wrong_settings_are_told_together(request_: RunRequest) -> None:
    wrong = replace(request_, train=[], hyperparameters=Hyperparameters(epochs=0, max_length=64))
    assert [problem.message.split(" ")[0] for problem in check(wrong)] == ["epochs:", "There"]


def test_an_empty_dataset_is_named(request_: RunRequest) -> None:
    (problem,) = check(replace(request_, train=[]))
    assert problem.message == "There is no example to train on in train.jsonl."


def test_rows_without_an_answer_are_told_before_the_start(request_: RunRequest) -> None:
    unanswered = b'{"messages": [{"role": "user", "content": "why?"}]}'
    (problem,) = check(replace(request_, train=[unanswered] * 2))
    assert problem.message == "Nothing in train.jsonl would be learned: no row has an answer that is trained."
    assert check(replace(request_, train=[unanswered, *TRAIN])) == []


def test_an_answer_behind_the_cut_is_told_before_the_start_unless_it_shall_be_skipped(
    request_: RunRequest,
) -> None:
    settings = request_.hyperparameters
    long = replace(request_, train=[*TRAIN[:2], chat_row("why? " * 50, "because")])
    (problem,) = check(long)
    assert problem.message == "train.jsonl, row 3: its whole answer lies behind the cut at 64 tokens."
    skipping = msgspec.structs.replace(settings, wholly_cut_rows="skip")
    assert check(replace(long, hyperparameters=skipping)) == []


def test_rows_longer_than_the_model_reads_are_refused(request_: RunRequest) -> None:
    (problem,) = check(replace(request_, hyperparameters=Hyperparameters(max_length=1024)))
    assert "256" in problem.hint


def test_a_folder_without_a_model_is_refused(request_: RunRequest, tmp_path: Path) -> None:
    assert check(replace(request_, model=tmp_path))


def test_other_weights_give_another_digest(tiny_model: Path, tmp_path: Path) -> None:
    for file in tiny_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert model_digest(tmp_path) == model_digest(tiny_model)
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert model_digest(tmp_path) != model_digest(tiny_model)
