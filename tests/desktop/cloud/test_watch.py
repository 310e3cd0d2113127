"""Jobs at services are taken up again when a project opens, and what is sent is said; nothing is started."""

import msgspec
import pytest

from tests.desktop.finding import WAIT
from tests.desktop.runs.conftest import Writer
from tests.runs.cloud.cloud_runs import a_cloud_run
from tunedesk import paths
from tunedesk.desktop.cloud.watch import LiveJob, told
from tunedesk.desktop.leaving import live_runs
from tunedesk.runs.deployment import Deployed, note_deployment
from tunedesk.runs.events import Noted
from tunedesk.runs.places.cloud.ledger import Ledger, path_of

NOTED = Noted(run="run", attempt=1, seq=1, time=0.0, phase="service", message="It runs.")


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def job(runs_dir):
    """A run whose job is at the service; nobody follows it."""

    def make(stage="following", **account):
        run = a_cloud_run(runs_dir, "http://127.0.0.1:8731/v1", **account)
        paths.write_atomically(
            path_of(run), msgspec.json.encode(Ledger(token="t", stage=stage, job="ftjob-1"))
        )
        writer = Writer(run)
        writer.write(NOTED)
        writer.die()
        return writer

    return make


@pytest.fixture
def resumed(monkeypatch):
    """Which runs were taken up, with the key of their service."""
    from tunedesk.runs.places import places

    done = []
    monkeypatch.setattr(
        places, "resume", lambda run, keys: done.append((run.path.name, keys(run.job().cloud.account)))
    )
    return done


def test_a_job_whose_key_is_known_is_followed_again(clouds, settle, runs_dir, job, resumed):
    run = job().folder
    clouds.services.keep_key(run.job().cloud.account, "sk-known", False)
    settle()
    clouds.watch.begin(runs_dir, may_follow=True)
    settle()
    assert resumed == [("run", "sk-known")]


def test_a_missing_key_is_asked_for_and_then_the_job_is_followed(
    qtbot, clouds, settle, runs_dir, job, resumed
):
    account = job().folder.job().cloud.account
    clouds.watch.begin(runs_dir, may_follow=True)
    settle()
    assert resumed == []
    (notice,) = clouds.notices.notices
    assert notice.text.startswith("Give the key of Our box to go on following the training run.")
    with qtbot.waitSignal(clouds.watch.key_asked) as asked:
        notice.answers[0].then()
    assert asked.args == ["Our box"]
    clouds.services.keep_key(account, "sk-late", False)
    settle()
    assert resumed == [("run", "sk-late")]
    assert clouds.notices.notices == ()


def test_a_project_that_another_window_holds_is_left_alone(clouds, settle, runs_dir, job, resumed):
    job(auth="none")
    clouds.watch.begin(runs_dir, may_follow=False)
    settle()
    assert resumed == []


def test_a_job_that_has_ended_there_is_not_taken_up(clouds, settle, runs_dir, job, resumed):
    writer = job(auth="none")
    ended = Ledger(token="t", stage="ended", job="ftjob-1", ended="cancelled")
    paths.write_atomically(path_of(writer.folder), msgspec.json.encode(ended))
    clouds.watch.begin(runs_dir, may_follow=True)
    settle()
    assert resumed == []


def test_what_is_sent_is_said_while_it_is(qtbot, clouds, settle, runs_dir, job):
    writer = job(stage="sending")
    writer.be_alive()
    said = []
    clouds.watch.sending_changed.connect(said.append)
    clouds.watch.begin(runs_dir, may_follow=True)
    settle()
    assert said[-1] == "Sending rows to 127.0.0.1:8731"
    writer.die()
    qtbot.waitUntil(lambda: said[-1] == "", timeout=WAIT)
    clouds.watch.end()


@pytest.mark.parametrize(
    ("live", "words"),
    [
        ([], ""),
        ([LiveJob("Work", "a.example", False)], "Asking a.example how the training stands"),
        ([LiveJob("Work", "a.example", False)] * 2, "Asking services about 2 trainings"),
        (
            [LiveJob("Work", "a.example", False), LiveJob("Box", "b.example", True)],
            "Sending rows to b.example and 1 more",
        ),
    ],
)
def test_sending_is_said_before_asking(live, words):
    assert told(live) == words


def test_a_job_at_a_service_does_not_keep_the_window_open(runs_dir, job):
    job().be_alive()
    assert live_runs(runs_dir) == []


def test_a_deployment_that_goes_on_costing_money_is_reminded_of(qtbot, clouds, settle, runs_dir, job):
    run = job(auth="none").folder
    ended = Ledger(token="t", stage="ended", job="ftjob-1", ended="succeeded")
    paths.write_atomically(path_of(run), msgspec.json.encode(ended))
    note_deployment(
        run, Deployed(name="helpdesk", model="gpt-4.1.ft-1", sku="standard", since="2026-11-20T08:00:00Z")
    )
    clouds.watch.begin(runs_dir, may_follow=True)
    settle()
    (notice,) = clouds.notices.notices
    assert "helpdesk is deployed" in notice.text
    with qtbot.waitSignal(clouds.watch.run_asked) as asked:
        notice.answers[0].then()
    assert asked.args == [run.path]
