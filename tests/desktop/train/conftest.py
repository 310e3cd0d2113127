"""A project of its own with the shipped model, and the Train pane on it."""

import shutil

import pytest

from tests.desktop.train.sample import mend, shorten
from tunedesk import paths
from tunedesk.desktop.background import Background
from tunedesk.desktop.train.pane import TrainPane
from tunedesk.desktop.train.sources import project_sources
from tunedesk.project.folder import close_project, open_document, open_project
from tunedesk.template.find_models import default_model_roots


@pytest.fixture
def whole_sample(tmp_path):
    root = tmp_path / "helpdesk"
    shutil.copytree(paths.sample_project(), root)
    return root


@pytest.fixture
def sample(whole_sample):
    shorten(whole_sample)
    return whole_sample


@pytest.fixture
def background(qtbot):
    background = Background()
    yield background
    assert background.shut_down()


class Bench:
    """The pane on a project; documents opened here are the window's own."""

    def __init__(self, qtbot, background, root):
        self.qtbot = qtbot
        self.background = background
        self.project = open_project(root)
        self.documents = {}
        self.failures = []
        self.model_folders = []
        self.pane = TrainPane(
            background,
            lambda: project_sources(self.project, self.documents),
            lambda: [*default_model_roots(), *self.model_folders],
            self.project.runs_dir,
            paths.starter_model(),
            self.project.read_only_reason,
        )
        self.pane.failed.connect(self.failures.append)
        qtbot.addWidget(self.pane)
        self.pane.resize(1200, 800)

    @property
    def choices(self):
        return self.pane.preparation.choices

    def show(self):
        self.pane.show()
        self.settle()

    def settle(self):
        """Until everything that can be found out was found out."""
        waiting = self.pane.preparation
        self.qtbot.waitUntil(lambda: self.background.is_idle and waiting.is_settled, timeout=20_000)

    def open(self, role):
        self.documents[role] = open_document(self.project, self.project.datasets[role])
        return self.documents[role]

    def close(self):
        self.background.shut_down()
        for document in self.documents.values():
            document.close()
        close_project(self.project)


@pytest.fixture
def bench_on(qtbot, background):
    made = []

    def make(root):
        made.append(Bench(qtbot, background, root))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
        assert not bench.failures


@pytest.fixture
def bench(bench_on, whole_sample):
    """On the mended sample, shortened."""
    mend(whole_sample)
    shorten(whole_sample)
    return bench_on(whole_sample)
