"""Rows as the text files of a folder, one a file; what changes is written file by file, all or nothing."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from tunedesk.dataset.containers.layout import Sink, Stretch
from tunedesk.dataset.containers.lines import LineLayout
from tunedesk.dataset.containers.working_text import working_handle
from tunedesk.dataset.line_index import Progress
from tunedesk.errors import UserError
from tunedesk.paths import sync_folder

TEXT_SUFFIXES = (".txt", ".md")
DELETED = ".tunedesk-deleted"
"""Files of rows that were deleted go into this folder; a person may take them from there."""
_BEGUN, _READY = ".new", ".ready"
_PREFIX = ".tunedesk-save-"
_PLAN = "plan.json"
_BOM = "\ufeff"


class Plan(msgspec.Struct, frozen=True):
    """What a save does to a folder: files that go; those that come lie beside this plan."""

    folder: str
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextFiles:
    """The texts of a folder by name, in the order of their names, and what tells this state from another."""

    texts: Mapping[str, str]
    left_out: tuple[str, ...]
    size: int
    digest: str


def text_files(folder: Path) -> TextFiles:
    """The texts of a folder, or of a save that waits to be put in place. OSError: one cannot be read."""
    paths = _paths(folder)
    digest = hashlib.blake2b(digest_size=16)
    texts: dict[str, str] = {}
    left_out = []
    size = 0
    for name in sorted(paths):
        content = paths[name].read_bytes()
        size += len(content)
        for part in (os.fsencode(name), content):
            digest.update(len(part).to_bytes(8, "big") + part)
        try:
            name.encode("utf-8")
            texts[name] = content.decode("utf-8")
        except UnicodeError:
            left_out.append(name)
    return TextFiles(texts, tuple(left_out), size, digest.hexdigest())


def listing(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the text files: equal when nobody wrote to any."""
    stats = ((name, path.stat()) for name, path in sorted(_paths(folder).items()))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _paths(folder: Path) -> dict[str, Path]:
    plan = _plan_of(folder)
    if plan is None:
        return _children(folder)
    before = _children(Path(plan.folder))
    return {name: path for name, path in before.items() if name not in plan.gone} | _children(folder)


def _children(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir() if _is_text(path.name) and path.is_file()}


def _is_text(name: str) -> bool:
    return name.lower().endswith(TEXT_SUFFIXES) and not name.startswith(".")


def _plan_of(folder: Path) -> Plan | None:
    try:
        return msgspec.json.decode((folder / _PLAN).read_bytes(), type=Plan)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


class FolderSource:
    """The folder itself, as a base asks after it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> TextFiles:
        return text_files(self._folder)

    def stamp(self) -> object:
        """Another one when somebody wrote to the folder; None where it is gone."""
        try:
            return listing(self._folder)
        except OSError:
            return None

    def close(self) -> None:
        """Nothing is kept open."""

    def reopen(self, folder: Path, delete_at_end: bool = False) -> None:
        self._folder = folder


class FolderLayout(LineLayout):
    """A row is {"file": name, "text": its text}, in the order of the names. Texts are UTF-8."""

    def __init__(self, files: TextFiles, name: str, progress: Progress | None = None) -> None:
        self._name = name
        self._names = list(files.texts)
        self._with_bom = {file for file, text in files.texts.items() if text.startswith(_BOM)}
        self._left_out = frozenset(files.left_out)

        def write_rows(write: Callable[[bytes], object]) -> None:
            for number, (file, text) in enumerate(files.texts.items(), start=1):
                write(_dumped(file, text.removeprefix(_BOM)) + b"\n")
                if progress is not None:
                    progress(number, len(files.texts))

        self.text = working_handle(write_rows)
        super().__init__(self.text.read, self.text.size)
        self.notes = tuple(
            f"{ascii(file)[1:-1]} in {name} is not UTF-8 text, so it is not shown; it stays as it is."
            for file in files.left_out
        )

    def settled(self, raw: bytes) -> bytes:
        return _dumped(*self._checked(raw))

    def _checked(self, raw: bytes) -> tuple[str, str]:
        try:
            value: Any = json.loads(raw)
        except (ValueError, RecursionError) as error:
            message = f"The row is not JSON, so it cannot stand in {self._name}."
            raise UserError(message, hint="Mend its brackets and quotes first.") from error
        if not isinstance(value, dict) or value.keys() != {"file", "text"}:
            message = f'A row of the folder {self._name} has the keys "file" and "text" and no other.'
            raise UserError(message, hint="Save as .jsonl to have rows with keys of their own.")
        file, text = value["file"], value["text"]
        if not isinstance(file, str) or not isinstance(text, str):
            raise UserError('"file" and "text" are texts.', hint='Write them in double quotes ("...").')
        if not _is_good_name(file) or file in self._left_out:
            message = f'"{ascii(file)[1:-1]}" cannot be the name of a new text file in {self._name}.'
            raise UserError(message, hint="Take a plain name that ends in .txt or .md.")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError("The text holds half of a character.", hint="Delete it first.") from error
        return file, text

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        """Not how a folder is written; see `write_beside`."""
        raise UserError(f"{self._name} is a folder.", hint="Save it under a name that ends in .jsonl.")

    def changes(self, stretches: Iterable[Stretch]) -> tuple[dict[str, str], tuple[str, ...]]:
        """The files to write and those that go. UserError where names do not stand in order."""
        new: dict[str, str] = {}
        names: list[str] = []
        for start, stop, raw in stretches:
            if raw is None:
                names += self._names[start:stop]
                continue
            file, text = self._checked(raw)
            names.append(file)
            old = self._names[start] if start >= 0 else ""
            new[file] = (_BOM if old in self._with_bom else "") + text
        for before, after in pairwise(names):
            if before == after:
                raise UserError(f'Two rows are called "{after}".', hint="Give one of them another file name.")
            if before > after:
                places = f'"{before}" is before "{after}"'
                message = f"Rows of a folder stand in the order of their names, and {places}."
                raise UserError(message, hint="Undo the move, change the names, or save as .jsonl.")
        return new, tuple(sorted(set(self._names).difference(names)))


def _is_good_name(name: str) -> bool:
    forbidden = set('<>:"/\\|?*').union(map(chr, range(32)))
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return _is_text(name) and size <= 200 and not forbidden.intersection(name)


def _dumped(file: str, text: str) -> bytes:
    return json.dumps({"file": file, "text": text}, ensure_ascii=False).encode("utf-8")


def write_beside(layout: FolderLayout, stretches: Iterable[Stretch], folder: Path) -> Path:
    """A save of the folder that waits to be put in place: a folder in it with a plan. Raises OSError."""
    new, gone = layout.changes(stretches)
    made = folder / f"{_PREFIX}{secrets.token_hex(4)}{_BEGUN}"
    made.mkdir()
    try:
        for name, text in new.items():
            _write_through(made / name, text.encode("utf-8"))
        _write_through(made / _PLAN, msgspec.json.encode(Plan(str(folder), gone)))
        sync_folder(made)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return made


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put_in_place(made: Path, folder: Path) -> None:
    """Carry out a save. Once it is called ready it is finished, if need be by the next one who opens."""
    ready = made.with_suffix(_READY)
    os.replace(made, ready)
    sync_folder(folder)
    _finish(ready, folder)


def finish_saves(folder: Path) -> None:
    """Finish a save that was cut off, and delete what never became ready."""
    for left in _saves(folder):
        if left.suffix == _READY:
            _finish(left, folder)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _saves(folder: Path) -> Iterator[Path]:
    yield from [path for path in folder.iterdir() if path.name.startswith(_PREFIX) and path.is_dir()]


def _finish(ready: Path, folder: Path) -> None:
    plan = _plan_of(ready)
    if plan is not None:
        for name in plan.gone:
            if (folder / name).exists():
                (folder / DELETED).mkdir(exist_ok=True)
                os.replace(folder / name, _free_name(folder / DELETED / name))
        for path in list(_children(ready).values()):
            os.replace(path, folder / path.name)
        sync_folder(folder)
        (ready / _PLAN).unlink()  # last: with the plan the save can be finished again
    shutil.rmtree(ready, ignore_errors=True)


def _free_name(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free, number = path.with_name(f"{path.stem} ({number}){path.suffix}"), number + 1
    return free
