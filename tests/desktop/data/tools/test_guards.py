"""Off-topic guards through their page."""

import json

from PySide6.QtWidgets import QPlainTextEdit

from tests.desktop.finding import WAIT, buttons, named, press, words_on

QUESTIONS = "Who won the match?\nWrite a poem.\nWho won the match?\n"


def open_guards(app):
    app.data.making_tools.guard.action.trigger()
    return app.data.tool_shelf.open_tool


def test_without_questions_the_page_says_what_to_do(app, table):
    page = open_guards(app)
    assert "Write or open a list of questions first." in words_on(page)
    assert not buttons(page, "Add guards")[0].isEnabled()


def test_guards_are_added_with_the_system_prompt_of_the_other_rows(qtbot, app, table):
    before = len(app.data.document)
    page = open_guards(app)
    named(page, "Off-topic questions, one a line", QPlainTextEdit).setPlainText(QUESTIONS)
    qtbot.waitUntil(lambda: any("2 rows would be added" in words for words in words_on(page)), timeout=WAIT)
    press(qtbot, page, "Add 2 rows")
    qtbot.waitUntil(lambda: len(app.data.document) == before + 2, timeout=WAIT)
    first, added = (json.loads(app.data.document.raw_at(place))["messages"] for place in (0, before))
    assert added[0] == first[0]
    assert added[1]["content"] in QUESTIONS
    assert app.data.document.marks(app.data.document.id_at(before)).source == "guard"


def test_questions_can_come_from_a_file(qtbot, app, table, tmp_path):
    file = tmp_path / "questions.txt"
    file.write_text("Is it raining?\n", encoding="utf-8")
    page = open_guards(app)
    app.data.making_tools.guard.read_file(file)
    qtbot.waitUntil(lambda: any("1 row would be added" in words for words in words_on(page)), timeout=WAIT)
