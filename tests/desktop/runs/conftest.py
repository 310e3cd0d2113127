"""A real run folder that a test writes events into, as the engine does, and the pane beside it."""

import msgspec
import psutil
import pytest

from tests.runs.examples import a_job
from tunedesk.desktop.background import Background
from tunedesk.desktop.runs.pane import RunsPane
from tunedesk.runs.events import encode_event
from tunedesk.runs.run_folder import ProcessInfo, RunFolder


class Writer:
    """Writes what an engine would write."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, *events):
        with open(self.folder.events_path, "ab") as file:
            for event in events:
                file.write(encode_event(event))

    def be_alive(self, attempt=1):
        """This very test stands for the engine's process."""
        me = psutil.Process()
        info = ProcessInfo(me.pid, me.create_time(), attempt)
        self.folder.process_path.write_bytes(msgspec.json.encode(info))

    def die(self, attempt=1):
        self.folder.process_path.write_bytes(msgspec.json.encode(ProcessInfo(1, 0.0, attempt)))


class RecordingPlace:
    """Starts nothing; the real place has tests of its own, and one test here starts a real engine."""

    def __init__(self):
        self.done = []

    def start(self, run):
        self.done.append(("start", run.path))

    def resume(self, run):
        self.done.append(("resume", run.path))

    def stop_now(self, run):
        self.done.append(("stop_now", run.path))

    def delete_files(self, run):
        self.done.append(("delete_files", run.path))

    def fetch_adapter(self, run):
        self.done.append(("fetch_adapter", run.path))


@pytest.fixture
def runs_dir(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def new_run(runs_dir):
    def make(name="2026-11-20-1432-a7", created="2026-11-20T14:32:00+00:00"):
        job = msgspec.structs.replace(a_job(), run=name, created=created)
        return Writer(RunFolder.create(runs_dir, job, [b"{}"]))

    return make


@pytest.fixture
def background(qtbot):
    background = Background()
    troubles = []
    background.failed.connect(troubles.append)
    yield background
    assert background.shut_down()
    assert not troubles


@pytest.fixture
def place():
    return RecordingPlace()


@pytest.fixture
def pane(qtbot, runs_dir, place, background):
    pane = RunsPane(runs_dir, place, background)
    qtbot.addWidget(pane)
    pane.resize(1200, 800)
    pane.failures = []
    pane.failed.connect(pane.failures.append)
    yield pane
    pane.close_run()
    assert not pane.failures
