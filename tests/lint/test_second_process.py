"""A large file is linted by two processes, with the same outcome as by one; the second one never outlives
its use."""

import json
import multiprocessing
from collections.abc import Iterator

import pytest

from tunedesk.lint import session as session_module
from tunedesk.lint.bulk import BulkLinter
from tunedesk.lint.second_process import SecondProcess
from tunedesk.lint.session import LintSession
from tunedesk.lint.targets import Target


class Rows:
    """A snapshot of many rows, some of them wrong."""

    def __init__(self, count: int) -> None:
        self.content = {number: self.raw(number) for number in range(1, count + 1)}

    @staticmethod
    def raw(number: int) -> bytes:
        answer = "yes \u200b" if number % 97 == 0 else f"answer {number}"
        row = {"prompt": f"question {number if number % 89 else 1}", "completion": answer}
        return b"{" if number % 101 == 0 else json.dumps(row).encode()

    def __len__(self) -> int:
        return len(self.content)

    def rows(self) -> Iterator[tuple[int, bytes]]:
        return iter(self.content.items())


@pytest.fixture
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "LONG", 0.0)
    monkeypatch.setattr(session_module, "CHUNK", 100)


@pytest.mark.usefixtures("everything_is_long")
def test_two_processes_find_what_one_finds() -> None:
    rows = Rows(3_000)
    alone, together = LintSession(Target("generic"), processes=1), LintSession(Target("generic"), processes=2)
    told: list[int] = []
    assert alone.lint_all(rows)
    assert together.lint_all(rows, lambda done, total: told.append(done))
    assert together.counts() == alone.counts()
    assert together.rows_with_findings() == alone.rows_with_findings()
    assert all(together.findings(row) == alone.findings(row) for row in alone.rows_with_findings())
    assert told == sorted(told)
    assert told[-1] == len(rows)
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("everything_is_long")
def test_a_cancelled_lint_leaves_no_process() -> None:
    session = LintSession(Target("generic"), processes=2)
    looks: list[None] = []
    assert not session.lint_all(Rows(3_000), cancelled=lambda: looks.append(None) or len(looks) > 5)
    assert multiprocessing.active_children() == []


def test_chunks_of_a_lost_process_come_back() -> None:
    rows = list(Rows(60).rows())
    with SecondProcess(Target("generic")) as helper:
        (child,) = multiprocessing.active_children()
        helper.send(0, rows)
        child.kill()
        child.join()
        while helper.is_alive:  # what it had sent before is still read
            if helper.receive(1.0):
                return
        assert helper.take_lost() == [(0, rows)]
        assert helper.waiting == 0


def test_the_second_process_does_the_same_work() -> None:
    rows = list(Rows(300).rows())
    with SecondProcess(Target("generic")) as helper:
        helper.send(7, rows)
        ((number, linted),) = helper.receive(60.0)
    here = BulkLinter(Target("generic")).lint(rows)
    assert number == 7
    assert linted.findings == here.findings
    facts = [linted.batch.facts(place) for place in range(len(rows))]
    assert facts == [here.batch.facts(place) for place in range(len(rows))]
