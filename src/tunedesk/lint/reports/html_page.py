"""The HTML form of a lint report: one page that needs nothing else, to be sent or kept."""

from html import escape
from itertools import islice

from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.registry import BY_CODE
from tunedesk.lint.report import LintReport
from tunedesk.lint.reports.as_text import summary

MOST_OF_A_RULE = 500
"""Findings of one rule on the page; with more nobody reads it and browsers choke. How many are left out is
said."""

_STYLE = """
:root { color-scheme: light dark; --line: #e2e4e8; --muted: #5b6470; --raised: #f7f7f8;
  --error: #c62f2f; --warning: #9a5b00; --info: #5b6470; }
@media (prefers-color-scheme: dark) { :root { --line: #343a43; --muted: #9aa4b2; --raised: #1d2025;
  --error: #ff7b72; --warning: #e3b341; --info: #9aa4b2; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top;
  padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; } code { font-family: ui-monospace, monospace; font-size: .9em;
  background: var(--raised); padding: .1em .3em; overflow-wrap: anywhere; }
.muted { color: var(--muted); } .error { color: var(--error); } .warning { color: var(--warning); }
.info { color: var(--info); }
"""


def to_html(report: LintReport, name: str, *, target: str, made: str) -> bytes:
    """made: when, as the reader shall see it. What is in the data is escaped, never interpreted."""
    title = f"Findings in {name}"
    aside = f'<span class="muted">For the target {_text(target)}, {_text(made)}.</span>'
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p>{_text(summary(report))} {aside}</p>",
        *([_overview(report)] if report.findings else []),
        *(_rule_part(report, code) for code in _ordered_codes(report)),
        *([_silenced(report)] if report.silenced else []),
    ]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _ordered_codes(report: LintReport) -> list[str]:
    """Errors first, and of these the most frequent."""
    worst: dict[str, int] = {}
    order = list(Severity)
    for found in report.findings:
        worst[found.code] = min(worst.get(found.code, len(order)), order.index(found.severity))
    counts = report.codes()
    return sorted(counts, key=lambda code: (worst[code], -counts[code], code))


def _overview(report: LintReport) -> str:
    counts = report.codes()
    rows = "".join(
        f'<tr><td class="number">{counts[code]:,}</td><td><a href="#{code}">{code}</a></td>'
        f"<td>{_text(BY_CODE[code].summary)}</td></tr>"
        for code in _ordered_codes(report)
    )
    head = '<tr><th class="number">Findings</th><th>Rule</th><th>What it means</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _rule_part(report: LintReport, code: str) -> str:
    rule = BY_CODE[code]
    found = [each for each in report.findings if each.code == code]
    rows = "".join(_row(each) for each in islice(found, MOST_OF_A_RULE))
    left = len(found) - MOST_OF_A_RULE
    more = f'<p class="muted">{left:,} more are not on this page.</p>' if left > 0 else ""
    head = "<tr><th>Row</th><th>Where</th><th>Message</th><th>Fix</th></tr>"
    return (
        f'<h2 id="{code}">{code} {_text(rule.name)}</h2><p class="muted">{_text(rule.summary)}</p>'
        f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"
    )


def _row(found: Finding) -> str:
    place = f"{found.row:,}" if found.row is not None else "file"
    pointer = f"<code>{_text(found.pointer)}</code>" if found.pointer else ""
    fix = f"{_text(found.fix.label)} ({found.fix.kind.value})" if found.fix is not None else ""
    severity = f'<span class="{found.severity.value}">{found.severity.value.capitalize()}.</span>'
    return (
        f'<tr><td class="number">{place}</td><td>{pointer}</td>'
        f"<td>{severity} {_text(found.message)}</td><td>{fix}</td></tr>"
    )


def _silenced(report: LintReport) -> str:
    rows = "".join(
        f'<tr><td class="number">{each.finding.row or ""}</td><td>{each.finding.code}</td>'
        f"<td>{_text(each.finding.message)}</td><td>{_text(each.suppression.reason)}</td></tr>"
        for each in report.silenced
    )
    head = "<tr><th>Row</th><th>Rule</th><th>Message</th><th>Why it may stand</th></tr>"
    return f"<h2>Suppressed</h2><table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _text(text: str) -> str:
    """Escaped, with half characters as escapes that can be written as UTF-8."""
    return escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))
