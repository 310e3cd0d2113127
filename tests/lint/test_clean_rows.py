"""A clean data set has no findings: rows of every format for every target that takes it, and the sample."""

import json
from typing import Any

import pytest

from tests.lint.differential.rows import TOOL, assistant, call, chat, result, system, user
from tunedesk import paths
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.lint.report import lint_rows, read_split
from tunedesk.lint.target_facts import ARGUMENTS_AS_OBJECT, accepts
from tunedesk.lint.targets import REINFORCEMENT_TARGETS, TARGET_NAMES, Target

NUMBERS = ("A1", "B2", "C3")


def rows_of(format: RowFormat, target: str) -> list[dict[str, Any]]:
    """Three rows as a careful person writes them for the target."""
    return [_ROWS[format](number, target) for number in NUMBERS]


def _question(number: str) -> str:
    return f"Where is parcel {number}?"


def _answer(number: str) -> str:
    return f"Parcel {number} will come tomorrow."


def _calls(number: str, target: str) -> dict[str, Any]:
    arguments = {"number": number}
    written = arguments if target in ARGUMENTS_AS_OBJECT else json.dumps(arguments)
    asked = call(arguments=written)
    if target == "together":  # takes neither tools nor a turn without text
        return chat(system(), user(_question(number)), assistant(_answer(number)))
    return chat(user(_question(number)), asked, result(), assistant(_answer(number)), tools=[TOOL])


def _graded(number: str, target: str) -> dict[str, Any]:
    return chat(system(), user(_question(number)), reference_answer=number)


def _pair(number: str, *names: str) -> dict[str, Any]:
    return {names[0]: _question(number), names[1]: _answer(number)}


_ROWS: dict[RowFormat, Any] = {
    RowFormat.CHAT: _calls,
    RowFormat.REINFORCEMENT: _graded,
    RowFormat.PREFERENCE: lambda number, target: {
        "input": {"messages": [user(_question(number))]},
        "preferred_output": [assistant(_answer(number))],
        "non_preferred_output": [assistant(f"No idea about {number}.")],
    },
    RowFormat.TRL_PREFERENCE: lambda number, target: {
        "prompt": [user(_question(number))],
        "chosen": [assistant(_answer(number))],
        "rejected": [assistant(f"No idea about {number}.")],
    },
    RowFormat.UNPAIRED: lambda number, target: {
        **_pair(number, "prompt", "completion"),
        "label": number != "B2",
    },
    RowFormat.STEPWISE: lambda number, target: {
        "prompt": _question(number),
        "completions": [f"Parcel {number} left on Monday.", "So it will come tomorrow."],
        "labels": [True, number != "B2"],
    },
    RowFormat.PROMPT_COMPLETION: lambda number, target: _pair(number, "prompt", "completion"),
    RowFormat.PROMPT_ONLY: lambda number, target: {"prompt": [user(_question(number))]},
    RowFormat.TEXT: lambda number, target: {"text": _answer(number)},
    RowFormat.ALPACA: lambda number, target: {
        **_pair(number, "instruction", "output"),
        "input": f"The parcel's number is {number}.",
        "history": [[f"Do you know {number}?", f"Yes, I know {number}."]],
    },
    RowFormat.SHAREGPT: lambda number, target: {
        "conversations": [
            {"from": "human", "value": _question(number)},
            {"from": "gpt", "value": _answer(number)},
        ],
    },
    RowFormat.MAPPED: lambda number, target: _pair(number, "frage", "antwort"),
}
MAPPING = ColumnMapping(user="frage", assistant="antwort")
TAKEN = [
    (name, format)
    for name in TARGET_NAMES
    for format in RowFormat
    if format is not RowFormat.UNKNOWN and accepts(Target(name), format)
    # A chat is accepted where graders judge so that a better sentence is told; and the other way round.
    if not (format is RowFormat.CHAT and name in REINFORCEMENT_TARGETS)
    if not (format is RowFormat.REINFORCEMENT and name not in (*REINFORCEMENT_TARGETS, "generic"))
]


@pytest.mark.parametrize(("name", "format"), TAKEN)
def test_clean_rows_have_no_findings(name: str, format: RowFormat) -> None:
    mapping = MAPPING if format is RowFormat.MAPPED else None
    rows = rows_of(format, name)
    assert {detect_format(row, mapping) for row in rows} == {format}
    raws = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    report = lint_rows(enumerate(raws, start=1), Target(name, mapping=mapping))
    assert report.findings == ()


def test_every_format_is_taken_by_some_target_besides_the_generic_one() -> None:
    taken = {format for name, format in TAKEN if name != "generic"}
    assert taken == set(RowFormat) - {RowFormat.UNKNOWN}


SUPERVISED = [name for name in TARGET_NAMES if Target(name).is_supervised]


@pytest.mark.parametrize("name", SUPERVISED)
def test_the_samples_clean_rows_have_no_findings(name: str) -> None:
    path = paths.sample_project() / "datasets" / "valid.jsonl"
    rows = [parsed.raw for parsed in read_split(path)]
    assert lint_rows(enumerate(rows, start=1), Target(name)).findings == ()
