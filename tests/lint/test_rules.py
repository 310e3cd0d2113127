"""Each rule: a page that explains it, an example that fires, one that does not, and a fix that mends
for good.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunedesk import paths
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.errors import UserError
from tunedesk.lint.corpus import CorpusIndex
from tunedesk.lint.edits import RewriteFile
from tunedesk.lint.file_facts import FileFacts, facts_of_content, rewrite
from tunedesk.lint.finding import Finding, FixKind, Severity
from tunedesk.lint.help import help_page
from tunedesk.lint.near_duplicates import find_near_duplicates
from tunedesk.lint.registry import BY_CODE, RULES
from tunedesk.lint.report import lint_rows, silenced
from tunedesk.lint.rows import lint_row
from tunedesk.lint.rule import Rule, Scope
from tunedesk.lint.rules.files import lint_file_facts
from tunedesk.lint.silencing import Silencer
from tunedesk.lint.suppressions import Suppression, row_digest
from tunedesk.lint.targets import Target, target_named
from tunedesk.template.chat_template import ChatTemplate

CODES = [rule.code for rule in RULES]
# Rows that say nothing of themselves: an answer is only out of format where others have one.
COMPANY = [
    json.dumps({"prompt": f"Invoice {n}?", "completion": '{"category": "billing", "urgent": "yes"}'}).encode()
    for n in range(30)
]


# Rules that speak for some targets only, and which one their example is for.
TARGETS = {
    **dict.fromkeys(["SCH002", "SCH004", "SCH008", "SCH010"], "openai"),
    **dict.fromkeys(["TLC001", "TLC002", "TLC003", "TLC005", "TLC006", "TLC007", "TOK004"], "openai"),
    **dict.fromkeys(["ENC002", "ENC006", "ENC007"], "openai"),
    **dict.fromkeys(["RFT001", "RFT002"], "openai-rft"),
    **dict.fromkeys(["PRF001", "PRF003", "PRF004"], "openai-dpo"),
    **dict.fromkeys(["PRF002", "PRF006", "CNV012"], "trl"),
    **dict.fromkeys(["CNV008"], "together"),
    **dict.fromkeys(["TLC004", "CNV013"], "generic"),
}
TEMPLATE_FAULTS = ("TPL002", "TPL003", "TPL004")  # the model's fault: the same row is bad for one of its own


@dataclass(frozen=True)
class Page:
    """A rule's help page in pieces; rows as bytes."""

    sections: dict[str, str]
    bad: list[bytes]
    good: list[bytes]
    valid: list[bytes]


def read_page(code: str) -> Page:
    parts = re.split(r"^## (.+)$", help_page(code), flags=re.MULTILINE)
    sections = {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return Page(
        sections,
        _rows(sections["Bad example"], ("json", "bytes", "file", "facts")),
        _rows(sections["Good example"], ("json", "bytes", "file", "facts")),
        _rows(sections["Bad example"], ("json valid",)),
    )


def _rows(section: str, kinds: tuple[str, ...]) -> list[bytes]:
    rows: list[bytes] = []
    for kind, body in re.findall(r"^```([^\n]+)\n(.*?)\n```$", section, flags=re.MULTILINE | re.DOTALL):
        if "json" in kinds and re.fullmatch(r"json \d+", kind):
            rows += [body.replace("#", str(number)).encode() for number in range(int(kind[5:]))]
        if kind not in kinds:
            continue
        if kind == "file":
            rows.append(_as_bytes(body))
        else:
            rows += [_as_bytes(line) if kind == "bytes" else line.encode() for line in body.split("\n")]
    return rows


def _as_bytes(line: str) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), line.encode())


def target_of(rule: Rule, local: Target) -> Target:
    if rule.code in TARGETS:
        return Target(TARGETS[rule.code])
    return Target(local.name, local.template, local.max_length, pedantic=True)


def target_with(folder: Path, template: str) -> Target:
    """The starter's tokenizer with another chat template."""
    shutil.copy(paths.starter_model() / "tokenizer.json", folder)
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}')
    (folder / "chat_template.jinja").write_text(template)
    return Target("local", ChatTemplate.load(folder))


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A model whose chat template trims texts, leaves system texts out, and puts nothing behind an answer."""
    source = (
        "{% for m in messages %}{% if m.role != 'system' %}{{ m.role }}: {{ m.content | trim }}\n"
        "{% endif %}{% endfor %}"
    )
    return target_with(tmp_path_factory.mktemp("endless"), source)


def unused_of(code_section: str, rows: list[bytes]) -> list[Finding]:
    """What is said of the page's suppression when the rows are linted."""
    (noted,) = (json.loads(raw) for raw in _rows(code_section, ("json suppressed",)))
    digest = row_digest(parse_row(json.dumps(noted["row"]).encode()))
    silencer = Silencer([Suppression(1, noted["code"], digest, None, noted["reason"], "", "2026-11-21")])
    numbered = list(enumerate(rows, start=1))
    return list(silenced(lint_rows(numbered, Target("generic")), numbered, silencer).findings)


def findings_of(rule: Rule, rows: list[bytes], page: Page, local: Target) -> list[Finding]:
    if rule.code == "SYS001":
        section = "Bad example" if rows == page.bad else "Good example"
        return unused_of(page.sections[section], rows)
    if rule.scope is Scope.FILE:
        return findings_of_file(rule, rows, local)
    company = COMPANY if rule.code in ("QLT005", "TOK003") else []
    others = {"valid": [parse_row(raw) for raw in page.valid]}
    target = local if rule.code in TEMPLATE_FAULTS else target_of(rule, local)
    return findings_in(rule, [*company, *rows], target, others)


@dataclass(frozen=True)
class Numbered:
    """Rows as a document's snapshot gives them."""

    lines: list[bytes]

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[tuple[int, bytes]]:
        return enumerate(self.lines, start=1)

    def raw(self, row_id: int) -> bytes:
        return self.lines[row_id - 1]


def findings_in(
    rule: Rule, rows: list[bytes], target: Target, others: dict[str, list[ParsedRow]]
) -> list[Finding]:
    """What a rule says of rows; near duplicates are a search of their own."""
    if rule.code == "DUP002":
        near = find_near_duplicates(Numbered(rows), target, others)
        assert near is not None
        return [found for each in near.findings.values() for found in each if found.code == rule.code]
    report = lint_rows(enumerate(rows, start=1), target, others)
    return [found for found in report.findings if found.code == rule.code]


def findings_of_file(rule: Rule, rows: list[bytes], local: Target) -> list[Finding]:
    """rows: the file's content, or facts of a file that is too large for a page."""
    (content,) = rows
    is_facts = rule.code in ("ENC007", "TOK004")
    facts = FileFacts(**json.loads(content)) if is_facts else facts_of_content(content)
    findings = lint_file_facts(facts, target_of(rule, local))
    return [found for found in findings if found.code == rule.code]


@pytest.mark.parametrize("code", CODES)
def test_the_page_says_what_why_and_how_to_mend(code: str) -> None:
    page = read_page(code)
    assert list(page.sections) == ["What", "Why", "Bad example", "Good example", "Fix"]
    assert all(page.sections.values())
    assert help_page(code).startswith(f"# {code} {BY_CODE[code].name}\n")
    promised = set(re.findall(r"\((safe|unsafe|suggestion)s?\)", page.sections["Fix"]))
    assert bool(promised) == (BY_CODE[code].fix is not None)


def test_there_is_no_page_without_a_rule() -> None:
    assert {page.stem for page in (paths.resources() / "rules").glob("*.md")} == set(CODES)
    with pytest.raises(UserError, match="XYZ123"):
        help_page("XYZ123")


def test_codes_and_names_are_unique() -> None:
    assert len(set(CODES)) == len(CODES) >= 26
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_fires_and_the_good_one_does_not(code: str, local: Target, endless: Target) -> None:
    rule, page = BY_CODE[code], read_page(code)
    fired = findings_of(rule, page.bad, page, endless if code in TEMPLATE_FAULTS else local)
    assert fired
    assert findings_of(rule, page.good, page, local) == []
    softer = {Severity.WARNING} if code in ("CNV009", "TLC005") else set()
    allowed = {rule.severity, *rule.by_target.values()} | softer
    assert {found.severity for found in fired} <= allowed


@pytest.mark.parametrize("code", CODES)
def test_a_finding_names_a_place_that_exists(code: str, local: Target) -> None:
    rule, page = BY_CODE[code], read_page(code)
    rows = [*(COMPANY if code in ("QLT005", "TOK003") else []), *page.bad]
    for found in findings_of(rule, page.bad, page, local):
        if found.row is None:  # it is about the file
            assert (found.pointer, found.start, found.end) == ("", 0, 0)
            continue
        raw = rows[found.row - 1]
        if rule.scope is Scope.LINE:
            length = len(raw.decode("utf-8", "replace"))
        else:
            value = parse_row(raw).value
            for key in found.pointer.split("/")[1:]:
                value = value[int(key)] if isinstance(value, list) else (value or {})[key]
            length = len(value) if isinstance(value, str) else 0
        assert 0 <= found.start <= found.end <= length


FIXED_IN_ROWS = [
    rule.code
    for rule in RULES
    if rule.fix is not None and rule.scope is not Scope.FILE and rule.code not in TEMPLATE_FAULTS
]


@pytest.mark.parametrize("code", FIXED_IN_ROWS)
def test_a_fix_mends_what_it_is_for_and_a_second_pass_changes_nothing(code: str, local: Target) -> None:
    rule, page = BY_CODE[code], read_page(code)
    rows = [*(COMPANY if code == "QLT005" else []), *page.bad]
    hopeless = {found.row for found in findings_of(rule, page.bad, page, local) if found.fix is None}
    if rule.scope is not Scope.CORPUS:  # what nobody can mend is no matter of this test
        rows = [raw for number, raw in enumerate(rows, start=1) if number not in hopeless]
    assert any(found.fix is not None for found in findings_of(rule, rows, page, local))
    for _ in range(10):
        valid = {"valid": [parse_row(raw) for raw in page.valid]}
        findings = findings_in(rule, rows, target_of(rule, local), valid)
        fixable = [found for found in findings if found.fix is not None]
        if not fixable:
            break
        assert fixable[0].fix is not None
        assert fixable[0].row is not None
        raw = rows[fixable[0].row - 1]
        new = fixable[0].fix.apply(parse_row(raw))
        assert new != raw
        rows[fixable[0].row - 1 : fixable[0].row] = [] if new is None else [new]
    else:
        pytest.fail(f"ten fixes of {code} did not mend its example")
    assert findings_in(rule, rows, target_of(rule, local), valid) == []


@pytest.mark.parametrize("code", ["ENC002", "ENC003", "ENC004", "ENC006"])
def test_a_file_is_mended_once_and_for_all(code: str, local: Target) -> None:
    rule, page = BY_CODE[code], read_page(code)
    (found,) = findings_of(rule, page.bad, page, local)
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert isinstance(edit, RewriteFile)
    mended = rewrite(page.bad[0], edit)
    assert mended != page.bad[0]
    assert rewrite(mended, edit) == mended
    assert findings_of(rule, [mended], page, local) == []


def codes(raw: bytes, target: Target) -> set[str]:
    return {found.code for found in lint_row(parse_row(raw), target)}


LOUD = [
    ("SCH001", {"column": "alone"}),
    ("SCH003", {"completion": "Hi"}),
    ("SCH005", {"messages": "Hi"}),
    ("SCH005", {"messages": None}),
    ("SCH005", {"messages": ["Hi"]}),
    ("SCH005", {"prompt": 1, "completion": "x"}),
    ("SCH005", {"messages": [{"role": 1, "content": "x"}]}),
    ("SCH009", {"messages": [{"role": "User", "content": "x"}]}),
    ("CNV002", {"messages": [{"role": "narrator", "content": "x"}]}),
    ("CNV009", {"messages": [{"role": "system", "content": " "}, {"role": "user", "content": "a"}]}),
    ("CNV009", {"prompt": "x", "completion": "  "}),
    ("CNV010", {"messages": [{"role": "user", "content": "x", "weight": 0}]}),
    ("CNV010", {"messages": [{"role": "assistant", "content": "x", "weight": "1"}]}),
    ("TLC005", {"messages": [{"role": "assistant", "content": "x", "tool_calls": [{}]}], "tools": [{}]}),
    ("QLT002", {"prompt": "x", "completion": "```python\nprint(1)"}),
    ("QLT002", {"prompt": "x", "completion": '[{"a": "b'}),
    ("TXT001", {"prompt": "a\ufffdb", "completion": "x"}),
    ("TXT001", {"prompt": "a\rb", "completion": "x"}),
    ("TXT002", {"prompt": "a\u200db", "completion": "x"}),
    ("TXT002", {"prompt": "abc \u202edcba", "completion": "x"}),
    ("TXT002", {"prompt": "tag \U000e0041\U000e0042", "completion": "x"}),
    ("PII002", {"prompt": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+abcdef\n", "completion": "x"}),
    ("PII002", {"prompt": "use AKIAIOSFODNN7EXAMPLE now", "completion": "x"}),
]
QUIET = [
    ("TXT001", {"prompt": "one\r\ntwo\tthree", "completion": "x"}),
    ("TXT002", {"prompt": "family \U0001f468\u200d\U0001f469\u200d\U0001f467", "completion": "x"}),
    ("TXT002", {"prompt": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "completion": "x"}),
    ("TXT002", {"prompt": "\u05e9\u05dc\u05d5\u05dd\u200f!", "completion": "x"}),
    (
        "TXT002",
        {
            "prompt": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "completion": "x",
        },
    ),
    ("QLT002", {"prompt": "x", "completion": "[Note: this is prose] and it ends."}),
    ("QLT002", {"prompt": "x", "completion": "Use `{` to open a block"}),
    ("QLT002", {"prompt": "x", "completion": "```\na\n```"}),
    ("PII002", {"prompt": "export KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx", "completion": "x"}),
    ("PII002", {"prompt": "install sk-learn-contrib-imbalanced-data", "completion": "x"}),
    ("PII002", {"prompt": "the task-management-of-large-teams-guide", "completion": "x"}),
    ("CNV009", {"prompt": "", "completion": "once upon a time"}),
    ("SCH004", {"prompt": "x", "completion": "y", "note": "kept", "id": 7}),
    ("SCH006", {"messages": [{"role": "assistant", "content": None, "tool_calls": [{}]}]}),
    ("CNV008", {"messages": [{"role": "assistant", "content": None, "tool_calls": [{}]}]}),
    ("CNV002", {"messages": [{"role": "human", "content": "x"}]}),
    ("CNV003", {"messages": [{"role": "gpt", "content": "x"}]}),
]


@pytest.mark.parametrize(("code", "value"), LOUD)
def test_other_shapes_of_the_fault_are_found_too(code: str, value: object) -> None:
    assert code in codes(json.dumps(value).encode(), Target("local"))


@pytest.mark.parametrize(("code", "value"), QUIET)
def test_what_only_looks_like_the_fault_is_left_alone(code: str, value: object) -> None:
    assert code not in codes(json.dumps(value).encode(), Target("local"))


def test_severity_depends_on_the_target() -> None:
    raw = (
        b'{"messages": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}], "extra": 1}'
    )
    severities = {
        name: {found.code: found.severity for found in lint_row(parse_row(raw), Target(name))}
        for name in ("local", "openai", "generic")
    }
    assert severities["openai"] == {"SCH004": Severity.ERROR, "CNV005": Severity.ERROR}
    assert severities["generic"] == {"CNV005": Severity.WARNING}
    assert severities["local"] == {"CNV005": Severity.WARNING}


def test_text_parts_are_fine_online_and_here_but_not_everywhere() -> None:
    parts = [{"type": "text", "text": "Where is "}, {"type": "text", "text": "it?"}]
    value = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "Here."}]}
    raw = json.dumps(value).encode()
    assert codes(raw, Target("openai")) == codes(raw, Target("local")) == set()
    (found,) = lint_row(parse_row(raw), Target("trl"))
    assert found.code == "SCH005"
    assert found.fix is not None
    assert json.loads(found.fix.apply(parse_row(raw)) or b"")["messages"][0]["content"] == "Where is it?"


def test_one_cause_is_told_once(local: Target) -> None:
    """A row that is refused for its shape is not refused by the template as well."""
    raw = b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null}]}'
    assert codes(raw, local) == {"CNV008"}
    assert codes(b'{"messages": []}', local) == {"CNV001"}


def test_the_cut_is_marked_in_the_text_it_falls_into(local: Target) -> None:
    long = "The parcel is late again. " * 40
    raw = json.dumps({"prompt": long, "completion": "It will come."}).encode()
    found = {finding.code: finding for finding in lint_row(parse_row(raw), local)}
    assert found["TOK001"].pointer == "/prompt"
    assert 0 < found["TOK001"].start < found["TOK001"].end == len(long)
    assert local.template is not None
    assert local.template.count(long[: found["TOK001"].start]) <= 128
    assert found["TOK002"].pointer == "/completion"
    answer = json.dumps({"prompt": "Tell me.", "completion": long}).encode()
    assert {f.code: f.pointer for f in lint_row(parse_row(answer), local)} == {
        "TOK001": "/completion",
        "TOK002": "/completion",
    }


def test_a_preference_is_measured_by_its_longer_answer(local: Target) -> None:
    long = "The parcel is late again. " * 40
    pair = {"prompt": "Where is it?", "chosen": long, "rejected": "Here."}
    (found,) = lint_row(parse_row(json.dumps(pair).encode()), local)
    assert found.code == "TOK001" and "longer answer" in found.message
    assert not lint_row(parse_row(json.dumps({**pair, "chosen": "There."}).encode()), local)


def test_a_template_that_refuses_a_preference_is_told(tmp_path: Path) -> None:
    strict = target_with(tmp_path, "{{ raise_exception('Only on Sundays.') }}")
    raw = json.dumps({"prompt": "Where is it?", "chosen": "There.", "rejected": "Here."}).encode()
    (found,) = lint_row(parse_row(raw), strict)
    assert found.code == "TPL001" and "Only on Sundays" in found.message


def test_a_row_full_of_faults_gives_a_bounded_list() -> None:
    value = {"messages": [{"role": "user", "content": "\x08a" * 5000} for _ in range(300)]}
    assert len(lint_row(parse_row(json.dumps(value).encode()), Target("local"))) == 200


def test_a_file_in_one_line_is_not_mended_or_judged() -> None:
    broken = b'{"prompt": "' + b"[" * 2_000_000
    (found,) = lint_row(parse_row(broken), Target("generic"))
    assert (found.code, found.fix) == ("JSN001", None)
    endless = json.dumps({"prompt": "x", "completion": '{"a": [' + "1, " * 500_000}).encode()
    assert codes(endless, Target("generic")) == set()


def test_an_unknown_target_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="no target moon") as caught:
        target_named("moon")
    assert "openai" in caught.value.hint
    assert target_named("azure").name == "azure"


def test_pages_use_no_path_or_host() -> None:
    for page in Path(paths.resources() / "rules").glob("*.md"):
        assert "http" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", list(FixKind))
def test_every_kind_of_fix_is_used(kind: FixKind) -> None:
    assert any(rule.fix is kind for rule in RULES)


def test_an_index_without_rows_finds_nothing() -> None:
    index = CorpusIndex()
    assert index.findings(1) == ()
    assert index.affected() == set()


def test_linting_without_a_model_loads_no_tokenizer() -> None:
    """The window opens before it needs one."""
    program = (
        "import sys, tunedesk.lint.session, tunedesk.lint.fixes, tunedesk.template.find_models\n"
        "heavy = {'tokenizers', 'jinja2', 'numpy', 'transformers', 'jsonschema', 'tiktoken'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
