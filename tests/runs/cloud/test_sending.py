"""Rows on their way: in parts, after a restart, and when a service loses some."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from tests.runs.cloud.cloud_runs import KEY, a_cloud_run, a_provider, chat_rows, execute, words
from tests.runs.cloud.world import World, jobs_of, until_there_is_a_job
from tests.runs.faults.matrix import COMPLETE, FILE_LIST, FILES, JOBS, PARTS, UPLOADS, rewritten
from tests.runs.faults.proxy import Fault, Proxy, refuses
from tests.serve.running import wait_until
from tunedesk.runs.cloud_requests import sent_file
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger, place
from tunedesk.runs.run_folder import RunFolder

ROWS = chat_rows(40)
PARTS_OF_1000 = a_provider(parts_from=1_000)


def there(world: World, run: RunFolder) -> bytes:
    """What the server has of the training file."""
    file = ledger.read(run).file("training")
    assert file is not None
    return world.client.files.content(file.id).read()


def test_a_file_in_parts_arrives_whole(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url) as proxy:
        run = a_cloud_run(
            tmp_path, proxy.url, rows=ROWS, provider=a_provider(parts_from=1_000), deletes=False
        )
        until_there_is_a_job(run)
        assert proxy.count("POST", PARTS) == 5
        assert proxy.count("POST", FILES) == 0
    assert hashlib.sha256(there(world, run)).hexdigest() == sent_file(ROWS, "openai").sha256


def test_a_file_in_parts_goes_on_after_the_process_was_killed(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [Fault("POST", PARTS, after=2, hang=True)]) as proxy:
        run = a_cloud_run(
            tmp_path, proxy.url, rows=ROWS, provider=a_provider(parts_from=1_000), deletes=False
        )
        places.start(run, lambda account: KEY)
        wait_until(lambda: proxy.count("POST", PARTS) == 3, "the third part")
        places.stop_now(run)
        known = ledger.read(run).file("training")
        assert known is not None and (len(known.parts), known.sent) == (2, 2_000)
        until_there_is_a_job(run)
        assert proxy.count("POST", UPLOADS) == 1
        assert proxy.count("POST", PARTS) == 3 + 3
    assert hashlib.sha256(there(world, run)).hexdigest() == sent_file(ROWS, "openai").sha256
    assert "Sending goes on: 2.0 kB of" in words(run)


def test_an_upload_that_will_soon_end_is_begun_anew(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", COMPLETE, 401)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url, provider=a_provider(parts_from=1_000))
        execute(run)
        book = ledger.LedgerFile(run)
        file = book.now.file("training")
        assert file is not None and file.upload
        book.put_file(msgspec.structs.replace(file, upload_ends=file.asked + 60))
        until_there_is_a_job(run)
        assert proxy.count("POST", UPLOADS) == 2
    assert len(jobs_of(run, world)) == 1


def test_a_process_killed_while_the_job_was_created_finds_it(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [Fault("POST", JOBS, hang=True)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        places.start(run, lambda account: KEY)
        wait_until(lambda: proxy.count("POST", JOBS) == 1, "the request for a job")
        wait_until(lambda: len(jobs_of(run, world)) == 1, "the job")
        places.stop_now(run)
        assert (ledger.read(run).stage, ledger.read(run).job) == ("creating", "")
        until_there_is_a_job(run)
        assert proxy.count("POST", JOBS) == 1
    assert [job.id for job in jobs_of(run, world)] == [ledger.read(run).job]


def test_nobody_says_that_there_is_no_job_when_the_list_is_refused(world: World, tmp_path: Path) -> None:
    shut = refuses("GET", r"/v1/fine_tuning/jobs\?.*", 404, times=10**6)
    with Proxy(world.server.url, [Fault("POST", JOBS, reset=True), shut]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        for _ in range(2):
            assert execute(run) == 1
            assert "It is not known whether there is a job" in words(run)
        assert proxy.count("POST", JOBS) == 1
        proxy.faults.clear()
        until_there_is_a_job(run)
        assert proxy.count("POST", JOBS) == 1
    assert [job.id for job in jobs_of(run, world)] == [ledger.read(run).job]


def test_a_file_that_is_gone_after_a_refusal_is_sent_again(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", JOBS, 401)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        assert execute(run) == 1
        (gone,) = ledger.read(run).files_there
        world.client.files.delete(gone)
        until_there_is_a_job(run)
        assert proxy.count("POST", FILES) == 2
    assert "is not at Our box any more" in words(run)
    assert len(jobs_of(run, world)) == 1


def test_a_file_that_is_still_there_is_not_sent_again(world: World, tmp_path: Path) -> None:
    with Proxy(world.server.url, [refuses("POST", JOBS, 401)]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        assert execute(run) == 1
        until_there_is_a_job(run)
        assert proxy.count("POST", FILES) == 1


def test_a_copy_that_the_list_did_not_show_is_deleted_in_the_end(world: World, tmp_path: Path) -> None:
    behind = Fault("GET", FILE_LIST, change=rewritten(lambda page: {**page, "data": []}))
    with Proxy(world.server.url, [Fault("POST", FILES, reset=True), behind]) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        until_there_is_a_job(run)
        assert proxy.count("POST", FILES) == 2
    token = ledger.read(run).token[:12]
    assert [file.id for file in world.client.files.list() if token in file.filename] == []


def test_a_copy_is_deleted_too_when_a_person_says_so(world: World, tmp_path: Path) -> None:
    behind = Fault("GET", FILE_LIST, change=rewritten(lambda page: {**page, "data": []}))
    faults = [Fault("POST", FILES, reset=True), behind, refuses("POST", JOBS, 403)]
    with Proxy(world.server.url, faults) as proxy:
        run = a_cloud_run(tmp_path, proxy.url)
        assert execute(run) == 1
        place.delete_files(run, KEY)
    token = ledger.read(run).token[:12]
    assert [file.id for file in world.client.files.list() if token in file.filename] == []


def test_files_expire_only_where_a_service_can(world: World, tmp_path: Path) -> None:
    for name, expires in (("can", True), ("cannot", False)):
        provider = a_provider(files_expire=expires)
        run = a_cloud_run(
            tmp_path, world.server.url, provider=provider, name=name, expires=7_200, deletes=False
        )
        until_there_is_a_job(run)
        (id,) = ledger.read(run).files_there
        assert (world.client.files.retrieve(id).expires_at is not None) == expires


def test_no_copy_of_the_rows_is_left_behind(world: World, tmp_path: Path) -> None:
    run = a_cloud_run(tmp_path, world.server.url, valid=chat_rows(4, 12))
    until_there_is_a_job(run)
    names = sorted(path.name for path in (run.path / "data").iterdir())
    assert names == ["train.jsonl.gz", "valid.jsonl.gz"]
