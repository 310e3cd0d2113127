"""The linter for OpenAI finds what the cookbook's notebook finds, and not what the notebook gets wrong."""

from typing import Any

import pytest

from tests.lint.differential.cookbook import format_errors
from tests.lint.differential.rows import CALLS, CHATS, chat, codes, user

# What the linter calls each of the notebook's errors. Two of the notebook's say the same of absent content.
MEANT = {
    "data_type": {"JSN002"},
    "missing_messages_list": {"SCH001", "CNV001"},
    "message_missing_key": {"SCH003", "CNV008"},
    "message_unrecognized_key": {"SCH004"},
    "unrecognized_role": {"CNV002", "SCH009", "SCH003"},
    "missing_content": {"CNV008", "CNV009", "SCH005"},
    "example_missing_assistant_message": {"CNV003"},
}
KNOWN = set().union(*MEANT.values())
# Rows that the notebook refuses although OpenAI's API description allows them: its list of keys and roles is
# from the time before tools, and it takes no content but text.
DEFECTS = {*CALLS} - {"schema of a wrong type"}
CRASHES = {"not a list", "turn is text"}  # the notebook ends with an AttributeError at these
# The notebook looks at turns only; the service refuses unknown keys of the row, too.
BEYOND = {"key beside messages"}


@pytest.mark.parametrize("name", [name for name in CHATS if name not in CRASHES])
def test_the_notebook_and_the_linter_agree_on_chats(name: str) -> None:
    errors, found = format_errors(CHATS[name]), codes(CHATS[name], "openai")
    if name in BEYOND:
        assert (errors, found) == (set(), {"SCH004"})
        return
    assert bool(errors) == bool(found & KNOWN), (errors, found)
    for error in errors:
        assert found & MEANT[error], (error, found)


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_the_notebook_refuses_every_row_with_tools(name: str) -> None:
    assert {"message_unrecognized_key", "unrecognized_role"} & format_errors(CALLS[name])
    assert not codes(CALLS["call and result"], "openai")


def test_the_notebook_refuses_parts_and_old_calls_that_are_valid() -> None:
    parts: list[dict[str, Any]] = [{"type": "text", "text": "Where?"}]
    for row in (
        chat(user(parts), {"role": "assistant", "content": "There."}),
        chat(
            user(),
            {"role": "assistant", "content": None, "function_call": {"name": "track", "arguments": "{}"}},
            functions=[{"name": "track"}],
        ),
    ):
        assert format_errors(row) == {"missing_content"}
        assert not codes(row, "openai") & KNOWN


def test_a_row_that_is_no_object_is_one_to_both() -> None:
    assert format_errors([1]) == {"data_type"}
    assert codes([1], "openai") == {"JSN002"}


@pytest.mark.parametrize("name", sorted(CRASHES))
def test_where_the_notebook_crashes_the_linter_says_why(name: str) -> None:
    with pytest.raises((AttributeError, TypeError)):
        format_errors(CHATS[name])
    assert codes(CHATS[name], "openai") & {"SCH005"}
