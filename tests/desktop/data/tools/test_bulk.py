"""One change to many rows through its page."""

import json

from tests.desktop.finding import WAIT, buttons, named, press, words_on


def open_bulk(app):
    app.data.editing_tools.bulk_action.trigger()
    return app.data.tool_shelf.open_tool


def choose(page, name, words):
    box = named(page, name)
    box.setCurrentIndex([box.itemText(n) for n in range(box.count())].index(words))
    box.activated.emit(box.currentIndex())


def readable(app):
    """The rows that are JSON objects; the sample has some that are not."""
    found = []
    for row_id in app.data.document.row_ids():
        try:
            value = json.loads(app.data.document.raw(row_id))
        except ValueError:
            continue
        found += [value] if isinstance(value, dict) else []
    return found


def untrained(app):
    return sum(turn.get("weight") == 0 for value in readable(app)[:6] for turn in value["messages"])


def test_the_selected_rows_change_and_no_other(qtbot, app, table):
    model = table.model()
    table.select_rows([model.row_id(row) for row in range(3)], model.row_id(0))
    page = open_bulk(app)
    choose(page, "Change", "Train on no answer")
    press(qtbot, page, "Change 3 rows")
    qtbot.waitUntil(lambda: untrained(app) == 3, timeout=WAIT)
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: untrained(app) == 0, timeout=WAIT)


def test_what_would_happen_is_said_before_it_does(qtbot, app, table):
    page = open_bulk(app)
    choose(page, "In", "All rows")
    choose(page, "Change", "Add a key")
    qtbot.keyClicks(named(page, "Key"), "source")
    qtbot.keyClicks(named(page, "Value"), "no json")
    qtbot.waitUntil(lambda: any("is not JSON" in words for words in words_on(page)), timeout=WAIT)
    assert not buttons(page, "Change rows")[0].isEnabled()
    named(page, "Value").clear()
    qtbot.keyClicks(named(page, "Value"), '"desk"')
    qtbot.waitUntil(lambda: any("rows would change" in words for words in words_on(page)), timeout=WAIT)
    assert '"source": "desk"' in named(page, "What would change in the first row").toPlainText()
    page.apply_button.click()
    qtbot.waitUntil(lambda: any(value.get("source") == "desk" for value in readable(app)), timeout=WAIT)


def test_a_no_break_space_in_a_system_prompt_stays_one(qtbot, app, table):
    page = open_bulk(app)
    choose(page, "Change", "Set the system prompt")
    named(page, "System prompt").insertPlainText("Give 5\u00a0kg.")
    press(qtbot, page, "Change 1 row")
    qtbot.waitUntil(lambda: readable(app)[0]["messages"][0]["content"] == "Give 5\u00a0kg.", timeout=WAIT)
