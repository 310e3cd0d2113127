"""Drafts by a model through their page: shown first, sent only after consent, added as drafts."""

from tests.chat.test_drafting import pair
from tests.chat.test_endpoint import completion, server
from tests.desktop.finding import WAIT, buttons, named, words_on

__all__ = ["server"]


def open_draft(app, table, rows=2):
    model = table.model()
    table.select_rows([model.row_id(row) for row in range(rows)], model.row_id(0))
    app.data.making_tools.draft.action.trigger()
    return app.data.tool_shelf.open_tool


def choose_address(qtbot, page, address):
    box = named(page, "Model")
    box.setCurrentIndex(box.count() - 1)
    box.activated.emit(box.currentIndex())
    qtbot.keyClicks(named(page, "Address"), address)
    qtbot.keyClicks(named(page, "Its name there"), "m")


def agree_to(page, server):
    buttons(page, f"I agree that 2 rows are sent to {server.host}")[0].setChecked(True)


def wait_for(qtbot, page, words):
    qtbot.waitUntil(lambda: any(words in each for each in words_on(page)), timeout=WAIT)


def test_what_a_model_on_this_computer_gets_is_shown(qtbot, app, table):
    page = open_draft(app, table)
    wait_for(qtbot, page, "After 2 rows. Nothing leaves this computer.")
    assert buttons(page, "Draft 10")[0].isEnabled()


def test_nothing_is_sent_without_consent(qtbot, app, table, server):
    page = open_draft(app, table)
    choose_address(qtbot, page, server.address)
    wait_for(qtbot, page, "2 rows will be sent to")
    assert not buttons(page, "Draft 10")[0].isEnabled()
    assert not server.asked
    agree_to(page, server)
    assert buttons(page, "Draft 10")[0].isEnabled()


def test_answers_become_drafts_with_their_source(qtbot, app, table, server):
    server.answer = lambda number: completion(pair("Where is my red lamp?", '{"category": "delivery"}'))
    before = len(app.data.document)
    page = open_draft(app, table)
    named(page, "How many").setValue(1)
    choose_address(qtbot, page, server.address)
    wait_for(qtbot, page, "2 rows will be sent to")
    agree_to(page, server)
    page.apply_button.click()
    qtbot.waitUntil(lambda: len(app.data.document) == before + 1, timeout=WAIT)
    marks = app.data.document.marks(app.data.document.id_at(before))
    assert marks.draft
    assert marks.source.startswith("model m at ")


def test_without_selected_rows_the_page_says_what_to_do(qtbot, app, table):
    page = open_draft(app, table, rows=0)
    table.clearSelection()
    app.data.making_tools.draft.open()
    wait_for(qtbot, page, "Select rows with a question and an answer")
    assert not page.apply_button.isEnabled()


def test_while_rows_are_sent_the_window_says_so_and_cancel_ends_it(qtbot, app, table, server):
    asked = []

    def wait(number):
        asked.append(number)
        server.released.wait()
        return completion("late")

    server.answer = wait
    page = open_draft(app, table)
    choose_address(qtbot, page, server.address)
    wait_for(qtbot, page, "2 rows will be sent to")
    agree_to(page, server)
    page.apply_button.click()
    qtbot.waitUntil(lambda: bool(asked), timeout=WAIT)
    assert f"Sending rows to {server.host}" in words_on(app.window)
    (job,) = [each for each in app.background.jobs if each.label == "Drafting"]
    app.background.cancel(job)
    wait_for(qtbot, page, "Cancelled: nothing was added.")
    assert "Nothing leaves this computer" in words_on(app.window)
