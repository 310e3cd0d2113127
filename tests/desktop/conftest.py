"""The whole window on a short copy of the sample; a test that leaks a dialog or an error fails."""

import shutil

import pytest
from PySide6.QtWidgets import QApplication

from tests.desktop.finding import WAIT, named
from tunedesk import paths
from tunedesk.desktop.app import build_window
from tunedesk.settings import Settings


@pytest.fixture
def helpdesk(tmp_path):
    """The sample project with 60 training rows (faults in rows 8, 23, 38 and 56) and short other splits."""
    root = tmp_path / "helpdesk"
    shutil.copytree(paths.sample_project(), root)
    for name, rows in (("train", 60), ("valid", 5), ("heldout", 5)):
        file = root / "datasets" / f"{name}.jsonl"
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:rows]))
    return root


@pytest.fixture
def open_window(qtbot, qapp):
    """Opens windows as the program does, and closes them when the test ends."""
    apps = []

    def open_path(path, settings=None):
        app = build_window(qapp, settings or Settings(theme="light"), path)
        app.reported = []
        app.errors.reported.connect(lambda error, trace: app.reported.append(error))
        app.window.show()
        apps.append(app)
        settle(qtbot, app)
        return app

    yield open_path
    for app in apps:
        close(qtbot, app)
        assert not app.reported, app.reported
    assert not [each for each in QApplication.topLevelWidgets() if each.isVisible()], "a dialog was left open"
    for app in apps:
        app.window.deleteLater()
        app.deleteLater()


@pytest.fixture
def app(open_window, helpdesk):
    return open_window(helpdesk)


@pytest.fixture
def table(app):
    return named(app.window, "Examples")


def settle(qtbot, app):
    """Wait until the data pane is there and no background work is left."""
    qtbot.waitUntil(lambda: app.data is not None and app.background.is_idle, timeout=WAIT)


def close(qtbot, app):
    app.window.close()
    qtbot.waitUntil(lambda: not app.window.isVisible(), timeout=WAIT)
