"""The server put together: storage, queue, routes and what stands before them."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from tunedesk import __version__
from tunedesk.errors import UserError
from tunedesk.serve.access import Access
from tunedesk.serve.bases import Models
from tunedesk.serve.chat import chat_router
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.data_folder import private_folder
from tunedesk.serve.database import Database
from tunedesk.serve.files import Files
from tunedesk.serve.files_api import files_router, uploads_router
from tunedesk.serve.following import Follower
from tunedesk.serve.jobs import Jobs
from tunedesk.serve.jobs_api import jobs_router
from tunedesk.serve.keeping import Keeping
from tunedesk.serve.models_api import models_router
from tunedesk.serve.refusals import install
from tunedesk.serve.settings import Limits, ServeSettings
from tunedesk.serve.tokens import Tokens
from tunedesk.serve.uploads import Uploads
from tunedesk.serve.voices import VoicePool
from tunedesk.serve.worker import Worker

LOG = logging.getLogger("tunedesk.serve")
SWEEP_SECONDS = 30.0
"""Between two looks for what has expired."""


def make_app(settings: ServeSettings) -> FastAPI:
    """The application on its data folder; queue and sweeper run while it is served.

    UserError: the data folder cannot be used, belongs to another server that runs, or a model cannot be read.
    """
    lock = locked(private_folder(settings.data_dir))
    parts = open_parts(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        parts.start()
        try:
            yield
        finally:
            parts.close()
            lock.release()

    app = FastAPI(
        title="TuneDesk",
        version=__version__,
        lifespan=life,
        docs_url=None,  # those pages would load their scripts from the internet
        redoc_url=None,
        redirect_slashes=False,
    )
    install(app)
    add_routes(app, parts, settings.limits)
    app.add_middleware(Access, tokens=Tokens(parts.database), settings=settings)
    if settings.origins:  # outside, so that a browser may read refusals too
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["*"]
        )
    return app


def locked(data_dir: Path) -> filelock.BaseFileLock:
    """Held until the process ends, however it ends. UserError: another server holds it."""
    lock = filelock.FileLock(data_dir / "serve.lock", blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(
            f"Another server works on {data_dir}.", hint="Stop it, or choose another --data."
        ) from None
    return lock


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with, on one data folder."""

    database: Database
    files: Files
    uploads: Uploads
    jobs: Jobs
    models: Models
    checkpoints: Checkpoints
    keeping: Keeping
    voices: VoicePool
    worker: Worker
    sweeper: Sweeper

    def start(self) -> None:
        self.files.remove_leftovers()
        self.sweeper.start()
        self.worker.start()

    def close(self) -> None:
        self.voices.close()
        self.worker.close()
        self.sweeper.close()
        self.database.close()


def open_parts(settings: ServeSettings) -> Parts:
    """UserError: the database or a model cannot be read."""
    data = settings.data_dir
    database = Database(data / "serve.db")
    files = Files(database, data)
    uploads = Uploads(database, data, files)
    jobs = Jobs(database)
    models = Models(database, data, settings.models, settings.threads)
    checkpoints = Checkpoints(database, data, files, models)
    keeping = Keeping(jobs, files, models, checkpoints, data / "runs")
    voices = VoicePool()
    worker = Worker(
        jobs,
        files,
        models,
        Follower(jobs, files, models, checkpoints, data),
        data / "runs",
        threads=settings.threads,
        look_seconds=settings.look_seconds,
        make_room=voices.rest,
    )
    sweeper = Sweeper(files, uploads, keeping)
    return Parts(database, files, uploads, jobs, models, checkpoints, keeping, voices, worker, sweeper)


def add_routes(app: FastAPI, parts: Parts, limits: Limits) -> None:
    app.include_router(files_router(parts.files, limits))
    app.include_router(uploads_router(parts.uploads, limits))
    app.include_router(
        jobs_router(parts.jobs, parts.files, parts.models, parts.checkpoints, limits, parts.worker.wake)
    )
    app.include_router(models_router(parts.models, parts.keeping))
    app.include_router(chat_router(parts.models, parts.voices))

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}


class Sweeper:
    """A thread that deletes files and uploads when their time has come."""

    def __init__(self, files: Files, uploads: Uploads, keeping: Keeping) -> None:
        self._files = files
        self._uploads = uploads
        self._keeping = keeping
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                self._files.sweep(LOG.info)
                self._uploads.sweep()
                self._keeping.sweep()
            except Exception:
                LOG.exception("Sweeping failed; it is tried again.")
            if self._end.wait(SWEEP_SECONDS):
                return
