"""The CSV holds exactly what the events say."""

import csv
import io

from tests.runs.examples import a_start, a_step, an_evaluation
from tunedesk.desktop.runs.export import COLUMNS, csv_table
from tunedesk.runs.follow import RunHistory


def table(*events):
    history = RunHistory()
    history.add_all(events)
    return list(csv.DictReader(io.StringIO(csv_table(history))))


def test_every_value_of_a_step_is_written_as_the_event_has_it():
    step = a_step(1, loss=0.123456789012345)
    (line,) = table(step)
    assert float(line["loss"]) == step.loss
    assert float(line["learning_rate"]) == step.learning_rate
    assert float(line["tokens_per_second"]) == step.tokens_per_second
    assert line["gpu_memory_bytes"] == ""
    assert list(line) == list(COLUMNS)


def test_a_validation_stands_in_the_line_of_its_step():
    first, second = table(a_step(1), a_step(2), an_evaluation(2, 1.25))
    assert first["valid_loss"] == ""
    assert float(second["valid_loss"]) == 1.25


def test_a_validation_before_the_first_step_has_its_own_line():
    before, first = table(an_evaluation(0, 4.5), a_step(1))
    assert (before["step"], before["loss"], float(before["valid_loss"])) == ("0", "", 4.5)
    assert first["step"] == "1"


def test_steps_that_a_resume_took_back_are_not_written():
    lines = table(a_start(1, None), a_step(1), a_step(2), a_start(2, 1), a_step(2, attempt=2, loss=9.0))
    assert [(line["step"], line["loss"]) for line in lines] == [("1", "2.5"), ("2", "9.0")]
