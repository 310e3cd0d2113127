"""Files and uploads, by the official client where it can say it, and by bare requests where it cannot."""

from __future__ import annotations

import hashlib
import io
import time
import tracemalloc
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from tests.serve.clients import chat_rows, send
from tests.serve.running import RunningServer, wait_until
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.app import make_app
from tunedesk.serve.database import Database
from tunedesk.serve.files import Files
from tunedesk.serve.names import new_id
from tunedesk.serve.row_files import LONGEST_ROW, refuse_what_is_no_rows
from tunedesk.serve.settings import ServeSettings
from tunedesk.serve.uploads import Uploads

ROWS = b"\n".join(chat_rows(12)) + b"\n"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "serve.db")


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Files:
    return Files(database, tmp_path)


@pytest.fixture
def uploads(database: Database, files: Files, tmp_path: Path) -> Uploads:
    return Uploads(database, tmp_path, files)


def test_a_file_comes_back_byte_for_byte(client: OpenAI) -> None:
    sent = "\ufeff".encode() + ROWS.replace(b"\n", b"\r\n").rstrip()
    file = client.files.create(file=("träin.jsonl", sent), purpose="fine-tune")
    assert (file.bytes, file.status, file.filename) == (len(sent), "processed", "träin.jsonl")
    assert file.expires_at is None
    assert client.files.content(file.id).read() == sent
    assert client.files.retrieve(file.id) == file
    assert client.files.delete(file.id).deleted
    for look in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            look(file.id)


def test_files_are_listed_page_by_page(client: OpenAI) -> None:
    made = [send(client, chat_rows(1), f"{number}.jsonl").id for number in range(5)]
    newest = [file.id for file in client.files.list(limit=2)][:5]
    assert newest == made[::-1]
    assert [file.id for file in client.files.list(limit=2, order="asc")][-5:] == made
    page = client.files.list(after=made[3], limit=2)
    assert [file.id for file in page.data] == [made[2], made[1]]
    assert page.has_more
    assert client.files.list(purpose="fine-tune-results").data == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("train.csv", ROWS, "jsonl"),
        ("train.jsonl", b"", "no rows"),
        ("train.jsonl", b"\n\n", "no rows"),
        ("train.jsonl", ROWS + b"[1]\n", "Line 13"),
        ("train.jsonl", ROWS + b'{"a": 1', "Line 13"),
        ("train.jsonl", b'{"a": "\xff"}\n', "Line 1"),
        ("train.jsonl", b"PK\x03\x04zip", "Line 1"),
    ],
)
def test_what_is_no_file_of_rows_is_refused_and_not_kept(
    server: RunningServer, client: OpenAI, name: str, content: bytes, words: str
) -> None:
    before = sorted(path.name for path in (server.data_dir / "files").iterdir())
    with pytest.raises(openai.BadRequestError, match=words) as refusal:
        client.files.create(file=(name, content), purpose="fine-tune")
    assert (refusal.value.param, refusal.value.code) == ("file", "invalid_file_format")
    assert sorted(path.name for path in (server.data_dir / "files").iterdir()) == before


def test_a_row_that_is_longer_than_any_conversation_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    longest = b'{"a": "' + b"x" * (LONGEST_ROW - 9) + b'"}'
    path.write_bytes(b"{}\r\n" + longest + b"\r\n" + longest)
    refuse_what_is_no_rows(path)
    path.write_bytes(b"{}\n" + longest + b" \n{}\n")
    with pytest.raises(ApiError, match=r"Line 2 is longer than 16,000,000 bytes\.") as refusal:
        refuse_what_is_no_rows(path)
    assert (refusal.value.status, refusal.value.param) == (400, "file")
    with path.open("wb") as file:
        file.truncate(300_000_000)  # one line
    tracemalloc.start()
    try:
        with pytest.raises(ApiError, match="Line 1 is longer"):
            refuse_what_is_no_rows(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_a_name_is_a_name_and_no_path(client: OpenAI) -> None:
    file = client.files.create(file=("../../etc/cron.d/x.jsonl", ROWS), purpose="fine-tune")
    assert file.filename == "x.jsonl"


@pytest.mark.parametrize("purpose", ["assistants", "batch", "evil"])
def test_only_files_for_fine_tuning_are_taken(client: OpenAI, purpose: str) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        client.files.create(file=("train.jsonl", ROWS), purpose=purpose)  # type: ignore[arg-type]
    assert refusal.value.param == "purpose"


def test_a_file_may_be_given_a_time(client: OpenAI) -> None:
    expires = {"anchor": "created_at", "seconds": 3600}
    file = client.files.create(file=("a.jsonl", ROWS), purpose="fine-tune", expires_after=expires)  # type: ignore[arg-type]
    assert file.expires_at == file.created_at + 3600
    with pytest.raises(openai.BadRequestError) as refusal:
        client.files.create(
            file=("a.jsonl", ROWS),
            purpose="fine-tune",
            expires_after={"anchor": "created_at", "seconds": 3599},
        )
    assert refusal.value.param == "expires_after[seconds]"


def test_an_expired_file_is_gone_at_once_and_its_bytes_with_the_next_sweep(
    files: Files, tmp_path: Path
) -> None:
    past = files.add("anna", "a.jsonl", "fine-tune", io.BytesIO(ROWS), int(time.time()) - 1)
    future = files.add("anna", "b.jsonl", "fine-tune", io.BytesIO(ROWS), int(time.time()) + 3600)
    with pytest.raises(ApiError, match="No such File"):
        files.get("anna", past.id)
    listed, _ = files.listed("anna", purpose=None, after=None, limit=10, newest_first=True)
    assert [file.id for file in listed] == [future.id]
    told: list[str] = []
    assert files.sweep(told.append) == 1
    assert past.id in told[0]
    assert [path.name for path in (tmp_path / "files").iterdir()] == [future.id]
    assert files.content(files.get("anna", future.id)).read_bytes() == ROWS


def test_a_running_server_sweeps_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunedesk.serve.app.SWEEP_SECONDS", 0.05)
    settings = ServeSettings(tmp_path / "served", look_seconds=3600)
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        sent = {"file": ("t.jsonl", ROWS)}
        times = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
        file = client.post("/v1/files", files=sent, data={"purpose": "fine-tune", **times}).json()["id"]
        database = Database(tmp_path / "served" / "serve.db")
        database.change("UPDATE files SET expires = 1")  # an hour later
        database.close()
        assert client.get(f"/v1/files/{file}").status_code == 404
        wait_until(lambda: not list((tmp_path / "served" / "files").iterdir()), "the file's end")


def test_what_a_crash_left_half_written_is_removed_at_the_next_start(files: Files, tmp_path: Path) -> None:
    whole = files.add("anna", "a.jsonl", "fine-tune", io.BytesIO(ROWS))
    (tmp_path / "files" / ".file-half").write_bytes(b"{")
    files.remove_leftovers()
    assert [path.name for path in (tmp_path / "files").iterdir()] == [whole.id]


def test_a_user_sees_only_files_of_their_own(files: Files) -> None:
    mine = files.add("anna", "a.jsonl", "fine-tune", io.BytesIO(ROWS))
    with pytest.raises(ApiError) as refusal:
        files.get("ben", mine.id)
    with pytest.raises(ApiError) as missing:
        files.get("ben", new_id("file-"))
    assert refusal.value.status == missing.value.status == 404
    assert refusal.value.body["error"]["code"] == missing.value.body["error"]["code"]
    assert files.listed("ben", purpose=None, after=None, limit=10, newest_first=True) == ([], False)
    with pytest.raises(ApiError):
        files.delete("ben", mine.id)


def test_a_large_file_comes_in_parts(client: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(ROWS * 20)
    upload = client.uploads.upload_file_chunked(
        file=path,
        mime_type="text/jsonl",
        purpose="fine-tune",
        part_size=7000,
        md5=hashlib.md5(path.read_bytes()).hexdigest(),
    )
    assert upload.status == "completed"
    assert upload.file is not None
    assert upload.file.bytes == path.stat().st_size
    assert client.files.content(upload.file.id).read() == path.read_bytes()


def test_parts_are_put_together_in_the_order_that_is_asked(client: OpenAI, server: RunningServer) -> None:
    upload = client.uploads.create(
        bytes=len(ROWS), filename="t.jsonl", mime_type="text/jsonl", purpose="fine-tune"
    )
    assert upload.expires_at == upload.created_at + 3600
    second = client.uploads.parts.create(upload.id, data=ROWS[500:])
    twice = client.uploads.parts.create(upload.id, data=ROWS[500:])  # sent again after a dropped line
    first = client.uploads.parts.create(upload.id, data=ROWS[:500])
    for wrong in ([second.id], [first.id, second.id, twice.id], [first.id, first.id], ["part_none"]):
        with pytest.raises(openai.BadRequestError) as refusal:
            client.uploads.complete(upload.id, part_ids=wrong)
        assert refusal.value.param == "part_ids"
    with pytest.raises(openai.BadRequestError) as refusal:
        client.uploads.complete(upload.id, part_ids=[first.id, second.id], md5="0" * 32)
    assert refusal.value.param == "md5"
    done = client.uploads.complete(upload.id, part_ids=[first.id, second.id])
    assert done.file is not None
    assert client.files.content(done.file.id).read() == ROWS
    assert not (server.data_dir / "uploads" / upload.id).exists()
    with pytest.raises(openai.BadRequestError, match="is completed"):
        client.uploads.cancel(upload.id)


def test_a_cancelled_upload_takes_no_parts(client: OpenAI) -> None:
    upload = client.uploads.create(bytes=10, filename="t.jsonl", mime_type="text/jsonl", purpose="fine-tune")
    assert client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="is cancelled"):
        client.uploads.parts.create(upload.id, data=b"{}")


def test_more_than_was_announced_is_refused(client: OpenAI) -> None:
    upload = client.uploads.create(bytes=10, filename="t.jsonl", mime_type="text/jsonl", purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="announced"):
        client.uploads.parts.create(upload.id, data=b"x" * 11)


def test_parts_hold_no_more_than_twice_what_was_announced(uploads: Uploads, tmp_path: Path) -> None:
    upload = uploads.create("anna", "a.jsonl", "fine-tune", 10, None)
    for _ in range(2):
        uploads.add_part("anna", upload, io.BytesIO(b"1" * 10))
    with pytest.raises(ApiError, match="announced"):
        uploads.add_part("anna", upload, io.BytesIO(b"1"))
    assert len(list((tmp_path / "uploads" / upload).iterdir())) == 2


def test_parts_are_not_empty_and_not_endlessly_many(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunedesk.serve.uploads.MOST_PARTS", 2)
    upload = uploads.create("anna", "a.jsonl", "fine-tune", 10, None)
    with pytest.raises(ApiError, match="holds nothing"):
        uploads.add_part("anna", upload, io.BytesIO(b""))
    for _ in range(2):
        uploads.add_part("anna", upload, io.BytesIO(b"1"))
    with pytest.raises(ApiError, match="2 parts"):
        uploads.add_part("anna", upload, io.BytesIO(b"1"))
    assert len(list((tmp_path / "uploads" / upload).iterdir())) == 2


def test_an_upload_that_nobody_completes_is_given_up(
    database: Database, uploads: Uploads, tmp_path: Path
) -> None:
    upload = uploads.create("anna", "a.jsonl", "fine-tune", 10, None)
    uploads.add_part("anna", upload, io.BytesIO(b"12345"))
    database.change("UPDATE uploads SET expires = 1")
    uploads.sweep()
    assert uploads.get("anna", upload).status == "expired"
    assert list((tmp_path / "uploads").iterdir()) == []
    with pytest.raises(ApiError, match="is expired"):
        uploads.add_part("anna", upload, io.BytesIO(b"67890"))


def test_an_upload_that_begins_while_it_is_swept_is_not_swept_away(
    database: Database, uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = database.rows

    def rows_and_then_an_upload(*asked: Any) -> Any:
        found = rows(*asked)
        begun.append(uploads.create("anna", "a.jsonl", "fine-tune", 10, None))
        return found

    begun: list[str] = []
    monkeypatch.setattr(database, "rows", rows_and_then_an_upload)
    uploads.sweep()
    assert begun
    assert sorted(path.name for path in (tmp_path / "uploads").iterdir()) == sorted(begun)


def test_an_upload_that_is_larger_than_a_server_takes_is_refused_before_it_comes(client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as refusal:
        client.uploads.create(
            bytes=8_000_000_001, filename="t.jsonl", mime_type="text/jsonl", purpose="fine-tune"
        )
    assert (refusal.value.status_code, refusal.value.param) == (413, "bytes")
