"""Profiles: the shipped ones are sound, a user's copy takes their place, and what is wrong is named."""

from pathlib import Path

import pytest

from tunedesk.errors import UserError
from tunedesk.runs.provider_files import (
    copy_provider,
    find_providers,
    own_dir,
    provider_named,
    read_provider,
    shipped_dir,
)


def test_the_shipped_profiles_are_sound() -> None:
    ids = {provider.id for provider in find_providers()}
    assert ids == {"openai", "azure", "azure-classic", "nebius", "tunedesk", "custom"}


def test_nobody_says_that_an_unreachable_service_was_tried() -> None:
    tried = {provider.id: provider.verified for provider in find_providers() if provider.verified != "never"}
    assert set(tried) == {"tunedesk"}


def test_each_field_that_nobody_could_try_has_a_source() -> None:
    for provider in find_providers():
        assert all(source.strip() for source in provider.unverified.values())
        assert set(provider.unverified) <= set(provider.__struct_fields__)
        assert provider.unverified or provider.verified != "never"


def test_each_training_type_says_where_data_goes() -> None:
    for provider in find_providers():
        assert set(provider.residency) == set(provider.training_types or ("",))


def test_a_users_copy_takes_the_place_of_the_shipped_one(tunedesk_home: Path) -> None:
    copy = copy_provider("openai", "my-gateway")
    assert provider_named("my-gateway").title == "OpenAI"
    copy.rename(copy.with_name("openai.toml"))
    own = own_dir() / "openai.toml"
    own.write_text(
        own.read_text("utf-8").replace("my-gateway", "openai").replace('"OpenAI"', '"Ours"'), "utf-8"
    )
    assert provider_named("openai").title == "Ours"
    assert [one.title for one in find_providers() if one.id == "openai"] == ["Ours"]


def test_a_copy_keeps_the_comments(tunedesk_home: Path) -> None:
    assert copy_provider("nebius", "mine").read_text("utf-8").startswith("# Nebius Token Factory")


@pytest.mark.parametrize("new_id", ["", "Mine", "../mine", "a b", "-x"])
def test_a_copy_has_an_id_that_is_a_files_name(new_id: str) -> None:
    with pytest.raises(UserError, match="cannot be the id"):
        copy_provider("openai", new_id)


def test_a_copy_overwrites_nothing(tunedesk_home: Path) -> None:
    copy_provider("openai", "mine")
    with pytest.raises(UserError, match="exists already"):
        copy_provider("azure", "mine")


def test_a_damaged_copy_is_told_of_and_the_others_are_found(tunedesk_home: Path) -> None:
    copy_provider("openai", "mine").write_text("id = \n", "utf-8")
    told: list[UserError] = []
    assert len(find_providers(told.append)) == 6
    assert "mine.toml" in told[0].message
    with pytest.raises(UserError):
        find_providers()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('dialect = "method"', 'dialect = "metod"', "dialect"),
        ("suffix_length = 64", 'suffix_length = "long"', "suffix_length"),
        ("suffix_length = 64", "sufix_length = 64", "sufix_length"),
        ('sft = "openai"', 'sft = "opanai"', "opanai"),
        ('"n_epochs", ', '"epochs", ', "epochs"),
        ("[statuses]", '[statuses]\nodd = "going"', "going"),
        ("suffix_length = 64", 'suffix_length = 64\nsuffix_pattern = "[a"', "suffix_pattern"),
        ("suffix_length = 64", 'suffix_length = 64\nends_on = "soon"', "ends_on"),
        ("suffix_length = 64", 'suffix_length = 64\nbase_url = "http://example.com"', "base_url"),
        ("suffix_length = 64", "suffix_length = 64\npoll_seconds = [0, 1]", "poll_seconds"),
        ("suffix_length = 64", 'suffix_length = 64\napi = "azure-classic"', "api_version"),
        ('id = "custom"', 'id = "other"', "id"),
    ],
)
def test_what_is_wrong_in_a_profile_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (shipped_dir() / "custom.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "custom.toml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(UserError) as caught:
        read_provider(path)
    assert words in caught.value.message
    assert str(path) in caught.value.message


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UserError, match="no provider profile") as caught:
        provider_named("together")
    assert "nebius" in caught.value.hint
