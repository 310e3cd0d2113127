"""Before rows leave: what is shown is what is sent, and nothing goes without a receipt."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import CloudRequest, prepare_cloud_run
from tunedesk.runs.consent import Consent, deletion_of, make_consent, private_in
from tunedesk.runs.job import CloudOrder, CloudSettings
from tunedesk.runs.provider import Provider
from tunedesk.runs.receipt import (
    give_consent,
    note_progress,
    read_receipt,
    receipt_path,
    require_consent,
)
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.encoding import RowTokens

TODAY = date(2026, 11, 21)
PROVIDER = Provider(
    id="azure",
    title="Azure",
    methods=("sft", "dpo"),
    targets={"sft": "azure", "dpo": "azure-dpo"},
    training_types=("GlobalStandard", "Standard"),
    residency={"GlobalStandard": "Data may leave the region.", "Standard": "Data stays there."},
    files_expire=True,
    retention="Files stay until you delete them.",
    forbids=("What its code of conduct forbids.",),
    notice="Deploying costs money by the hour.",
    unverified={"training_types": "the docs spell them in several ways"},
)
ACCOUNT = Account(
    name="Work", provider="azure", base_url="https://r.openai.azure.com/openai/v1", region="westeurope"
)
ORDER = CloudOrder(
    account=ACCOUNT,
    provider=PROVIDER,
    model="gpt-4.1-mini-2025-04-14",
    target="azure",
    settings=CloudSettings(n_epochs=3),
)


def row(question: str, answer: str = "We open at nine.") -> bytes:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()


ROWS = [row(f"When do you open on day {number}?") for number in range(1, 21)]


def consent(
    order: CloudOrder = ORDER, train: list[bytes] = ROWS, valid: list[bytes] | None = None
) -> Consent:
    found = make_consent(
        order,
        "sft",
        train,
        valid or [],
        source="train.jsonl",
        valid_source="valid.jsonl" if valid else "",
        today=TODAY,
    )
    assert found is not None
    return found


def prepared(tmp_path: Path, order: CloudOrder = ORDER, valid: list[bytes] | None = None) -> RunFolder:
    request = CloudRequest(
        runs_dir=tmp_path / "runs",
        dataset=tmp_path / "train.jsonl",
        train=ROWS,
        order=order,
        valid=valid or [],
        valid_source="valid.jsonl" if valid else "",
    )
    return prepare_cloud_run(request)


def test_the_digest_is_that_of_the_very_bytes_that_are_sent() -> None:
    file = consent().files[0]
    sent = b"\xef\xbb\xbf" + b"".join(raw + b"\n" for raw in ROWS)  # Azure wants a byte order mark
    assert (file.bytes, file.sha256) == (len(sent), hashlib.sha256(sent).hexdigest())
    assert (file.role, file.rows) == ("training", 20)


def test_five_rows_are_shown_exactly_as_they_are_sent() -> None:
    shown = consent().files[0].shown
    assert [each.row for each in shown] == [1, 5, 10, 15, 20]
    assert all(each.text.encode() == ROWS[each.row - 1] for each in shown)
    assert [each.row for each in consent(train=ROWS[:2]).files[0].shown] == [1, 2]


def test_host_region_price_retention_and_deletion_are_told() -> None:
    found = consent()
    facts = "\n".join(f"{name}: {text}" for name, text in found.facts)
    assert found.host == "r.openai.azure.com"
    for said in (
        "r.openai.azure.com, region westeurope",
        "Data may leave the region.",
        "train.jsonl: 20 rows",
        "3 epochs",
        "2026-08-11",
        "Files stay until you delete them.",
        "TuneDesk deletes the uploaded files when the job has ended.",
        "What its code of conduct forbids.",
        "Deploying costs money by the hour.",
        "the docs spell them in several ways",
        "n_epochs=3",
    ):
        assert said in facts


def test_the_orders_price_is_the_one_that_is_shown() -> None:
    found = consent()
    tokens = found.files[0].tokens.low
    assert Decimal(found.order.low) == Decimal(found.order.high) == tokens * 3 * 5 / Decimal(1_000_000)
    assert (found.order.currency, found.order.price) == ("USD", found.price.sentence)


def test_an_unknown_price_is_warned_of() -> None:
    found = consent(msgspec.structs.replace(ORDER, model="nobody-knows"))
    assert (found.order.low, found.order.high) == ("", "")
    assert any("price is unknown" in warning for warning in found.warnings)


def test_another_training_type_has_its_own_residency_and_price() -> None:
    order = msgspec.structs.replace(ORDER, settings=CloudSettings(n_epochs=3, training_type="Standard"))
    found = consent(order)
    assert found.residency == "Data stays there."
    assert found.price.low is not None and consent().price.low is not None
    assert found.price.low > consent().price.low


def test_a_model_that_ends_soon_is_warned_of() -> None:
    provider = msgspec.structs.replace(PROVIDER, id="openai", title="OpenAI", ends_on="2027-01-06")
    found = consent(msgspec.structs.replace(ORDER, provider=provider))
    assert any("2027-01-06" in warning for warning in found.warnings)
    assert any("2027-01-14" in warning for warning in found.warnings)
    assert found.must_confirm_price  # its prices are half a year old


def test_personal_data_and_secrets_are_counted_with_their_rows() -> None:
    secret = "sk-proj-Ab12Cd34Ef56Gh78Ij90"
    rows = [
        *ROWS[:3],
        row("Mail ann.miller@gmail.com and bob.stone@gmail.com"),
        row("Mail ann.miller@gmail.com", f"The key is {secret}"),
    ]
    found = consent(train=rows)
    private = found.files[0].private
    assert [(each.what, each.count, each.rows) for each in private] == [
        ("a secret key", 1, (5,)),
        ("an e-mail address", 3, (4, 5)),
    ]
    assert (found.secrets, found.personal) == (1, 3)
    assert any("secret keys" in warning for warning in found.warnings)
    assert "an e-mail address 3 times in 2 rows (4, 5)" in dict(found.facts)["Private data"]


def test_private_data_is_found_in_tools_and_in_rows_that_cannot_be_read() -> None:
    tools = [{"type": "function", "function": {"name": "f", "description": "ask ann.miller@gmail.com"}}]
    rows = [json.dumps({"messages": [], "tools": tools}).encode(), b"{broken ann.miller@gmail.com"]
    found = private_in(rows)
    assert found is not None
    assert [each.rows for each in found] == [(1, 2)]


def test_validation_rows_are_a_file_of_their_own() -> None:
    found = consent(valid=[row("Mail ann.miller@gmail.com")])
    assert [(file.role, file.source, file.rows) for file in found.files] == [
        ("training", "train.jsonl", 20),
        ("validation", "valid.jsonl", 1),
    ]
    assert found.personal == 1


def test_a_local_copy_of_the_model_counts_exactly() -> None:
    found = make_consent(ORDER, "sft", ROWS, source="t", today=TODAY, counter=EachIsTen())
    assert found is not None
    tokens = found.files[0].tokens
    assert (tokens.low, tokens.high, tokens.trained) == (200, 200, 80)
    assert "own template" in tokens.how


def test_a_consent_can_be_cancelled_while_it_is_made() -> None:
    made = make_consent(ORDER, "sft", ROWS * 50, source="t", today=TODAY, cancelled=lambda: True)
    assert made is None


class EachIsTen:
    """Counts without the processes that a real one starts for so many rows."""

    lanes = 1
    mapping = None

    def count(self, raws: Sequence[bytes]) -> list[RowTokens | None]:
        return [RowTokens(10, 4, 0) for _ in raws]


def test_progress_goes_on_over_both_files() -> None:
    seen: list[tuple[int, int]] = []
    make_consent(
        ORDER,
        "sft",
        ROWS * 50,
        ROWS * 25,
        source="t",
        valid_source="v",
        today=TODAY,
        counter=EachIsTen(),
        report=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(500, 1500), (1000, 1500), (1500, 1500)]


@pytest.mark.parametrize(
    ("order", "provider", "says"),
    [
        ({"delete_files": True}, {}, "TuneDesk deletes"),
        ({"delete_files": False}, {}, "until you delete them"),
        ({"delete_files": True}, {"can_delete_files": False}, "cannot delete"),
        ({"delete_files": False, "expires_seconds": 86400 * 3}, {}, "3 days after"),
        ({"delete_files": False, "expires_seconds": 3600}, {"files_expire": False}, "until you delete them"),
    ],
)
def test_when_files_are_deleted_is_told(order: dict[str, Any], provider: dict[str, Any], says: str) -> None:
    made = msgspec.structs.replace(ORDER, provider=msgspec.structs.replace(PROVIDER, **provider), **order)
    assert says in deletion_of(made)


def test_a_receipt_says_what_was_agreed_to_and_when(tmp_path: Path) -> None:
    run, agreed = prepared(tmp_path, valid=[row("a?")]), consent(valid=[row("a?")])
    give_consent(run, agreed, datetime(2026, 11, 21, 12, tzinfo=UTC))
    found = read_receipt(run)
    assert found is not None
    assert found == require_consent(run)
    assert found.consented == "2026-11-21T12:00:00+00:00"
    assert (found.host, found.account, found.model) == ("r.openai.azure.com", "Work", ORDER.model)
    assert [file.sha256 for file in found.files] == [file.sha256 for file in agreed.files]
    assert (found.as_of, found.low) == ("2026-08-11", agreed.order.low)


def test_without_a_receipt_nothing_may_be_sent(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nobody has agreed"):
        require_consent(prepared(tmp_path))


def test_a_receipt_for_other_rows_is_none(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    give_consent(run, consent(train=[*ROWS, row("One more?")]))
    with pytest.raises(UserError, match="its rows are others"):
        require_consent(run)


def test_a_receipt_for_fewer_files_is_none(tmp_path: Path) -> None:
    run = prepared(tmp_path, valid=[row("a?")])
    give_consent(run, consent())
    with pytest.raises(UserError, match="its rows are others"):
        require_consent(run)


def test_a_receipt_for_another_address_is_none(tmp_path: Path) -> None:
    moved = msgspec.structs.replace(ACCOUNT, base_url="https://other.example.com/v1")
    run = prepared(tmp_path, msgspec.structs.replace(ORDER, account=moved))
    give_consent(run, consent())
    with pytest.raises(UserError, match=r"other\.example\.com"):
        require_consent(run)


@pytest.mark.parametrize(
    ("order", "account", "says"),
    [
        ({"settings": CloudSettings(training_type="Standard")}, {}, "training type Standard"),
        ({"expires_seconds": 86_400}, {}, "files that expire after 86,400 seconds"),
        ({}, {"organization": "org-other"}, "organisation org-other"),
        ({}, {"project": "proj-other"}, "project proj-other"),
    ],
)
def test_a_receipt_for_other_terms_is_none(
    tmp_path: Path, order: dict[str, Any], account: dict[str, Any], says: str
) -> None:
    other = msgspec.structs.replace(ORDER, account=msgspec.structs.replace(ACCOUNT, **account), **order)
    run = prepared(tmp_path, other)
    give_consent(run, consent())
    with pytest.raises(UserError, match=says):
        require_consent(run)


def test_a_receipt_of_an_older_tunedesk_still_counts(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    give_consent(run, consent())
    told = json.loads(receipt_path(run).read_bytes())
    for name in ("organization", "project", "expires_seconds"):
        del told[name]
    receipt_path(run).write_text(json.dumps(told))
    assert require_consent(run).organization is None


def test_a_damaged_receipt_is_told(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    receipt_path(run).write_text("{")
    with pytest.raises(UserError, match=r"receipt\.json"):
        require_consent(run)


def test_what_became_of_the_files_and_the_job_is_added(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    assert note_progress(run, job="ftjob-1") is None
    give_consent(run, consent())
    note_progress(run, file_ids={"training": "file-1"})
    note_progress(run, job="ftjob-1")
    note_progress(run, ended="succeeded", trained_tokens=1234, deleted=("file-1",))
    found = read_receipt(run)
    assert found is not None
    assert (found.job, found.ended, found.trained_tokens) == ("ftjob-1", "succeeded", 1234)
    assert [(file.id, file.is_deleted) for file in found.files] == [("file-1", True)]
    before = receipt_path(run).stat().st_mtime_ns
    note_progress(run, job="ftjob-1")
    assert receipt_path(run).stat().st_mtime_ns == before
