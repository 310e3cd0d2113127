"""Rows that Together, Azure's validators and LLaMA-Factory refuse are the linter's errors, and no others."""

import pytest

from tests.lint.differential.rows import CALLS, CHATS, Row, assistant, codes, is_rejected, user
from tests.lint.differential.services import (
    axolotl_keeps,
    azure_takes,
    azure_takes_graded,
    azure_takes_preference,
    factory_keeps,
    together_takes,
)
from tunedesk.lint.targets import Target

# Together looks at nothing but roles, texts and weights: it takes rows that train nothing, or teach nonsense.
TAUGHT_NONSENSE = {"empty answer", "no answer", "nothing trained", "role of ShareGPT"}
TOGETHER = {
    **CHATS,
    "text": {"text": "Parcels come tomorrow."},
    "pair": {"prompt": "Where?", "completion": "There."},
    "pair and more": {"prompt": "Where?", "completion": "There.", "id": 1},
    "two formats": {"prompt": "Where?", "completion": "There.", "text": "x"},
    "number": {"text": 5},
}


def preference(preferred: object, other: object, **keys: object) -> Row:
    return {
        "input": {"messages": [user()]},
        "preferred_output": preferred,
        "non_preferred_output": other,
        **keys,
    }


PREFERENCES: dict[str, Row] = {
    "good": preference([assistant()], [assistant("No idea.")]),
    "two messages": preference([assistant(), assistant("Or later.")], [assistant("No idea.")]),
    "of the user": preference([user()], [assistant("No idea.")]),
    "empty": preference([], [assistant("No idea.")]),
    "one side": {"input": {"messages": [user()]}, "preferred_output": [assistant()]},
    "no list": preference("It will come.", [assistant("No idea.")]),
    "no question": {**preference([assistant()], [assistant("No idea.")]), "input": {"messages": []}},
    "more": preference([assistant()], [assistant("No idea.")], id=1),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_together(name: str) -> None:
    row = TOGETHER[name]
    if name in TAUGHT_NONSENSE and together_takes(row):
        assert codes(row, "together")
    else:
        assert together_takes(row) != bool(codes(row, "together")), codes(row, "together")


@pytest.mark.parametrize("name", PREFERENCES)
def test_together_takes_preferences_too(name: str) -> None:
    row = PREFERENCES[name]
    assert together_takes(row) != is_rejected(row, Target("together")), codes(row, "together")


# What the open validators look at. The service itself refuses more: issue 23 of microsoft-foundry/fine-tuning
# (two answers), unknown keys, rows that end with a question.
AZURE_KNOWS = {"SCH001", "SCH003", "SCH005", "SCH009", "CNV001", "CNV002", "CNV003", "CNV004", "CNV008"}
NOT_LOOKED_AT = {"number as content", "no role"}  # the validator does not ask what content is made of


@pytest.mark.parametrize("name", [name for name in CHATS if name not in NOT_LOOKED_AT])
def test_azure(name: str) -> None:
    found = codes(CHATS[name], "azure")
    assert azure_takes(CHATS[name]) != bool(found & AZURE_KNOWS), found


@pytest.mark.parametrize("name", [name for name in PREFERENCES if name not in ("two messages", "more")])
def test_azure_preferences(name: str) -> None:
    row = PREFERENCES[name]
    assert azure_takes_preference(row) != is_rejected(row, Target("azure-dpo")), codes(row, "azure-dpo")


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [user()], "answer": "tomorrow"},
        {"messages": [user()]},
        {"messages": [user(), assistant()], "answer": "tomorrow"},
        {"messages": [], "answer": "tomorrow"},
        {"messages": [user()], "tools": []},
    ],
)
def test_azure_graded_rows(row: Row) -> None:
    assert azure_takes_graded(row) != bool(codes(row, "azure-rft")), codes(row, "azure-rft")


# The converter fails with a KeyError at these, or takes what it cannot train; both are errors here.
FACTORY_FAILS = {"no messages", "empty list", "not a list", "turn is text", "no role"}
FACTORY_TAKES_NONSENSE = {"no content", "null content", "empty answer", "number as content"} | {
    "weight two",
    "weight as text",
}


@pytest.mark.parametrize("name", [name for name in CHATS if name not in FACTORY_FAILS])
def test_llamafactory(name: str) -> None:
    row = CHATS[name]
    if name in FACTORY_TAKES_NONSENSE:
        assert factory_keeps(row)
        assert codes(row, "llamafactory")
    else:
        assert factory_keeps(row) != bool(codes(row, "llamafactory")), codes(row, "llamafactory")


def test_llamafactory_takes_calls_as_turns() -> None:
    assert factory_keeps(CALLS["call and result"])
    assert not factory_keeps(CALLS["result without call"])
    assert is_rejected(CALLS["result without call"], Target("llamafactory"))


AXOLOTL = {
    **{name: CHATS[name] for name in ("plain", "with system", "two rounds", "nothing trained", "no answer")},
    "switched off": {"messages": [user(), assistant(train=False)]},
    "one switched off": {"messages": [user(), assistant(train=False), user(), assistant(train=True)]},
    "empty answer": CHATS["empty answer"],
}


@pytest.mark.parametrize("name", AXOLOTL)
def test_axolotl(name: str) -> None:
    assert axolotl_keeps(AXOLOTL[name]) != bool(codes(AXOLOTL[name], "axolotl"))
