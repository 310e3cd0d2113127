"""Examples from a table: the preview follows the template, and adding is one undo step."""

import json

from PySide6.QtWidgets import QPlainTextEdit

from tests.desktop.finding import WAIT, buttons, named, press, words_on


def open_template(qtbot, app, tmp_path):
    table = tmp_path / "cities.csv"
    table.write_text("city,country\nParis,France\nRome,Italy\nAtlantis,\n", encoding="utf-8")
    app.data.making_tools.template.action.trigger()
    app.data.making_tools.template.read_table(table)
    page = app.data.tool_shelf.open_tool
    qtbot.waitUntil(lambda: bool(buttons(page, "city")), timeout=WAIT)
    return page


def type_into(page, role, text):
    named(page, f"Template of the {role}", QPlainTextEdit).setPlainText(text)


def wait_for(qtbot, page, words):
    qtbot.waitUntil(lambda: any(words in each for each in words_on(page)), timeout=WAIT)


def test_the_preview_shows_the_example_that_a_row_makes(qtbot, app, table, tmp_path):
    page = open_template(qtbot, app, tmp_path)
    type_into(page, "user", "Where is {city}?")
    type_into(page, "assistant", "In {country}.")
    wait_for(qtbot, page, "Where is Paris?")
    assert "In France." in words_on(page)
    named(page, "Row of the preview").setValue(3)
    wait_for(qtbot, page, "The column country is empty in this row.")


def test_rows_that_lack_a_value_are_told_and_left_out_unless_wanted(qtbot, app, table, tmp_path):
    page = open_template(qtbot, app, tmp_path)
    type_into(page, "user", "Where is {city}?")
    type_into(page, "assistant", "In {country}.")
    wait_for(qtbot, page, "2 examples would be added at the end. 1 row would not")
    buttons(page, "Also rows that lack a value")[0].click()
    wait_for(qtbot, page, "3 examples would be added")


def test_the_examples_are_added_with_their_source_as_one_undo_step(qtbot, app, table, tmp_path):
    page, before = open_template(qtbot, app, tmp_path), len(app.data.document)
    type_into(page, "user", "Where is {city}?")
    type_into(page, "assistant", "In {country}.")
    press(qtbot, page, "Add 2 examples")
    qtbot.waitUntil(lambda: len(app.data.document) == before + 2, timeout=WAIT)
    row_id = app.data.document.id_at(before)
    turns = json.loads(app.data.document.raw(row_id))["messages"]
    assert [turn["content"] for turn in turns] == ["Where is Paris?", "In France."]
    assert app.data.document.marks(row_id).source == "template over cities.csv"
    app.data.actions_of_pane.undo.trigger()
    qtbot.waitUntil(lambda: len(app.data.document) == before, timeout=WAIT)


def test_a_column_is_written_by_its_button(qtbot, app, table, tmp_path):
    page = open_template(qtbot, app, tmp_path)
    press(qtbot, page, "country")
    assert named(page, "Template of the user", QPlainTextEdit).toPlainText() == "{country}"


def test_a_lone_bracket_is_explained(qtbot, app, table, tmp_path):
    page = open_template(qtbot, app, tmp_path)
    type_into(page, "user", "Where is {city?")
    wait_for(qtbot, page, "A bracket stands alone at character 10")
