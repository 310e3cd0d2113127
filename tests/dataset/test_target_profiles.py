"""Claims about what targets accept: whole, without contradictions, and as the linter has it."""

import pytest

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.target_profiles import PROFILES, profile_named
from tunedesk.errors import UserError
from tunedesk.lint.targets import TARGET_NAMES

each = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def test_every_target_of_the_linter_has_a_profile():
    assert {profile.name for profile in PROFILES} == set(TARGET_NAMES)
    assert profile_named("azure").title.startswith("Azure")
    with pytest.raises(UserError, match="no target"):
        profile_named("nowhere")


@each
def test_a_target_reads_something_and_names_its_keys(profile):
    assert profile.formats and RowFormat.UNKNOWN not in profile.formats
    assert {"user", "assistant"} <= profile.roles
    assert (RowFormat.PREFERENCE in profile.formats) or profile.method != "dpo"
    if RowFormat.CHAT in profile.formats and profile.row_keys is not None:
        assert "messages" in profile.row_keys


def test_only_azure_wants_a_byte_order_mark():
    assert {profile.name for profile in PROFILES if profile.bom} == {"azure", "azure-dpo", "azure-rft"}


@each
def test_sizes_fit_each_other(profile):
    assert not profile.part_bytes or profile.part_bytes <= profile.file_bytes <= profile.total_bytes
    assert not profile.max_rows or profile.min_rows < profile.max_rows


def test_a_model_s_context_is_found_by_its_name():
    openai = profile_named("openai")
    assert openai.context_of("gpt-4.1-nano-2025-04-14") == 32_768
    assert openai.context_of("gpt-4o-mini-2024-07-18") == 65_536
    assert openai.context_of("unheard-of") is None
