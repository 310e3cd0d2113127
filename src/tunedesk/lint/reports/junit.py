"""The JUnit form of a lint report, which build servers show as tests.

There is no standard; this is the shape that Jenkins, GitLab and GitHub actions read: testsuites, testsuite,
testcase with failure or skipped.
"""

import re
import xml.etree.ElementTree as ElementTree

from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.report import LintReport

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2), not even as a reference."""


def to_junit(report: LintReport, name: str) -> bytes:
    """Each finding is a test that failed (notes: passed, with output), each suppressed one was skipped; a
    clean file is one test that passed.
    """
    failures = len(report.findings) - report.count(Severity.INFO)
    cases = len(report.findings) + len(report.silenced)
    numbers = {
        "tests": str(max(1, cases)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(len(report.silenced)),
    }
    suites = ElementTree.Element("testsuites", {"name": "tunedesk lint", **numbers})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _xml(name), **numbers})
    if not cases:
        ElementTree.SubElement(suite, "testcase", {"classname": "lint", "name": f"{report.rows} rows"})
    for found in report.findings:
        _add_case(suite, found)
    for each in report.silenced:
        case = _case(suite, each.finding)
        ElementTree.SubElement(case, "skipped", {"message": _xml(each.suppression.reason)})
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_case(suite: ElementTree.Element, found: Finding) -> None:
    case = _case(suite, found)
    where = f" at {found.pointer}" if found.pointer else ""
    text = _xml(f"{found.severity.value}{where}: {found.message}")
    if found.severity is Severity.INFO:
        ElementTree.SubElement(case, "system-out").text = text
        return
    failure = {"type": found.severity.value, "message": _xml(found.message)}
    ElementTree.SubElement(case, "failure", failure).text = text


def _case(suite: ElementTree.Element, found: Finding) -> ElementTree.Element:
    rule = f"{found.code} {BY_CODE[found.code].name}"
    place = f"row {found.row}" if found.row is not None else "file"
    return ElementTree.SubElement(suite, "testcase", {"classname": rule, "name": _xml(f"{place}: {rule}")})


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
