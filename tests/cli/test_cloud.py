"""`tunedesk cloud`: what is sent is shown first; then a real job at a real server on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.rows import write_rows
from tests.engine.made_runs import rows as learnable_rows
from tests.serve.clients import pair_rows
from tests.serve.running import RunningServer, wait_until
from tunedesk.__main__ import main
from tunedesk.cli import following_service
from tunedesk.project.folder import sample_copy
from tunedesk.runs.places import places
from tunedesk.runs.places.cloud import ledger
from tunedesk.runs.receipt import read_receipt, require_consent
from tunedesk.runs.run_folder import RunFolder, RunState

KEY = "td-not-really-a-key-0123456789"


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    main(["accounts", "add", "Work", "--provider", "openai", "--no-key"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\n".join(learnable_rows(12)))
    return path


def job(data: Path, *more: str, model: str = "gpt-4.1-mini", account: str = "Work") -> list[str]:
    return ["--account", account, "--model", model, "--dataset", str(data), *more]


def test_a_check_shows_all_of_it_and_sends_nothing(
    openai: None, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["cloud", "check", *job(data, "--epochs", "2")]) == 0
    told = capsys.readouterr().out
    for said in (
        "api.openai.com",
        "12 rows",
        "2 epochs",
        "2026-05-07",
        "until 2027-01-14",
        "Nothing was sent",
    ):
        assert said in told
    first = learnable_rows(12)[0].decode()
    assert f"row 1: {first}" in told


def test_a_model_that_is_gone_is_in_the_way(
    openai: None, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = job(data)
    arguments[arguments.index("--model") + 1] = "gpt-4.1-nano-2025-04-14"
    assert main(["cloud", "check", *arguments]) == 1
    told = capsys.readouterr().out
    assert "In the way: gpt-4.1-nano-2025-04-14 was shut down on 2026-10-23" in told


def test_a_check_for_scripts_has_the_same(
    openai: None, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["cloud", "check", *job(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["host"] == "api.openai.com"
    assert found["price"]["must_be_confirmed"] is True
    assert found["files"][0]["rows"] == 12
    assert len(found["files"][0]["shown"]) == 5


def test_a_project_is_sent_with_its_validation_split(
    openai: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = sample_copy(fresh_in=tmp_path / "helpdesk")
    capsys.readouterr()
    main(["cloud", "check", *job(project), "--json"])
    files = json.loads(capsys.readouterr().out)["files"]
    assert [file["role"] for file in files] == ["training", "validation"]
    assert files[0]["private"][0]["what"] == "a secret key"


def test_pairs_are_written_as_the_service_wants_them(
    openai: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_bytes(b"\n".join(pair_rows(10)))
    capsys.readouterr()
    assert main(["cloud", "check", *job(pairs, "--method", "dpo", "--beta", "0.1"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["method"] == "dpo"
    assert "preferred_output" in found["files"][0]["shown"][0]["text"]


def test_what_stands_in_the_way_is_told(
    openai: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"\n".join(learnable_rows(3)))
    assert main(["cloud", "check", *job(few)]) == 1
    assert "In the way: few.jsonl has 3 examples" in capsys.readouterr().out
    assert main(["cloud", "train", *job(few, "--key-env", "MY_KEY", "--yes")]) == 2


def test_prices_of_half_a_year_ago_are_not_used_unasked(
    openai: None, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cloud", "train", *job(data, "--key-env", "MY_KEY", "--yes")]) == 2
    assert "--accept-old-prices" in capsys.readouterr().err


def test_rows_with_secrets_are_not_sent_unasked(
    openai: None, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = (
        learnable_rows(1)[0]
        .decode()
        .replace('"assistant", "content": "', '"assistant", "content": "sk-aB3dE5gH7jK9mN1pQ3sT5 ')
    )
    data.write_text(data.read_text() + "\n" + secret)
    arguments = job(data, "--key-env", "MY_KEY", "--yes", "--accept-old-prices")
    assert main(["cloud", "train", *arguments]) == 2
    assert "--send-secrets" in capsys.readouterr().err


def test_without_a_key_nothing_begins(openai: None, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "train", *job(data, "--yes")]) == 2
    assert "There is no key for Work" in capsys.readouterr().err


def test_nothing_is_sent_without_a_yes(
    openai: None,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_start(*_: object) -> None:
        raise AssertionError("it was started")

    monkeypatch.setattr(places, "start", no_start)
    monkeypatch.setattr("builtins.input", lambda question: "")
    out = tmp_path / "run"
    arguments = job(data, "--key-env", "MY_KEY", "--accept-old-prices", "--out", str(out))
    assert main(["cloud", "train", *arguments]) == 1
    assert "Nothing was sent." in capsys.readouterr().out
    assert not out.exists()


def test_places_are_compared_in_one_table(
    openai: None, data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    arguments = ["cloud", "compare", "--dataset", str(data), "--local-model", str(tiny), "--read", "1000000"]
    arguments += ["--written", "0"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert told.startswith("This computer\n")
    assert "Work (OpenAI): cannot be chosen. It has no key yet." in told
    assert main([*arguments, "--json"]) == 0
    here, work = json.loads(capsys.readouterr().out)["places"]
    assert (here["place"], work["place"]) == ("local", "cloud")
    assert work["lives_until"] == "2027-01-14"
    assert work["money_month"]["low"] == "0.80"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server"), "--model", tiny) as running:
        yield running


@pytest.fixture
def box(server: RunningServer) -> None:
    address = ["--base-url", server.url, "--auth", "none"]
    assert main(["accounts", "add", "Box", "--provider", "tunedesk", *address]) == 0


def test_a_job_is_agreed_to_sent_followed_and_accounted_for(
    box: None, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    settings = ["--epochs", "1", "--batch-size", "4", "--suffix", "cli", "--out", str(out), "--yes"]
    assert main(["cloud", "train", *job(data, *settings, model="tiny", account="Box")]) == 0
    told = capsys.readouterr()
    assert "The tuned model is ft:tiny:" in told.out
    assert "Actual: $0.00" in told.out
    assert "step 3/3" in told.err
    run = RunFolder(out)
    assert run.state() is RunState.FINISHED
    receipt = require_consent(run)
    assert receipt.host in run.job().cloud.account.base_url  # type: ignore[union-attr]
    assert main(["resume", str(out)]) == 0
    assert "finished already" in capsys.readouterr().out
    assert main(["cloud", "files", str(out)]) == 0
    assert "No file of this run lies at Box" in capsys.readouterr().out
    assert ledger.read(run).job.startswith("ftjob")


def test_a_job_is_left_alone_looked_at_again_and_cancelled(
    box: None, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    settings = ["--epochs", "50", "--batch-size", "1", "--keep-files", "--out", str(out), "--yes", "--detach"]
    assert main(["cloud", "train", *job(data, *settings, model="tiny", account="Box")]) == 0
    assert f"tunedesk resume {out}" in capsys.readouterr().out
    run = RunFolder(out)
    wait_until(lambda: bool(ledger.read(run).job), "the job")
    places.stop_now(run)  # as when the computer was switched off: the job goes on at the service
    wait_until(lambda: run.state() is RunState.INTERRUPTED, "the end of the process that follows")
    assert main(["stop", str(out)]) == 0
    assert "Cancelled" in capsys.readouterr().out
    assert main(["cloud", "files", str(out)]) == 0
    assert "training" in capsys.readouterr().out
    assert main(["cloud", "files", str(out), "--delete"]) == 0
    capsys.readouterr()
    assert main(["cloud", "files", str(out)]) == 0
    assert "No file of this run" in capsys.readouterr().out


def test_ctrl_c_leaves_a_job_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(run: RunFolder, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following_service, "follow", interrupted)
    assert following_service.follow_job(RunFolder(tmp_path)) == 0
    told = capsys.readouterr()
    assert "The job goes on" in told.err
    assert f"tunedesk resume {tmp_path}" in told.out and f"tunedesk stop {tmp_path}" in told.out


def test_files_are_asked_for_runs_at_services_only(tmp_path: Path, tiny: Path, data: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", 2)
    assert main(["cloud", "files", str(tmp_path)]) == 2
    assert read_receipt(RunFolder(tmp_path)) is None
