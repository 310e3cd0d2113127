"""Jobs of other kinds than the contract's, and jobs that are refused."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.serve.clients import chat_rows, pair_rows, send, wait_for_end
from tests.serve.running import RunningServer


def create(client: OpenAI, **body: Any) -> dict[str, Any]:
    """By its bare body, so that what the client's types forbid can be sent."""
    return client.post("/fine_tuning/jobs", body=body, cast_to=dict[str, Any])


@pytest.fixture(scope="module")
def file(client: OpenAI) -> str:
    return send(client, chat_rows(10)).id


def test_preferences_are_learned(client: OpenAI) -> None:
    job = client.fine_tuning.jobs.create(
        model="starter",
        training_file=send(client, pair_rows(12)).id,
        method={"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 2, "batch_size": 4, "beta": 0.2}}},
    )
    done = wait_for_end(client, job.id)
    assert done.status == "succeeded", done.error
    assert done.method and done.method.dpo and done.method.dpo.hyperparameters
    assert done.method.dpo.hyperparameters.beta == 0.2
    told = [event.data for event in client.fine_tuning.jobs.list_events(job.id) if event.type == "metrics"]
    first, last = told[-1], told[0]
    assert isinstance(first, dict) and isinstance(last, dict)
    assert last["train_loss"] < first["train_loss"]
    assert last["train_accuracy"] == 1  # of pairs told apart, and not of tokens
    assert "train_mean_token_accuracy" not in last


def test_rows_that_cannot_be_trained_fail_the_job_with_the_row(client: OpenAI) -> None:
    rows = [*chat_rows(3), b'{"messages": [{"role": "user", "content": "and?"}]}', b'{"nothing": 1}']
    job = client.fine_tuning.jobs.create(model="starter", training_file=send(client, rows).id)
    done = wait_for_end(client, job.id)
    assert done.status == "failed"
    assert done.error is not None
    assert (done.error.code, done.error.param) == ("invalid_training_file", "training_file")
    assert "row 5" in done.error.message
    first = client.fine_tuning.jobs.list_events(job.id, limit=1).data[0]
    assert (first.level, done.error.message in first.message) == ("error", True)


def test_rows_of_the_validation_file_are_told_apart(client: OpenAI, file: str) -> None:
    valid = send(client, [b'{"nothing": 1}'], "train.jsonl")
    job = client.fine_tuning.jobs.create(model="starter", training_file=file, validation_file=valid.id)
    done = wait_for_end(client, job.id)
    assert done.error is not None
    assert (done.error.code, done.error.param) == ("invalid_validation_file", "validation_file")


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"model": "gpt-4o"}, "model", "model_not_found"),
        ({"model": None}, "model", "invalid_value"),
        ({"training_file": "file-" + "0" * 24}, "training_file", "file_not_found"),
        ({"training_file": "../../etc/passwd"}, "training_file", "file_not_found"),
        ({"validation_file": "file-none"}, "validation_file", "file_not_found"),
        ({"hyperparameters": {"n_epochs": 51}}, "hyperparameters.n_epochs", "invalid_value"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs", "invalid_value"),
        ({"hyperparameters": {"n_epochs": "many"}}, "hyperparameters.n_epochs", "invalid_value"),
        ({"hyperparameters": {"n_epochs": True}}, "hyperparameters.n_epochs", "invalid_value"),
        ({"hyperparameters": {"batch_size": 257}}, "hyperparameters.batch_size", "invalid_value"),
        (
            {"hyperparameters": {"learning_rate_multiplier": 0}},
            "hyperparameters.learning_rate_multiplier",
            "invalid_value",
        ),
        ({"hyperparameters": {"lora_rank": 8}}, "hyperparameters.lora_rank", "unknown_parameter"),
        ({"suffix": "x" * 65}, "suffix", "invalid_value"),
        ({"suffix": "a:b"}, "suffix", "invalid_value"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata", "invalid_value"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k", "invalid_value"),
        ({"seed": -1}, "seed", "invalid_value"),
        ({"seed": 2**31}, "seed", "invalid_value"),
        ({"integrations": [{"type": "wandb"}]}, "integrations", "invalid_value"),
        ({"method": {"type": "reinforcement"}}, "method.type", "invalid_value"),
        (
            {"method": {"type": "supervised", "dpo": {"hyperparameters": {}}}},
            "method",
            "invalid_value",
        ),
        (
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 11}}}},
            "method.dpo.hyperparameters.beta",
            "invalid_value",
        ),
        (
            {"method": {"type": "supervised"}, "hyperparameters": {"n_epochs": 2}},
            "hyperparameters",
            "invalid_value",
        ),
        ({"trainingType": "Standard"}, "trainingType", "unknown_parameter"),
    ],
)
def test_a_job_that_cannot_be_is_refused_by_the_name_of_what_is_wrong(
    client: OpenAI, file: str, changes: dict[str, Any], param: str, code: str
) -> None:
    before = len(client.fine_tuning.jobs.list().data)
    with pytest.raises(openai.BadRequestError) as refusal:
        create(client, **{"model": "starter", "training_file": file, **changes})
    assert (refusal.value.param, refusal.value.code) == (param, code)
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.request_id
    assert len(client.fine_tuning.jobs.list().data) == before


def test_a_missing_key_is_named(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        create(client, model="starter")
    assert (refusal.value.param, refusal.value.code) == ("training_file", "missing_required_parameter")


@pytest.mark.parametrize("what", ["retrieve", "cancel", "pause", "resume", "list_events"])
@pytest.mark.parametrize("job", ["ftjob-" + "0" * 24, "ftjob-x", "..%2f..%2fetc"])
def test_a_job_that_does_not_exist_is_not_found(client: OpenAI, what: str, job: str) -> None:
    with pytest.raises(openai.NotFoundError) as refusal:
        list(getattr(client.fine_tuning.jobs, what)(job))
    assert refusal.value.type == "invalid_request_error"


def test_a_cursor_that_does_not_exist_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="after"):
        client.fine_tuning.jobs.list(after="ftjob-" + "0" * 24)


def test_nothing_went_wrong_in_the_server(server: RunningServer, client: OpenAI) -> None:
    client.models.list()
    assert "Traceback" not in server.output
