"""What services answer, in the forms that are known of them: read where it can be, and nothing else."""

from __future__ import annotations

import json

import msgspec
import pytest

from tunedesk.runs.places.cloud.remote import (
    EventPage,
    FilePage,
    ModelPage,
    RemoteFile,
    RemoteJob,
    RemoteTrouble,
    decode,
)


def test_all_but_the_id_may_be_missing_or_null() -> None:
    nothing = dict.fromkeys(("fine_tuned_model", "result_files", "error", "finished_at", "trained_tokens"))
    assert decode(b'{"id": "j"}', RemoteJob) == RemoteJob("j")
    assert decode(json.dumps({"id": "j", "status": None, **nothing}).encode(), RemoteJob) == RemoteJob("j")
    assert decode(b'{"id": "f", "status": null, "bytes": null}', RemoteFile) == RemoteFile("f")


def test_times_and_counts_are_read_in_every_form() -> None:
    text = {
        "id": "j",
        "created_at": "2026-11-21T10:00:00+00:00",
        "finished_at": "1795257387",
        "trained_tokens": 7.0,
    }
    found = decode(json.dumps(text).encode(), RemoteJob)
    assert (found.created_at, found.finished_at, found.trained_tokens) == (1795255200.0, 1795257387.0, 7)
    odd = {"id": "j", "created_at": "yesterday", "finished_at": True, "trained_tokens": [1]}
    assert decode(json.dumps(odd).encode(), RemoteJob) == RemoteJob("j")


def test_result_files_are_ids_or_whole_files() -> None:
    body = b'{"id": "j", "result_files": ["a", {"id": "b", "object": "file"}, null]}'
    assert decode(body, RemoteJob).result_files == ["a", "b"]


def test_an_error_is_an_object_or_a_sentence() -> None:
    assert decode(b'{"id": "j", "error": "No."}', RemoteJob).error == RemoteTrouble(message="No.")
    assert decode(b'{"id": "j", "error": {}}', RemoteJob).error == RemoteTrouble()
    assert decode(b'{"id": "j", "error": ""}', RemoteJob).error is None


def test_the_figures_of_an_event_are_left_as_they_are() -> None:
    body = b'{"data": [{"id": "e", "created_at": 5, "type": "metrics", "data": {"step": 1, "x": null}}]}'
    (event,) = decode(body, EventPage).data
    assert event.data == {"step": 1, "x": None}


def test_numbers_that_json_does_not_know_are_read_as_such() -> None:
    (event,) = decode(
        b'{"data": [{"created_at": NaN, "data": {"loss": NaN}}], "has_more": true}', EventPage
    ).data
    assert event.created_at == 0.0 and event.data["loss"] != event.data["loss"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"data": 3}', b'{"data": [{}]}', b'"text"', b'{"id": 7']
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        decode(body, FilePage)


def test_models_need_nothing_but_a_name() -> None:
    assert [
        model.id for model in decode(b'{"data": [{"id": "a", "x": 1}], "object": "list"}', ModelPage).data
    ] == ["a"]
