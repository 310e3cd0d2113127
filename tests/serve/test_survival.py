"""kill -9, pause, cancel: nothing that was accepted is lost, and nothing runs that should not."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from openai import BadRequestError, OpenAI
from openai.types.fine_tuning import FineTuningJob

from tests.serve.clients import chat_rows, client_of, send, wait_for_end, wait_for_step
from tests.serve.running import RunningServer, wait_until
from tunedesk.runs.run_folder import RunFolder


def make_job(client: OpenAI, steps: int) -> FineTuningJob:
    """A job of so many steps of one row each, in five epochs."""
    file = send(client, chat_rows(steps // 5))
    return client.fine_tuning.jobs.create(
        model="starter",
        training_file=file.id,
        seed=3,
        hyperparameters={"n_epochs": 5, "batch_size": 1},
    )


def run_of(server: RunningServer, job: FineTuningJob) -> RunFolder:
    return RunFolder(server.data_dir / "runs" / job.id)


def steps_of(client: OpenAI, job: FineTuningJob) -> list[int]:
    """Of all training steps that the job told, in the order of their events."""
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=1000))
    told = [event.data for event in reversed(events) if event.type == "metrics"]
    return [data["step"] for data in told if isinstance(data, dict) and "train_loss" in data]


def test_a_killed_server_finds_its_queue_its_engine_and_what_an_engine_left(data_dir: Path) -> None:
    with RunningServer(data_dir) as server:
        client = client_of(server)
        first, second = make_job(client, 100), make_job(client, 100)
        wait_for_step(client, first.id, 5)
        engine = run_of(server, first).process()
        assert engine is not None
        server.kill()
        assert psutil.pid_exists(engine.pid)
        server.restart()
        wait_for_step(client, first.id, 25)
        told = steps_of(client, first)
        assert told == list(range(1, len(told) + 1))  # each step once, also those that nobody heard
        assert run_of(server, first).process() == engine

        server.kill()
        server.end_engines()
        server.restart()
        done = wait_for_end(client, first.id)
        assert done.status == "succeeded", done.error
        history = run_of(server, first).history()
        assert history.attempt == 2
        assert history.started is not None
        assert history.started.resumed_from
        assert sorted(history.steps) == list(range(1, 101))
        events = list(client.fine_tuning.jobs.list_events(first.id, limit=1000))
        assert any("goes on from the last checkpoint" in event.message for event in events)
        wait_until(
            lambda: client.fine_tuning.jobs.retrieve(second.id).status == "running", "the next one's turn"
        )


def test_a_paused_job_gives_its_place_away_and_a_cancelled_one_never_comes_back(data_dir: Path) -> None:
    with RunningServer(data_dir) as server:
        client = client_of(server, strict=False)  # the official types know no job that is paused
        jobs = client.fine_tuning.jobs
        first, second, third = make_job(client, 50), make_job(client, 500), make_job(client, 500)
        wait_for_step(client, first.id, 5)
        assert jobs.pause(first.id).status == "paused"
        wait_for_step(client, second.id, 2)
        wait_until(lambda: jobs.retrieve(second.id).estimated_finish, "an estimate of its end")
        assert not run_of(server, first).is_alive()

        cancelled = jobs.cancel(second.id)
        assert (cancelled.status, cancelled.fine_tuned_model) == ("cancelled", None)
        assert cancelled.finished_at
        assert jobs.cancel(third.id).status == "cancelled"
        with pytest.raises(BadRequestError, match="is cancelled"):
            jobs.cancel(third.id)
        server.kill()  # before the second one's engine has stopped
        server.restart()
        wait_until(lambda: not run_of(server, second).is_alive(), "the engine's end")

        assert jobs.retrieve(first.id).status == "paused"
        assert jobs.resume(first.id).status == "queued"
        assert wait_for_end(client, first.id).status == "succeeded"
        assert steps_of(client, first) == list(range(1, 51))  # it had stopped with a checkpoint
        assert [jobs.retrieve(each.id).status for each in (second, third)] == ["cancelled"] * 2
        assert not run_of(server, third).events_path.exists()
