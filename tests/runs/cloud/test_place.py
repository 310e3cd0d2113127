"""A service as a place: what must be there before anything is sent, what is asked of it, and what is left."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.runs.cloud.cloud_runs import KEY, a_cloud_run, a_provider, chat_rows, execute, words
from tests.runs.cloud.world import World, jobs_of, told_anew, until_there_is_a_job
from tests.runs.faults.matrix import CANCEL, FILES, JOB, JOBS, PARTS, rewritten, says
from tests.runs.faults.proxy import Fault, Proxy, refuses
from tests.serve.running import wait_until
from tunedesk.errors import UserError
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.events import Paused, Resumed, Stopped, Warned
from tunedesk.runs.job import CloudSettings
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger, place
from tunedesk.runs.places.cloud.submitting import body_of
from tunedesk.runs.receipt import read_receipt
from tunedesk.runs.run_folder import RunFolder, RunState

PAUSE = JOB + "/pause"


def started(run: RunFolder) -> threading.Thread:
    attempt = threading.Thread(target=execute, args=(run,), daemon=True)
    attempt.start()
    return attempt


def files_of(world: World, run: RunFolder) -> list[str]:
    token = ledger.read(run).token
    return [file.filename for file in world.client.files.list() if token[:12] in file.filename]


# Before anything is sent


def test_nothing_is_sent_to_which_nobody_agreed(tmp_path: Path) -> None:
    with Proxy("http://127.0.0.1:9/v1") as proxy:
        run = a_cloud_run(tmp_path, proxy.url, is_agreed=False)
        with pytest.raises(UserError, match="Nobody has agreed"):
            places.start(run, lambda account: KEY)
        assert execute(run) == 1
        assert "Nobody has agreed" in words(run)
        assert proxy.seen == []


def test_nothing_is_sent_but_the_rows_that_were_agreed_to(tmp_path: Path) -> None:
    with Proxy("http://127.0.0.1:9/v1") as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        with gzip.open(run.path / run.job().train.path, "ab") as more:
            more.write(b'{"messages": []}\n')
        assert execute(run) == 1
        assert "its rows are others" in words(run)
        assert proxy.seen == []


def test_without_a_key_nothing_is_started(tmp_path: Path) -> None:
    run = a_cloud_run(tmp_path, "http://127.0.0.1:9/v1")
    with pytest.raises(UserError, match="no key for Our box"):
        places.start(run, lambda account: "")
    with pytest.raises(UserError, match="no key for Our box"):
        places.resume(run, lambda account: "")
    assert run.state() is RunState.WAITING


def test_an_account_without_keys_is_not_asked_for_one(tmp_path: Path) -> None:
    def never(account: object) -> str:
        raise AssertionError("a key was asked for")

    with Proxy("http://127.0.0.1:9/v1", [refuses("POST", FILES, 422)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, auth="none")
        places.start(run, never)
        wait_until(lambda: run.state() is RunState.FAILED, "the refusal")
        assert "authorization" not in {name.lower() for name in proxy.seen[0].headers}


def test_what_the_service_does_not_take_is_found_before_the_start(tmp_path: Path) -> None:
    run = a_cloud_run(tmp_path, "http://127.0.0.1:9/v1")
    job = run.job()
    assert job.cloud is not None
    assert places.check(job) == []
    other = msgspec.structs.replace(job.cloud, settings=CloudSettings(n_epochs=99))
    wrong = msgspec.structs.replace(job, cloud=other)
    assert "n_epochs" in places.check(wrong)[0].message
    run.job_path.write_bytes(msgspec.json.encode(wrong))
    with pytest.raises(UserError, match="n_epochs"):
        places.start(run, lambda account: KEY)


# What is asked meanwhile


def test_a_stop_while_the_file_is_sent_leaves_nothing_there(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(parts_from=300))
        proxy.faults.append(Fault("POST", PARTS, after=1, hang=True))
        attempt = started(run)
        wait_until(lambda: proxy.count("POST", PARTS) == 2, "the second part")
        run.ask("stop")
        proxy.ended.set()  # the silent line ends, and the stop is heard before the part is sent again
        attempt.join(30)
        assert isinstance(run.history().ended, Stopped), words(run)
        assert proxy.count("POST", r"/v1/uploads/[^/]*/cancel") == 1
    assert jobs_of(run, world) == [] and files_of(world, run) == []
    assert ledger.read(run).files_there == ()


def test_a_stopped_run_that_had_no_job_can_be_sent_again(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        proxy.faults.append(Fault("GET", r"/v1/files/file-[^/]*", times=10**6, change=says("pending")))
        attempt = started(run)
        wait_until(lambda: "reads the training file" in words(run), "the wait for the file")
        run.ask("stop")
        attempt.join(30)
        assert isinstance(run.history().ended, Stopped)
        assert files_of(world, run) == []
        proxy.faults.clear()
        until_there_is_a_job(run)
    assert len(jobs_of(run, world)) == 1


def test_a_stop_while_nobody_knows_of_the_job_finds_and_cancels_it(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [Fault("POST", JOBS, reset=True)]) as proxy:
        deaf = Fault("GET", r"/v1/fine_tuning/jobs\?.*", times=3, reset=True)
        proxy.faults.append(deaf)
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(poll_seconds=(0.3, 0.3)))
        attempt = started(run)
        wait_until(lambda: proxy.count("GET", r"/v1/fine_tuning/jobs\?.*") == 1, "the search")
        run.ask("stop")
        attempt.join(30)
    assert isinstance(run.history().ended, Stopped), words(run)
    assert [job.status for job in jobs_of(run, world)] == ["cancelled"]
    assert ledger.read(run).ended == "cancelled"


def test_a_job_is_paused_goes_on_and_is_cancelled(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        attempt = started(run)
        wait_until(lambda: "waits in the queue" in words(run), "the queue")
        run.ask("pause")
        wait_until(lambda: run.history().paused, "the pause")
        assert jobs_of(run, world)[0].status == "paused"
        places.resume(run, lambda account: KEY)
        wait_until(lambda: not run.history().paused, "the end of the pause")
        run.ask("stop")
        attempt.join(30)
    assert isinstance(run.history().ended, Stopped)
    kinds = [type(event) for event in run.read_events() if isinstance(event, Paused | Resumed)]
    assert kinds == [Paused, Resumed]
    receipt = read_receipt(run)
    assert receipt is not None and (receipt.ended, receipt.files[0].is_deleted) == ("cancelled", True)


def test_a_service_that_cannot_pause_says_so_and_goes_on(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", PAUSE, 404, message="Unknown path")]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        attempt = started(run)
        wait_until(lambda: "waits in the queue" in words(run), "the queue")
        run.ask("pause")
        wait_until(lambda: "Unknown path" in words(run), "the refusal")
        run.ask("stop")
        attempt.join(30)
    assert [event.code for event in run.read_events() if isinstance(event, Warned)] == ["pause"]


def test_a_job_that_ends_before_it_is_cancelled_is_told_as_it_ended(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        proxy.faults.append(Fault("GET", JOB, times=10**6, change=says("running", fine_tuned_model=None)))
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        attempt = started(run)
        wait_until(lambda: "The job runs" in words(run), "its first word")
        proxy.faults.clear()
        run.ask("stop")
        attempt.join(30)
    assert run.state() is RunState.FINISHED


def test_a_key_that_may_not_cancel_leaves_the_job_and_says_so(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", CANCEL, 403)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        until_there_is_a_job(run)
        assert run.history().ended is None
        assert "The job goes on at the service" in words(run)
        until_there_is_a_job(run)
        assert isinstance(run.history().ended, Stopped)


def test_a_stop_after_the_jobs_end_means_nothing(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        results = Fault("GET", r"/v1/files/file-[^/]*/content", hang=True)
        proxy.faults.append(results)
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider(answer_seconds=1.0))
        attempt = started(run)
        wait_until(lambda: results.met > 0, "the result file")
        run.ask("stop")
        attempt.join(30)
    assert run.state() is RunState.FINISHED


def test_a_service_that_is_busy_is_asked_again_to_cancel(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", CANCEL, 409, times=3)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        until_there_is_a_job(run)
        assert proxy.count("POST", CANCEL) == 4
    assert isinstance(run.history().ended, Stopped)
    assert [job.status for job in jobs_of(run, world)] == ["cancelled"]


def test_a_process_killed_before_the_last_word_still_says_it(world: World, tmp_path: Path) -> None:
    """Of a job that was cancelled at the service meanwhile."""
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        proxy.faults.append(Fault("DELETE", r"/v1/files/.*", hang=True))
        places.start(run, lambda account: KEY)
        wait_until(lambda: "waits in the queue" in words(run), "the queue")
        world.client.fine_tuning.jobs.cancel(ledger.read(run).job)
        wait_until(lambda: proxy.count("DELETE", r"/v1/files/.*") == 1, "the deletion of the file")
        places.stop_now(run)
        assert run.state() is RunState.INTERRUPTED
        places.resume(run, lambda account: KEY)
        wait_until(lambda: run.state() is RunState.STOPPED, "the last word")
    assert ledger.read(run).files_there == ()


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_wish_to_cancel_outlives_the_process(world: World, tmp_path: Path, is_heard: bool) -> None:
    """Killed before the service heard of it. is_heard: by the process, before it was killed."""
    path = CANCEL if is_heard else JOB
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        places.start(run, lambda account: KEY)
        wait_until(lambda: "waits in the queue" in words(run), "the queue")
        deaf = Fault("POST" if is_heard else "GET", path, times=10**6, passes=False, hang=True)
        proxy.faults.append(deaf)
        if not is_heard:
            wait_until(lambda: deaf.met > 0, "the question that nobody answers")
        run.ask("stop")
        wait_until(lambda: deaf.met > 0, "a question that nobody answers")
        places.stop_now(run)
        proxy.faults.clear()
        places.resume(run, lambda account: KEY)
        wait_until(lambda: run.state() is RunState.STOPPED, "the job's end")
    assert ledger.read(run).ended == "cancelled"


def test_a_job_that_was_cancelled_cannot_go_on(world: World, tmp_path: Path) -> None:
    run = a_cloud_run(tmp_path, world.server.url)
    until_there_is_a_job(run)
    run.process_path.unlink()  # it was this one, which lives
    with pytest.raises(UserError, match="has ended as cancelled"):
        places.resume(run, lambda account: KEY)


# What is left there


def test_files_that_were_kept_are_deleted_when_a_person_says_so(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", JOBS, 403, code="training_not_available")]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, valid=chat_rows(4, 12))
        assert execute(run) == 1
        assert len(ledger.read(run).files_there) == len(files_of(world, run)) == 2
        proxy.faults.append(refuses("DELETE", r"/v1/files/.*", 500))
        with pytest.raises(UserError, match="out of order while deleting"):
            place.delete_files(run, KEY)
        place.delete_files(run, KEY)
    assert ledger.read(run).files_there == () and files_of(world, run) == []
    receipt = read_receipt(run)
    assert receipt is not None and all(file.is_deleted for file in receipt.files)


def test_files_of_a_run_that_is_followed_are_not_deleted_under_it(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        attempt = started(run)
        wait_until(lambda: "waits in the queue" in words(run), "the queue")
        with pytest.raises(UserError, match="still followed"):
            place.delete_files(run, KEY)
        run.ask("stop")
        attempt.join(30)


def test_an_adapter_is_written_nowhere_but_into_its_folder(world: World, tmp_path: Path) -> None:
    """The service calls its files as it likes."""
    names = iter(
        [
            "../../evil/adapter_config.json",
            "C:\\evil.safetensors",
            "/etc/evil.txt",
            "ok.sh",
            "CON",
            ".hidden.json",
        ]
        * 9
    )
    strange = rewritten(lambda file: {**file, "filename": next(names)})
    with Proxy(world.server.url, [Fault("GET", r"/v1/files/file-[^/]*", times=99, change=strange)]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        assert execute(run) == 0
    assert run.state() is RunState.FINISHED
    assert "The adapter from Our box cannot be used" in words(run)
    assert not run.adapter_dir.exists() and not list(run.path.glob(".adapter.*"))
    assert [path for path in tmp_path.rglob("*") if "evil" in path.name] == []


def test_an_adapter_that_did_not_come_is_fetched_later(world: World, tmp_path: Path) -> None:
    shut = refuses("GET", r"/v1/files/file-[^/]*/content", 404, after=1, times=10**6)
    with Proxy(world.server.url, [shut]) as proxy:
        run = told_anew(world.trained, tmp_path, proxy.url, a_provider())
        with pytest.raises(UserError, match="no adapter that could be fetched"):
            place.fetch_adapter(run, KEY)
        execute(run)
        assert not run.adapter_dir.exists()
        with pytest.raises(UserError, match="knows no such thing"):
            place.fetch_adapter(run, KEY)
        proxy.faults.clear()
        place.fetch_adapter(run, KEY)
    known = read_adapter_folder(world.trained.adapter_dir)
    assert read_adapter_folder(run.adapter_dir).digest == known.digest


# What a job is asked for with


def test_a_service_with_hyperparameters_of_their_own_gets_them(world: World, tmp_path: Path) -> None:
    """As Nebius wants them, and a job without metadata."""
    provider = a_provider(dialect="hyperparameters", metadata=False)
    settings = CloudSettings(n_epochs=2, batch_size=3)
    run = a_cloud_run(tmp_path, world.server.url, provider=provider, settings=settings)
    until_there_is_a_job(run)
    (job,) = jobs_of(run, world)
    assert not job.metadata
    assert (job.hyperparameters.n_epochs, job.hyperparameters.batch_size) == (2, 3)


@pytest.mark.parametrize(
    ("provider", "method", "settings", "body", "extra"),
    [
        (
            "openai",
            "sft",
            CloudSettings(n_epochs=3, suffix="desk", seed=7),
            {
                "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
                "suffix": "desk",
                "seed": 7,
            },
            {},
        ),
        (
            "openai",
            "dpo",
            CloudSettings(beta=0.1),
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1}}}},
            {},
        ),
        (
            "azure",
            "sft",
            CloudSettings(beta=0.1),
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {}}}},
            {"trainingType": "GlobalStandard"},
        ),
        (
            "nebius",
            "sft",
            CloudSettings(n_epochs=3, learning_rate_multiplier=2e-5),
            {"hyperparameters": {"n_epochs": 3, "learning_rate_multiplier": 2e-5}},
            {},
        ),
    ],
)
def test_each_service_is_asked_in_its_dialect(
    provider: str,
    method: Any,
    settings: CloudSettings,
    body: dict[str, Any],
    extra: dict[str, Any],
    tmp_path: Path,
) -> None:
    run = a_cloud_run(
        tmp_path,
        "https://example.com/v1",
        provider=a_provider(provider),
        method=method,
        model="m",
        settings=settings,
        is_agreed=False,
    )
    sent = ledger.SentFile(role="training", name="x", bytes=1, sha256="", id="file-1")
    known = ledger.new_ledger().with_file(sent)
    made, beside = body_of(run.job(), known)
    metadata = (
        {"metadata": {"client_token": known.token, "tunedesk_run": "run"}} if provider != "nebius" else {}
    )
    assert made == {"model": "m", "training_file": "file-1", **metadata, **body}
    assert beside == extra
