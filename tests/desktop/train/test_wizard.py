"""The wizard's rules, without a window."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.desktop.train.examples import a_model, a_reading, a_split, an_audit, ready_choices
from tunedesk.desktop.train import wizard
from tunedesk.desktop.train.wizard import STEPS, Choices, Step
from tunedesk.plan.audit import AuditFinding
from tunedesk.plan.readiness import Obstacle


def test_the_wizard_knows_no_qt():
    check = "import sys, tunedesk.desktop.train.wizard; sys.exit('PySide6' in ' '.join(sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_steps_follow_each_other_and_end():
    choices = ready_choices()
    assert [wizard.next_step(choices, step) for step in STEPS] == [*STEPS[1:], None]
    assert [wizard.previous_step(choices, step) for step in STEPS] == [None, *STEPS[:-1]]


def test_everything_complete_may_start():
    choices = ready_choices()
    assert wizard.may_start(choices)
    assert wizard.open_steps(choices) == STEPS


def test_a_wizard_that_knows_nothing_stays_at_data():
    assert wizard.open_steps(Choices()) == (Step.DATA,)
    assert wizard.missing(Choices(), Step.DATA) == ["The examples are still being checked."]


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ((), "no training examples"),
        ((a_split("valid", 5),), "no training examples"),
        ((a_split(rows=0),), "train.jsonl has no rows yet"),
        ((a_split(error_rows=1, first_error_row=7, first_error="Not JSON."),), "1 row has an error"),
        (
            (a_split(), a_split("valid", 5, error_rows=2, first_error_row=3)),
            "2 rows have errors in valid.jsonl",
        ),
    ],
)
def test_data_that_cannot_be_trained_on_holds_at_data(splits, words):
    choices = replace(ready_choices(), splits=splits)
    (sentence,) = wizard.missing(choices, Step.DATA)
    assert words in sentence
    assert wizard.next_step(choices, Step.DATA) is None
    assert not wizard.may_start(choices)


def test_an_error_names_its_row_counted_from_1():
    choices = Choices(splits=(a_split(error_rows=1, first_error_row=1, first_error="It is not JSON."),))
    assert "Row 1: It is not JSON." in wizard.missing(choices, Step.DATA)[0]


def test_errors_of_the_heldout_split_do_not_hold_a_run_back():
    choices = replace(ready_choices(), splits=(a_split(), a_split("heldout", 9, error_rows=4)))
    assert wizard.missing(choices, Step.DATA) == []


def test_warnings_do_not_hold_a_run_back():
    choices = replace(ready_choices(), splits=(a_split(warning_rows=12),))
    assert wizard.missing(choices, Step.DATA) == []


def test_without_a_model_the_wizard_stays_at_model():
    choices = replace(ready_choices(), model=None)
    assert wizard.open_steps(choices) == (Step.DATA, Step.MODEL)


def test_a_model_whose_template_refuses_a_row_holds_at_model():
    refused = replace(
        a_reading(), refused_rows=2, first_refusal="Row 5 of train.jsonl: roles must alternate."
    )
    choices = replace(ready_choices(), reading=refused)
    (sentence,) = wizard.missing(choices, Step.MODEL)
    assert sentence == "2 rows cannot be written for tiny. Row 5 of train.jsonl: roles must alternate."


def test_a_length_that_cuts_whole_answers_off_holds_at_settings():
    long = replace(a_reading(2), answer_starts=(60, 20))
    choices = wizard.with_setting(replace(ready_choices(), reading=long), "max_length", "60")
    assert wizard.setting_problems(choices) == {"max_length": "the whole answer of 1 row lies behind the cut"}
    assert wizard.setting_problems(wizard.with_setting(choices, "max_length", "61")) == {}
    assert wizard.setting_problems(wizard.with_setting(choices, "wholly_cut_rows", "skip")) == {}


def test_another_model_needs_its_own_reading_and_advice_and_keeps_the_users_values():
    choices = wizard.with_setting(ready_choices(), "epochs", "7")
    other = wizard.with_model(choices, a_model("other"))
    assert (other.reading, other.advice, other.forecast) == (None, None, None)
    assert other.own == {"epochs": "7"}


def test_the_settings_are_the_recommended_ones_until_the_user_changes_one():
    choices = ready_choices()
    assert wizard.settings(choices) == wizard.recommended(choices)
    changed = wizard.with_setting(choices, "epochs", "7.5")
    assert wizard.settings(changed).epochs == 7.5
    assert wizard.settings(changed).batch_size == wizard.recommended(choices).batch_size


def test_a_changed_setting_makes_the_forecast_stale():
    changed = wizard.with_setting(ready_choices(), "epochs", "7")
    assert changed.forecast is None
    assert wizard.missing(changed, Step.REVIEW) == ["The run's time and memory are still being worked out."]


def test_typing_the_recommended_value_counts_as_not_changed():
    choices = ready_choices()
    same = wizard.with_setting(choices, "epochs", str(wizard.recommended(choices).epochs))
    assert same.own == {}


def test_a_setting_can_be_reset():
    choices = wizard.with_setting(ready_choices(), "epochs", "7")
    assert wizard.without_setting(choices, "epochs").own == {}


def test_a_new_recommendation_moves_only_what_the_user_left_alone():
    choices = wizard.with_setting(ready_choices(), "lora_rank", "3")
    advice = ready_choices().advice
    moved = replace(
        advice,
        advice=tuple(replace(one, value=5.0) if one.name == "epochs" else one for one in advice.advice),
    )
    after = wizard.with_advice(choices, moved)
    assert wizard.settings(after).epochs == 5.0
    assert wizard.settings(after).lora_rank == 3


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("epochs", "many", "a number is expected"),
        ("batch_size", "2.5", "a whole number is expected"),
        ("batch_size", "0", ">= 1"),
        ("learning_rate", "-1", "> 0"),
        ("epochs", "", "a number is expected"),
        ("max_length", "4096", "tiny reads at most 1,024 tokens"),
    ],
)
def test_a_value_that_does_not_fit_is_told_at_its_field_and_holds_at_settings(name, text, words):
    choices = wizard.with_setting(ready_choices(), name, text)
    assert words in wizard.setting_problems(choices)[name]
    assert wizard.settings(choices) is None
    assert wizard.next_step(choices, Step.SETTINGS) is None


def test_an_obstacle_that_blocks_is_told_at_review_with_its_hint():
    blocked = replace(
        ready_choices().forecast,
        obstacles=(
            Obstacle("About 18 GB are needed.", "Choose a smaller model.", True),
            Obstacle("3 examples would be cut.", "Raise max_length.", False),
        ),
    )
    choices = replace(ready_choices(), forecast=blocked)
    assert wizard.missing(choices, Step.REVIEW) == ["About 18 GB are needed. Choose a smaller model."]
    assert not wizard.may_start(choices)


def test_what_spoils_a_training_holds_at_check():
    spoilt = AuditFinding("no-end", True, "No answer ends.", (1, 2))
    told = AuditFinding("cut", False, "Row 3 is cut.", (3,))
    choices = replace(ready_choices(), audit=an_audit(told, spoilt))
    assert wizard.missing(choices, Step.CHECK) == ["No answer ends."]
    assert wizard.open_steps(choices)[-1] is Step.CHECK
    assert wizard.missing(replace(choices, audit=an_audit(told)), Step.CHECK) == []


def test_another_way_of_learning_forgets_what_was_worked_out_for_the_one_before():
    choices = wizard.with_setting(ready_choices(), "epochs", "7")
    other = wizard.with_method(choices, "dpo")
    assert (other.method, other.own) == ("dpo", {})
    assert other.splits is None and other.reading is None and other.audit is None
    assert other.model == choices.model
