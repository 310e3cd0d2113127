"""What a refusal means, and how long a service asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest

from tunedesk.runs.places.cloud.refusals import Kind, Refused, duration, refusal, retry_after


def refused(status: int, body: object, key: str = "", **headers: str) -> Refused:
    request = httpx2.Request("POST", "https://example.com/v1/files")
    answer = httpx2.Response(status, request=request, headers=headers)
    error = openai.APIStatusError("Error code", response=answer, body=body)
    return refusal("Azure", "sending the file", error, key)


def test_code_message_and_request_are_shown() -> None:
    found = refused(
        403,
        {"message": "We wind down.", "code": "training_not_available"},
        **{"x-request-id": "req_7"},
    )
    assert found.kind is Kind.CLOSED
    assert "We wind down (HTTP 403, code training_not_available, request req_7)." in found.message


def test_a_service_that_repeats_the_key_does_not_make_us_tell_it() -> None:
    key = "secret-key-0123456789"
    found = refused(401, {"message": f"Incorrect API key: {key}"}, key)
    assert key not in found.sentence and "Incorrect API key" in found.message


def test_a_web_page_in_place_of_words_is_cut() -> None:
    assert len(refused(502, {"message": "<html>" * 1_000}).message) < 600


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (307, "", Kind.ELSEWHERE),
        (400, "", Kind.REFUSED),
        (401, "", Kind.KEY),
        (403, "", Kind.FORBIDDEN),
        (404, "", Kind.MISSING),
        (408, "", Kind.BUSY),
        (409, "", Kind.BUSY),
        (410, "", Kind.MISSING),
        (413, "", Kind.REFUSED),
        (422, "", Kind.REFUSED),
        (429, "rate_limit_exceeded", Kind.BUSY),
        (429, "insufficient_quota", Kind.QUOTA),
        (429, "daily_rate_limit_exceeded", Kind.QUOTA),
        (500, "", Kind.BUSY),
        (503, "", Kind.BUSY),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(status: int, code: str, kind: Kind) -> None:
    found = refused(status, {"message": "No.", "code": code})
    assert found.kind is kind
    assert found.is_passing == (kind is Kind.BUSY)
    assert found.did_nothing == (kind not in (Kind.BUSY, Kind.ELSEWHERE) or status == 429)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", None),
        ("0", None),
        ("soon", None),
        ("nan", None),
        ("1e99", None),
    ],
)
def test_a_wait_is_a_number_of_seconds(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_a_wait_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    assert retry_after({"retry-after": format_datetime(later, usegmt=True)}) == pytest.approx(3_600, abs=5)
    assert retry_after({"retry-after": format_datetime(later - timedelta(days=1), usegmt=True)}) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (40, "40 seconds"), (60, "1 minute"), (7_200, "2 hours"), (950_400, "11 days")],
)
def test_durations_are_told_in_their_largest_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words
