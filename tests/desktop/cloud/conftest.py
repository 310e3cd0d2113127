"""The desks of services and prices, on a key store that keeps nothing."""

import pytest

from tests.desktop.finding import WAIT
from tunedesk.desktop.background import Background
from tunedesk.desktop.cloud.clouds import Clouds
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.notice_bar import NoticeBar
from tunedesk.runs.keys import KeyStore


@pytest.fixture
def background(qtbot):
    background = Background()
    yield background
    assert background.shut_down()


@pytest.fixture
def settle(qtbot, background):
    return lambda: qtbot.waitUntil(lambda: background.is_idle, timeout=WAIT)


@pytest.fixture
def desk(background):
    return ServiceDesk(background, KeyStore(None))


@pytest.fixture
def clouds(qtbot, background):
    """As the window wires them; `troubles` gathers what would be reported."""
    notices = NoticeBar()
    qtbot.addWidget(notices)
    made = Clouds(background, LayoutMemory({}), notices, KeyStore(None))
    made.notices = notices
    made.troubles = []
    made.failed.connect(made.troubles.append)
    yield made
    assert not made.troubles
