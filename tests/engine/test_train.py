"""A training learns, tells what happens, obeys, and says why when it has failed."""

import errno
import json
import os
import signal
from pathlib import Path
from typing import Any

import filelock
import msgspec
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.engine.made_runs import FAST, chat_row, losses, make_run, rows, train_here
from tests.tiny_model import write_tiny_model
from tunedesk.engine.data import prepare_data
from tunedesk.engine.load_model import load_base_model
from tunedesk.engine.loss import token_losses
from tunedesk.engine.packing import pack
from tunedesk.engine.run import execute
from tunedesk.errors import UserError
from tunedesk.runs.digests import model_digest
from tunedesk.runs.events import (
    Checkpointed,
    Evaluated,
    EventBase,
    Failed,
    Finished,
    Noted,
    Paused,
    Preflighted,
    Resumed,
    Sampled,
    Started,
    Step,
    Stopped,
)
from tunedesk.runs.job import encode_job
from tunedesk.runs.run_folder import RunFolder, RunState
from tunedesk.template.chat_template import ChatTemplate


def kinds(run: RunFolder) -> list[str]:
    return [type(event).__name__ for event in run.read_events()]


def test_a_run_learns_and_tells_everything_it_does(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    history = train_here(run)
    assert isinstance(history.ended, Finished)
    assert run.state() is RunState.FINISHED
    assert list(history.steps) == list(range(1, history.total_steps + 1))
    assert history.steps[history.total_steps].loss < 0.7 * history.steps[1].loss
    assert history.started is not None and history.started.rows == 12
    assert history.last_evaluation is not None and history.last_evaluation.step == history.total_steps
    assert {len(samples) for samples in history.samples.values()} == {3}
    assert all(event.run == "a-run" and event.attempt == 1 for event in run.read_events())
    numbers = [event.seq for event in run.read_events()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_step_is_one_line_with_its_figures(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, max_steps=2))
    train_here(run)
    lines = [json.loads(line) for line in run.events_path.read_bytes().splitlines()]
    steps = [line for line in lines if line["type"] == "step"]
    assert [line["step"] for line in steps] == [1, 2]
    for key in ("loss", "learning_rate", "grad_norm", "tokens_per_second"):
        assert all(isinstance(line[key], float) and line[key] > 0 for line in steps)


def test_the_best_adapter_is_the_result_and_loads_in_plain_peft(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, quantization="none"))
    history = train_here(run)
    best = history.best
    assert best is not None and isinstance(history.ended, Finished)
    assert history.ended.best_step == best.step and history.ended.valid_loss == best.loss
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    tuned: Any = PeftModel.from_pretrained(base, str(run.adapter_dir))
    job = run.job()
    data = prepare_data(run, job, ChatTemplate.load(tiny_model))
    with torch.no_grad():
        total = sum(float(token_losses(tuned, pack([example], base.device)).sum()) for example in data.valid)
    assert total / sum(example.trained for example in data.valid) == pytest.approx(best.loss, rel=1e-4)


def test_adapter_weights_are_float32_and_on_every_linear_layer(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, max_steps=12))
    train_here(run)
    tensors = load_file(run.adapter_dir / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}
    layers = {name.split(".")[-3] for name in tensors}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path, tiny_model: Path) -> None:
    first = losses(train_here(make_run(tmp_path, tiny_model, run="first")))
    second = losses(train_here(make_run(tmp_path, tiny_model, run="second")))
    other = losses(
        train_here(make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, seed=4), run="other"))
    )
    assert first == second
    assert first != other


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_evaluations_change_no_bit_of_the_training(tmp_path: Path, tiny_model: Path, dropout: float) -> None:
    """bitsandbytes 0.50.2 on processors with AVX512-BF16 fails this without `keep_training_kernels`."""
    often = msgspec.structs.replace(FAST, eval_steps=1, lora_dropout=dropout, epochs=2)
    never = msgspec.structs.replace(often, eval_steps=1000, checkpoint_steps=1000)
    with_evaluations = train_here(make_run(tmp_path, tiny_model, often, run="often"))
    without = train_here(make_run(tmp_path, tiny_model, never, valid=[], run="never"))
    assert len(with_evaluations.evaluations) == 6 and not without.evaluations
    assert losses(with_evaluations) == losses(without)


def test_gradients_after_an_evaluation_are_those_before_it(tiny_model: Path) -> None:
    model = load_base_model(tiny_model, "nf4", torch.device("cpu"))
    entry: Any = model.get_input_embeddings()
    embedded = entry(torch.arange(5, 25)[None]).detach()

    def gradient() -> torch.Tensor:
        given = embedded.clone().requires_grad_()
        model.train()
        model(inputs_embeds=given, use_cache=False).logits.square().mean().backward()
        assert given.grad is not None
        return given.grad

    before = gradient()
    model.eval()
    with torch.no_grad():
        model(inputs_embeds=embedded.bfloat16().float(), use_cache=False)
        model(input_ids=torch.arange(5, 25)[None])
    assert torch.equal(gradient(), before)


def test_requests_are_obeyed_after_the_step_they_come_in(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, eval_steps=100))

    def ask(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == 2:
            for action in ("sample", "checkpoint", "pause"):
                run.ask(action)
        if isinstance(event, Paused):
            run.ask("sample")
            run.ask("resume")

    history = train_here(run, after=ask)
    assert isinstance(history.ended, Finished)
    events = run.read_events()
    after_two = events[[isinstance(event, Step) and event.step == 2 for event in events].index(True) + 1 :]
    told = [type(event) for event in after_two[: [isinstance(one, Step) for one in after_two].index(True)]]
    assert told == [*[Sampled] * 3, Checkpointed, Checkpointed, Paused, *[Sampled] * 3, Resumed]


def test_requests_made_while_the_model_loads_are_obeyed_before_the_first_step(
    tmp_path: Path, tiny_model: Path
) -> None:
    whole = losses(train_here(make_run(tmp_path, tiny_model, run="whole")))
    run = make_run(tmp_path, tiny_model)
    for action in ("sample", "checkpoint", "pause", "resume"):
        run.ask(action)
    history = train_here(run)
    told = [type(event) for event in run.read_events() if not isinstance(event, Noted | Preflighted)]
    assert told[:8] == [Started, *[Sampled] * 3, Checkpointed, Checkpointed, Paused, Resumed]
    assert losses(history) == whole


def test_a_run_saved_before_its_first_step_can_be_resumed(tmp_path: Path, tiny_model: Path) -> None:
    whole = losses(train_here(make_run(tmp_path, tiny_model, run="whole")))
    run = make_run(tmp_path, tiny_model)

    def save_and_stop(event: EventBase) -> None:
        if isinstance(event, Started):
            run.ask("checkpoint")
            run.ask("stop")

    stopped = train_here(run, after=save_and_stop)
    assert isinstance(stopped.ended, Stopped) and stopped.step == 0
    run.control_path.unlink()
    assert losses(train_here(run, resume=True)) == whole


def test_a_stop_saves_and_the_run_goes_on_where_it_was(tmp_path: Path, tiny_model: Path) -> None:
    whole = losses(train_here(make_run(tmp_path, tiny_model, run="whole")))
    run = make_run(tmp_path, tiny_model, run="stopped")

    def stop(event: EventBase) -> None:
        if isinstance(event, Step) and event.step == 5:
            run.ask("stop")

    stopped = train_here(run, after=stop)
    assert isinstance(stopped.ended, Stopped) and stopped.ended.step == 5
    assert (run.path / stopped.ended.checkpoint / "manifest.json").exists()
    assert (run.adapter_dir / "adapter_config.json").exists(), "a stopped run can be talked to"
    run.control_path.unlink()
    resumed = train_here(run, resume=True)
    assert isinstance(resumed.ended, Finished)
    assert resumed.started is not None and resumed.started.resumed_from == 5
    assert losses(resumed) == whole


@pytest.mark.usefixtures("own_signals")
def test_a_polite_signal_is_a_stop(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path, tiny_model)
    from tunedesk.engine import event_log

    original = event_log.EventLog.write

    def write_and_signal(self: Any, kind: Any, **fields: Any) -> Any:
        event = original(self, kind, **fields)
        if isinstance(event, Step) and event.step == 3:
            signal.raise_signal(signal.SIGTERM)
        return event

    monkeypatch.setattr(event_log.EventLog, "write", write_and_signal)
    assert execute(run.path, resume=False) == 0
    assert run.state() is RunState.STOPPED
    assert run.history().step == 3


@pytest.mark.usefixtures("own_signals")
def test_a_stop_before_the_first_step_saves_nothing(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    run.ask("stop")
    assert execute(run.path, resume=False) == 0
    assert isinstance(run.history().ended, Stopped)
    assert not run.checkpoints_dir.exists()
    assert execute(run.path, resume=True) == 0, "the request was obeyed once and is gone"
    assert run.state() is RunState.FINISHED


@pytest.mark.usefixtures("own_signals")
def test_a_loss_that_is_not_finite_stops_before_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write_tiny_model(tmp_path / "broken", tied=False)
    poison(broken, "Q")
    train = [*rows(11), chat_row("what Q", "no")]
    run = make_run(tmp_path, broken, msgspec.structs.replace(FAST, seed=5), train=train, valid=[])
    assert execute(run.path, resume=False) == 1
    ended, history = run.history().ended, run.history()
    assert isinstance(ended, Failed) and "not a finite number" in ended.reason
    assert ended.step == history.step > 0, "this seed reads row 12 after the first step"
    assert "12" in ended.reason.split("training rows")[1]
    assert "not a finite number" in capsys.readouterr().err
    tensors = load_file(run.adapter_dir / "adapter_model.safetensors")
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def poison(model: Path, text: str) -> None:
    """Make the embedding of one token not a number."""
    (token,) = ChatTemplate.load(model).encode(text)
    tensors = load_file(model / "model.safetensors")
    tensors["model.embed_tokens.weight"][token] = float("nan")
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.usefixtures("own_signals")
def test_an_adapter_that_never_ends_its_answers_is_a_failure(tmp_path: Path, tiny_model: Path) -> None:
    timid = msgspec.structs.replace(FAST, learning_rate=1e-9, max_steps=1)
    run = make_run(tmp_path, tiny_model, timid)
    assert execute(run.path, resume=False) == 1
    ended = run.history().ended
    assert isinstance(ended, Failed) and "does not end its answers" in ended.reason


def test_a_job_that_changed_is_not_resumed(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, max_steps=8))
    train_here(run)
    changed = run.job_path.read_text().replace('"learning_rate": 0.01', '"learning_rate": 0.02')
    run.job_path.write_text(changed)
    with pytest.raises(UserError, match="changed since its last checkpoint"):
        train_here(run, resume=True)


@pytest.mark.usefixtures("own_signals")
def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model)
    assert execute(run.path, resume=False) == 0
    written = run.events_path.read_bytes()
    assert execute(run.path, resume=True) == 0
    assert run.events_path.read_bytes() == written


@pytest.mark.usefixtures("own_signals")
def test_a_run_that_has_begun_is_not_started_anew(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path, tiny_model)
    run.ask("stop")
    execute(run.path, resume=False)
    assert execute(run.path, resume=False) == 2
    assert "has begun already" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["missing", "no job", "damaged job"])
def test_a_folder_that_is_no_run_is_one_sentence(
    tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    if wrong != "missing":
        folder.mkdir()
    if wrong == "damaged job":
        (folder / "job.json").write_text("{")
    assert execute(folder, resume=False) == 2
    said = capsys.readouterr().err.strip()
    assert str(folder) in said and "\n" not in said


@pytest.mark.usefixtures("own_signals")
def test_a_model_with_pickle_weights_only_is_refused_as_an_event(tmp_path: Path, tiny_model: Path) -> None:
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for file in tiny_model.iterdir():
        if file.suffix != ".safetensors":
            (pickled / file.name).write_bytes(file.read_bytes())
    (pickled / "pytorch_model.bin").write_bytes(b"\x80")
    run = make_run(tmp_path, pickled)
    assert execute(run.path, resume=False) == 1
    ended = run.history().ended
    assert isinstance(ended, Failed) and str(pickled) in ended.reason


@pytest.mark.usefixtures("own_signals")
def test_a_disk_without_room_for_events_is_one_sentence(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(event: object) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = make_run(tmp_path, tiny_model)
    # Not a link to /dev/full: reading that never ends, and the engine reads the events first.
    monkeypatch.setattr("tunedesk.engine.event_log.encode_event", no_room)
    assert execute(run.path, resume=False) == 1
    assert capsys.readouterr().err.strip() == "The disk is full. Free some space and resume the run."


@pytest.mark.usefixtures("own_signals")
def test_a_second_engine_on_the_same_run_is_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path, tiny_model)
    with filelock.FileLock(run.path / "engine.lock"):
        assert execute(run.path, resume=False) == 2
    assert "Another engine" in capsys.readouterr().err
    assert not run.events_path.exists()


@pytest.mark.usefixtures("own_signals")
def test_a_base_model_that_changed_since_the_job_is_refused(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    run = make_run(tmp_path, model)
    job = run.job()
    digest = msgspec.structs.replace(job.model, digest=model_digest(model))
    run.job_path.write_bytes(encode_job(msgspec.structs.replace(job, model=digest)))
    write_tiny_model(model, seed=8)
    assert execute(run.path, resume=False) == 1
    ended = run.history().ended
    assert isinstance(ended, Failed) and "not the one that the job was made with" in ended.reason


def test_the_validation_loss_is_told_with_its_perplexity(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path, tiny_model, msgspec.structs.replace(FAST, max_steps=8))
    train_here(run)
    told = [event for event in run.read_events() if isinstance(event, Evaluated)]
    assert told and all(event.perplexity == pytest.approx(2.718281828459045**event.loss) for event in told)
    assert any(isinstance(event, Started) for event in run.read_events())
