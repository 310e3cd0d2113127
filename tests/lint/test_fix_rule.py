"""One rule's fix in many rows: what it would change is known before anything is changed."""

import json

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.fix_rule import can_fix_everywhere, fix_rule
from tunedesk.lint.rows import lint_row
from tunedesk.lint.session import LintSession
from tunedesk.lint.targets import target_named

TARGET = target_named("generic", None, None)


def chat(role, answer="Fine."):
    turns = [{"role": role, "content": "Hello?"}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()


def fixed(code, raws, cancelled=lambda: False):
    rows = [(number, raw, lint_row(parse_row(raw), TARGET)) for number, raw in enumerate(raws)]
    return fix_rule(code, rows, TARGET, progress=lambda done: None, cancelled=cancelled)


def test_only_rows_with_that_finding_are_mended():
    fixes = fixed("SCH009", [chat("human"), chat("user"), chat("human", "Bye.")])
    assert set(fixes.replaced) == {0, 2}
    assert json.loads(fixes.replaced[2])["messages"][0]["role"] == "user"
    assert (fixes.rows, fixes.deleted, fixes.left) == (2, (), 0)


def test_other_findings_of_the_row_are_left_alone():
    raw = json.dumps(
        {"messages": [{"role": "human", "content": " Hi <|end|>"}, {"role": "gpt", "content": "Ho"}]}
    ).encode()
    fixes = fixed("SCH009", [raw])
    turns = json.loads(fixes.replaced[0])["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"], "each place of the finding is mended"
    assert turns[0]["content"] == " Hi <|end|>"


def test_of_copies_the_first_stays():
    class Rows:
        def __init__(self, raws):
            self.raws = raws

        def __len__(self):
            return len(self.raws)

        def rows(self):
            return iter(enumerate(self.raws))

    raws = [chat("user"), chat("user", "Other."), chat("user"), chat("user")]
    session = LintSession(TARGET, {})
    session.lint_all(Rows(raws), lambda done, total: None, lambda: False)
    rows = [(number, raw, session.findings(number)) for number, raw in enumerate(raws)]
    fixes = fix_rule("DUP001", rows, TARGET, progress=lambda done: None, cancelled=lambda: False)
    assert fixes.deleted == (2, 3)


def test_a_row_that_changed_meanwhile_is_counted_and_left():
    old = lint_row(parse_row(chat("human")), TARGET)
    rows = [(0, chat("user"), old)]
    fixes = fix_rule("SCH009", rows, TARGET, progress=lambda done: None, cancelled=lambda: False)
    assert (fixes.rows, fixes.left) == (0, 1)


def test_it_can_be_cancelled():
    assert fixed("SCH009", [chat("human")], cancelled=lambda: True) is None


def test_suggestions_need_a_person():
    findings = lint_row(parse_row(chat("human")), TARGET)
    assert [can_fix_everywhere(each) for each in findings if each.code == "SCH009"] == [True]
