"""The base models that the server was given, and the tuned ones that came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunedesk import paths
from tunedesk.runs.generation import Load
from tunedesk.serve.catalogue import ServedModel
from tunedesk.serve.database import Database
from tunedesk.template.model_folder import ModelFolder, read_model_folder

STARTER = "starter"


@dataclass(frozen=True, slots=True)
class TunedModel:
    """An adapter that a job made. adapter: relative to the server's data; base: the base model's id."""

    name: str
    user: str
    job: str
    created: int
    base: str
    adapter: str
    quantization: str
    digest: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a job starts from: a base model, and perhaps an adapter on it."""

    base: str
    folder: ModelFolder
    adapter: Path | None


class Models:
    """The catalogue of the chat, and where jobs look up what they shall tune."""

    def __init__(self, database: Database, data_dir: Path, folders: Sequence[Path], threads: int) -> None:
        """UserError: a folder that holds no model that could be tuned."""
        self._database = database
        self._data_dir = data_dir
        self._threads = threads
        self._bases: dict[str, ModelFolder] = {STARTER: read_model_folder(paths.starter_model().resolve())}
        for folder in folders:
            model = read_model_folder(folder.resolve())
            self._bases[self._free_name(model.name)] = model

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._bases:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def models(self, user: str) -> Sequence[ServedModel]:
        """Base models, then the user's tuned ones, the newest first."""
        bases = [
            ServedModel(
                name,
                int((model.path / "config.json").stat().st_mtime),
                "tunedesk",
                Load(str(model.path), threads=self._threads),
            )
            for name, model in self._bases.items()
        ]
        return [*bases, *(self._served(each) for each in self._tuned(user) if each.base in self._bases)]

    def _served(self, tuned: TunedModel) -> ServedModel:
        load = Load(
            str(self._bases[tuned.base].path),
            str(self._data_dir / tuned.adapter),
            "none" if tuned.quantization == "none" else "nf4",
            self._threads,
            tuned.digest,
        )
        return ServedModel(tuned.name, tuned.created, tuned.user, load)

    def _tuned(self, user: str) -> list[TunedModel]:
        sql = "SELECT * FROM tuned_models WHERE user = ? ORDER BY created DESC, name"
        return [TunedModel(**dict(row)) for row in self._database.rows(sql, (user,))]

    def tuned(self, user: str, name: str) -> TunedModel | None:
        """None: no such tuned model of this user."""
        row = self._database.row("SELECT * FROM tuned_models WHERE user = ? AND name = ?", (user, name))
        return TunedModel(**dict(row)) if row else None

    def origin(self, user: str, name: str) -> Origin | None:
        """What a job on the model `name` starts from; None: there is no such model for this user."""
        if name in self._bases:
            return Origin(name, self._bases[name], None)
        tuned = self.tuned(user, name)
        if tuned is None or tuned.base not in self._bases:
            return None
        return Origin(tuned.base, self._bases[tuned.base], self._data_dir / tuned.adapter)

    def base_of(self, folder: str) -> str | None:
        """The id of the base model in this folder; None: it is no longer served."""
        return next((name for name, model in self._bases.items() if str(model.path) == folder), None)

    def add_tuned(self, tuned: TunedModel) -> None:
        self._database.change(
            "INSERT OR REPLACE INTO tuned_models "
            "(name, user, job, created, base, adapter, quantization, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tuned.name,
                tuned.user,
                tuned.job,
                tuned.created,
                tuned.base,
                tuned.adapter,
                tuned.quantization,
                tuned.digest,
            ),
        )
