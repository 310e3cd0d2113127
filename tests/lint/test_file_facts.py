"""Files as such: what they are written in, and written anew."""

import gzip
import json
from pathlib import Path

import pytest

from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.lint.edits import RewriteFile, apply_edits
from tunedesk.lint.file_facts import FileFacts, facts_of_content, file_facts, rewrite
from tunedesk.lint.finding import Severity
from tunedesk.lint.report import lint_file
from tunedesk.lint.rules.files import lint_file_facts
from tunedesk.lint.targets import Target

ROW = b'{"prompt": "caf\xc3\xa9?", "completion": "yes"}'
TEXT = ROW.decode("utf-8")
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ROW + b"\n", FileFacts()),
        (BOM + ROW, FileFacts(has_bom=True)),
        (ROW + b"\r\n" + ROW + b"\r\n", FileFacts(crlf=2)),
        (b"[" + ROW + b"]", FileFacts(container="json-array")),
        (b"[\n  " + ROW + b"\n]\n", FileFacts(container="json-array")),
        (b'{\n  "prompt": "a"\n}', FileFacts(container="json-pretty")),
        (b"[1]\n" + ROW + b"\n", FileFacts()),
        (TEXT.encode("utf-16"), FileFacts(encoding="utf-16")),
        (TEXT.encode("utf-16-be"), FileFacts(encoding="utf-16-be")),
        (TEXT.encode("utf-32-le"), FileFacts(encoding="utf-32-le")),
        (ROW + b"\x00", FileFacts(encoding="nul")),
        (b"", FileFacts()),
    ],
)
def test_facts_of_a_content(content: bytes, expected: FileFacts) -> None:
    found = facts_of_content(content)
    assert found == FileFacts(len(content), *list(_parts(expected)))


def _parts(facts: FileFacts) -> tuple[bool, str, int, str]:
    return facts.has_bom, facts.encoding, facts.crlf, facts.container


def test_a_file_is_read_in_pieces_and_unpacked(tmp_path: Path) -> None:
    line = ROW + b"\r\n"
    content = b" " * ((1 << 20) - len(line) + 1) + line + line  # a piece ends between CR and LF
    plain, packed = tmp_path / "rows.jsonl", tmp_path / "rows.jsonl.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert file_facts(plain) == file_facts(packed) == FileFacts(len(content), crlf=2)
    table = tmp_path / "rows.csv"
    table.write_bytes(b"a,b\r\n1,2\r\n")
    assert file_facts(table, rows=1) == FileFacts(10, container="csv", rows=1)
    with pytest.raises(UserError, match="cannot be read"):
        file_facts(tmp_path / "absent.jsonl")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_texts_become_utf8(encoding: str) -> None:
    wide = TEXT.encode(encoding)
    edit = RewriteFile(as_utf8=True)
    assert rewrite(wide, edit) == ROW
    assert rewrite(ROW, edit) == ROW


def test_lists_become_lines_with_their_mark_kept() -> None:
    rows = [{"prompt": "a\u2028b"}, 1]
    lines = rewrite(BOM + json.dumps(rows, indent=1).encode(), RewriteFile(as_lines=True))
    assert lines.startswith(BOM)
    assert [json.loads(line) for line in lines[3:].split(b"\n")[:-1]] == rows
    with pytest.raises(UserError, match="not JSON"):
        rewrite(b"[1,\n2", RewriteFile(as_lines=True))
    with pytest.raises(UserError, match="UTF-16"):
        rewrite(b"\xff\xfea", RewriteFile(as_utf8=True))


def test_a_file_is_no_row() -> None:
    with pytest.raises(LookupError):
        apply_edits(parse_row(ROW), (RewriteFile(has_bom=True),))


@pytest.mark.parametrize(
    ("name", "size", "severity"),
    [
        ("openai", 500 << 20, None),
        ("openai", 513 << 20, Severity.ERROR),
        ("azure", 140 << 20, None),
        ("azure", 160 << 20, Severity.WARNING),
        ("azure-dpo", 250 << 20, Severity.WARNING),
        ("azure", 512 << 20, Severity.ERROR),
        ("nebius", 4 << 30, None),
        ("mistral", 11 << 30, Severity.ERROR),
        ("local", 11 << 30, None),
    ],
)
def test_sizes_are_judged_by_target(name: str, size: int, severity: Severity | None) -> None:
    facts = FileFacts(size, has_bom=name.startswith("azure"))
    found = {each.code: each.severity for each in lint_file_facts(facts, Target(name))}
    assert found == ({} if severity is None else {"ENC007": severity})


def test_the_mark_is_an_opinion_of_azure_and_harmless_here() -> None:
    for name, has_bom, codes in (
        ("azure", True, []),
        ("azure", False, []),
        ("openai", True, ["ENC002"]),
        ("together", True, ["ENC002"]),
        ("local", True, []),
        ("trl", True, []),
    ):
        found = lint_file_facts(FileFacts(has_bom=has_bom), Target(name))
        assert [each.code for each in found] == codes, name
    assert lint_file_facts(FileFacts(has_bom=True), Target("together"))[0].severity is Severity.ERROR
    strict = Target("azure", pedantic=True)
    assert [each.severity for each in lint_file_facts(FileFacts(), strict)] == [Severity.INFO]
    assert lint_file_facts(FileFacts(), Target("azure", pedantic=True, ignore=("ENC",))) == ()


def test_too_few_examples_and_too_many_tokens_are_told() -> None:
    few = FileFacts(rows=9, has_bom=True)
    assert [each.code for each in lint_file_facts(few, Target("azure"))] == ["TOK004"]
    assert lint_file_facts(few, Target("local")) == ()
    assert lint_file_facts(FileFacts(rows=1), Target("openai"))[0].message.startswith("There is 1 example;")
    some = FileFacts(rows=20)
    assert lint_file_facts(some, Target("openai")) == ()
    assert [each.severity for each in lint_file_facts(some, Target("openai", pedantic=True))] == [
        Severity.INFO
    ]
    long = FileFacts(rows=1000, characters=4_000_000_000, has_bom=True)
    assert [each.code for each in lint_file_facts(long, Target("azure"))] == ["TOK004"]


def test_a_file_is_judged_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(ROW.replace(b"yes", b"%d" % n) + b"\r\n" for n in range(3)))
    found = lint_file(path, Target("openai", model="davinci-002", ignore=("DUP",))).findings
    assert {(each.code, each.row) for each in found} == {("ENC004", None), ("TOK004", None)}
