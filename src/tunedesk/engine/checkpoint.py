"""Checkpoints that are whole or absent: written under another name, hashed, synced, renamed; verified
when read.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from msgspec import Struct
from safetensors.torch import load_file, save_file

from tunedesk import paths

ADAPTER, OPTIMIZER, PROGRESS, MANIFEST = "adapter", "optimizer.safetensors", "progress.json", "manifest.json"


class Progress(Struct, kw_only=True):
    """How far a run is. Position in the data, schedule and random streams are all functions of seed and step.

    identity: of everything that must not change between attempts. tokens and seconds: of all attempts
    together. without_better: validations since the best one. losses, norms: of the newest steps, for spikes.
    most_tokens: of a micro-batch, once memory ran out; 0: as the job says.
    """

    identity: str
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    train_loss: float = 0.0
    best_step: int = 0
    best_loss: float | None = None
    without_better: int = 0
    most_tokens: int = 0
    losses: list[float] = []
    norms: list[float] = []


@dataclass(frozen=True, slots=True)
class Checkpoint:
    path: Path
    progress: Progress

    @property
    def adapter(self) -> Path:
        return self.path / ADAPTER

    def optimizer_state(self) -> dict[str, torch.Tensor]:
        return load_file(self.path / OPTIMIZER)


@dataclass(frozen=True, slots=True)
class Found:
    """The newest sound checkpoint, and the newer ones that are damaged: name and what is wrong."""

    checkpoint: Checkpoint | None
    damaged: dict[str, str]


def checkpoint_name(step: int) -> str:
    return f"step-{step:06d}"


def save_checkpoint(
    parent: Path,
    progress: Progress,
    write_adapter_to: Callable[[Path], None],
    optimizer: Mapping[str, torch.Tensor],
) -> Path:
    """Write one checkpoint into `parent`, made where its own parent exists; an error leaves nothing behind.

    OSError, or safetensors' own error: the disk is full or gone.
    """
    final = parent / checkpoint_name(progress.step)
    unfinished = parent / f".{final.name}.{secrets.token_hex(4)}"
    try:
        # Not with its parents: of a drive that is gone they would be made where it was mounted.
        parent.mkdir(exist_ok=True)
        unfinished.mkdir()
        write_adapter_to(unfinished / ADAPTER)
        save_file({name: tensor.detach().cpu() for name, tensor in optimizer.items()}, unfinished / OPTIMIZER)
        (unfinished / PROGRESS).write_bytes(msgspec.json.encode(progress))
        manifest = {name: _sha256(unfinished / name) for name in _files(unfinished)}
        (unfinished / MANIFEST).write_bytes(msgspec.json.encode(manifest))
        _sync_tree(unfinished)
        remove_tree(final)
        os.rename(unfinished, final)
        paths.sync_folder(parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return final


def newest_sound_checkpoint(parent: Path) -> Found:
    """Look from the newest to the oldest for one whose every file is as its manifest says."""
    _give_back_names(parent)
    damaged: dict[str, str] = {}
    for path in sorted(parent.glob("step-*"), reverse=True):
        problem = verify(path)
        if not problem:
            return Found(read_checkpoint(path), damaged)
        damaged[path.name] = problem
    return Found(None, damaged)


def _give_back_names(parent: Path) -> None:
    """A kill between two renames leaves a whole checkpoint under its working name: it becomes what it is."""
    for hidden in sorted(parent.glob(".step-*")):
        name = hidden.name[1:].partition(".")[0]
        if not (parent / name).exists() and not verify(hidden):
            os.rename(hidden, parent / name)


def read_checkpoint(path: Path) -> Checkpoint:
    return Checkpoint(path, msgspec.json.decode((path / PROGRESS).read_bytes(), type=Progress))


def verify(path: Path) -> str:
    """What is wrong with a checkpoint, empty when nothing is."""
    try:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=dict[str, str])
        for name in (PROGRESS, OPTIMIZER):
            if name not in manifest:
                return f"{name} is not listed"
        for name, digest in manifest.items():
            if _sha256(path / name) != digest:
                return f"{name} changed"
        read_checkpoint(path)
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, msgspec.MsgspecError) as error:
        return str(error)
    return ""


def rotate(parent: Path, keep: int, best_step: int, damaged: Collection[str] = ()) -> None:
    """Remove all but the newest `keep` checkpoints and the best one; a damaged one counts as none."""
    complete = sorted(path for path in parent.glob("step-*") if path.name not in damaged)
    for path in (*complete[:-keep], *(parent / name for name in damaged)):
        if path.name != checkpoint_name(best_step) or path.name in damaged:
            remove_tree(path)
    for unfinished in parent.glob(".*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def remove_tree(path: Path) -> None:
    """Take a folder away in one go: renamed first, so that a crash leaves no half of it under its name."""
    if path.exists():
        doomed = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        os.rename(path, doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def replace_tree(unfinished: Path, final: Path) -> None:
    """Put a folder in the place of another, synced to the disk."""
    _sync_tree(unfinished)
    remove_tree(final)
    os.rename(unfinished, final)
    paths.sync_folder(final.parent)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            with open(path, "r+b") as file:
                os.fsync(file.fileno())
        else:
            paths.sync_folder(path)
    paths.sync_folder(folder)
