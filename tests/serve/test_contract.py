"""The official client's whole life of a job that truly trains, every answer held against its own types."""

from __future__ import annotations

import base64
import csv
import io
import json

import pytest
from openai import NotFoundError, OpenAI
from openai.types.fine_tuning import FineTuningJob

from tests.serve.clients import chat_rows, send, wait_for_end


@pytest.fixture(scope="module")
def job(client: OpenAI) -> FineTuningJob:
    """A job over three epochs of 16 rows, with validation, done."""
    train, valid = send(client, chat_rows(16)), send(client, chat_rows(20)[16:], "valid.jsonl")
    client.files.wait_for_processing(train.id, poll_interval=0.1)
    made = client.fine_tuning.jobs.create(
        model="starter",
        training_file=train.id,
        validation_file=valid.id,
        suffix="desk",
        seed=7,
        metadata={"client_token": "abc", "team": "blue"},
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": 4}}},
    )
    assert made.status == "validating_files"
    assert made.fine_tuned_model is None
    return wait_for_end(client, made.id)


def test_a_job_trains_and_gives_a_model(client: OpenAI, job: FineTuningJob) -> None:
    assert (job.status, job.error) == ("succeeded", None)
    assert job.fine_tuned_model == f"ft:starter:local:desk:{job.id.removeprefix('ftjob-')[:8]}"
    assert job.seed == 7
    assert job.trained_tokens and job.trained_tokens > 16
    assert job.finished_at and job.finished_at >= job.created_at
    assert job.method and job.method.supervised and job.method.supervised.hyperparameters
    chosen = job.method.supervised.hyperparameters
    assert (chosen.n_epochs, chosen.batch_size, chosen.learning_rate_multiplier) == (3, 4, 1.0)
    assert job.fine_tuned_model in [model.id for model in client.models.list()]
    assert client.models.retrieve(job.fine_tuned_model).owned_by == "local"


def test_its_events_tell_every_step_once_and_the_newest_first(client: OpenAI, job: FineTuningJob) -> None:
    found = list(client.fine_tuning.jobs.list_events(job.id, limit=5))
    assert len({event.id for event in found}) == len(found)
    metrics = [event.data for event in found if event.type == "metrics"]
    steps = [data["step"] for data in metrics if isinstance(data, dict) and "train_loss" in data]
    assert steps == list(range(12, 0, -1))
    assert found[0].message == "The job has successfully completed"
    assert found[-1].message == f"Created fine-tuning job: {job.id}"
    again = client.fine_tuning.jobs.list_events(job.id, limit=5)
    assert [event.id for event in again.data] == [event.id for event in found[:5]]


def test_the_result_file_tells_what_the_events_told(client: OpenAI, job: FineTuningJob) -> None:
    content = client.files.content(job.result_files[0]).read()
    table = list(csv.DictReader(io.StringIO(base64.b64decode(content, validate=True).decode())))
    assert list(table[0]) == [
        *("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
    ]
    told = {
        data["step"]: data["train_loss"]
        for event in client.fine_tuning.jobs.list_events(job.id)
        if isinstance(data := event.data, dict) and "train_loss" in data
    }
    assert {int(row["step"]): float(row["train_loss"]) for row in table} == pytest.approx(told, abs=1e-4)
    assert float(table[-1]["train_loss"]) < float(table[0]["train_loss"]) / 2
    assert client.files.retrieve(job.result_files[0]).purpose == "fine-tune-results"


def test_checkpoints_give_their_adapters(client: OpenAI, job: FineTuningJob) -> None:
    found = list(client.fine_tuning.jobs.checkpoints.list(job.id, limit=1))
    steps = [each.step_number for each in found]
    assert steps == sorted(set(steps), reverse=True)
    assert steps[0] == 12
    result = [each for each in found if each.fine_tuned_model_checkpoint == job.fine_tuned_model]
    assert len(result) == 1
    models = [model.id for model in client.models.list() if model.id.startswith(f"{job.fine_tuned_model}")]
    assert sorted(models) == sorted(each.fine_tuned_model_checkpoint for each in found)
    for each in found:
        assert each.metrics.train_loss is not None
        files = [client.files.retrieve(file) for file in each.to_dict()["result_files"]]  # type: ignore[attr-defined]
        assert [file.filename for file in files] == ["adapter_config.json", "adapter_model.safetensors"]
        config, weights = (client.files.content(file.id).read() for file in files)
        assert json.loads(config)["peft_type"] == "LORA"
        assert len(weights) == files[1].bytes > 1000


def test_a_chat_with_it_says_what_it_was_taught(client: OpenAI, job: FineTuningJob) -> None:
    assert job.fine_tuned_model
    answer = client.chat.completions.create(
        model=job.fine_tuned_model,
        messages=[{"role": "user", "content": "Where is parcel 9?"}],
        temperature=0,
    )
    assert answer.model == job.fine_tuned_model
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content in ("It is on its way.", "It is here.")
    untaught = client.chat.completions.create(
        model="starter", messages=[{"role": "user", "content": "Where is parcel 9?"}], temperature=0
    )
    assert untaught.choices[0].message.content not in ("It is on its way.", "It is here.")


def test_lists_are_filtered_by_metadata(client: OpenAI, job: FineTuningJob) -> None:
    listed = client.fine_tuning.jobs.list(metadata={"client_token": "abc"})
    assert [each.id for each in listed] == [job.id]
    assert list(client.fine_tuning.jobs.list(metadata={"client_token": "abc", "team": "red"})) == []
    other = client.fine_tuning.jobs.create(model="starter", training_file=job.training_file)
    client.fine_tuning.jobs.cancel(other.id)
    assert [each.id for each in client.fine_tuning.jobs.list(limit=1)] == [other.id, job.id]


def test_a_tuned_model_is_tuned_further(client: OpenAI, job: FineTuningJob) -> None:
    assert job.fine_tuned_model
    made = client.fine_tuning.jobs.create(
        model=job.fine_tuned_model, training_file=job.training_file, hyperparameters={"n_epochs": 1}
    )
    more = wait_for_end(client, made.id)
    assert more.status == "succeeded", more.error
    assert more.model == job.fine_tuned_model
    assert more.fine_tuned_model and more.fine_tuned_model.startswith("ft:starter:local::")
    first = [
        event.data["train_loss"]
        for event in client.fine_tuning.jobs.list_events(more.id)
        if isinstance(event.data, dict) and event.data["step"] == 1 and "train_loss" in event.data
    ]
    assert first[0] < 1.0  # it begins where the other ended, not where the starter model began

    assert client.models.delete(more.fine_tuned_model).deleted
    with pytest.raises(NotFoundError):
        client.models.retrieve(more.fine_tuned_model)
    assert client.fine_tuning.jobs.checkpoints.list(more.id).data == []
    assert client.fine_tuning.jobs.retrieve(more.id).fine_tuned_model == more.fine_tuned_model
