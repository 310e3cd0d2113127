"""`tunedesk train`, `resume` and `stop` with real engines, and what they refuse."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.rows import row, write_rows
from tests.engine.made_runs import rows as learnable_rows
from tunedesk.__main__ import main
from tunedesk.cli.parser import make_parser
from tunedesk.cli.train import request_from, run_from_job
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.job import encode_job
from tunedesk.runs.presets import write_preset
from tunedesk.runs.requests import RunRequest, job_of, prepare_run
from tunedesk.runs.run_folder import RunFolder, RunState, rows_digest

FAST = ["batch_size=4", "learning_rate=0.01", "lora_rank=8", "lora_alpha=16", "max_length=64", "threads=1"]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "tunedesk", *map(str, arguments)]


def write_learnable(folder: Path) -> tuple[Path, Path]:
    """A training and a validation split that the tiny model learns in forty steps."""
    train, valid = folder / "train.jsonl", folder / "valid.jsonl"
    train.write_bytes(b"\n".join(learnable_rows(12)))
    valid.write_bytes(b"\n".join(learnable_rows(15)[12:]))
    return train, valid


@pytest.fixture(scope="module")
def trained(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A run that `tunedesk train` has finished; with its standard output and error."""
    folder = tmp_path_factory.mktemp("trained")
    train, valid = write_learnable(folder)
    out = folder / "runs" / "first"
    ended = subprocess.run(
        command(
            *("train", "--dataset", train, "--valid", valid, "--model", tiny, "--out", out),
            *("--set", "epochs=14", "seed=3", "--set", *FAST),
        ),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return out, ended.stdout, ended.stderr


def test_a_run_is_told_step_by_step_and_ends_with_the_next_command(trained: tuple[Path, str, str]) -> None:
    out, told, progress = trained
    assert f"tunedesk chat {out}" in told
    assert "step 1/42  loss " in progress and "step 42/42  loss " in progress
    assert "validation loss" in progress


def test_the_settings_on_the_line_stand_in_the_job_and_the_others_are_recommended(
    trained: tuple[Path, str, str],
) -> None:
    settings = RunFolder(trained[0]).job().hyperparameters
    assert (settings.epochs, settings.seed, settings.lora_rank, settings.batch_size) == (14, 3, 8, 4)
    assert settings.warmup_ratio != 0.05  # the job's own default; five steps of 42 are recommended


def test_a_finished_run_can_be_talked_to(
    trained: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", str(trained[0]), "--prompt", "what says the red cat", "--max-tokens", "8"]) == 0
    assert capsys.readouterr().out.strip() in ("yes", "no")


def test_a_finished_run_is_neither_resumed_nor_stopped(
    trained: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resume", str(trained[0])]) == 0
    assert "finished already" in capsys.readouterr().out
    assert main(["stop", str(trained[0])]) == 2
    assert "is not running; it is finished" in capsys.readouterr().err


def test_a_job_is_done_again_elsewhere_and_a_failed_run_ends_with_1(
    trained: tuple[Path, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job, again = str(trained[0] / "job.json"), tmp_path / "again"
    assert main(["train", "--job", job]) == 2
    assert "begun already" in capsys.readouterr().err
    # With a rate this small the random model cannot learn to end its answers.
    assert (
        main(["train", "--job", job, "--out", str(again), "--set", "max_steps=1", "learning_rate=1e-9"]) == 1
    )
    assert f"The run {again} failed: " in capsys.readouterr().err
    assert RunFolder(again).job().train.sha256 == RunFolder(trained[0]).job().train.sha256


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_ctrl_c_stops_with_a_checkpoint_and_stop_does_so_after_a_resume(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, _ = write_learnable(tmp_path)
    out = tmp_path / "run"
    long = ["train", "--dataset", train, "--model", tiny, "--out", out, "--set", "epochs=1000", *FAST]
    process = followed(*long)
    wait_for_a_step(process)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate()
    assert process.returncode == 0 and f"tunedesk resume {out}" in told
    assert RunFolder(out).state() is RunState.STOPPED

    process = subprocess.Popen(
        command("resume", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_a_step(process)
    assert main(["stop", str(out)]) == 0
    process.communicate()
    assert process.returncode == 0
    steps = [event.step for event in RunFolder(out).read_events() if type(event).__name__ == "Step"]
    assert steps == list(range(1, len(steps) + 1))


def followed(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_a_step(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("step "):
            return
    raise AssertionError("the run ended without a step")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What is told about a run that cannot start."""
    assert main(["train", *map(str, arguments)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


def test_a_setting_that_does_not_exist_is_told_with_the_nearest(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    out = tmp_path / "run"
    told = refused(capsys, "--dataset", rows, "--model", tiny, "--out", out, "--set", "learning_rat=1")
    assert "learning_rate" in told
    assert not out.exists()


def test_a_value_out_of_bounds_names_its_key(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    told = refused(capsys, "--dataset", rows, "--model", tiny, "--out", tmp_path / "r", "--set", "epochs=-1")
    assert "epochs" in told


def test_a_bad_row_is_named_before_anything_starts(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(row("red", "blue") + b"\n{oops\n")
    told = refused(capsys, "--dataset", rows, "--model", tiny, "--out", tmp_path / "run")
    assert "rows.jsonl, row 2" in told
    assert not (tmp_path / "run").exists()


def test_missing_files_existing_folders_and_a_missing_model_are_told(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    out = tmp_path / "run"
    assert "does not exist" in refused(capsys, "--dataset", tmp_path / "no", "--model", tiny, "--out", out)
    assert "exists already" in refused(capsys, "--dataset", rows, "--model", tiny, "--out", tmp_path)
    assert "--model" in refused(capsys, "--dataset", rows, "--out", out)
    assert "cannot be read" in refused(capsys, "--job", tmp_path / "job.json")


def test_a_damaged_job_names_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"version": 1, "run": 5}))
    assert "run" in refused(capsys, "--job", job, "--out", tmp_path / "run")


def test_a_folder_that_is_no_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("resume", "stop"):
        assert main([name, str(tmp_path)]) == 2
        assert "is not a run folder" in capsys.readouterr().err


def test_a_lone_job_is_done_with_the_rows_it_was_made_with_and_with_no_others(
    trained: tuple[Path, str, str], tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = write_rows(tmp_path / "rows.jsonl")
    rows = dataset.read_bytes().splitlines()
    hyper = Hyperparameters(max_steps=1, learning_rate=1e-9)
    request = RunRequest(tmp_path / "runs", dataset, rows, tiny, hyperparameters=hyper)
    lone = tmp_path / "copied.json"
    lone.write_bytes(encode_job(job_of(request)))
    assert main(["train", "--job", str(lone), "--out", str(tmp_path / "one")]) == 1
    assert RunFolder(tmp_path / "one").job().train.sha256 == rows_digest(rows)
    capsys.readouterr()
    dataset.write_bytes(dataset.read_bytes() + rows[0] + b"\n")
    assert "not those that the job was made with" in refused(capsys, "--job", lone, "--out", tmp_path / "two")


def test_a_lone_job_finds_validation_rows_of_another_folder(tiny: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    train, valid = (
        write_rows(tmp_path / "first" / "rows.jsonl"),
        write_rows(tmp_path / "second" / "few.jsonl"),
    )
    asked = ["train", "--dataset", str(train), "--valid", str(valid), "--model", str(tiny)]
    request, _ = request_from(make_parser().parse_args(asked))
    lone = tmp_path / "copied.json"
    lone.write_bytes(encode_job(job_of(request)))
    again = ["train", "--job", str(lone), "--out", str(tmp_path / "again")]
    run = run_from_job(make_parser().parse_args(again))
    found = run.job().valid
    assert found is not None and found.sha256 == rows_digest(valid.read_bytes().splitlines())


def test_a_job_that_goes_on_from_an_adapter_is_done_again_from_anywhere(
    trained: tuple[Path, str, str], tiny: Path, tmp_path: Path
) -> None:
    rows = learnable_rows(12)
    hyper = Hyperparameters(max_steps=1, max_length=64)
    adapter = RunFolder(trained[0]).adapter_dir
    made = RunRequest(
        tmp_path / "runs", trained[0], rows, tiny, hyperparameters=hyper, adapter=adapter, name="first"
    )
    job = prepare_run(made).job_path
    main(["train", "--job", str(job), "--out", str(tmp_path / "again")])
    again = RunFolder(tmp_path / "again")
    first_job, second_job = RunFolder(job.parent).job(), again.job()
    assert second_job.adapter == first_job.adapter
    assert again.history().steps


def test_of_an_adapter_to_go_on_from_the_rank_counts_and_others_are_told(
    trained: tuple[Path, str, str], tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = trained[0].parent.parent / "train.jsonl"
    asked = ["train", "--dataset", rows, "--model", tiny, "--adapter", trained[0], "--set", "lora_rank=4"]
    request, _ = request_from(make_parser().parse_args([str(each) for each in asked]))
    assert (request.hyperparameters.lora_rank, request.hyperparameters.lora_alpha) == (8, 16)
    told = capsys.readouterr().err
    assert "lora_rank=4 is not used: the adapter to go on from has 8" in told and "lora_alpha" not in told


@pytest.mark.parametrize("option", ["--valid", "--model", "--method", "--adapter", "--preset"])
def test_what_a_job_says_already_is_not_passed_over(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "--job", tmp_path / "job.json", "--out", tmp_path / "again", option, "dpo")
    assert told.startswith(f"tunedesk: {option} does not go with --job")


def test_a_preset_comes_before_what_is_set_by_hand(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, preset = write_rows(tmp_path / "rows.jsonl"), tmp_path / "mine.preset.json"
    write_preset(preset, "sft", {"lora_rank": "4", "epochs": "9"})
    command = [
        "plan",
        str(rows),
        "--model",
        str(tiny),
        "--preset",
        str(preset),
        "--set",
        "epochs=5",
        "--json",
    ]
    main(command)
    told = json.loads(capsys.readouterr().out)["settings"]
    settings = {one["name"]: one["value"] for one in told}
    assert (settings["lora_rank"], settings["epochs"]) == (4, 5)
    assert main([*command, "--method", "dpo"]) == 2
    assert "is for the method sft" in capsys.readouterr().err
