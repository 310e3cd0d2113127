"""`python -m tunedesk.engine merge RUN --out FOLDER`: base and adapter become one model of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import torch

from tunedesk import paths
from tunedesk.dataset.example import Message
from tunedesk.engine import threads
from tunedesk.engine.load_model import Quantization, first_line, load_base_model
from tunedesk.engine.loss import compute_context
from tunedesk.engine.start_up import light_imports
from tunedesk.errors import UserError
from tunedesk.runs.adapters import read_adapter_folder
from tunedesk.runs.digests import model_digest
from tunedesk.runs.job import Job, WatchedPrompt
from tunedesk.runs.merge_report import MergeBase, MergeReport
from tunedesk.runs.run_folder import RunFolder
from tunedesk.template.chat_template import ChatTemplate

with light_imports():
    import transformers
    from peft import PeftModel
    from transformers import AutoConfig, PreTrainedModel

FINE, WRONG_USE = 0, 2
COMPANIONS = (
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt", "*.model"),
    *("chat_template*", "LICENSE*", "LICENCE*", "NOTICE*"),
)
"""Files of the base that belong to the merged model as well; its model card tells of another model."""


def merge_run(run: Path, out: Path, base: MergeBase) -> int:
    """Print one line, a `MergeReport`; 2 with a sentence on standard error when it cannot be done."""
    transformers.logging.set_verbosity_error()
    try:
        report = merge(RunFolder(run), out, base)
    except UserError as error:
        print(error.sentence, file=sys.stderr)
        return WRONG_USE
    print(msgspec.json.encode(report).decode(), flush=True)
    return FINE


@torch.inference_mode()
def merge(run: RunFolder, out: Path, base: MergeBase = "trained") -> MergeReport:
    """Write the merged model to `out`, whole or not at all, and compare it with what was trained.

    A quantised base is dequantised before the adapter is added: on a small random model the logits then
    differ by 0.008 from those of the training, but by 0.078 when the original weights are taken, whose
    quantisation error the adapter has learned to correct (measured in the engine's research).

    UserError: no adapter, another base than the run's, a folder that exists, a disk that is full.
    """
    began = time.monotonic()
    job = run.job()
    _check(job, run, out)
    threads.use(job.hyperparameters.threads)
    path = Path(job.model.path)
    template = ChatTemplate.load(path)
    prompts = [template.prompt(_messages(watched)).ids for watched in job.watched]
    trained = _tuned(path, run.adapter_dir, job.hyperparameters.quantization)
    wanted = [_logits(trained, ids) for ids in prompts]
    del trained
    merged = _merged(path, run.adapter_dir, job.hyperparameters.quantization if base == "trained" else "none")
    dtype = _stored_dtype(path)
    merged.to(dtype)
    size = _write(merged, path, out)
    found = [_logits(merged.to(torch.float32), ids) for ids in prompts]
    return MergeReport(
        model=job.model.name,
        base=base,
        dtype=str(dtype).removeprefix("torch."),
        bytes=size,
        difference=max(
            (float((a - b).abs().max()) for a, b in zip(wanted, found, strict=True)), default=None
        ),
        same_choice=_same_choice(wanted, found),
        seconds=round(time.monotonic() - began, 3),
    )


def _check(job: Job, run: RunFolder, out: Path) -> None:
    if job.place != "local":
        raise UserError("This run's model is with its provider, so there is nothing to merge here.")
    if out.exists():
        raise UserError(f"{out} exists already.", hint="Choose another name.")
    read_adapter_folder(run.adapter_dir)
    if job.model.digest and model_digest(Path(job.model.path)) != job.model.digest:
        raise UserError(
            f"The model {job.model.path} was changed after this run was made with it.",
            hint="Put the old model back, or train again on the new one.",
        )


def _messages(watched: WatchedPrompt) -> list[Message]:
    return [
        Message(turn.role, turn.content, None, f"/messages/{place}")
        for place, turn in enumerate(watched.messages)
    ]


def _tuned(path: Path, adapter: Path, quantization: Quantization) -> PreTrainedModel:
    model = PeftModel.from_pretrained(load_base_model(path, quantization), str(adapter))
    return cast(PreTrainedModel, model.eval())


def _merged(path: Path, adapter: Path, quantization: Quantization) -> PreTrainedModel:
    """On the processor's terms: float32, so that adding the adapter rounds nothing away."""
    model: Any = load_base_model(path, quantization)
    if quantization != "none":
        model = model.dequantize()
    model = model.to(torch.float32)
    return cast(PreTrainedModel, PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().eval())


def _stored_dtype(path: Path) -> torch.dtype:
    """As the base keeps its weights; 16 bits lose less than the 4 bits of the training were exact."""
    dtype = AutoConfig.from_pretrained(path, local_files_only=True).dtype
    return dtype if isinstance(dtype, torch.dtype) else torch.float32


def _logits(model: PreTrainedModel, ids: Sequence[int]) -> torch.Tensor:
    """[tokens, vocabulary], float32."""
    with compute_context(model.device):
        output: Any = model(input_ids=torch.tensor([ids], device=model.device), use_cache=False)
    logits: torch.Tensor = output.logits[0].float()
    return logits


def _same_choice(wanted: Sequence[torch.Tensor], found: Sequence[torch.Tensor]) -> float | None:
    if not wanted:
        return None
    same = [a.argmax(-1) == b.argmax(-1) for a, b in zip(wanted, found, strict=True)]
    return float(torch.cat(same).float().mean())


def _write(model: PreTrainedModel, base: Path, out: Path) -> int:
    """Beside its place and renamed; the bytes of the weights."""
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        unfinished.mkdir(parents=True)
        model.save_pretrained(unfinished, safe_serialization=True)
        for pattern in COMPANIONS:
            for file in base.glob(pattern):
                shutil.copyfile(file, unfinished / file.name)
        size = sum(file.stat().st_size for file in unfinished.glob("*.safetensors"))
        os.rename(unfinished, out)
        paths.sync_folder(out.parent)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise UserError(
            f"The merged model cannot be written to {out}: {first_line(error)}.",
            hint="Choose a folder on a drive with space for the whole model.",
        ) from error
    return size
