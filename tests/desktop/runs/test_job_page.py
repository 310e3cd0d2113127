"""What a run was asked to do, and what its trial found, in words."""

import msgspec
from PySide6.QtWidgets import QLabel

from tests.runs.examples import a_job
from tunedesk.desktop.runs.job_page import JobPage
from tunedesk.runs.events import Preflighted
from tunedesk.runs.job import AdapterRef

TRIAL = Preflighted(
    run="r", time=1.0, seq=1, attempt=1, tokens=947, predicted_bytes=500_000_000, measured_bytes=480_000_000,
    free_bytes=8_000_000_000, seconds=0.25, activations="keep", total_seconds=90.0,
)  # fmt: skip


def words_on(page):
    return [one.text() for one in page.findChildren(QLabel)]


def test_the_trial_stands_beside_what_was_predicted(qtbot):
    page = JobPage()
    qtbot.addWidget(page)
    page.show_preflight(TRIAL)  # it may be known before the job is read
    page.show_job(a_job())
    told = words_on(page)
    assert "947 tokens" in told
    assert "500 MB" in told and "480 MB (-4%)" in told
    page.show_preflight(None)
    assert "947 tokens" not in words_on(page)


def test_the_way_of_learning_and_where_it_goes_on_from_are_told(qtbot):
    page = JobPage()
    qtbot.addWidget(page)
    page.show_job(msgspec.structs.replace(a_job(), method="dpo", adapter=AdapterRef("start-adapter")))
    told = words_on(page)
    assert "start-adapter" in told
    assert any("(DPO)" in words for words in told)
