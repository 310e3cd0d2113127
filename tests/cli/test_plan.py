"""`tunedesk plan`: what a run needs and what stands in its way, without a run folder or an engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.made_runs import chat_row, rows
from tests.tiny_adapter import write_tiny_adapter
from tunedesk import paths
from tunedesk.__main__ import main
from tunedesk.plan.hardware import Gpu, Hardware


def write(path: Path, raws: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(raws))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "valid.jsonl", rows(66)[60:])
    return write(tmp_path / "train.jsonl", rows(60))


def planned(
    capsys: pytest.CaptureFixture[str], data: Path, tiny: Path, *more: str, code: int = 0
) -> dict[str, Any]:
    valid = data.with_name("valid.jsonl")
    arguments = ["plan", str(data), "--valid", str(valid), "--model", str(tiny), "--json", *more]
    assert main(arguments) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_run_that_can_start_is_told_with_all_its_parts(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = planned(capsys, data, tiny)
    assert not found["blocked"] and found["memory"]["fits"] and found["changes"] == []
    assert (found["rows"], found["valid_rows"]) == (60, 6)
    assert found["memory"]["total"] == sum(
        found["memory"][part] for part in ("model", "adapter", "activations", "loss", "program")
    )
    assert all(setting["help"] and setting["source"] for setting in found["settings"])
    assert found["time"]["seconds"] > 0 and found["disk"]["needed"] > 0
    assert found["audit"]["trained_tokens"] < found["audit"]["tokens"]
    assert not list(data.parent.rglob("job.json"))


def test_a_setting_of_ones_own_stands_beside_the_advice_and_is_judged(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = planned(capsys, data, tiny, "--set", "learning_rate=0.9", "epochs=10")
    (rate,) = [each for each in found["settings"] if each["name"] == "learning_rate"]
    assert rate["value"] == 0.9 != rate["advised"]
    assert [each["setting"] for each in found["cautions"]] == ["learning_rate"]
    assert not found["blocked"]  # a warning forbids nothing


def test_rows_that_cannot_be_trained_block_and_are_named(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(data, [*rows(20), b"{", chat_row("what says the bird " * 30, "yes")])
    found = planned(capsys, data, tiny, "--set", "max_length=64", code=1)
    findings = [each for each in found["audit"]["findings"] if each["blocks"]]
    assert {each["code"]: each["rows"] for each in findings} == {"unreadable": [21], "wholly-cut": [22]}
    skipped = planned(capsys, data, tiny, "--set", "max_length=64", "wholly_cut_rows=skip", code=1)
    assert [each["code"] for each in skipped["audit"]["findings"] if each["blocks"]] == ["unreadable"]


def test_a_card_that_is_too_small_gets_the_change_that_helps(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("--set", "micro_batch_tokens=100000", "batch_size=64", "activations=keep")

    def on_a_card_of(free: int) -> None:
        hardware = Hardware("cpu", 2, 8 * 10**9, 4 * 10**9, (Gpu("Small card", 2 * free, free),))
        for module in ("plan", "train"):
            monkeypatch.setattr(f"tunedesk.cli.{module}.find_hardware", lambda: hardware)

    on_a_card_of(10**9)
    needed = planned(capsys, data, tiny, *settings)["memory"]["total"]
    on_a_card_of(needed - 1)
    found = planned(capsys, data, tiny, *settings, code=1)
    assert [(each["setting"], each["value"]) for each in found["changes"]] == [("activations", "recompute")]
    assert main(["plan", str(data), "--model", str(tiny), *settings]) == 1
    told = capsys.readouterr().out
    assert "It does not fit. Set activations=recompute: then it fits." in told


def test_the_engine_counts_what_the_formula_says(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = planned(capsys, data, tiny, "--exact")["memory"]
    assert memory["counted"] == pytest.approx(memory["total"], rel=0.01)
    assert memory["counted"] != memory["total"]  # norms and biases are counted, not calculated


def test_pairs_are_planned_with_their_own_advice(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = {
        "prompt": [{"role": "user", "content": "what says the cat"}],
        "chosen": [{"role": "assistant", "content": "yes"}],
        "rejected": [{"role": "assistant", "content": "no no"}],
    }
    raws = [json.dumps({**pair, "id": number}).encode() for number in range(20)]
    data = write(tmp_path / "train.jsonl", raws)
    write(tmp_path / "valid.jsonl", raws[:2])
    found = planned(capsys, data, tiny, "--method", "dpo")
    assert "beta" in {each["name"] for each in found["settings"]}
    assert [each["code"] for each in found["audit"]["findings"]] == ["leak"]
    blocked = planned(capsys, data, tiny, code=1)
    assert "unreadable" in {each["code"] for each in blocked["audit"]["findings"]}


def test_the_sample_is_told_on_a_page_with_its_planted_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(paths.sample_project()), "--model", "starter"]) == 1
    told = capsys.readouterr().out
    for part in ("Settings", "Memory, at rows of up to", "Time: about", "Disk: ", "Rows: "):
        assert part in told
    assert "blocks: Row 8 of the training data" in told
    assert told.endswith("Something stands in the way.\n")


def test_wrong_use_is_told_before_anything_is_counted(
    data: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(data), "--model", str(tiny), "--set", "epoch=3"]) == 2
    assert "epochs" in capsys.readouterr().err
    assert main(["plan", str(data)]) == 2
    assert "--model" in capsys.readouterr().err


def test_a_plan_to_go_on_from_an_adapter_has_its_shape(
    data: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = write_tiny_adapter(tmp_path / "adapter", tiny, rank=2)
    found = planned(capsys, data, tiny, "--adapter", str(adapter))
    settings = {each["name"]: each["value"] for each in found["settings"]}
    assert (settings["lora_rank"], settings["lora_alpha"]) == (2, 4)
