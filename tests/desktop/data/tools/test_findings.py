"""All findings of a file, what is let stand with a reason, what is known from before, and reports."""

import json

from tests.desktop.conftest import close, settle
from tests.desktop.finding import WAIT, act, buttons, named, press, words_on


def open_findings(qtbot, app):
    app.data.looking_tools.findings.action.trigger()
    page = app.data.tool_shelf.open_tool
    qtbot.waitUntil(lambda: bool(buttons(page, "JSN001")), timeout=WAIT)
    return page


def show_row(app, number):
    app.data.reveal_row(number)


def offer(qtbot, app, words):
    """Choose from the menu of the first finding."""
    act(app.window, words).trigger()


def let_stand(qtbot, app, number, reason):
    show_row(app, number)
    offer(qtbot, app, "Let it stand…")
    page = app.data.tool_shelf.open_tool
    qtbot.keyClicks(named(page, "Reason"), reason)
    press(qtbot, page, "Let it stand")


def rows_with_findings(app):
    return len(app.data._open.linter.rows_with_findings())


def test_each_rule_is_counted_and_its_rows_can_be_shown(qtbot, app, table):
    page = open_findings(qtbot, app)
    press(qtbot, page, "2 rows")
    assert table.selected_count() == 2


def test_a_finding_is_let_stand_with_a_reason_and_comes_back(qtbot, app, table):
    before = rows_with_findings(app)
    let_stand(qtbot, app, 8, "left as it is, to show it")
    qtbot.waitUntil(lambda: rows_with_findings(app) == before - 1, timeout=WAIT)
    page = open_findings_after(qtbot, app)
    qtbot.waitUntil(lambda: "left as it is, to show it" in words_on(page), timeout=WAIT)
    press(qtbot, page, "Show it again")
    qtbot.waitUntil(lambda: rows_with_findings(app) == before, timeout=WAIT)


def open_findings_after(qtbot, app):
    app.data.looking_tools.findings.action.trigger()
    return app.data.tool_shelf.open_tool


def test_without_a_reason_nothing_is_let_stand(qtbot, app, table):
    show_row(app, 8)
    offer(qtbot, app, "Let it stand…")
    page = app.data.tool_shelf.open_tool
    assert not page.apply_button.isEnabled()
    assert "Say why it may stand." in words_on(page)


def test_what_was_let_stand_stays_so_after_a_restart(qtbot, open_window, helpdesk):
    app = open_window(helpdesk)
    before = rows_with_findings(app)
    let_stand(qtbot, app, 8, "on purpose")
    qtbot.waitUntil(lambda: rows_with_findings(app) == before - 1, timeout=WAIT)
    close(qtbot, app)
    again = open_window(helpdesk)
    qtbot.waitUntil(lambda: again.data._open.linter.is_complete, timeout=WAIT)
    settle(qtbot, again)
    assert rows_with_findings(again) == before - 1


def test_from_a_baseline_on_only_new_findings_are_shown(qtbot, app, table):
    page = open_findings(qtbot, app)
    press(qtbot, page, "From now on show only what is new")
    qtbot.waitUntil(lambda: rows_with_findings(app) == 0, timeout=WAIT)
    app.data.actions_of_pane.duplicate_row.trigger()
    qtbot.waitUntil(lambda: rows_with_findings(app) == 1, timeout=WAIT)
    press(qtbot, page, "Show everything again")
    qtbot.waitUntil(lambda: rows_with_findings(app) > 1, timeout=WAIT)


def test_the_report_says_what_is_on_the_screen(qtbot, app, table, tmp_path):
    let_stand(qtbot, app, 8, "on purpose")
    page = open_findings_after(qtbot, app)
    qtbot.waitUntil(lambda: "on purpose" in words_on(page), timeout=WAIT)
    tool = app.data.looking_tools.findings
    for ending in ("html", "sarif", "junit", "json", "txt"):
        tool.save_report(tmp_path / f"report.{ending}", ending)
    qtbot.waitUntil(lambda: len(list(tmp_path.glob("report.*"))) == 5, timeout=WAIT)
    settle(qtbot, app)
    report = json.loads((tmp_path / "report.json").read_text())
    assert [each["reason"] for each in report["suppressed"]] == ["on purpose"]
    assert report["rows"] == 60
    assert all(found["row"] != 8 for found in report["findings"])


def test_rows_that_are_nearly_the_same_are_looked_for_when_asked(qtbot, app, table):
    document = app.data.document
    raw = document.raw_at(0).replace(b"Thanks", b"Thank you")
    app.data.append_row(raw.replace(b"Hi!", b"Hi there!"), "Add a look-alike")
    page = open_findings(qtbot, app)
    settle(qtbot, app)
    press(qtbot, page, "Look for rows that say nearly the same")
    qtbot.waitUntil(
        lambda: any("nearly the same as another" in words for words in words_on(page)), timeout=WAIT
    )


def manifest_of(helpdesk):
    return json.loads((helpdesk / "project.json").read_text())


def test_the_rows_can_be_checked_for_another_target_and_the_project_keeps_it(qtbot, app, table, helpdesk):
    page = open_findings(qtbot, app)
    box = named(page, "Check for")
    box.setCurrentText("Azure OpenAI / Foundry")
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: manifest_of(helpdesk)["default_target"] == "azure", timeout=WAIT)
    settle(qtbot, app)
    qtbot.waitUntil(lambda: app.data._open.linter.target.name == "azure", timeout=WAIT)
    assert app.data.tool_shelf.open_tool is page
    # Azure's guide asks for a byte order mark: an opinion on the file as a whole.
    buttons(page, "Also opinions: style, likeness, balance")[0].click()
    settle(qtbot, app)
    qtbot.waitUntil(lambda: any("ENC002" in words for words in words_on(page)), timeout=WAIT)


def test_a_rule_can_be_switched_off_and_on_again(qtbot, app, table, helpdesk):
    page = open_findings(qtbot, app)
    before = rows_with_findings(app)
    menu = named(page, "Judge JSN001 otherwise").menu()
    next(each for each in menu.actions() if each.text() == "Switch the rule off").trigger()
    qtbot.waitUntil(
        lambda: manifest_of(helpdesk).get("lint") == {"severities": {"JSN001": "off"}}, timeout=WAIT
    )
    settle(qtbot, app)
    qtbot.waitUntil(lambda: rows_with_findings(app) < before, timeout=WAIT)
    named(page, "Judge JSN001 as usual again").click()
    qtbot.waitUntil(lambda: "lint" not in manifest_of(helpdesk), timeout=WAIT)
    settle(qtbot, app)
    qtbot.waitUntil(lambda: rows_with_findings(app) == before, timeout=WAIT)


def test_opinions_run_when_they_are_wanted(qtbot, app, table, helpdesk):
    page = open_findings(qtbot, app)
    buttons(page, "Also opinions: style, likeness, balance")[0].click()
    qtbot.waitUntil(lambda: manifest_of(helpdesk).get("lint") == {"opinions": True}, timeout=WAIT)
    settle(qtbot, app)
    assert app.data._open.linter.target.pedantic
