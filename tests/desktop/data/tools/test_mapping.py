"""A table whose columns nobody knows: TuneDesk asks, shows what comes of it, and keeps the answer."""

import pytest

from tests.desktop.conftest import close, settle
from tests.desktop.finding import WAIT, named, press, words_on
from tunedesk.desktop.data.table.row_model import Column


@pytest.fixture
def tickets(tmp_path, monkeypatch):
    monkeypatch.setenv("TUNEDESK_HOME", str(tmp_path / "home"))
    path = tmp_path / "tickets.csv"
    lines = ["id,mail,team"] + [f'{n},"My parcel {n} did not come, where is it?",delivery' for n in range(30)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def page_of(app):
    return app.data.tool_shelf.open_tool


def choose(page, name, words):
    box = named(page, name)
    box.setCurrentText(words)


def test_an_unknown_table_is_asked_about_and_shown_as_it_will_be_trained(qtbot, open_window, tickets):
    app = open_window(tickets)
    page = page_of(app)
    assert "What the columns mean" in words_on(page)
    choose(page, "Question", "mail")
    choose(page, "Answer", "team")
    qtbot.waitUntil(lambda: "My parcel 0 did not come, where is it?" in words_on(page), timeout=WAIT)
    press(qtbot, page, "Use these columns")
    table = named(app.window, "Examples")
    model = table.model
    qtbot.waitUntil(lambda: model().index(0, Column.ANSWER).data() == "delivery", timeout=WAIT)
    settle(qtbot, app)
    assert named(app.window, "Text of turn 1, mail").toPlainText().startswith("My parcel 0")


def test_the_meaning_is_kept_for_the_next_time_and_can_be_forgotten(qtbot, open_window, tickets):
    before = tickets.read_bytes()
    app = open_window(tickets)
    choose(page_of(app), "Question", "mail")
    choose(page_of(app), "Answer", "team")
    qtbot.waitUntil(page_of(app).apply_button.isEnabled, timeout=WAIT)
    press(qtbot, page_of(app), "Use these columns")
    qtbot.waitUntil(lambda: app.data.document.mapping is not None, timeout=WAIT)
    settle(qtbot, app)
    close(qtbot, app)
    again = open_window(tickets)
    assert page_of(again) is None
    assert again.data.document.mapping.assistant == "team"
    again.data.making_tools.mapping.action.trigger()
    press(qtbot, page_of(again), "Forget what was said")
    qtbot.waitUntil(lambda: again.data.document.mapping is None, timeout=WAIT)
    settle(qtbot, again)
    assert tickets.read_bytes() == before


def test_without_an_answer_the_button_stays_off(qtbot, open_window, tickets):
    app = open_window(tickets)
    page = page_of(app)
    for name in ("Question", "Answer", "Context", "Verdict", "System prompt"):
        choose(page, name, "\u2013")
    qtbot.waitUntil(lambda: "Choose at least the column with the answer." in words_on(page), timeout=WAIT)
    assert not page.apply_button.isEnabled()


def test_a_dataset_in_a_known_format_is_not_asked_about(app, table):
    assert page_of(app) is None
