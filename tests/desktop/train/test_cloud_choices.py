"""The wizard's rules for a service, without a window."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from tests.desktop.train.examples import a_model, a_reading, ready_choices
from tunedesk.dataset.export_plan import Tally
from tunedesk.desktop.train import cloud_choices, wizard
from tunedesk.desktop.train.cloud_choices import CloudChoices, RowsLook, Service
from tunedesk.desktop.train.wizard import CLOUD_STEPS, STEPS, Step
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_rows import CloudRows
from tunedesk.runs.places.cloud.models import RemoteModel
from tunedesk.runs.provider import Provider

TODAY = date(2026, 11, 21)
PROVIDER = Provider(
    id="openai",
    title="OpenAI",
    targets={"sft": "openai", "dpo": "openai-dpo"},
    methods=("sft", "dpo"),
    hyperparameters=("n_epochs", "batch_size", "learning_rate_multiplier", "beta"),
    suffix_length=18,
    suffix_pattern="[a-z-]+",
)
SERVICE = Service(Account(name="Work", provider="openai", base_url="https://api.openai.com/v1"), PROVIDER)
LOOK = RowsLook(CloudRows("openai", (b"{}",) * 20))


def chosen(**changes):
    provider = changes.pop("provider", {})
    service = replace(SERVICE, provider=msgspec.structs.replace(PROVIDER, **provider))
    usual = {"model": "gpt-4.1-mini", "has_key": True, "look": LOOK}
    return CloudChoices(service, **{**usual, **changes})


def missing(cloud, method="sft", today=TODAY):
    return cloud_choices.missing_at_place(cloud, method, today)


def test_a_service_has_steps_of_its_own_and_this_computer_gets_its_own_back():
    choices = wizard.with_place(ready_choices(), SERVICE)
    assert wizard.steps_of(choices) == CLOUD_STEPS
    assert CLOUD_STEPS[-1] is Step.CONSENT
    assert wizard.steps_of(wizard.with_place(choices, None)) == STEPS


def test_a_service_with_key_model_and_good_rows_lets_the_wizard_go_on():
    assert missing(chosen()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"has_key": None}, "key of Work is being looked up"),
        ({"has_key": False}, "Give the key of Work"),
        ({"model": " "}, "Choose the model"),
        ({"look": None}, "being written as Work takes them"),
        ({"look": RowsLook(CloudRows("openai", ()))}, "no row"),
        ({"look": RowsLook(CloudRows("openai", (b"{}",), problems=("Too few.",)))}, "Too few."),
        ({"look": replace(LOOK, error_rows=2, first_error_row=7, first_error="No answer.")}, "Row 7"),
        (
            {"look": RowsLook(CloudRows("openai", (b"{}",), refusals=(Tally("no text", 3, (4,), ""),)))},
            "3 rows cannot be written for Work, first row 4: no text",
        ),
        ({"provider": {"methods": ("dpo",)}}, "learns by preferences (DPO) only"),
        ({"provider": {"ends_on": "2026-11-20"}}, "2026-11-20 was the last day"),
    ],
)
def test_what_a_service_still_needs_is_told_in_a_sentence(changes, words):
    assert words in missing(chosen(**changes))[0]


def test_the_last_day_of_a_service_still_counts():
    assert missing(chosen(provider={"ends_on": "2026-11-21"})) == []


def test_no_service_learns_by_orpo():
    assert cloud_choices.target_of(PROVIDER, "orpo") is None
    assert missing(chosen(), "orpo")


def test_a_server_without_login_needs_no_key():
    account = msgspec.structs.replace(SERVICE.account, auth="none", base_url="http://127.0.0.1:1/v1")
    assert missing(replace(chosen(has_key=False), service=Service(account, PROVIDER))) == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("n_epochs", "51", "from 1 to 50"),
        ("n_epochs", "two", "from 1 to 50"),
        ("batch_size", "257", "from 1 to 256"),
        ("learning_rate_multiplier", "0", "above 0"),
        ("learning_rate_multiplier", "nan", "above 0"),
        ("seed", "-1", "whole number"),
        ("suffix", "a" * 19, "at most 18"),
        ("suffix", "Ä", "only letters"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_at_its_field(name, text, words):
    cloud = chosen(own={name: text})
    assert words in cloud_choices.setting_problems(cloud, "sft")[name]
    assert cloud_choices.settings_of(cloud, "sft") is None
    held = replace(ready_choices(), cloud=cloud)
    assert wizard.missing(held, Step.SETTINGS)


def test_what_is_left_empty_is_left_to_the_service():
    settings = cloud_choices.settings_of(chosen(own={"n_epochs": " 3 ", "batch_size": ""}), "sft")
    assert (settings.n_epochs, settings.batch_size, settings.seed) == (3, None, None)


def test_beta_is_only_for_preferences():
    assert "beta" not in cloud_choices.setting_names(PROVIDER, "sft")
    assert "beta" in cloud_choices.setting_names(PROVIDER, "dpo")


def test_the_first_training_type_is_the_usual_one():
    cloud = chosen(provider={"training_types": ("GlobalStandard", "Standard")})
    assert cloud_choices.settings_of(cloud, "sft").training_type == "GlobalStandard"


def test_rows_that_the_model_here_cannot_read_do_not_keep_anyone_from_a_service():
    refusing = replace(a_reading(), refused_rows=3, first_refusal="Row 1: too many roles.")
    choices = replace(ready_choices(), model=a_model(), reading=refusing)
    assert wizard.missing(choices, Step.MODEL)
    with_service = replace(choices, services=(SERVICE,))
    assert wizard.missing(with_service, Step.MODEL) == []
    assert "Row 1" in wizard.missing(with_service, Step.PLACE)[0]
    assert wizard.missing(replace(with_service, cloud=chosen()), Step.PLACE) == []


def test_nothing_is_sent_before_it_was_shown_and_agreed_to():
    held = replace(ready_choices(), cloud=chosen())
    assert not wizard.may_start(held)
    assert "being put together" in wizard.missing(held, Step.CONSENT)[0]


def test_names_to_choose_from_are_the_users_own_first_and_each_once():
    account = msgspec.structs.replace(SERVICE.account, models=("mine", "gpt-4.1"))
    provider = msgspec.structs.replace(PROVIDER, models=("gpt-4.1", "gpt-4.1-mini"))
    assert cloud_choices.candidates(CloudChoices(Service(account, provider))) == (
        "mine",
        "gpt-4.1",
        "gpt-4.1-mini",
    )


LISTED = (RemoteModel("gpt-4.1-mini", 0, "", "openai"),)


@pytest.mark.parametrize(
    ("model", "models", "is_warned_of"),
    [
        ("gpt-4.1-mini", LISTED, False),
        (" gpt-4.1-mini ", LISTED, False),
        ("gpt-4.2", LISTED, True),
        ("gpt-4.2", None, False),
        ("gpt-4.2", (), False),
        ("", LISTED, False),
        ("ft:gpt-4.1-mini:us::a1", LISTED, False),
        ("gpt-4.1-mini.ft-0a1b2c", LISTED, False),
    ],
)
def test_only_a_model_that_a_known_list_lacks_is_warned_of(model, models, is_warned_of):
    told = cloud_choices.unlisted(chosen(model=model, models=models))
    assert told == ("gpt-4.2 is not among the models that Work lists." if is_warned_of else "")
