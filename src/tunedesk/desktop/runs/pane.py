"""The Runs pane: the runs of a project on the left, the chosen one live on the right."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.runs.cloud_facts import look_at_cloud
from tunedesk.desktop.runs.follower import Batch, RunFollower
from tunedesk.desktop.runs.run_actions import LIVE, RunActions
from tunedesk.desktop.runs.run_list import RunList
from tunedesk.desktop.runs.run_page import RunPage
from tunedesk.desktop.runs.shelf import RunShelf
from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.notice_bar import Notice
from tunedesk.plan.hardware import find_hardware
from tunedesk.runs.accounts import Account
from tunedesk.runs.job import Job
from tunedesk.runs.run_folder import Action, RunFolder, RunState, RunSummary

LOOK_MS = 2000
"""How often the list and the computer's memory are looked at while the pane is on the screen."""


class Place(Protocol):
    """Where runs execute; `tunedesk.runs.places.this_computer` is one."""

    def start(self, run: RunFolder) -> None: ...
    def resume(self, run: RunFolder) -> None: ...
    def stop_now(self, run: RunFolder) -> None: ...
    def delete_files(self, run: RunFolder) -> None: ...
    def fetch_adapter(self, run: RunFolder) -> None: ...


class RunsPane(QWidget):
    chat_requested = Signal(object)
    """The user wants to talk to the result of the run in this folder."""
    checkpoint_chat_requested = Signal(object, str)
    """The run's folder, and the name of one of its checkpoints at the service."""
    key_entered = Signal(object, str, bool)
    """An `Account`, its key, and whether it shall be remembered."""
    deployable_chosen = Signal(object)
    """The `RunFolder` of the chosen run if its model must be deployed before it answers; else None."""
    train_requested = Signal()
    """There is no run yet, and the user wants to make one."""
    notice_raised = Signal(Notice)
    failed = Signal(Exception)

    def __init__(self, runs_dir: Path, place: Place, background: Background) -> None:
        super().__init__()
        self._place = place
        self._background = background
        self._shelf = RunShelf(runs_dir)
        self._is_looking = False
        self._look_once_more = False
        self._has_key: Callable[[Account], bool] = lambda account: True
        self._deployable: RunFolder | None = None
        self._wanted: Path | None = None
        self.actions_of_run = RunActions(self)
        self.follower = RunFollower(self)
        self.run_list = RunList()
        self.page = RunPage(self.actions_of_run, background)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        train = action(self, "Train a model", "train")
        train.triggered.connect(self.train_requested)
        self._empty = EmptyState(
            "runs",
            "No runs yet",
            "Here you follow a training live: its loss, its samples, how long it still takes. "
            "Every run stays in this list.",
            train,
        )
        self._splitter = QSplitter()
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(self.run_list)
        self._splitter.addWidget(self.page)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([260, 900])
        self._splitter.setChildrenCollapsible(False)
        self._stack = QStackedLayout(self)  # without a parent its first page would be a window for a moment
        for part in (self._empty, self._splitter):
            self._stack.addWidget(part)

    def _connect(self) -> None:
        of_run = self.actions_of_run
        of_run.pause.triggered.connect(self._pause_or_continue)
        of_run.stop.triggered.connect(self._stop)
        of_run.checkpoint.triggered.connect(lambda: self._ask("checkpoint"))
        of_run.resume.triggered.connect(self._resume)
        of_run.open_folder.triggered.connect(self._open_folder)
        of_run.chat.triggered.connect(lambda: self.chat_requested.emit(self.page.run))
        self.run_list.run_chosen.connect(self._choose)
        self.page.state_changed.connect(self._state_changed)
        self.page.cloud.delete_wanted.connect(self._delete_files)
        self.page.cloud.adapter_wanted.connect(self._fetch_adapter)
        self.page.cloud.checkpoint_wanted.connect(self._chat_with_checkpoint)
        self.page.cloud.key_entered.connect(self._tell_key)
        self.page.file_saved.connect(self._tell_saved)
        self.page.failed.connect(self.failed)
        self.follower.batches_ready.connect(self._take_batch)
        self._timer.timeout.connect(self.look_again)

    @property
    def splitter(self) -> QSplitter:
        """For the window, which remembers its sizes."""
        return self._splitter

    def actions_for_menu(self) -> list[QAction | None]:
        """What the window puts into its Run menu; None is a separator."""
        of_run, page = self.actions_of_run, self.page
        first: list[QAction | None] = [of_run.pause, of_run.stop, of_run.resume, of_run.checkpoint, None]
        plots = [page.log_scale, page.reset_zoom, page.save_png, page.save_csv]
        return [*first, of_run.chat, of_run.open_folder, None, *plots]

    def show_run(self, run: Path) -> None:
        """Choose this run as soon as the list knows it, e.g. right after it was started."""
        self._wanted = run
        self.look_again()

    def ask_for_keys_of(self, has_key: Callable[[Account], bool]) -> None:
        """has_key: whether a service can be logged in to; where it cannot, the run's page asks for a key."""
        self._has_key = has_key
        self._fit_key()

    def look_for_keys(self) -> None:
        """A key was given or forgotten."""
        self._fit_key()

    def look_again(self) -> None:
        """Read the list of runs and the computer's memory, off this thread, and one look at a time."""
        if self._is_looking:
            self._look_once_more = True  # the present look may have passed by what has just changed
            return
        self._is_looking, self._look_once_more = True, False
        self._background.run(lambda job: self._shelf.look(), self._show_runs, self._look_failed, owner=self)
        if self.page.order is not None:
            self._look_at_service()
        elif self.page.state in LIVE:
            self._background.run(lambda job: find_hardware(), self.page.show_hardware, owner=self)

    def close_run(self) -> None:
        """End the following thread; called when the project or the window closes. Runs go on."""
        self._timer.stop()
        self.follower.close()

    def _tell_saved(self, path: Path) -> None:
        self.notice_raised.emit(Notice(f"Saved as {path}", "ok", key="saved"))

    def _look_failed(self, error: Exception) -> None:
        self._is_looking = False
        self._timer.stop()  # the same trouble every two seconds helps nobody; the next visit looks again
        self.failed.emit(error)

    def _show_runs(self, runs: Sequence[RunSummary]) -> None:
        self._is_looking = False
        if self._look_once_more:
            self.look_again()
        self._stack.setCurrentIndex(1 if runs else 0)
        self.run_list.show_runs(runs)
        if self._wanted is not None and any(run.path == self._wanted for run in runs):
            self.run_list.choose(self._wanted)
            self._wanted = None
        chosen = next((run for run in runs if run.path == self.page.run), None)
        if chosen is not None:
            self.page.show_has_adapter(chosen.has_adapter)

    def _choose(self, run: Path) -> None:
        if run == self.page.run:
            return
        self.page.show_run(run, run.name)
        self.follower.follow(run)
        folder = RunFolder(run)
        self._background.run(
            lambda job: folder.job(),
            lambda asked: self._show_job(run, asked),
            self.failed.emit,
            owner=self.page,
        )
        self._background.run(lambda job: find_hardware(), self.page.show_hardware, owner=self.page)

    def _show_job(self, run: Path, job: Job) -> None:
        self.page.show_job(run, job)
        self._fit_deployment()
        if job.cloud is not None:
            self._look_at_service()

    def _look_at_service(self) -> None:
        """What the process that follows the job has written down; the service itself is not asked."""
        run = self.page.run
        if run is None:
            return
        self._background.run(
            lambda job: look_at_cloud(RunFolder(run)),
            lambda facts: self.page.show_facts(run, facts),
            self._look_failed,
            owner=self.page,
        )
        self._fit_key()

    def _fit_deployment(self) -> None:
        order, run = self.page.order, self.page.run
        ends = order is not None and order.provider.deploys and self.page.state is RunState.FINISHED
        found = RunFolder(run) if run is not None and ends else None
        if found != self._deployable:
            self._deployable = found
            self.deployable_chosen.emit(found)

    def _fit_key(self) -> None:
        order = self.page.order
        unfollowed = self.page.state in (RunState.INTERRUPTED, RunState.WAITING)
        needs = order is not None and order.account.auth == "key" and not self._has_key(order.account)
        self.page.cloud.show_needs_key(unfollowed and needs)

    def _delete_files(self) -> None:
        self._do_there(self._place.delete_files, "Deleting the files at the service")

    def _fetch_adapter(self) -> None:
        self._do_there(self._place.fetch_adapter, "Fetching the adapter")

    def _do_there(self, act: Callable[[RunFolder], None], label: str) -> None:
        run = self.page.run
        if run is None:
            return

        def then(_: None) -> None:
            self._look_at_service()
            self.look_again()

        folder = RunFolder(run)
        self._background.run(
            lambda job: act(folder), then, self.failed.emit, owner=self, label=label, can_cancel=False
        )

    def _chat_with_checkpoint(self, name: str) -> None:
        self.checkpoint_chat_requested.emit(self.page.run, name)

    def _tell_key(self, name: str, key: str, remember: bool) -> None:
        if self.page.order is not None:
            self.key_entered.emit(self.page.order.account, key, remember)

    def _take_batch(self, batch: Batch) -> None:
        self.page.add_batch(batch)

    def _state_changed(self, state: RunState) -> None:
        self.look_again()
        self._fit_key()
        self._fit_deployment()

    def _pause_or_continue(self) -> None:
        self._ask("resume" if self.page.state is RunState.PAUSED else "pause")

    def _stop(self) -> None:
        """The first press asks the engine to save; a second one, while it has not, ends it at once."""
        if self.page.asked == "stop":
            self._with_run(self._place.stop_now)
        else:
            self._ask("stop")

    def _ask(self, wish: Action) -> None:
        self.page.show_asked(wish)
        self._with_run(lambda folder: folder.ask(wish))

    def _resume(self) -> None:
        waiting = self.page.state is RunState.WAITING
        self._with_run(self._place.start if waiting else self._place.resume)

    def _with_run(self, act: Callable[[RunFolder], object]) -> None:
        if self.page.run is None:
            return
        folder = RunFolder(self.page.run)
        self._background.run(
            lambda job: act(folder), lambda _: self.look_again(), self._act_failed, owner=self
        )

    def _act_failed(self, error: Exception) -> None:
        self.page.show_asked(None)
        self.failed.emit(error)

    def _open_folder(self) -> None:
        if self.page.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.page.run)))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look_again()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
