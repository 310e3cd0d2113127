"""One run: its head, and below it curves, samples, log and settings. Folds the batches it is given."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, Signal
from PySide6.QtGui import QAction, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.runs.cloud_facts import CloudFacts, is_refused_for_good
from tunedesk.desktop.runs.cloud_page import CloudPage
from tunedesk.desktop.runs.export import csv_table, write_file
from tunedesk.desktop.runs.follower import Batch
from tunedesk.desktop.runs.job_page import JobPage
from tunedesk.desktop.runs.lazy_plots import LazyPlots
from tunedesk.desktop.runs.log_page import LogPage
from tunedesk.desktop.runs.run_actions import CloudStanding, RunActions, Standing
from tunedesk.desktop.runs.run_header import RunHeader
from tunedesk.desktop.runs.samples_page import SamplesPage
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, row
from tunedesk.desktop.widgets.segmented import Segmented
from tunedesk.plan.hardware import Hardware
from tunedesk.runs.events import Checkpointed
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.job import CloudOrder, Job
from tunedesk.runs.run_folder import Action, RunState, state_of

VIEWS = (
    ("Curves", "runs", "Alt+1"),
    ("Samples", "chat", "Alt+2"),
    ("Log", "list", "Alt+3"),
    ("Settings", "settings", "Alt+4"),
    ("Service", "cloud", "Alt+5"),
)
SAMPLES, SERVICE = 1, 4
_PENDING_THERE = {
    "pause": "{service} is asked to pause the job…",
    "resume": "{service} is asked to go on…",
    "stop": "{service} is asked to cancel the job…",
}
_PENDING = {
    "pause": "Pausing after this step…",
    "resume": "Going on…",
    "stop": "Stopping after this step and saving a checkpoint…",
    "checkpoint": "Saving a checkpoint after this step…",
}


class RunPage(QWidget):
    state_changed = Signal(object)
    """The run's new `RunState`."""
    file_saved = Signal(object)
    """A picture or a table was written to this path."""
    failed = Signal(Exception)

    def __init__(self, actions: RunActions, background: Background) -> None:
        super().__init__()
        self._actions = actions
        self._background = background
        self._run: Path | None = None
        self._history = RunHistory()
        self._state: RunState | None = None
        self._asked: Action | None = None
        self._has_adapter = False
        self._hardware: Hardware | None = None
        self._header = RunHeader(actions)
        self.plots = LazyPlots(background)
        self.samples = SamplesPage()
        self.log = LogPage()
        self.job = JobPage()
        self.cloud = CloudPage()
        self._order: CloudOrder | None = None
        self._facts: CloudFacts | None = None
        self._stack = QStackedWidget()
        self._views = Segmented("What is shown of the run")
        self.reset_zoom = self._own_action("Show the whole run", "refresh", "Ctrl+0")
        self.save_png = self._own_action("Save the plots as a picture…", "image", "Ctrl+Shift+I")
        self.save_csv = self._own_action("Save the figures as a table…", "download", "Ctrl+Shift+E")
        self.log_scale = self._own_action("Logarithmic loss axis", "log-scale", "Ctrl+Shift+L")
        self.log_scale.setCheckable(True)
        self.log_scale.toggled.connect(self.plots.show_logarithmic)
        self.reset_zoom.triggered.connect(self.plots.reset_zoom)
        self.save_png.triggered.connect(lambda: self._ask_where("PNG picture (*.png)", "png", self.write_png))
        self.save_csv.triggered.connect(lambda: self._ask_where("CSV table (*.csv)", "csv", self.write_csv))
        self._lay_out()

    def _own_action(self, text: str, icon: str, key: str) -> QAction:
        made = action(self, text, icon, key)
        self.addAction(made)
        return made

    def _lay_out(self) -> None:
        for (text, icon, key), page in zip(
            VIEWS, (self.plots, self.samples, self.log, self.job, self.cloud), strict=True
        ):
            self._views.add(self._own_action(text, icon, key))
            self._stack.addWidget(page)
        self._views.chosen.connect(self._stack.setCurrentIndex)
        tools = [tool_button(one) for one in (self.log_scale, self.reset_zoom, self.save_png, self.save_csv)]
        self._views.show_choice(SERVICE, False)
        bar = row(self._views, None, *tools, spacing=4)
        layout = column(self._header, bar, self._stack, spacing=2 * GRID, margin=2 * GRID)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    @property
    def run(self) -> Path | None:
        return self._run

    @property
    def state(self) -> RunState | None:
        return self._state

    @property
    def asked(self) -> Action | None:
        """What the engine was asked and has not done yet."""
        return self._asked

    @property
    def history(self) -> RunHistory:
        return self._history

    @property
    def header(self) -> RunHeader:
        return self._header

    def show_view(self, number: int) -> None:
        """0 curves, 1 samples, 2 log, 3 settings, 4 the service."""
        self._views.choose(number)

    def show_run(self, run: Path, title: str) -> None:
        """Begin anew with this run; its batches follow."""
        self._run = run
        self._order = self._facts = None
        self._header.show_title(title)
        self._header.show_service("")
        self._views.show_choice(SAMPLES, True)
        self._views.show_choice(SERVICE, False)
        self._forget()

    def show_job(self, run: Path, job: Job) -> None:
        """What the run was asked to do; an answer about a run that is no longer shown is dropped."""
        if run != self._run:
            return
        self._header.show_title(f"{job.model.name} on {Path(job.dataset.path).name}")
        self.job.show_job(job)
        self._order = job.cloud
        self._views.show_choice(SAMPLES, job.cloud is None)  # no service answers prompts while it trains
        self._views.show_choice(SERVICE, job.cloud is not None)
        if job.cloud is not None:
            self._header.show_service(job.cloud.account.name)
            self._refresh()

    @property
    def order(self) -> CloudOrder | None:
        """What a service was asked for; None of a run on this computer."""
        return self._order

    def show_facts(self, run: Path, facts: CloudFacts | None) -> None:
        """How the job stands at its service, as far as it was written down here."""
        if run != self._run or facts is None:
            return
        self._facts = facts
        self.cloud.show_facts(facts)
        self._header.show_service(facts.name, facts.ledger.status, facts.ledger.trained_tokens)
        self._refresh()

    def show_hardware(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._header.show_memory(self._history.last_step, hardware)

    def show_has_adapter(self, has_adapter: bool) -> None:
        self._has_adapter = has_adapter
        self._fit_actions()

    def show_asked(self, asked: Action | None) -> None:
        """What the engine was just asked; it is shown until the run says that it was done."""
        self._asked = asked
        self._refresh()

    def add_batch(self, batch: Batch) -> None:
        if batch.run != self._run:
            return
        if batch.is_first:
            self._forget()
        self._history.add_all(batch.events)
        self.plots.add_events(batch.events)
        self.log.add_events(batch.events)
        self.log.add_log(batch.log)
        self.samples.show_samples(self._history.samples)
        self.job.show_preflight(self._history.preflight)
        if any(isinstance(event, Checkpointed) for event in batch.events) and self._asked == "checkpoint":
            self._asked = None
        self._take_state(state_of(self._history, batch.process, batch.is_alive))

    def _forget(self) -> None:
        self._history, self._state, self._asked = RunHistory(), None, None
        self.plots.clear()
        self.log.clear()
        self.samples.show_samples({})
        self._header.show_run(RunState.WAITING, self._history)
        self._fit_actions()

    def _take_state(self, state: RunState) -> None:
        changed = state is not self._state
        if changed:
            self._state, self._asked = state, None
        self._refresh()
        if changed:
            self.state_changed.emit(state)

    def _refresh(self) -> None:
        if self._state is not None:
            self._header.show_run(self._state, self._history, self._pending())
        self._header.show_memory(self._history.last_step, self._hardware)
        self.cloud.show_state(self._state, list(self._history.checkpoints.values()))
        self._fit_actions()

    def _pending(self) -> str:
        if self._asked is None:
            return ""
        if self._order is not None:
            return _PENDING_THERE.get(self._asked, "").format(service=self._order.account.name)
        return _PENDING.get(self._asked, "")

    def _fit_actions(self) -> None:
        if self._state is None:
            self._actions.fit(None)
            return
        saved = bool(self._history.checkpoints)
        self._actions.fit(
            Standing(self._state, self._has_adapter, saved, self._asked, self._cloud_standing())
        )

    def _cloud_standing(self) -> CloudStanding | None:
        if self._order is None:
            return None
        facts = self._facts
        over, speaks = (facts.is_over, bool(facts.ledger.model)) if facts else (False, False)
        over = over or is_refused_for_good(self._history)
        return CloudStanding(self._order.provider.can_pause, over, speaks)

    def write_png(self, path: Path) -> None:
        data = _png(self.plots.picture())
        self._background.run(
            lambda job: write_file(path, data), self.file_saved.emit, self.failed.emit, owner=self
        )

    def write_csv(self, path: Path) -> None:
        steps, evaluations = dict(self._history.steps), dict(self._history.evaluations)
        frozen = RunHistory(steps=steps, evaluations=evaluations)  # the run goes on while the file is written
        self._background.run(
            lambda job: write_file(path, csv_table(frozen).encode()),
            self.file_saved.emit,
            self.failed.emit,
            owner=self,
        )

    def _ask_where(self, kind: str, suffix: str, write: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, "Save as", "", kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{self._run.name if self._run else 'run'}.{suffix}")
        dialog.fileSelected.connect(lambda chosen: write(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(image)
    return bytes(buffer.data().data())
