"""What a service would refuse is found before anything is sent, and the run holds what was chosen."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.runs.cloud.cloud_runs import a_provider, chat_rows
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import (
    CloudRequest,
    check_cloud,
    check_order,
    prepare_cloud_run,
    sent_bytes,
    sent_file,
)
from tunedesk.runs.job import CloudOrder, CloudSettings
from tunedesk.runs.places.cloud.sending import write_as_sent
from tunedesk.runs.run_folder import rows_digest


def an_order(provider: str = "openai", method: str = "sft", **more: Any) -> CloudOrder:
    profile = a_provider(provider)
    changes = {"target": profile.targets.get(method, "openai"), "model": "gpt-4.1-mini", **more}  # type: ignore[call-overload]
    account = Account(name="Ours", provider=provider, base_url="https://example.com/v1")
    return CloudOrder(account=account, provider=profile, **changes)


def a_request(folder: Path, rows: Sequence[bytes] | None = None, **more: Any) -> CloudRequest:
    order = more.pop("order", an_order())
    train = chat_rows(12) if rows is None else rows
    return CloudRequest(runs_dir=folder, dataset=folder / "train.jsonl", train=train, order=order, **more)


def test_a_sound_request_becomes_a_run_that_can_be_read_again(tmp_path: Path) -> None:
    request = a_request(tmp_path / "runs", valid=chat_rows(4), valid_source="valid.jsonl", modified=True)
    assert check_cloud(request, date(2026, 11, 21)) == []
    job = prepare_cloud_run(request).job()
    assert (job.place, job.cloud, job.method) == ("cloud", request.order, "sft")
    assert (job.model.name, job.model.path) == ("gpt-4.1-mini", "")
    assert (job.train.rows, job.train.sha256) == (12, rows_digest(request.train))
    assert job.valid is not None and job.valid.source == "valid.jsonl"
    assert job.dataset.modified


def test_a_run_may_know_the_same_model_on_this_computer(tmp_path: Path) -> None:
    job = prepare_cloud_run(a_request(tmp_path, local_model=tmp_path)).job()
    assert job.model.path == str(tmp_path.resolve())


@pytest.mark.parametrize(("target", "mark"), [("openai", b""), ("azure", b"\xef\xbb\xbf")])
def test_the_mark_of_the_byte_order_is_sent_where_it_is_wanted(
    tmp_path: Path, target: str, mark: bytes
) -> None:
    rows = chat_rows(10)
    expected = mark + b"\n".join(rows) + b"\n"
    assert b"".join(sent_bytes(rows, target)) == expected
    known = sent_file(rows, target)
    assert (known.bytes, known.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())
    provider = "azure" if mark else "openai"
    run = prepare_cloud_run(a_request(tmp_path, rows, order=an_order(provider)))
    into = tmp_path / "as-sent"
    data = run.job().train
    assert write_as_sent(run.path / data.path, data, target, into) == (known.bytes, known.sha256)
    assert into.read_bytes() == expected


def test_rows_that_are_not_the_runs_any_more_are_not_sent(tmp_path: Path) -> None:
    run = prepare_cloud_run(a_request(tmp_path))
    data = run.job().train
    other = msgspec.structs.replace(data, sha256="0" * 64)
    with pytest.raises(UserError, match="not what the run was made with"):
        write_as_sent(run.path / data.path, other, "openai", tmp_path / "x")
    (run.path / data.path).write_bytes(b"no gzip")
    with pytest.raises(UserError, match="cannot be unpacked"):
        write_as_sent(run.path / data.path, data, "openai", tmp_path / "x")


@pytest.mark.parametrize(
    ("provider", "settings", "words"),
    [
        ("openai", CloudSettings(n_epochs=51), "n_epochs must be from 1 to 50"),
        ("openai", CloudSettings(batch_size=257), "batch_size must be from 1 to 256"),
        ("openai", CloudSettings(learning_rate_multiplier=0.0), "must be above 0"),
        ("openai", CloudSettings(suffix="x" * 65), "takes 64"),
        ("azure", CloudSettings(suffix="v1.2"), "does not take"),
        ("azure", CloudSettings(suffix="nineteen-characters"), "takes 18"),
        ("azure", CloudSettings(training_type="Cheapest"), "no training type Cheapest"),
        ("nebius", CloudSettings(beta=0.1), "takes no beta"),
        ("nebius", CloudSettings(learning_rate_multiplier=2.0), "the learning rate itself"),
    ],
)
def test_settings_that_a_service_does_not_take_are_named(
    provider: str, settings: CloudSettings, words: str
) -> None:
    found = check_order(an_order(provider, settings=settings), "sft", date(2026, 11, 21))
    assert len(found) == 1 and words in found[0].message


@pytest.mark.parametrize(
    "settings",
    [
        CloudSettings(n_epochs=50, batch_size=256, learning_rate_multiplier=0.1, beta=0.1, suffix="a-b_C9"),
        CloudSettings(),
    ],
)
def test_settings_within_their_bounds_are_taken(settings: CloudSettings) -> None:
    assert check_order(an_order(settings=settings), "sft", date(2026, 11, 21)) == []


def test_a_service_that_takes_no_more_jobs_is_told_by_its_day() -> None:
    assert check_order(an_order(), "sft", date(2027, 1, 5)) == []
    found = check_order(an_order(), "sft", date(2027, 1, 6))
    assert "2027-01-05 was the last day" in found[0].message


def test_a_method_that_a_service_has_not_is_told() -> None:
    found = check_order(an_order("nebius"), "dpo")
    assert "does not train with the method dpo" in found[0].message


def test_other_things_that_would_be_refused(tmp_path: Path) -> None:
    few = check_cloud(a_request(tmp_path, chat_rows(9)))
    assert "9 examples; OpenAI wants 10" in few[0].message
    broken = check_cloud(a_request(tmp_path, [*chat_rows(10), b'{"a":\n1}']))
    assert "row 11 is not one line" in broken[0].message
    empty = check_cloud(a_request(tmp_path, []))
    assert "0 examples" in empty[0].message
    no_model = check_cloud(a_request(tmp_path, order=an_order(model=" ")))
    assert "No model is chosen" in no_model[0].message
    expiring = check_cloud(a_request(tmp_path, order=an_order(expires_seconds=60)))
    assert "1 hour to 30 days" in expiring[0].message
    with pytest.raises(UserError, match="9 examples"):
        prepare_cloud_run(a_request(tmp_path / "runs", chat_rows(9)))
    assert not (tmp_path / "runs").exists()


def test_a_file_may_be_as_big_as_its_way_there_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = dataclasses.replace(profile_named("openai"), file_bytes=500, total_bytes=2_000)
    monkeypatch.setattr("tunedesk.runs.cloud_requests.profile_named", lambda name: small)
    in_parts = an_order()
    at_once = msgspec.structs.replace(in_parts, provider=a_provider("openai", parts_from=0))
    assert check_cloud(a_request(tmp_path, chat_rows(12), order=in_parts), date(2026, 11, 21)) == []
    assert "takes" in check_cloud(a_request(tmp_path, chat_rows(12), order=at_once))[0].message
    assert "takes" in check_cloud(a_request(tmp_path, chat_rows(40), order=in_parts))[0].message
