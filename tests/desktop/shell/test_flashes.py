"""Parts of the window are never windows of their own, not even while they are made."""

from tests.desktop.conftest import settle
from tests.desktop.shown_windows import ShownWindows

PANES = ("data", "train", "runs", "chat", "settings", "shortcuts", "about")


def test_nothing_flashes_while_a_project_is_opened_and_its_panes_are_made(qtbot, qapp, open_window, helpdesk):
    shown = ShownWindows(qapp)
    app = open_window(helpdesk)
    for pane in PANES:
        app.window.show_pane(pane)
        settle(qtbot, app)
    qapp.removeEventFilter(shown)
    assert shown.kinds == ["MainWindow"]
