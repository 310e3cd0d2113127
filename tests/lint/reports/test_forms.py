"""The forms of a report that are not SARIF: table, statistics, JUnit and the one-page HTML."""

import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.report import LintReport, lint_rows, silenced
from tunedesk.lint.reports.as_text import summary, to_statistics, to_table
from tunedesk.lint.reports.html_page import MOST_OF_A_RULE, to_html
from tunedesk.lint.reports.junit import to_junit
from tunedesk.lint.silencing import Silencer
from tunedesk.lint.suppressions import Suppression, row_digest
from tunedesk.lint.targets import Target

HOSTILE = b'{"prompt": "a", "completion": "b", "<script>alert(1)</script>\\u0000\\ud800": null}'
ROWS = [
    b'{"prompt": "a", "completion": "b"}',
    b'{"prompt": "a", "completion": "b"}',
    b'{"prompt": "x\\u200by", "completion": ""}',
    b'{"prompt": "z\\u200by", "completion": "c"}',
    HOSTILE,
]
CLEAN = [b'{"prompt": "What is red?", "completion": "A colour."}']


def report_of(rows: list[bytes], *suppressions: Suppression) -> LintReport:
    numbered = list(enumerate(rows, start=1))
    return silenced(lint_rows(numbered, Target("generic")), numbered, Silencer(suppressions))


def suppressed() -> Suppression:
    return Suppression(1, "CNV009", row_digest(parse_row(ROWS[2])), None, "on <purpose>", "", "2026-11-21")


def html(report: LintReport) -> str:
    return to_html(report, "a<b.jsonl", target="generic", made="2026-11-21").decode()


def test_the_table_has_columns_under_each_other() -> None:
    lines = to_table(report_of(ROWS[:3]), "rows.jsonl").split("\n")
    assert lines[0] == "rows.jsonl"
    column = lines[1].index("severity")
    assert all(line[column:].startswith(("warning", "error", "info")) for line in lines[2:-2])
    assert lines[-1] == summary(report_of(ROWS[:3]))


def test_the_statistics_count_each_rule_the_most_frequent_first() -> None:
    lines = to_statistics(report_of(ROWS[:4])).split("\n")
    assert lines[0].split() == ["count", "code", "rule", "with", "a", "fix"]
    assert lines[1].split()[:2] == ["2", "TXT002"]
    assert to_statistics(report_of(CLEAN)) == "1 row: nothing wrong was found."


def test_the_summary_says_what_is_not_shown() -> None:
    assert summary(report_of(ROWS[2:3], suppressed())) == "1 row: 1 warning (1 suppressed)."


def test_in_junit_each_finding_is_a_failed_test_and_each_suppressed_one_was_skipped() -> None:
    suites = ElementTree.fromstring(to_junit(report_of(ROWS, suppressed()), "rows.jsonl"))
    (suite,) = suites
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    (skipped,) = suite.findall("testcase/skipped")
    assert skipped.get("message") == "on <purpose>"
    assert suite.find("testcase/failure") is not None


def test_a_clean_file_is_one_passed_test_in_junit() -> None:
    (suite,) = ElementTree.fromstring(to_junit(report_of(CLEAN), "rows.jsonl"))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert len(suite.findall("testcase")) == 1


def test_what_xml_cannot_hold_is_written_as_an_escape() -> None:
    text = to_junit(report_of([HOSTILE]), "rows\x00.jsonl").decode()
    assert ElementTree.fromstring(text) is not None
    assert "rows\\u0000.jsonl" in text


class Reader(HTMLParser):
    """Notes the tags that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self.links += [named["href"] or ""] if "href" in named else []
        self.ids |= {named["id"] or ""} if "id" in named else set()


def test_the_page_shows_what_is_in_the_data_and_runs_none_of_it() -> None:
    reader = Reader()
    reader.feed(html(report_of(ROWS, suppressed())))
    assert "script" not in reader.tags
    assert "link" not in reader.tags and "img" not in reader.tags
    assert {link[1:] for link in reader.links} == reader.ids
    assert "Findings in a&lt;b.jsonl" in html(report_of(ROWS))
    assert "on &lt;purpose&gt;" in html(report_of(ROWS, suppressed()))


def test_errors_come_first_on_the_page() -> None:
    page = html(report_of(ROWS))
    assert page.index('id="CNV009"') < page.index('id="TXT002"')


def test_the_page_says_how_many_findings_it_leaves_out() -> None:
    many = [b'{"prompt": "x%d\\u200by", "completion": "c"}' % n for n in range(MOST_OF_A_RULE + 7)]
    assert "7 more are not on this page." in html(report_of(many))


@pytest.mark.parametrize("rows", [CLEAN, []])
def test_a_clean_page_says_so(rows: list[bytes]) -> None:
    assert "nothing wrong was found" in html(report_of(rows))
