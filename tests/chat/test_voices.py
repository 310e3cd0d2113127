"""Runs that can speak: here, at a service, or both; and their checkpoints."""

import json
from pathlib import Path

import pytest

from tunedesk.chat.hosted import HostedModels
from tunedesk.chat.voices import HostedRun, TunedRun, checkpoint_of, speaking_runs, tuned_run, voices_of_run
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.events import Checkpointed, Event, Finished, encode_event
from tunedesk.runs.job import CloudOrder, DataFile, DatasetRef, Job, ModelRef
from tunedesk.runs.provider import Provider
from tunedesk.runs.run_folder import RunFolder

ACCOUNT = Account(name="Team box", provider="custom", base_url="https://box.example/v1")
ROWS = [
    b'{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}, '
    b'{"role": "assistant", "content": "b"}]}'
] * 3


def cloud_run(
    runs: Path,
    name: str,
    *events: Event,
    local: str = "",
    rows: list[bytes] = ROWS,
    deploys: str = "",
    tuned: str = "ft:small:me",
) -> Path:
    provider = Provider(id="custom", title="Custom", deploys=deploys)  # type: ignore[arg-type]
    job = Job(
        run=name,
        created=f"{name}:00+00:00",
        model=ModelRef("small", local),
        dataset=DatasetRef("train.jsonl"),
        train=DataFile("", 0, ""),
        place="cloud",
        cloud=CloudOrder(account=ACCOUNT, provider=provider, model="small", target="openai"),
    )
    folder = RunFolder.create(runs, job, rows)
    end = Finished(
        run=name, attempt=1, seq=9, time=0, steps=3, train_loss=0.5, valid_loss=0.6, best_step=3,
        adapter="", seconds=2.0, model=tuned,
    )  # fmt: skip
    folder.events_path.write_bytes(b"".join(map(encode_event, (*events, end))))
    return folder.path


def add_adapter(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")


def checkpoint(step: int, **where: str) -> Checkpointed:
    place = {"path": "", **where}
    return Checkpointed(run="r", attempt=1, seq=step, time=0, step=step, reason="schedule", **place)


def test_a_finished_run_at_a_service_speaks_with_the_system_prompt_of_its_rows(tmp_path: Path) -> None:
    path = cloud_run(tmp_path, "2026-11-20T14")
    (run,) = speaking_runs(tmp_path)
    assert isinstance(run, HostedRun) and run.path == path
    assert run.models == HostedModels(ACCOUNT, run.models.provider, "ft:small:me", "small")
    assert (run.system, run.model, run.models.host) == ("Be brief.", "small", "box.example")
    assert run.models.voices == ("base", "tuned")


def test_rows_that_begin_differently_give_no_system_prompt(tmp_path: Path) -> None:
    cloud_run(tmp_path, "2026-11-20T14", rows=[*ROWS, b'{"messages": [{"role": "user", "content": "x"}]}'])
    assert speaking_runs(tmp_path)[0].system == ""


def test_a_run_whose_rows_are_gone_speaks_all_the_same(tmp_path: Path) -> None:
    path = cloud_run(tmp_path, "2026-11-20T14")
    (path / "data" / "train.jsonl.gz").write_bytes(b"\x1f\x8bbroken")
    assert speaking_runs(tmp_path)[0].system == ""


def test_where_models_must_be_deployed_only_the_tuned_one_is_asked(tmp_path: Path) -> None:
    cloud_run(tmp_path, "2026-11-20T14", deploys="azure")
    (run,) = speaking_runs(tmp_path)
    assert isinstance(run, HostedRun) and run.models.voices == ("tuned",)


def test_a_deployed_model_is_asked_by_its_deployment_s_name(tmp_path: Path) -> None:
    path = cloud_run(tmp_path, "2026-11-20T14", deploys="azure")
    told = {"name": "helpdesk", "model": "ft:small:me", "sku": "standard", "since": "2026-11-21T10:00:00Z"}
    (path / "deployment.json").write_text(json.dumps(told))
    assert voices_of_run(path)[0].models.tuned == "helpdesk"
    (path / "deployment.json").write_text(json.dumps({**told, "model": "another checkpoint"}))
    assert voices_of_run(path)[0].models.tuned == "ft:small:me"
    (path / "deployment.json").write_text("broken")
    assert speaking_runs(tmp_path)[0].models.tuned == "ft:small:me"


def test_weights_that_came_home_speak_here_too_if_the_base_model_is_known(tmp_path: Path) -> None:
    known = cloud_run(tmp_path / "a", "2026-11-20T14", local="/models/small")
    unknown = cloud_run(tmp_path / "b", "2026-11-20T14")
    for path in (known, unknown):
        add_adapter(path / "adapter")
    hosted, here = speaking_runs(tmp_path / "a")
    assert isinstance(hosted, HostedRun) and isinstance(here, TunedRun)
    assert (here.quantization, here.system) == ("none", "Be brief.")
    assert [type(run) for run in speaking_runs(tmp_path / "b")] == [HostedRun]
    with pytest.raises(UserError, match=r"small of the run .* is not known on this computer"):
        tuned_run(unknown)


def test_a_run_without_a_tuned_model_does_not_speak(tmp_path: Path) -> None:
    path = cloud_run(tmp_path, "2026-11-20T14", tuned="")
    assert speaking_runs(tmp_path) == voices_of_run(path) == ()
    with pytest.raises(UserError):
        voices_of_run(tmp_path)
    with pytest.raises(UserError, match="has no adapter") as caught:
        tuned_run(path)
    assert "Team box" in caught.value.hint


def test_a_checkpoint_at_a_service_is_asked_by_its_own_name(tmp_path: Path) -> None:
    path = cloud_run(tmp_path, "2026-11-20T14", checkpoint(2, model="ft:small:me:step-2"))
    run = checkpoint_of(path, "ft:small:me:step-2")
    assert isinstance(run, HostedRun)
    assert (run.models.tuned, run.models.base, run.step) == ("ft:small:me:step-2", "small", 2)


def test_a_checkpoint_here_is_loaded_from_its_own_folder(tmp_path: Path) -> None:
    events = [checkpoint(step, path=f"checkpoints/step-{step}") for step in (2, 4)]
    path = cloud_run(tmp_path, "2026-11-20T14", *events, local="/models/small")
    add_adapter(path / "checkpoints" / "step-4" / "adapter")
    run = checkpoint_of(path, "checkpoints/step-4")
    assert isinstance(run, TunedRun) and run.step == 4
    assert run.load_request().adapter == str(path / "checkpoints" / "step-4" / "adapter")
    with pytest.raises(UserError, match="is gone"):
        checkpoint_of(path, "checkpoints/step-2")
    for name in ("checkpoints/step-9", ""):
        with pytest.raises(UserError, match="has no checkpoint"):
            checkpoint_of(path, name)
