"""Executes the queue: one job a card, with the same engine and run folders as the window.

Everything that must survive a kill stands in the database and in run folders; what is kept here can be
found again from them.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.plan.hardware import Hardware, find_hardware
from tunedesk.runs import events
from tunedesk.runs.places import this_computer
from tunedesk.runs.run_folder import RunFolder, RunState
from tunedesk.serve.bases import Models
from tunedesk.serve.files import Files
from tunedesk.serve.following import Follower, Following
from tunedesk.serve.jobs import JobRecord, Jobs, Trouble
from tunedesk.serve.preparing import Prepared, Refused, Sources, prepare

LOG = logging.getLogger("tunedesk.serve")
STOP_GRACE = 60.0
"""Seconds that an engine has to save its checkpoint before it is ended."""
MOST_RESTARTS = 3
"""Of an engine that ends without a word and without a step since it was last started."""
MOST_TROUBLES, MOST_PASSING, PAUSE_AFTER_TROUBLE = 5, 600, 3.0
"""Looks at one job that fail in a row before it is given up; those of a kind that may pass, such as a full
disk, which the engine outlives too; and seconds between them.
"""
FEW_ROWS = 10
"""OpenAI refuses fewer; here it is said."""


class Worker:
    """A thread that looks at the queue a few times a second. `wake` makes it look at once."""

    def __init__(
        self,
        jobs: Jobs,
        files: Files,
        models: Models,
        follower: Follower,
        runs_dir: Path,
        *,
        threads: int,
        look_seconds: float,
        make_room: Callable[[], None],
    ) -> None:
        """make_room: called before a job gets a card, whose memory others may hold that can wait."""
        self._jobs = jobs
        self._files = files
        self._models = models
        self._follower = follower
        self._runs_dir = runs_dir
        self._threads = threads
        self._look_seconds = look_seconds
        self._make_room = make_room
        self._hardware = find_hardware()
        self._slots = slots_of(self._hardware)
        self._running: dict[str, Following] = {}
        self._preparing: dict[str, Future[Prepared]] = {}
        self._lane = ThreadPoolExecutor(2, thread_name_prefix="prepare jobs")
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        self._runs_dir.mkdir(parents=True, exist_ok=True)
        self._adopt()
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def close(self) -> None:
        """Stop looking. Engines go on by themselves; the next server finds them."""
        self._ending = True
        self._wake.set()
        self._thread.join()
        self._lane.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while not self._ending:
            try:
                self._look()
            except Exception:
                LOG.exception("Looking at the jobs failed; it is tried again.")
                self._wake.wait(1.0)
            self._wake.wait(self._look_seconds)
            self._wake.clear()

    def _adopt(self) -> None:
        """Take up what an earlier server left: every job that has an engine, or should have one."""
        for job in self._jobs.with_status("running", "paused", "queued", "cancelled"):
            run = RunFolder(self._runs_dir / job.id)
            if job.status == "running" or run.is_alive():
                self._follow(job, run)

    def _follow(self, job: JobRecord, run: RunFolder) -> None:
        self._running.pop(job.id, None)
        try:
            self._running[job.id] = self._follower.open(job, run)
        except UserError as error:
            self._follower.fail(job, Trouble("server_error", error.sentence))

    def _look(self) -> None:
        for followed in list(self._running.values()):
            self._look_safely_at(followed)
        self._look_at_preparations()
        for job in self._jobs.with_status("validating_files"):
            if job.id not in self._preparing:
                self._preparing[job.id] = self._lane.submit(self._prepare, job)
        self._start_next()

    # Running jobs

    def _look_safely_at(self, followed: Following) -> None:
        """One job that cannot be followed must not hold up the others."""
        if time.monotonic() < followed.quiet_until:
            return
        try:
            self._look_at(followed)
            followed.troubles = 0
        except Exception as error:
            LOG.exception("Following %s failed.", followed.job.id)
            passes = isinstance(error, (OSError, sqlite3.OperationalError))  # as a full disk may
            troubles = followed.troubles + 1
            if troubles < (MOST_PASSING if passes else MOST_TROUBLES):
                self._follow_anew(followed, troubles)
            else:
                this_computer.stop_now(followed.run)
                self._running.pop(followed.job.id, None)
                self._follower.fail(followed.job, Trouble("server_error", f"{type(error).__name__}: {error}"))

    def _follow_anew(self, followed: Following, troubles: int) -> None:
        """What was read of the events but did not get into the database is read again, in a while."""
        self._follow(followed.job, followed.run)
        again = self._running.get(followed.job.id)
        if again is not None:
            again.troubles, again.stop_asked = troubles, followed.stop_asked
            again.quiet_until = time.monotonic() + PAUSE_AFTER_TROUBLE

    def _look_at(self, followed: Following) -> None:
        alive = followed.run.is_alive()  # asked first: what a living engine wrote last is read then
        self._read_all(followed)
        job = self._jobs.anyones(followed.job.id)
        if job.status != "running":
            self._see_off(followed, alive=alive)
        elif not alive:
            self._conclude(job, followed)

    def _read_all(self, followed: Following) -> None:
        while self._follower.read_on(followed):
            pass

    def _see_off(self, followed: Following, *, alive: bool) -> None:
        """A job that was cancelled or paused: its engine is asked to stop, and ended if it does not."""
        if not alive:
            del self._running[followed.job.id]
        elif followed.stop_asked is None:
            followed.run.ask("stop")
            followed.stop_asked = time.monotonic()
        elif time.monotonic() - followed.stop_asked > STOP_GRACE:
            LOG.warning("The engine of %s did not stop in time and is ended.", followed.job.id)
            this_computer.stop_now(followed.run)

    def _conclude(self, job: JobRecord, followed: Following) -> None:
        ended = followed.ended
        state = followed.run.state(followed.history)
        if state is RunState.FINISHED and isinstance(ended, events.Finished):
            self._follower.succeed(followed, ended)
        elif state is RunState.FAILED and isinstance(ended, events.Failed):
            self._follower.fail(job, Trouble("training_failed", f"{ended.reason} {ended.hint}".strip()))
        else:
            self._restart(job, followed)
            return
        del self._running[job.id]

    def _restart(self, job: JobRecord, followed: Following) -> None:
        """An engine that was killed, or that a shutdown stopped, goes on from its newest checkpoint."""
        step = followed.history.step
        restarts = 0 if step > job.last_step else job.restarts + 1
        del self._running[job.id]
        if restarts > MOST_RESTARTS:
            words = last_words(followed.run)
            message = f"The engine ended {restarts} times before its next step. {words}".strip()
            self._follower.fail(job, Trouble("server_error", message))
            return
        self._jobs.tell(
            job.id,
            f"interrupted {followed.history.attempt} {job.restarts} {step}",
            f"Training was interrupted after step {step} and goes on from the last checkpoint",
            "warn",
        )
        self._jobs.change(job.id, was=("running",), restarts=restarts, last_step=step)
        self._start(self._jobs.anyones(job.id))

    # Waiting jobs

    def _prepare(self, job: JobRecord) -> Prepared:
        sources = self._sources(job)
        origin = self._models.origin(job.user, job.request.model)
        if origin is None:
            message = f"The model {job.request.model} is no longer served."
            raise Refused(message, code="model_not_found", param="model")
        return prepare(job, sources, origin, self._runs_dir, self._hardware, self._threads)

    def _sources(self, job: JobRecord) -> Sources:
        train = self._files.find(job.user, job.request.training_file)
        asked = job.request.validation_file
        valid = self._files.find(job.user, asked) if asked else None
        if train is None or (asked and valid is None):
            param = "validation_file" if train else "training_file"
            message = "The file was deleted before the job could validate it."
            raise Refused(message, code=f"invalid_{param}", param=param)
        return Sources(
            self._files.content(train),
            train.filename,
            self._files.content(valid) if valid else None,
            valid.filename if valid else "",
        )

    def _look_at_preparations(self) -> None:
        for job_id, future in list(self._preparing.items()):
            if not future.done():
                continue
            del self._preparing[job_id]
            job = self._jobs.anyones(job_id)
            trouble = future.exception()
            if trouble is None:
                self._queue(job, future.result())
            elif isinstance(trouble, UserError):
                self._follower.fail(job, trouble_of(trouble))
            else:
                LOG.error("Preparing %s failed.", job_id, exc_info=trouble)
                self._follower.fail(job, Trouble("server_error", f"{type(trouble).__name__}: {trouble}"))

    def _queue(self, job: JobRecord, prepared: Prepared) -> None:
        with self._jobs.database.transaction():
            self._jobs.change(job.id, settings=prepared.chosen)
            if prepared.rows < FEW_ROWS:
                words = f"The training file has {prepared.rows} examples; ten or more teach more reliably"
                self._jobs.tell(job.id, "few rows", words, "warn")
            if self._jobs.change(job.id, was=("validating_files",), status="queued", queued=time.time()):
                self._jobs.tell(job.id, "queued", "Files validated, moving job to queued state")

    def _start_next(self) -> None:
        for job in self._jobs.with_status("queued"):
            if job.id in self._running:
                continue  # paused and taken up again before its engine has ended
            taken = {each.job.slot for each in self._running.values()}
            free = [slot for slot in self._slots if slot not in taken]
            if not free:
                return
            if self._jobs.change(job.id, was=("queued",), status="running", slot=free[0]):
                self._start(self._jobs.anyones(job.id))

    def _start(self, job: JobRecord) -> None:
        run = RunFolder(self._runs_dir / job.id)
        self._follow(job, run)
        followed = self._running.get(job.id)
        if followed is None:
            return
        self._read_all(followed)
        if isinstance(followed.ended, events.Finished):  # it did so while it was asked to pause
            self._follower.succeed(followed, followed.ended)
            del self._running[job.id]
            return
        try:
            if self._hardware.gpus:
                self._make_room()
            this_computer.start(run, environment=self._slots.get(job.slot or 0, {}))
            LOG.info("%s of %s runs (place %d)", job.id, job.user, job.slot or 0)
        except UserError as error:
            del self._running[job.id]
            self._follower.fail(job, Trouble("server_error", error.sentence))


def slots_of(hardware: Hardware) -> dict[int, Mapping[str, str]]:
    """One for each card, with what shows an engine this card alone; one where there is none."""
    if not hardware.gpus:
        return {0: {}}
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [part.strip() for part in shown.split(",")] if shown else []
    return {
        slot: {"CUDA_VISIBLE_DEVICES": names[slot] if names else str(slot)}
        for slot in range(len(hardware.gpus))
    }


def trouble_of(error: UserError) -> Trouble:
    """What a job says that could not be prepared: whose fault it is, and where."""
    if isinstance(error, Refused):
        return Trouble(error.code, error.sentence, error.param)
    return Trouble("server_error", error.sentence)


def last_words(run: RunFolder, most: int = 300) -> str:
    """The end of what the engine printed, for people; "" when it printed nothing."""
    try:
        lines = run.log_path.read_text("utf-8", "replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return f"Its last words: {lines[-1][-most:]}" if lines else ""
