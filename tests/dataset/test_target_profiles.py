"""Claims about what targets accept: whole, without contradictions, and as the linter has it."""

import pytest

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.target_profiles import PROFILES, profile_named
from tunedesk.errors import UserError
from tunedesk.lint.target_facts import ACCEPTED, ARGUMENTS_AS_OBJECT, ARGUMENTS_AS_TEXT, IGNORES_WEIGHT, ROLES
from tunedesk.lint.targets import TARGET_NAMES

each = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def test_every_target_of_the_linter_has_a_profile():
    assert {profile.name for profile in PROFILES} == set(TARGET_NAMES)
    assert profile_named("azure").title.startswith("Azure")
    with pytest.raises(UserError, match="no target"):
        profile_named("nowhere")


@each
def test_linter_and_export_agree(profile):
    # OpenAI's legacy prompt and completion is for two old models, which the linter asks for by name.
    legacy = {RowFormat.PROMPT_COMPLETION} if profile.name == "openai" else set()
    assert set(profile.formats) - legacy <= ACCEPTED[profile.name]
    assert profile.roles <= ROLES.get(profile.name, profile.roles)
    assert (profile.arguments == "text") or profile.name not in ARGUMENTS_AS_TEXT
    assert (profile.arguments == "object") or profile.name not in ARGUMENTS_AS_OBJECT
    is_judged = profile.method in ("dpo", "rft")
    assert is_judged or (not profile.weight) == (profile.name in IGNORES_WEIGHT)


@each
def test_sizes_fit_each_other(profile):
    assert not profile.part_bytes or profile.part_bytes <= profile.file_bytes <= profile.total_bytes
    assert not profile.max_rows or profile.min_rows < profile.max_rows


def test_a_model_s_context_is_found_by_its_name():
    openai = profile_named("openai")
    assert openai.context_of("gpt-4.1-nano-2025-04-14") == 32_768
    assert openai.context_of("gpt-4o-mini-2024-07-18") == 65_536
    assert openai.context_of("unheard-of") is None
