"""A run at a service in the Runs pane: what is told, what can be done with it, and what is asked for."""

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.desktop.finding import WAIT, act, buttons, named, words_on
from tests.desktop.runs.conftest import Writer
from tests.runs.cloud.cloud_runs import a_cloud_run, a_provider
from tests.runs.cloud.test_refusals import refused
from tunedesk import paths
from tunedesk.desktop.cloud.clouds import Clouds
from tunedesk.desktop.runs import sentences
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.notice_bar import NoticeBar
from tunedesk.runs.events import Checkpointed, Failed, Finished, Noted, Paused, Started, Step, Stopped, Warned
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.places.cloud.ledger import Ledger, SentFile, path_of
from tunedesk.runs.run_folder import RunState

HEAD = {"run": "run", "attempt": 1, "seq": 1, "time": 0.0}
STARTED = Started(
    **HEAD, total_steps=0, rows=12, tokens_per_epoch=0, trained_share=0.0, device="Our box", versions={}
)
FINISHED = Finished(
    **HEAD,
    steps=3,
    train_loss=0.5,
    valid_loss=None,
    best_step=3,
    adapter="",
    seconds=90,
    model="ft:starter:us:x",
    trained_tokens=900,
)
LEDGER = Ledger(
    token="t",
    stage="following",
    job="ftjob-1",
    status="running",
    files=(SentFile(role="training", name="n", bytes=1200, sha256="0", id="file-1", is_ready=True),),
)


def step(number, **more):
    return Step(**HEAD, step=number, loss=1 / number, **more)


@pytest.fixture
def cloud_run(runs_dir):
    """Makes a run that was agreed to, with what its process wrote down."""

    def make(*events, ledger=LEDGER, **provider):
        run = a_cloud_run(
            runs_dir, "http://127.0.0.1:8731/v1", provider=a_provider(**provider) if provider else None
        )
        paths.write_atomically(path_of(run), msgspec.json.encode(ledger))
        writer = Writer(run)
        writer.write(*events)
        return writer

    return make


def show(qtbot, pane):
    pane.show()
    qtbot.waitUntil(lambda: pane.page.state is not None and pane.page.order is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: "Service" in words_on(pane.page.header), timeout=WAIT)


def offered(pane):
    return {one.text() for one in pane.findChildren(QPushButton) if one.isVisible()}


def service_page(qtbot, pane):
    act(pane, "Service").trigger()
    qtbot.waitUntil(lambda: "The job" in words_on(pane.page.cloud), timeout=WAIT)
    return pane.page.cloud


@pytest.fixture
def furnished(qtbot, pane, background):
    """The pane as the window wires it to services."""
    notices = NoticeBar()
    qtbot.addWidget(notices)
    Clouds(background, LayoutMemory({}), notices, KeyStore(None)).furnish(pane)
    return pane


def test_a_run_with_nothing_to_deploy_has_no_card_for_it(qtbot, furnished, cloud_run):
    cloud_run(STARTED, step(1), FINISHED)
    show(qtbot, furnished)
    page = service_page(qtbot, furnished)
    assert "Deployment at Azure" not in words_on(page)
    assert not buttons(page, "Deploy")


def test_a_finished_run_at_azure_has_its_deployment_on_its_page(qtbot, furnished, cloud_run):
    cloud_run(STARTED, step(1), FINISHED, deploys="azure")
    show(qtbot, furnished)
    page = service_page(qtbot, furnished)
    qtbot.waitUntil(lambda: "Deployment at Azure" in words_on(page), timeout=WAIT)


def refused_with(hint):
    return Failed(**HEAD, reason="Our box does not take the request.", hint=hint, step=0)


@pytest.mark.parametrize(("status", "code"), [(400, "bad_model"), (403, "training_not_available")])
def test_what_a_service_refuses_for_good_is_not_tried_again(qtbot, pane, cloud_run, status, code):
    hint = refused(status, {"message": "No.", "code": code}).hint
    cloud_run(refused_with(hint), ledger=Ledger(token="t", stage="sending"))
    show(qtbot, pane)
    assert pane.page.state is RunState.FAILED
    assert hint in pane.page.header.sentence
    assert "Try again" not in offered(pane)


def test_what_may_pass_is_tried_again(qtbot, pane, cloud_run):
    cloud_run(refused_with(refused(503, {"message": "Later."}).hint), ledger=Ledger(token="t"))
    show(qtbot, pane)
    assert "Try again" in offered(pane)


def test_a_run_that_ended_without_a_job_does_not_wait_for_one(qtbot, pane, cloud_run):
    cloud_run(refused_with("Resume the run later."), ledger=Ledger(token="t", stage="sending"))
    show(qtbot, pane)
    told = words_on(service_page(qtbot, pane))
    assert told.count("none") == 2
    assert "no job yet" not in told and "none yet" not in told


def test_a_live_job_is_cancelled_not_saved_and_has_no_memory_of_this_computer(qtbot, pane, cloud_run):
    writer = cloud_run(STARTED, step(1), step(2))
    writer.be_alive()
    show(qtbot, pane)
    assert {"Pause", "Cancel the job"} <= offered(pane)
    assert "Stop and save" not in offered(pane)
    told = words_on(pane.page.header)
    assert "Our box" in told and "Memory of the run" not in told
    assert pane.page.header.sentence == "Training: step 2."


def test_a_service_without_a_pause_is_not_offered_one(qtbot, pane, cloud_run):
    cloud_run(STARTED, step(1), can_pause=False).be_alive()
    show(qtbot, pane)
    assert "Pause" not in offered(pane)


def test_cancelling_asks_first_and_a_second_press_only_ends_the_following(qtbot, pane, place, cloud_run):
    writer = cloud_run(STARTED, step(1))
    writer.be_alive()
    show(qtbot, pane)
    pane.actions_of_run.stop.trigger()
    qtbot.waitUntil(lambda: bool(writer.folder.requests()), timeout=WAIT)
    assert writer.folder.requests()[-1].action == "stop"
    assert pane.page.header.sentence == "Our box is asked to cancel the job…"
    assert "Stop following" in offered(pane)
    pane.actions_of_run.stop.trigger()
    qtbot.waitUntil(lambda: ("stop_now", writer.folder.path) in place.done, timeout=WAIT)


def test_a_job_that_nobody_follows_is_followed_again(qtbot, pane, place, cloud_run):
    left = Warned(**HEAD, code="left", message="Our box does not take the key.")
    writer = cloud_run(STARTED, step(1), left)
    writer.die()
    show(qtbot, pane)
    assert pane.page.state is RunState.INTERRUPTED
    assert "does not take the key" in pane.page.header.sentence
    qtbot.mouseClick(buttons(pane, "Follow again")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("resume", writer.folder.path) in place.done, timeout=WAIT)


def test_a_missing_key_is_asked_for_on_the_runs_own_page(qtbot, pane, cloud_run):
    cloud_run(STARTED, step(1)).die()
    show(qtbot, pane)
    pane.ask_for_keys_of(lambda account: False)
    page = service_page(qtbot, pane)
    field = named(page, "Key of Our box", QLineEdit)
    qtbot.keyClicks(field, "sk-typed")
    with qtbot.waitSignal(pane.key_entered) as given:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    account, key, remember = given.args
    assert (account.name, key, remember) == ("Our box", "sk-typed", False)
    assert field.text() == ""
    pane.ask_for_keys_of(lambda account: True)
    assert not field.isVisible()


def test_a_job_that_was_cancelled_there_cannot_be_taken_up_again(qtbot, pane, cloud_run):
    ended = msgspec.structs.replace(LEDGER, stage="ended", status="cancelled", ended="cancelled")
    cloud_run(STARTED, step(1), Stopped(**HEAD, step=1, checkpoint=""), ledger=ended)
    show(qtbot, pane)
    qtbot.waitUntil(lambda: "Follow again" not in offered(pane), timeout=WAIT)
    assert pane.page.header.sentence == "The job at Our box was cancelled after 1 step."


def test_the_service_page_tells_job_files_price_and_checkpoints(qtbot, pane, cloud_run):
    kept = Checkpointed(**HEAD, step=2, path="", reason="schedule", model="ft:starter:us:x:ckpt-step-2")
    done = msgspec.structs.replace(
        LEDGER,
        stage="ended",
        status="succeeded",
        ended="succeeded",
        model="ft:starter:us:x",
        trained_tokens=900,
    )
    writer = cloud_run(STARTED, step(1), step(2), kept, step(3), FINISHED, ledger=done)
    show(qtbot, pane)
    assert "Our box calls the tuned model ft:starter:us:x." in pane.page.header.sentence
    page = service_page(qtbot, pane)
    told = words_on(page)
    assert {"ftjob-1", "succeeded", "ft:starter:us:x", "127.0.0.1:8731"} <= set(told)
    assert "training: 1.2 kB, still there" in told
    assert any("Expected: unknown. Actual: $0.00" in words for words in told)
    with qtbot.waitSignal(pane.checkpoint_chat_requested) as asked:
        qtbot.mouseClick(named(page, "Chat with the checkpoint of step 2"), Qt.MouseButton.LeftButton)
    assert asked.args == [writer.folder.path, "ft:starter:us:x:ckpt-step-2"]
    with qtbot.waitSignal(pane.chat_requested):
        pane.actions_of_run.chat.trigger()


def test_files_that_still_lie_there_are_deleted_when_asked(qtbot, pane, place, cloud_run):
    done = msgspec.structs.replace(LEDGER, stage="ended", status="succeeded", ended="succeeded")
    writer = cloud_run(STARTED, step(1), FINISHED, ledger=done)
    show(qtbot, pane)
    page = service_page(qtbot, pane)
    qtbot.waitUntil(lambda: buttons(page, "Delete it there now")[0].isEnabled(), timeout=WAIT)
    qtbot.mouseClick(buttons(page, "Delete it there now")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("delete_files", writer.folder.path) in place.done, timeout=WAIT)


def test_an_adapter_that_did_not_come_is_fetched_when_asked(qtbot, pane, place, cloud_run):
    done = msgspec.structs.replace(LEDGER, stage="ended", status="succeeded", ended="succeeded")
    writer = cloud_run(STARTED, step(1), FINISHED, ledger=done)
    show(qtbot, pane)
    page = service_page(qtbot, pane)
    qtbot.mouseClick(buttons(page, "Fetch the adapter")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("fetch_adapter", writer.folder.path) in place.done, timeout=WAIT)


def test_plots_that_the_service_does_not_tell_are_left_out(qtbot, pane, cloud_run):
    cloud_run(STARTED, step(1, token_accuracy=0.2), step(2, token_accuracy=0.4), FINISHED)
    show(qtbot, pane)
    qtbot.waitUntil(lambda: pane.page.plots.page is not None, timeout=WAIT)
    loss, rate, norm, speed, accuracy = pane.page.plots.page.plots
    qtbot.waitUntil(lambda: accuracy.isVisible(), timeout=WAIT)
    assert loss.isVisible()
    assert not any(plot.isVisible() for plot in (rate, norm, speed))


def test_a_run_of_this_computer_has_no_service_page(qtbot, pane, new_run):
    new_run().write(STARTED)
    pane.show()
    qtbot.waitUntil(lambda: pane.page.state is not None, timeout=WAIT)
    assert not act(pane, "Service").isVisible()


@pytest.mark.parametrize(
    ("state", "events", "words"),
    [
        (RunState.WAITING, (), "nothing was sent to Our box yet"),
        (RunState.RUNNING, (), "Speaking to Our box"),
        (
            RunState.RUNNING,
            (Noted(**HEAD, phase="sending", message="Sending 1 of 3 MB"),),
            "Sending 1 of 3 MB",
        ),
        (RunState.PAUSED, (STARTED, step(2), Paused(**HEAD, step=2)), "Paused at Our box after 2 steps"),
        (RunState.INTERRUPTED, (STARTED, step(2)), "nothing is sent twice"),
    ],
)
def test_how_a_job_elsewhere_stands_is_said_in_its_own_words(state, events, words):
    history = RunHistory()
    history.add_all(events)
    assert words in sentences.state_sentence(state, history, "Our box")


def test_what_a_service_does_not_tell_is_not_told_as_nothing():
    sentence = sentences.event_sentence(STARTED)
    assert sentence == "Training begins on Our box: 12 rows"
