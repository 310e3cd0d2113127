"""The queue's order, settings, slots and what is kept, without a server and without an engine."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.serve.clients import chat_rows, pair_rows
from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.plan.advice import recommend
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.hardware import Gpu, Hardware
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.bases import Models, Origin, TunedModel
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.database import Database
from tunedesk.serve.files import FileRecord, Files
from tunedesk.serve.jobs import JobRecord, JobRequest, Jobs, Trouble
from tunedesk.serve.keeping import Keeping
from tunedesk.serve.preparing import Prepared, Refused, Sources, prepare, settings_of
from tunedesk.serve.worker import slots_of, trouble_of
from tunedesk.template.model_folder import read_model_folder

PLAIN = Hardware("processor", 2, 8_000_000_000, 4_000_000_000)
ASKED = JobRequest(model="starter", training_file="file-" + "0" * 24)
FACTS = DataFacts(rows=40, valid_rows=0, tokens=[50] * 40, trained_tokens=400)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "serve.db")


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Files:
    return Files(database, tmp_path)


@pytest.fixture
def models(database: Database, tmp_path: Path) -> Models:
    return Models(database, tmp_path, (), 1)


@pytest.fixture
def checkpoints(database: Database, tmp_path: Path, files: Files, models: Models) -> Checkpoints:
    return Checkpoints(database, tmp_path, files, models)


@pytest.fixture
def keeping(jobs: Jobs, files: Files, models: Models, checkpoints: Checkpoints, tmp_path: Path) -> Keeping:
    return Keeping(jobs, files, models, checkpoints, tmp_path / "runs")


def queue(jobs: Jobs, job: JobRecord, at: float) -> None:
    jobs.change(job.id, status="queued", queued=at)


def prepared(job: JobRecord, file: FileRecord, folder: Path, valid: FileRecord | None = None) -> Prepared:
    origin = Origin("starter", read_model_folder(paths.starter_model()), None)
    sources = Sources(folder / file.path, file.filename)
    if valid is not None:
        sources = replace(sources, valid=folder / valid.path, valid_name=valid.filename)
    return prepare(job, sources, origin, folder / "runs", PLAIN, 1)


def test_jobs_take_their_turns_and_one_that_is_resumed_waits_behind(jobs: Jobs) -> None:
    first, second, third = (jobs.create("anna", ASKED, 1) for _ in range(3))
    for place, job in enumerate((first, second, third)):
        queue(jobs, job, at=100.0 + place)
    assert [job.id for job in jobs.with_status("queued")] == [first.id, second.id, third.id]
    jobs.change(first.id, status="paused")
    queue(jobs, first, at=200.0)
    assert [job.id for job in jobs.with_status("queued")] == [second.id, third.id, first.id]


def test_lists_are_pages_with_and_without_a_filter(jobs: Jobs) -> None:
    marked = msgspec.structs.replace(ASKED, metadata={"team": "blue"})
    made = [jobs.create("anna", marked if number % 2 else ASKED, 1).id for number in range(6)]
    page, more = jobs.listed("anna", None, 4, {})
    assert ([job.id for job in page], more) == (made[:1:-1], True)
    page, more = jobs.listed("anna", page[-1].id, 4, {})
    assert ([job.id for job in page], more) == (made[1::-1], False)
    blue, more = jobs.listed("anna", None, 2, {"team": "blue"})
    assert ([job.id for job in blue], more) == ([made[5], made[3]], True)
    assert jobs.listed("anna", None, 9, {"team": "red"}) == ([], False)
    assert jobs.listed("ben", None, 9, {}) == ([], False)


def test_a_status_changes_only_from_where_it_may(jobs: Jobs) -> None:
    job = jobs.create("anna", ASKED, 1)
    assert jobs.change(job.id, was=("validating_files",), status="cancelled")
    assert not jobs.change(job.id, was=("validating_files",), status="queued")
    assert jobs.get("anna", job.id).status == "cancelled"


def test_a_job_comes_back_as_it_was_kept(jobs: Jobs) -> None:
    asked = msgspec.structs.replace(ASKED, n_epochs=2, metadata={"ключ": "значение"}, suffix="x")
    job = jobs.create("anna", asked, None)
    assert 0 <= job.seed < 2**31
    jobs.change(job.id, error=Trouble("code", "words", None), status="failed")
    found = jobs.anyones(job.id)
    assert (found.request, found.error) == (asked, Trouble("code", "words", None))
    with pytest.raises(ApiError):
        jobs.get("ben", job.id)


def test_the_learning_rate_is_the_advised_one_times_the_multiplier() -> None:
    model = read_model_folder(paths.starter_model())
    advised = recommend(FACTS, model, PLAIN)
    asked = msgspec.structs.replace(ASKED, learning_rate_multiplier=0.5, n_epochs=4, batch_size=100)
    settings, chosen = settings_of(asked, 9, FACTS, model, PLAIN, 1)
    assert settings.learning_rate == pytest.approx(0.5 * float(advised.value("learning_rate")))
    assert (settings.epochs, settings.seed, settings.threads) == (4, 9, 1)
    assert settings.batch_size == chosen.batch_size == 40  # no more than there are rows
    assert chosen.steps == 4
    automatic, chosen = settings_of(ASKED, 9, FACTS, model, PLAIN, 1)
    assert automatic.learning_rate == float(advised.value("learning_rate"))
    assert (automatic.epochs, automatic.batch_size) == (
        advised.value("epochs"),
        advised.value("batch_size"),
    )
    assert chosen.learning_rate_multiplier == 1
    assert problems_of(settings) == problems_of(automatic) == []


def problems_of(settings: object) -> list[str]:
    found: list[str] = settings.problems()  # type: ignore[attr-defined]
    return found


def test_a_multiplier_that_no_training_bears_is_refused() -> None:
    model = read_model_folder(paths.starter_model())
    asked = msgspec.structs.replace(ASKED, learning_rate_multiplier=100.0)
    narrow = replace(model, shape=replace(model.shape, hidden=16))
    with pytest.raises(UserError, match="too high") as refusal:
        settings_of(asked, 9, FACTS, narrow, PLAIN, 1)
    assert trouble_of(refusal.value).param == "hyperparameters.learning_rate_multiplier"


def test_preferences_get_their_own_advice() -> None:
    model = read_model_folder(paths.starter_model())
    dpo = msgspec.structs.replace(ASKED, method="dpo", beta=0.3)
    settings, chosen = settings_of(dpo, 9, FACTS, model, PLAIN, 1)
    plain, without = settings_of(ASKED, 9, FACTS, model, PLAIN, 1)
    assert (settings.beta, chosen.beta, without.beta) == (0.3, 0.3, None)
    assert settings.learning_rate < plain.learning_rate


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, {0: "0", 1: "1"}),
        ("3,5", {0: "3", 1: "5"}),
        ("GPU-aa, GPU-bb", {0: "GPU-aa", 1: "GPU-bb"}),
    ],
)
def test_each_card_takes_a_job_that_sees_it_alone(
    monkeypatch: pytest.MonkeyPatch, shown: str | None, expected: dict[int, str]
) -> None:
    if shown is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    two = replace(PLAIN, gpus=(Gpu("card", 80, 80), Gpu("card", 80, 80)))
    assert {slot: each["CUDA_VISIBLE_DEVICES"] for slot, each in slots_of(two).items()} == expected
    assert slots_of(PLAIN) == {0: {}}


def test_a_run_that_a_killed_server_had_made_is_taken_up(jobs: Jobs, files: Files, tmp_path: Path) -> None:
    file = files.add("anna", "train.jsonl", "fine-tune", io.BytesIO(b"\n".join(chat_rows(12))))
    job = jobs.create("anna", ASKED, 1)
    first, again = prepared(job, file, tmp_path), prepared(job, file, tmp_path)
    assert first == again
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [job.id]
    order = first.run.job()
    assert order.watched == ()  # no row's text stands where a deletion would forget it
    assert order.train.rows == first.rows == 12


def test_preferences_for_imitation_are_refused_with_a_sentence(
    jobs: Jobs, files: Files, tmp_path: Path
) -> None:
    file = files.add("anna", "train.jsonl", "fine-tune", io.BytesIO(b"\n".join(pair_rows(12))))
    job = jobs.create("anna", ASKED, 1)
    with pytest.raises(UserError, match="row 1") as refusal:
        prepared(job, file, tmp_path)
    assert trouble_of(refusal.value).code == "invalid_training_file"


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_that_memory_cannot_hold_is_refused_unread(
    jobs: Jobs, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    rows = b"\n".join(chat_rows(12))
    monkeypatch.setattr("tunedesk.serve.preparing.LARGEST_FILE", len(rows))
    small = files.add("anna", "small.jsonl", "fine-tune", io.BytesIO(rows))
    large = files.add("anna", "large.jsonl", "fine-tune", io.BytesIO(b"no row" + rows))
    job = jobs.create("anna", ASKED, 1)
    train, valid = ((large, small), (small, large))[first]
    with pytest.raises(Refused, match=r"large\.jsonl has") as refusal:
        prepared(job, train, tmp_path, valid)
    assert refusal.value.param == ("training_file", "validation_file")[first]
    assert prepared(job, small, tmp_path).rows == 12


def test_a_row_that_is_too_long_is_blamed_on_its_file(
    jobs: Jobs, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that an earlier version took."""
    monkeypatch.setattr("tunedesk.serve.row_files.LONGEST_ROW", 1000)
    rows = [*chat_rows(2), b'{"a": "' + b"x" * 1000 + b'"}']
    file = files.add("anna", "train.jsonl", "fine-tune", io.BytesIO(b"\n".join(rows)))
    job = jobs.create("anna", ASKED, 1)
    with pytest.raises(Refused, match="Line 3 is longer") as refusal:
        prepared(job, file, tmp_path)
    assert refusal.value.code == "invalid_training_file"


def test_what_is_the_servers_own_trouble_is_not_blamed_on_the_file(
    jobs: Jobs, files: Files, tmp_path: Path
) -> None:
    file = files.add("anna", "train.jsonl", "fine-tune", io.BytesIO(b"\n".join(chat_rows(12))))
    job = jobs.create("anna", ASKED, 1)
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises((UserError, OSError)) as trouble:
        prepared(job, file, tmp_path)
    assert not isinstance(trouble.value, Refused)
    assert trouble_of(UserError("The run folder cannot be written.")).param is None


def test_rows_go_when_their_files_do_and_not_before_the_job_is_over(
    jobs: Jobs, files: Files, keeping: Keeping, tmp_path: Path
) -> None:
    file = files.add("anna", "train.jsonl", "fine-tune", io.BytesIO(b"\n".join(chat_rows(12))))
    job = jobs.create("anna", msgspec.structs.replace(ASKED, training_file=file.id), 1)
    data = prepared(job, file, tmp_path).run.path / "data"
    jobs.change(job.id, status="cancelled")
    keeping.sweep()
    assert data.is_dir()
    files.delete("anna", file.id)
    jobs.change(job.id, status="paused")
    keeping.sweep()
    assert data.is_dir()
    jobs.change(job.id, status="cancelled")
    keeping.sweep()
    assert not data.exists()


@pytest.mark.parametrize("first", [0, 1])
def test_each_file_takes_its_own_rows_with_it(
    jobs: Jobs, files: Files, keeping: Keeping, tmp_path: Path, first: int
) -> None:
    train, valid = (
        files.add("anna", name, "fine-tune", io.BytesIO(b"\n".join(chat_rows(12)))) for name in ("t", "v")
    )
    asked = msgspec.structs.replace(ASKED, training_file=train.id, validation_file=valid.id)
    job = jobs.create("anna", asked, 1)
    data = prepared(job, train, tmp_path, valid).run.path / "data"
    jobs.change(job.id, status="succeeded")
    keeping.sweep()
    assert sorted(path.name for path in data.iterdir()) == ["train.jsonl.gz", "valid.jsonl.gz"]
    files.delete("anna", (train, valid)[first].id)
    keeping.sweep()
    kept = ("valid.jsonl.gz", "train.jsonl.gz")[first]
    assert [path.name for path in data.iterdir()] == [kept]
    files.delete("anna", (valid, train)[first].id)
    keeping.sweep()
    assert not data.exists()


def write_adapter(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")


def test_a_model_is_deleted_with_all_that_came_of_its_training(
    jobs: Jobs, files: Files, models: Models, checkpoints: Checkpoints, keeping: Keeping, tmp_path: Path
) -> None:
    job = jobs.create("anna", ASKED, 1)
    run = Path("runs") / job.id
    adapters = {"ft:starter:anna::1": run / "adapter", "ft:starter:anna::1:ckpt-step-4": run / "ckpt"}
    for step, (name, folder) in enumerate(adapters.items(), 4):
        write_adapter(tmp_path / folder)
        tuned = TunedModel(name, "anna", job.id, 5, "starter", folder.as_posix(), "nf4", "")
        checkpoints.note(tuned, step, {"step": 4.0})
    names = list(adapters)
    with pytest.raises(ApiError, match="cancel the job first"):
        keeping.delete_model("anna", names[1])
    jobs.change(job.id, status="succeeded", tuned=names[0])
    assert [each.id for each in models.models("ben")] == ["starter"]
    assert models.origin("ben", names[0]) is None
    own = models.origin("anna", names[0])
    assert own is not None and own.adapter == tmp_path / run / "adapter"
    with pytest.raises(ApiError) as refusal:
        keeping.delete_model("ben", names[0])
    assert refusal.value.status == 404
    with pytest.raises(ApiError):
        keeping.delete_model("anna", "starter")

    keeping.delete_model("anna", names[1])
    assert [each.id for each in models.models("anna")] == ["starter", names[0]]
    assert len(checkpoints.of(job.id)) == 1
    keeping.delete_model("anna", names[0])
    assert [each.id for each in models.models("anna")] == ["starter"]
    assert not (tmp_path / run).exists()
    assert files.listed("anna", purpose=None, after=None, limit=9, newest_first=True) == ([], False)


def test_a_newer_programs_database_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.db")
    database.change("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UserError, match="newer TuneDesk"):
        Database(tmp_path / "new.db")
