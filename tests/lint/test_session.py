"""A document's findings stay right while it is edited, from whichever thread."""

import json
import random
import threading
from collections.abc import Callable, ItemsView, Iterator
from dataclasses import dataclass

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.bulk import CHUNK
from tunedesk.lint.finding import Severity
from tunedesk.lint.session import LintSession
from tunedesk.lint.targets import Target


@dataclass
class Rows:
    """A snapshot of rows by id."""

    content: dict[int, bytes]
    before_row: Callable[[int], None] = lambda number: None

    def __len__(self) -> int:
        return len(self.content)

    def raw(self, row_id: int) -> bytes:
        return self.content[row_id]

    def rows(self) -> Iterator[tuple[int, bytes]]:
        for row_id, raw in self.content.items():
            self.before_row(row_id)
            yield row_id, raw


def pair(question: str, answer: str = "yes") -> bytes:
    return json.dumps({"prompt": question, "completion": answer}).encode()


def codes(session: LintSession, row_id: int) -> list[str]:
    return [found.code for found in session.findings(row_id)]


def test_all_rows_are_linted_alone_and_in_company() -> None:
    session = LintSession(Target("generic"), {"valid": [parse_row(pair("leak"))]})
    rows = {1: pair("a"), 2: pair("a"), 3: b"", 4: pair("leak\u200b"), 7: pair("fine"), 9: pair("leak")}
    told: list[tuple[int, int]] = []
    assert session.lint_all(Rows(rows), lambda done, total: told.append((done, total)))
    assert {row: codes(session, row) for row in session.rows_with_findings()} == {
        2: ["DUP001"],
        3: ["ENC005"],
        4: ["TXT002"],
        9: ["DUP003"],
    }
    assert session.counts() == {Severity.ERROR: 1, Severity.WARNING: 3, Severity.INFO: 0}
    assert told[-1] == (6, 6)
    assert all(found.row == row for row in rows for found in session.findings(row))


def test_an_edit_tells_whose_findings_changed() -> None:
    session = LintSession(Target("generic"))
    session.lint_all(Rows({1: pair("a"), 2: pair("a"), 3: pair("b")}))
    assert session.update(1, pair("c")) == {1, 2}
    assert session.rows_with_findings() == frozenset()
    assert session.update(3, pair("c")) == {3}
    assert codes(session, 3) == ["DUP001"]
    assert session.update(1, None) == {1, 3}
    assert session.update_many({8: b"{", 9: None}) == {8, 9}
    assert session.counts() == {Severity.ERROR: 1, Severity.WARNING: 0, Severity.INFO: 0}


def test_an_edit_during_the_first_lint_is_not_overwritten() -> None:
    session = LintSession(Target("generic"))

    def edit(row_id: int) -> None:
        if row_id == 250:
            session.update(10, pair("mended"))
            session.update(240, None)
            session.update(400, pair("mended too"))

    broken = {number: b"{broken" for number in range(500)}
    session.lint_all(Rows(broken, edit))
    assert session.rows_with_findings() == frozenset(range(500)) - {10, 240, 400}


def test_a_cancelled_lint_keeps_what_it_found() -> None:
    session = LintSession(Target("generic"))
    looks: list[int] = []

    def cancelled() -> bool:
        looks.append(len(looks))
        return len(looks) > 2

    rows = Rows({number: b"{" for number in range(3 * CHUNK)})
    assert not session.lint_all(rows, cancelled=cancelled)
    assert session.rows_with_findings() == frozenset(range(2 * CHUNK))
    assert session.update(3, pair("a")) == {3}


def test_edits_from_many_threads_end_like_a_fresh_lint() -> None:
    session = LintSession(Target("generic"))
    content = {number: pair(f"q{number % 7}", str(number % 3)) for number in range(60)}
    first = threading.Thread(target=session.lint_all, args=(Rows(dict(content)),))

    def edit(share: int) -> None:
        source = random.Random(share)
        for _ in range(40):
            row_id = source.randrange(20) * 3 + share
            content[row_id] = pair(f"q{source.randrange(9)}", str(source.randrange(3)))
            session.update(row_id, content[row_id])

    threads = [first, *(threading.Thread(target=edit, args=(share,)) for share in range(3))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = LintSession(Target("generic"))
    fresh.lint_all(Rows(content))
    assert {row: session.findings(row) for row in content} == {row: fresh.findings(row) for row in content}
    assert session.counts() == fresh.counts()


def test_the_template_is_used_from_several_threads(local: Target) -> None:
    session = LintSession(local)
    threads = [
        threading.Thread(target=session.update, args=(number, pair(f"q{number} <|end|>")))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(codes(session, number) == ["INJ001"] for number in range(16))


def test_findings_can_be_read_while_many_edits_are_linted() -> None:
    session = LintSession(Target("generic"))
    session.update(0, b"{")
    seen: list[list[str]] = []

    class Slow(dict[int, bytes | None]):
        """Rows that are looked at by another thread while they are taken."""

        def items(self) -> ItemsView[int, bytes | None]:
            reader = threading.Thread(target=lambda: seen.append(codes(session, 0)))
            reader.start()
            reader.join()
            return super().items()

    session.update_many(Slow({number: b"[]" for number in range(300)}))
    assert seen == [["JSN001"]]
    assert codes(session, 0) == ["JSN002"]


def test_of_two_edits_of_one_row_the_later_wins() -> None:
    session = LintSession(Target("generic"))

    class Overtaken(dict[int, bytes | None]):
        def items(self) -> ItemsView[int, bytes | None]:
            session.update(1, pair("newer"))
            return super().items()

    session.update_many(Overtaken({1: b"{older", 2: b"{"}))
    assert codes(session, 1) == []
    assert codes(session, 2) == ["JSN001"]


LONG = "Your parcel left our warehouse on Monday evening and should reach you before noon on Thursday."


def test_near_duplicates_are_found_on_demand_and_forgotten_with_an_edit() -> None:
    session = LintSession(Target("generic", pedantic=True))
    near = {
        1: pair("Where is it?", LONG),
        2: pair("Where is it?", LONG + " Bye."),
        3: pair("How?", "By post."),
    }
    rows = Rows(near)
    session.lint_all(rows)
    assert "DUP002" not in codes(session, 2)
    before = session.counts()[Severity.INFO]
    found = session.find_near_duplicates(rows)
    assert found is not None
    assert not found.is_sampled
    assert "DUP002" in codes(session, 2)
    assert session.counts()[Severity.INFO] == before + 1 == sum(session.counts_of(row)[2] for row in near)
    assert session.update(1, pair("Where is it?", "Gone.")) >= {1, 2}
    assert "DUP002" not in codes(session, 2)
    assert session.counts()[Severity.INFO] == before


def test_a_question_nearly_as_in_another_split_is_a_leak() -> None:
    question = "I ordered two pairs of shoes on Monday and only one pair was in the box that came today"
    session = LintSession(Target("generic"))
    rows = Rows({1: pair(question + ", why?"), 2: pair("Where is my parcel, and who is going to bring it?")})
    session.lint_all(rows)
    assert session.rows_with_findings() == frozenset()
    session.find_near_duplicates(rows, {"heldout": [parse_row(pair(question + ". Why?"))]})
    assert session.rows_with_findings() == {1}
    (leak,) = session.findings(1)
    assert leak.code == "DUP003"
    assert "heldout" in leak.message


def test_a_cancelled_search_for_near_duplicates_finds_nothing() -> None:
    session = LintSession(Target("generic", pedantic=True))
    rows = Rows({1: pair("Where is it?", LONG), 2: pair("Where is it?", LONG + " Bye.")})
    session.lint_all(rows)
    assert session.find_near_duplicates(rows, cancelled=lambda: True) is None
    assert "DUP002" not in codes(session, 2)


def test_a_file_finding_is_no_rows() -> None:
    session = LintSession(Target("generic", pedantic=True))
    labels = {number: pair(f"Message {number}?", "spam" if number < 3 else "no") for number in range(60)}
    session.lint_all(Rows(labels))
    assert [(found.code, found.row) for found in session.file_findings()] == [("QLT007", None)]


def test_the_counts_of_a_row_are_those_of_its_findings() -> None:
    session = LintSession(Target("generic"))
    rows = {1: pair("a"), 2: pair("a"), 3: b"{", 4: pair("a\u200b", "b"), 5: pair("\u200ba", "a\ufeffb")}
    session.lint_all(Rows(rows))
    for row in rows:
        severities = [found.severity for found in session.findings(row)]
        assert session.counts_of(row) == tuple(severities.count(each) for each in Severity)
