"""Makes the panes that belong to the open project: Train, Runs and Chat; and passes on what they ask for.

They are made when they are first shown, and taken away when the project closes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QWidget

from tunedesk import paths
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.cloud.clouds import Clouds
from tunedesk.desktop.desk import Desk
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.shell.main_window import MainWindow
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.notice_bar import Answer, Notice
from tunedesk.errors import UserError

if TYPE_CHECKING:  # the panes bring pyqtgraph and more, which the first paint does not need
    from tunedesk.chat.answering import Tell
    from tunedesk.chat.session import ChatListener, ChatSession
    from tunedesk.dataset.document import Document
    from tunedesk.desktop.chat.pane import ChatPane, WantedExample
    from tunedesk.desktop.runs.pane import RunsPane
    from tunedesk.desktop.train.cloud_preparation import CloudStart
    from tunedesk.desktop.train.pane import TrainPane
    from tunedesk.desktop.waiting_engine import WaitingEngine
    from tunedesk.runs.places.warm_engine import WarmEngine
    from tunedesk.runs.requests import RunRequest
    from tunedesk.runs.run_folder import RunState

NAMES = ("train", "runs", "chat")


class ProjectPanes(QObject):
    failed = Signal(Exception)
    rows_requested = Signal(object, int)
    """Show this dataset file at this row, from 1; 0: no row in particular."""
    model_folder_added = Signal(object)
    key_wanted = Signal(str)
    """The key of the account of this name is missing."""
    chat_host_changed = Signal(str)
    """Messages of the chat go there from now on; "" when they stay on this computer."""
    service_wanted = Signal()
    """A service shall be added in the settings."""
    example_made = Signal(str, bytes)
    """The split and the row that an answer in the chat became."""

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        background: Background,
        memory: LayoutMemory,
        open_file: QAction,
        model_roots: Callable[[], list[Path]],
        clouds: Clouds,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._background = background
        self._memory = memory
        self._open_file = open_file
        self._model_roots = model_roots
        self._clouds = clouds
        self._default_model: Path | None = None
        self._models: tuple[tuple[str, Path], ...] = ()
        self._train: TrainPane | None = None
        self._runs: RunsPane | None = None
        self._chat: ChatPane | None = None
        self._keeps_ready = False
        self._waiting: WaitingEngine | None = None
        self._to_train = window.add_pane(
            "train", "&Train", "train", "Ctrl+2", self._make_train, tip="Train a model, step by step"
        )
        self._to_runs = window.add_pane(
            "runs", "R&uns", "runs", "Ctrl+3", self._make_runs, tip="Follow trainings, live and past"
        )
        self._to_chat = window.add_pane(
            "chat", "&Chat", "chat", "Ctrl+4", self._make_chat, tip="Talk to the base and the tuned model"
        )

    @property
    def train(self) -> TrainPane | None:
        """None until it is first shown."""
        return self._train

    @property
    def runs(self) -> RunsPane | None:
        return self._runs

    @property
    def chat(self) -> ChatPane | None:
        return self._chat

    def keep_engine_ready(self, wanted: bool) -> None:
        """Whether an engine may wait for the next run while the wizard is open."""
        self._keeps_ready = wanted
        if not wanted and self._waiting is not None:
            self._waiting.end()
            self._waiting = None

    def take_models(self, models: tuple[tuple[str, Path], ...], default: Path | None) -> None:
        """What was found on this computer: names and folders, and the project's own choice."""
        self._models, self._default_model = models, default
        if self._train is not None:
            self._train.look_again()

    def begin_project(self) -> None:
        """Another project is open: its panes are made when they are shown."""
        self._forget()
        project = self._desk.project
        if project is not None:
            self._clouds.watch.begin(project.runs_dir, may_follow=not project.read_only_reason)
        if self._window.shown_pane in NAMES:
            self._window.show_pane(self._window.shown_pane)

    def end_project(self) -> None:
        shown = self._window.shown_pane
        self._clouds.watch.end()
        self._forget()
        if shown in NAMES:
            self._window.show_pane("data")

    def rows_changed(self) -> None:
        """Rows were edited or saved."""
        if self._train is not None and self._window.shown_pane == "train":
            self._train.look_again()

    def look_at_runs(self) -> None:
        """A run goes on that did not before."""
        if self._runs is not None:
            self._runs.look_again()

    def _forget(self) -> None:
        if self._runs is not None:
            self._runs.close_run()
        if self._chat is not None:
            self._chat.close_engine()
        self._train = self._runs = self._chat = None
        self.chat_host_changed.emit("")
        for name in NAMES:
            self._window.forget_pane(name)

    def _make_train(self) -> QWidget:
        project = self._desk.project
        if project is None:
            return self._nothing_open(
                "train", "Train a model", "Open examples first: a model learns from them."
            )
        from tunedesk.desktop.train.pane import TrainPane
        from tunedesk.desktop.train.sources import project_sources

        self._train = pane = TrainPane(
            self._background,
            lambda: project_sources(project, self._desk.documents),
            self._model_roots,
            project.runs_dir,
            self._default_model or paths.starter_model(),
            project.read_only_reason,
            (self._clouds.services, self._clouds.prices),
        )
        pane.start_requested.connect(self._start)
        pane.cloud_start_requested.connect(self._start_at_service)
        pane.service_wanted.connect(self.service_wanted)
        pane.key_entered.connect(self._clouds.services.give_key)
        pane.start_neared.connect(self._make_ready)
        pane.rows_requested.connect(self.rows_requested)
        pane.dataset_requested.connect(self._open_file.trigger)
        pane.model_folder_added.connect(self.model_folder_added)
        pane.failed.connect(self.failed)
        self._window.show_run_menu("train", pane.actions_for_menu())
        return pane

    def _make_runs(self) -> QWidget:
        project = self._desk.project
        if project is None:
            return self._nothing_open("runs", "No runs yet", "Open a project to see its trainings.")
        from tunedesk.desktop.cloud.every_place import EveryPlace
        from tunedesk.desktop.runs.pane import RunsPane

        services = self._clouds.services
        self._runs = pane = RunsPane(project.runs_dir, EveryPlace(services.key_of), self._background)
        self._memory.follow(pane.splitter, "runs")
        pane.chat_requested.connect(self._talk_to)
        pane.checkpoint_chat_requested.connect(self._talk_to_checkpoint)
        pane.key_entered.connect(services.keep_key)
        services.changed.connect(pane.look_for_keys)
        pane.ask_for_keys_of(services.has_key)
        self._clouds.furnish(pane)
        pane.train_requested.connect(self._to_train.trigger)
        pane.page.state_changed.connect(self._look_at_run)
        pane.notice_raised.connect(self._window.notices.show_notice)
        pane.failed.connect(self.failed)
        self._window.show_run_menu("runs", pane.actions_for_menu())
        return pane

    def _make_chat(self) -> QWidget:
        project = self._desk.project
        if project is None:
            return self._nothing_open("chat", "Nobody to talk to yet", "Open a project with a tuned model.")
        from tunedesk.desktop.chat.pane import ChatPane

        self._chat = pane = ChatPane(
            self._background, self._models, self._make_session, self._clouds.services.key_of
        )
        pane.key_wanted.connect(self.key_wanted)
        pane.host_changed.connect(self.chat_host_changed)
        self._clouds.services.changed.connect(pane.try_again)
        pane.example_wanted.connect(self._make_example)
        pane.training_wanted.connect(self._to_train.trigger)
        pane.link_clicked.connect(self._ask_about_link)
        pane.show_project(project.runs_dir, project.chats_dir)
        self._window.show_run_menu("chat", list(pane.menu_actions))
        return pane

    def _nothing_open(self, icon: str, title: str, sentence: str) -> QWidget:
        return EmptyState(icon, title, sentence, self._open_file)

    def _look_at_run(self, state: RunState) -> None:
        """Who looks at a finished run may talk to its model next."""
        from tunedesk.runs.run_folder import RunState

        if state is RunState.FINISHED:
            self._make_ready()

    def _make_session(self, listener: ChatListener) -> ChatSession:
        from tunedesk.chat.any_voice import AnyVoice
        from tunedesk.chat.session import ChatSession
        from tunedesk.runs.places.generator import Generator

        keys = self._clouds.services.key_of

        def local(told: Tell) -> Generator:
            return Generator(told, warm=self._warm)

        return ChatSession(listener, lambda told: AnyVoice(told, keys, local))

    @property
    def _warm(self) -> WarmEngine | None:
        return self._waiting.warm if self._waiting else None

    def _make_ready(self) -> None:
        if not self._keeps_ready:
            return
        if self._waiting is None:
            from tunedesk.desktop.waiting_engine import WaitingEngine

            self._waiting = WaitingEngine(self._background, self)
        self._waiting.prepare()

    def _start(self, request: RunRequest) -> None:
        """Write the run folder and start its engine; both may take a moment."""
        warm = self._warm

        def work(job: Job) -> Path:
            from tunedesk.runs.places import this_computer
            from tunedesk.runs.requests import prepare_run

            run = prepare_run(request)
            this_computer.start(run, warm)
            return run.path

        self._background.run(
            work,
            self.show_run,
            self.failed.emit,
            owner=self,
            label="Starting the training",
            can_cancel=False,
        )

    def _start_at_service(self, wanted: CloudStart) -> None:
        """Write the run folder with its receipt, and only then the process that sends what was agreed to."""
        keys = self._clouds.services.key_of

        def work(job: Job) -> Path:
            from tunedesk.runs.cloud_requests import prepare_cloud_run
            from tunedesk.runs.places import places
            from tunedesk.runs.receipt import give_consent

            run = prepare_cloud_run(wanted.request)
            give_consent(run, wanted.consent)
            places.start(run, keys)
            return run.path

        def then(run: Path) -> None:
            self._clouds.watch.run_started()
            self.show_run(run)

        self._background.run(
            work,
            then,
            self.failed.emit,
            owner=self,
            label="Preparing what will be sent",
            can_cancel=False,
        )

    def show_run(self, run: Path) -> None:
        """Show this run in the Runs pane."""
        self._to_runs.trigger()
        if self._runs is not None:
            self._runs.show_run(run)

    def _talk_to(self, run: Path) -> None:
        self._to_chat.trigger()
        if self._chat is not None:
            self._chat.choose_run(run)

    def _talk_to_checkpoint(self, run: Path, name: str) -> None:
        self._to_chat.trigger()
        if self._chat is not None:
            self._chat.choose_checkpoint(run, name)

    def _make_example(self, wanted: WantedExample) -> None:
        """An answer becomes a row at the end of the training data."""
        split = "train" if "train" in self._desk.splits() else self._desk.split

        def append(document: Document) -> None:
            from tunedesk.chat.conversation import to_example
            from tunedesk.desktop.data.session import usual_format

            like = document.raw_at(0) if len(document) else b""
            try:
                row = to_example(
                    wanted.conversation, wanted.number, wanted.voice, usual_format(document), like
                )
            except UserError as error:
                self.failed.emit(error)
                return
            self.example_made.emit(split, row)
            if self._chat is not None:
                self._chat.show_told(f"Added to {document.path.name} as row {len(document):,}.", "ok")

        self._desk.with_dataset(split, append)

    def _ask_about_link(self, address: str) -> None:
        """A link in an answer leads out of this computer, so it is never followed by itself."""

        def follow() -> None:
            QDesktopServices.openUrl(QUrl(address))

        notice = Notice(f"Open {address} in your browser?", "info", (Answer("Open", follow),), key="link")
        self._window.notices.show_notice(notice)
