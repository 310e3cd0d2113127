"""The wizard has an engine ready when a run may be started, unless its user does not want one."""

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QCheckBox

from tests.waiting_engines import waiting_engines
from tunedesk.desktop.background import Background
from tunedesk.desktop.shell.settings_page import SettingsPage
from tunedesk.desktop.waiting_engine import WaitingEngine
from tunedesk.settings import Settings


@pytest.fixture
def background(qtbot):
    background = Background()
    yield background
    assert background.shut_down()


def test_it_waits_once_it_was_prepared_and_is_gone_once_it_is_not_wanted(qtbot, background):
    waiting = WaitingEngine(background, QObject(background))
    assert not waiting_engines()
    waiting.prepare()
    qtbot.waitUntil(lambda: waiting.warm.is_waiting, timeout=60_000)
    waiting.end()
    qtbot.waitUntil(lambda: not waiting_engines(), timeout=20_000)
    waiting.prepare()
    qtbot.waitUntil(lambda: background.is_idle)
    assert not waiting_engines()


def test_who_does_not_want_it_says_so_in_the_settings(qtbot, tmp_path):
    page = SettingsPage(Settings(), tmp_path)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.settings_changed) as changed:
        page.findChild(QCheckBox).click()
    assert changed.args == [Settings(warm_engine=False)]
