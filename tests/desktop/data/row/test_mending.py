"""The fix of one finding in all rows, through the window."""

import json

import pytest
from PySide6.QtWidgets import QToolButton

from tests.desktop.conftest import settle
from tests.desktop.finding import buttons, named, press, words_on


def chat(role, number):
    turns = [
        {"role": role, "content": f"Question {number}?"},
        {"role": "assistant", "content": f"It is {number}."},
    ]
    return json.dumps({"messages": turns})


@pytest.fixture
def opened(open_window, tmp_path):
    file = tmp_path / "rows.jsonl"
    rows = [chat("human" if number % 3 == 0 else "user", number) for number in range(12)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return open_window(file)


def roles(app):
    return [json.loads(app.data.document.raw_at(number))["messages"][0]["role"] for number in range(12)]


def choose_more(app, text):
    button = named(app.window, "More about SCH009", QToolButton)
    next(each for each in button.menu().actions() if each.text() == text).trigger()


def test_all_rows_with_a_finding_are_counted_shown_and_mended_in_one_step(qtbot, opened):
    choose_more(opened, "Fix SCH009 in all rows…")
    settle(qtbot, opened)
    assert roles(opened).count("human") == 4, "nothing is changed before the answer"
    assert "Fix SCH009 in 4 rows?" in words_on(opened.window)
    shown = named(opened.window, "What would change").toPlainText()
    assert "Row 4" in shown and "Row 10" in shown and "Row 2" not in shown
    press(qtbot, opened.window, "Apply to 4 rows")
    settle(qtbot, opened)
    assert roles(opened) == ["user"] * 12
    next(each for each in opened.window.menus["Edit"].actions() if each.text().startswith("&Undo")).trigger()
    settle(qtbot, opened)
    assert roles(opened).count("human") == 4


def test_an_edit_made_meanwhile_makes_it_look_again(qtbot, opened):
    choose_more(opened, "Fix SCH009 in all rows…")
    settle(qtbot, opened)
    document = opened.data.document
    opened.data.append_row(chat("human", 99).encode(), "Add row")
    settle(qtbot, opened)
    press(qtbot, opened.window, "Apply to 4 rows")
    settle(qtbot, opened)
    assert roles(opened).count("human") == 4
    press(qtbot, opened.window, "Apply to 5 rows")
    settle(qtbot, opened)
    assert b"human" not in b"".join(document.raw_at(number) for number in range(13))


def test_leaving_it_changes_nothing(qtbot, opened):
    choose_more(opened, "Fix SCH009 in all rows…")
    settle(qtbot, opened)
    press(qtbot, opened.window, "Leave it")
    assert roles(opened).count("human") == 4
    assert not buttons(opened.window, "Apply to 4 rows")
