"""Checkpoints of jobs as things that can be listed, downloaded and talked to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from tunedesk.runs.adapters import CONFIG, WEIGHTS
from tunedesk.serve.bases import Models, TunedModel
from tunedesk.serve.database import Database
from tunedesk.serve.files import FileRecord, Files
from tunedesk.serve.names import FILE, derived_id


class CheckpointRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One checkpoint. model: its name as a model; files: ids of the adapter's files; folder: of the adapter,
    relative to the server's data.
    """

    job: str
    step: int
    id: str
    created: int
    model: str
    metrics: dict[str, float]
    files: list[str]
    folder: str


class Checkpoints:
    """Of all jobs. Methods are for any thread."""

    def __init__(self, database: Database, data_dir: Path, files: Files, models: Models) -> None:
        self._database = database
        self._data_dir = data_dir
        self._files = files
        self._models = models

    def note(
        self, tuned: TunedModel, step: int, metrics: dict[str, float], *, is_result: bool = False
    ) -> None:
        """Remember an adapter that lies on the disk: as a checkpoint, two files and a model.

        A checkpoint of the same step takes the older one's place. The result's name is the job's own.
        """
        record = CheckpointRecord(
            job=tuned.job,
            step=step,
            id=derived_id("ftckpt_", tuned.job, step, "result" if is_result else ""),
            created=tuned.created,
            model=tuned.name,
            metrics=metrics,
            files=[self._file_id(tuned, step, name) for name in (CONFIG, WEIGHTS)],
            folder=tuned.adapter,
        )
        with self._database.transaction():
            self._forget(self._of_step(tuned.job, step))
            for name, file in zip((CONFIG, WEIGHTS), record.files, strict=True):
                self._files.note(self._file(tuned, name, file))
            self._models.add_tuned(tuned)
            self._database.change(
                "INSERT INTO checkpoints (job, step, id, created, model, metrics, files, folder) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.job,
                    record.step,
                    record.id,
                    record.created,
                    record.model,
                    msgspec.json.encode(record.metrics),
                    msgspec.json.encode(record.files),
                    record.folder,
                ),
            )

    def _file_id(self, tuned: TunedModel, step: int, name: str) -> str:
        return derived_id(FILE, tuned.job, step, tuned.adapter, name)

    def _file(self, tuned: TunedModel, name: str, file: str) -> FileRecord:
        path = f"{tuned.adapter}/{name}"
        return FileRecord(
            id=file,
            user=tuned.user,
            created=tuned.created,
            filename=name,
            purpose="fine-tune-results",
            bytes=(self._data_dir / path).stat().st_size,
            path=path,
        )

    def of(self, job: str) -> list[CheckpointRecord]:
        """Those that are still on the disk, the newest step first; the run keeps a few only."""
        self.forget_gone(job)
        return self._noted(job)

    def forget_gone(self, job: str) -> None:
        """Whose bytes are gone is no checkpoint, no file and no model any more."""
        with self._database.transaction():
            for each in self._noted(job):
                if not (self._data_dir / each.folder / WEIGHTS).is_file():
                    self._forget(each)

    def _noted(self, job: str) -> list[CheckpointRecord]:
        rows = self._database.rows("SELECT * FROM checkpoints WHERE job = ? ORDER BY step DESC", (job,))
        return [_record(row) for row in rows]

    def _of_step(self, job: str, step: int) -> CheckpointRecord | None:
        row = self._database.row("SELECT * FROM checkpoints WHERE job = ? AND step = ?", (job, step))
        return _record(row) if row else None

    def _forget(self, checkpoint: CheckpointRecord | None) -> None:
        if checkpoint is None:
            return
        self._files.forget_derived(checkpoint.files)
        self._database.change("DELETE FROM tuned_models WHERE name = ?", (checkpoint.model,))
        self._database.change("DELETE FROM checkpoints WHERE id = ?", (checkpoint.id,))


def _record(row: sqlite3.Row) -> CheckpointRecord:
    values = dict(row)
    values["metrics"] = msgspec.json.decode(values["metrics"], type=dict[str, float])
    values["files"] = msgspec.json.decode(values["files"], type=list[str])
    return CheckpointRecord(**values)
