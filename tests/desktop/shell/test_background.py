"""Background jobs: results arrive on the drawing thread, cancelled ones do not, and failures are told."""

import sys
import threading

import pytest
from PySide6.QtCore import QObject

from tests.desktop.finding import WAIT
from tunedesk.desktop.background import Background


@pytest.fixture
def background(qtbot):
    background = Background()
    yield background
    assert background.shut_down()


def idle(qtbot, background):
    qtbot.waitUntil(lambda: background.is_idle, timeout=WAIT)


def test_work_is_done_elsewhere_and_its_result_arrives_here(qtbot, background):
    threads = []
    background.run(
        lambda job: threads.append(threading.get_ident()), lambda _: threads.append(threading.get_ident())
    )
    idle(qtbot, background)
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()


def test_a_failure_reaches_the_one_who_asked(qtbot, background):
    failures = []
    background.run(lambda job: 1 / 0, failures.append, failures.append)
    idle(qtbot, background)
    assert isinstance(failures[0], ZeroDivisionError)


def test_a_failure_that_nobody_waits_for_is_told_to_the_window(qtbot, background):
    with qtbot.waitSignal(background.failed, timeout=WAIT) as told:
        background.run(lambda job: 1 / 0, lambda _: None)
    assert isinstance(told.args[0], ZeroDivisionError)
    idle(qtbot, background)


def test_a_cancelled_job_calls_nobody(qtbot, background):
    go_on, results = threading.Event(), []
    job = background.run(lambda job: go_on.wait(5), results.append, results.append, label="Waiting")
    assert background.jobs == [job]
    background.cancel(job)
    assert background.jobs == []
    go_on.set()
    idle(qtbot, background)
    assert results == []


def test_a_job_whose_owner_is_gone_calls_nobody(qtbot, background):
    go_on, results, owner = threading.Event(), [], QObject()
    background.run(lambda job: go_on.wait(5), results.append, owner=owner)
    owner.deleteLater()
    qtbot.waitSignal(owner.destroyed, timeout=WAIT).wait()
    go_on.set()
    idle(qtbot, background)
    assert results == []


def test_progress_can_be_read_while_a_job_runs(qtbot, background):
    go_on, told = threading.Event(), threading.Event()

    def work(job):
        job.report(3, 10)
        told.set()
        go_on.wait(5)

    job = background.run(work, lambda _: None, label="Counting")
    assert told.wait(5)
    assert job.progress == (3, 10)
    go_on.set()
    idle(qtbot, background)


def test_nothing_new_is_taken_after_the_end(qtbot):
    background = Background()
    assert background.shut_down()
    results = []
    background.run(lambda job: results.append(1), results.append)
    assert background.is_idle
    assert results == []


def test_a_cancelled_job_tells_that_it_stopped_and_nothing_else(qtbot, background):
    go_on, told = threading.Event(), []
    job = background.run(
        lambda job: go_on.wait(5), told.append, told.append, stopped=lambda: told.append("stopped")
    )
    background.cancel(job)
    go_on.set()
    idle(qtbot, background)
    assert told == ["stopped"]


def test_a_job_whose_owner_is_gone_does_not_even_tell_that_it_stopped(qtbot, background):
    go_on, told, owner = threading.Event(), [], QObject()
    background.run(
        lambda job: go_on.wait(5), told.append, stopped=lambda: told.append("stopped"), owner=owner
    )
    del owner
    go_on.set()
    idle(qtbot, background)
    assert told == []


def test_workers_give_the_interpreter_back_in_a_fraction_of_a_frame(qtbot, background):
    assert sys.getswitchinterval() < 1 / 60 / 100
