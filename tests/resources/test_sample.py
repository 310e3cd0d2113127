"""The sample project is what its build script makes, and its faults are where faults.json says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import build_sample
import pytest
from sample import phrases

from tunedesk import paths

HELPDESK = paths.resources() / "samples" / "helpdesk"


def lines(name: str) -> list[str]:
    text = (HELPDESK / "datasets" / f"{name}.jsonl").read_bytes().decode("utf-8")
    assert text.endswith("\n")
    return text[:-1].split("\n")


def faults() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((HELPDESK / "faults.json").read_text("utf-8"))["faults"]
    return listed


def prompt(row: dict[str, Any]) -> str:
    text: str = next(message["content"] for message in row["messages"] if message["role"] == "user")
    return text


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(name)]


def mended() -> list[dict[str, Any]]:
    return build_sample.mended_rows()


def test_the_committed_files_are_what_the_script_builds(tmp_path: Path) -> None:
    build_sample.write(build_sample.build(), tmp_path)
    built = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    committed = sorted(path.relative_to(HELPDESK) for path in HELPDESK.rglob("*") if path.is_file())
    assert built == committed
    for name in built:
        assert (tmp_path / name).read_bytes() == (HELPDESK / name).read_bytes(), name


def test_project_json_names_files_that_exist() -> None:
    project = json.loads((HELPDESK / "project.json").read_text("utf-8"))
    assert project["default_model"] == "starter"
    assert set(project["datasets"]) == {"train", "valid", "heldout"}
    assert all((HELPDESK / path).is_file() for path in project["datasets"].values())


def test_the_splits_have_the_promised_sizes() -> None:
    assert 380 <= len(lines("train")) <= 420
    assert 30 <= len(lines("valid")) <= 50
    assert 75 <= len(lines("heldout")) <= 100


def test_there_are_25_faults_in_rising_rows_of_at_least_20_kinds() -> None:
    places = [fault["row"] for fault in faults()]
    assert len(places) == 25
    assert places == sorted(set(places))
    assert places[0] >= 1 and places[-1] <= len(lines("train"))
    assert len({fault["code"] for fault in faults()}) >= 20


def test_every_row_without_a_fault_is_a_good_row() -> None:
    spoiled = {fault["row"] for fault in faults()}
    for number, line in enumerate(lines("train"), start=1):
        if number not in spoiled:
            assert_good(json.loads(line))


def test_every_faulty_row_differs_from_its_mended_form() -> None:
    for fault in faults():
        if fault["mended"] is not None:
            assert lines("train")[fault["row"] - 1] != json.dumps(fault["mended"], ensure_ascii=False)


def test_the_rows_to_delete_are_empty_or_stand_elsewhere() -> None:
    kept = {prompt(row) for row in mended()} | {prompt(row) for row in rows("valid")}
    for fault in faults():
        if fault["mended"] is None:
            line = lines("train")[fault["row"] - 1]
            assert not line or not json.loads(line)["messages"] or prompt(json.loads(line)) in kept


def test_mended_rows_are_all_good_and_differ_from_each_other() -> None:
    for row in mended():
        assert_good(row)
    assert max(Counter(prompt(row) for row in mended()).values()) == 1


@pytest.mark.parametrize("name", ["valid", "heldout"])
def test_the_other_splits_have_no_faults(name: str) -> None:
    for row in rows(name):
        assert_good(row)
    assert len({prompt(row) for row in rows(name)}) == len(rows(name))


def test_no_split_shares_a_prompt_with_another() -> None:
    train, valid, heldout = (
        {prompt(row) for row in part} for part in (mended(), rows("valid"), rows("heldout"))
    )
    assert not train & valid and not train & heldout and not valid & heldout


def test_no_message_of_a_split_is_one_of_another_with_the_names_changed() -> None:
    def pairs(split: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {fragments(prompt(row)) for row in split}

    train, valid, heldout = (pairs(part) for part in (mended(), rows("valid"), rows("heldout")))
    assert not train & heldout and not train & valid and not valid & heldout


def fragments(message: str) -> tuple[str, str]:
    """The two sentences that decide the route, with their slots left out."""
    problems = [p.text for group in phrases.PROBLEMS.values() for p in group]
    pressure = [text for group in phrases.PRESSURE.values() for text in group]
    problem = [text for text in problems if all(part in message for part in fixed_parts(text))]
    pressed = [text for text in pressure if text in message]
    return max(problem, key=len), max(pressed, key=len)


def fixed_parts(template: str) -> list[str]:
    parts = template.replace("{", "}").split("}")[::2]
    return [part for part in parts if len(part) > 1]


def test_every_label_pair_occurs_equally_often_in_the_heldout_split() -> None:
    answers = [json.loads(row["messages"][-1]["content"]) for row in rows("heldout")]
    counts = Counter((answer["category"], answer["urgency"]) for answer in answers)
    assert len(counts) == len(phrases.CATEGORIES) * len(phrases.URGENCIES)
    assert len(set(counts.values())) == 1


def assert_good(row: dict[str, Any]) -> None:
    assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
    assert all(set(message) == {"role", "content"} for message in row["messages"])
    answer = json.loads(row["messages"][2]["content"])
    assert list(answer) == ["category", "urgency", "reply"]
    assert answer["category"] in phrases.CATEGORIES
    assert answer["urgency"] in phrases.URGENCIES
    assert answer["reply"].startswith("Hello ")
    assert 8 <= len(row["messages"][1]["content"].split()) <= 60
