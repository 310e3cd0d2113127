"""Targets, and what a project decides for itself about rules."""

import json

import pytest

from tunedesk.cli.parser import TARGETS
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.target_profiles import PROFILES
from tunedesk.errors import UserError
from tunedesk.lint.finding import Severity
from tunedesk.lint.registry import RULES
from tunedesk.lint.rows import is_trainable, lint_row
from tunedesk.lint.targets import RENDERING_TARGETS, TARGET_NAMES, Target, target_named
from tunedesk.template.chat_template import ChatTemplate

TWO_QUESTIONS = json.dumps(
    {
        "messages": [
            {"role": "user", "content": "Hello?"},
            {"role": "user", "content": "Where is my parcel?"},
            {"role": "assistant", "content": "Here."},
        ]
    }
).encode()


def severities(target: Target) -> dict[str, Severity]:
    return {found.code: found.severity for found in lint_row(parse_row(TWO_QUESTIONS), target)}


def test_profiles_lint_and_the_command_know_the_same_targets() -> None:
    assert tuple(profile.name for profile in PROFILES) == TARGET_NAMES == TARGETS
    assert {name for rule in RULES for name in rule.by_target} <= set(TARGET_NAMES)


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_only_tools_that_train_a_local_model_keep_its_template(name: str, template: ChatTemplate) -> None:
    target = target_named(name, template, 512)
    assert (target.template is template) == (name in RENDERING_TARGETS)
    expected = {"local": 512, "trl": 1024, "llamafactory": 2048, "axolotl": 512}
    assert target.max_length == expected.get(name)


def test_a_provider_keeps_the_name_of_its_model(template: ChatTemplate) -> None:
    assert target_named("openai", template, 512, model="gpt-4o").model == "gpt-4o"
    with pytest.raises(UserError, match="no target moon"):
        target_named("moon")


def test_a_projects_own_severity_counts_before_the_rules() -> None:
    assert severities(Target("generic")) == {"CNV006": Severity.WARNING}
    assert severities(Target("generic", severities={"CNV006": Severity.ERROR})) == {"CNV006": Severity.ERROR}
    assert severities(Target("generic", severities={"CNV006": None})) == {}
    softened = Target("azure", severities={"CNV006": Severity.INFO})
    assert is_trainable(lint_row(parse_row(TWO_QUESTIONS), softened))
    assert not is_trainable(lint_row(parse_row(TWO_QUESTIONS), Target("azure")))


def test_rules_and_groups_can_be_ignored_and_selected() -> None:
    assert severities(Target("azure", ignore=("CNV",))) == {}
    assert severities(Target("azure", ignore=("SCH", "CNV006"))) == {}
    raw = json.dumps({"prompt": "cafe\u0301", "completion": "x"}).encode()
    assert lint_row(parse_row(raw), Target("generic")) == ()
    selected = lint_row(parse_row(raw), Target("generic", select=("TXT004",)))
    assert [found.code for found in selected] == ["TXT004"]
    assert lint_row(parse_row(raw), Target("generic", select=("TXT",), ignore=("TXT004",))) == ()


def test_templates_and_lengths_make_no_other_choice_of_rules(template: ChatTemplate) -> None:
    assert Target("local", template, 10).choice == Target("local").choice
    assert Target("local", severities={"CNV006": None}).choice != Target("local").choice
