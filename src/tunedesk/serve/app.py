"""The server put together: storage, queue, routes and what stands before them."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import filelock
from fastapi import FastAPI

from tunedesk import __version__
from tunedesk.errors import UserError
from tunedesk.serve.access import Access
from tunedesk.serve.bases import Models
from tunedesk.serve.chat import chat_router
from tunedesk.serve.checkpoints import Checkpoints
from tunedesk.serve.database import Database
from tunedesk.serve.files import Files
from tunedesk.serve.files_api import files_router, uploads_router
from tunedesk.serve.following import Follower
from tunedesk.serve.jobs import Jobs
from tunedesk.serve.jobs_api import jobs_router
from tunedesk.serve.keeping import Keeping
from tunedesk.serve.models_api import models_router
from tunedesk.serve.refusals import install
from tunedesk.serve.settings import ServeSettings
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
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = filelock.FileLock(settings.data_dir / "serve.lock", blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(
            f"Another server works on {settings.data_dir}.", hint="Stop it, or choose another --data."
        ) from None
    database = Database(settings.data_dir / "serve.db")
    files = Files(database, settings.data_dir)
    uploads = Uploads(database, settings.data_dir, files)
    jobs = Jobs(database)
    models = Models(database, settings.data_dir, settings.models, settings.threads)
    checkpoints = Checkpoints(database, settings.data_dir, files, models)
    follower = Follower(jobs, files, models, checkpoints, settings.data_dir)
    voices = VoicePool()
    worker = Worker(
        jobs,
        files,
        models,
        follower,
        settings.data_dir / "runs",
        threads=settings.threads,
        look_seconds=settings.look_seconds,
        make_room=voices.rest,
    )
    keeping = Keeping(jobs, files, models, checkpoints, settings.data_dir / "runs")
    sweeper = Sweeper(files, uploads, keeping)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        files.remove_leftovers()
        sweeper.start()
        worker.start()
        try:
            yield
        finally:
            voices.close()
            worker.close()
            sweeper.close()
            database.close()
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
    app.include_router(files_router(files, settings.limits))
    app.include_router(uploads_router(uploads, files, settings.limits))
    app.include_router(jobs_router(jobs, files, models, checkpoints, settings.limits, worker.wake))
    app.include_router(models_router(models, keeping))
    app.include_router(chat_router(models, voices))

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    app.add_middleware(
        Access, tokens=Tokens(database), limits=settings.limits, tokens_only=settings.require_token
    )
    return app


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
