"""Fetches the adapter of services that give it back: whole or not at all, into the run's folder."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tunedesk.errors import UserError
from tunedesk.runs.adapters import CONFIG, WEIGHTS, read_adapter_folder
from tunedesk.runs.places.cloud.patience import Patience
from tunedesk.runs.places.cloud.refusals import Kind, garbled
from tunedesk.runs.places.cloud.remote import RemoteCheckpoint, RemoteFile
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.run_folder import RunFolder

MOST_FILES = 64
T = TypeVar("T")


def newest_weights(checkpoints: Iterable[RemoteCheckpoint], model: str) -> tuple[str, ...]:
    """Ids of the files of the checkpoint that is the tuned model, else of the last one that has any."""
    with_files = [one for one in checkpoints if one.result_files]
    result = [one for one in with_files if one.fine_tuned_model_checkpoint == model]
    last = max(result or with_files, key=lambda one: one.step_number or 0, default=None)
    return tuple(last.result_files or ()) if last else ()


def write_adapter(
    run: RunFolder, service: Service, files: Sequence[str], patience: Patience | None = None
) -> None:
    """Write the run's `adapter` folder. UserError: there is no sound adapter among the files.

    patience: for a line that breaks; without it each request is asked once.
    """

    def asked(call: Callable[[], T]) -> T:
        return patience.ask(call, also=(Kind.MISSING,)) if patience else call()

    unfinished = run.path / f".adapter.{secrets.token_hex(4)}"
    unfinished.mkdir()
    try:
        for id in files[:MOST_FILES]:
            remote = asked(partial(service.file, id, "asking for the adapter's files"))
            if name := _name_of(remote):
                asked(partial(_fetch, service, remote, unfinished / name))
        _check(unfinished, service.name)
        if run.adapter_dir.exists():
            shutil.rmtree(run.adapter_dir)
        unfinished.rename(run.adapter_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _name_of(remote: RemoteFile) -> str:
    """Its name in an adapter's folder, whatever the service puts before it; "" for what is not needed."""
    return next((known for known in (CONFIG, WEIGHTS) if (remote.filename or "").endswith(known)), "")


def _fetch(service: Service, remote: RemoteFile, path: Path) -> None:
    doing = "fetching the adapter"
    size = service.content(remote.id, path, doing, remote.bytes)
    if remote.bytes is not None and size != remote.bytes:
        raise garbled(service.name, doing)


def _check(folder: Path, service: str) -> None:
    try:
        read_adapter_folder(folder)
    except UserError as error:
        words = error.message.replace(str(folder), "it")
        raise UserError(f"The adapter from {service} cannot be used: {words}", hint=error.hint) from error
