"""Finds out in the background what the wizard needs to know, and keeps its choices. Knows no widget."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.cloud.price_desk import PriceDesk
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.train import wizard
from tunedesk.desktop.train.adapters import finished_adapters
from tunedesk.desktop.train.auditing import audit_snapshots
from tunedesk.desktop.train.cloud_preparation import CloudPreparation
from tunedesk.desktop.train.collecting import request_of
from tunedesk.desktop.train.forecast import forecast, past_runs
from tunedesk.desktop.train.survey import SplitSource, Survey, look_at
from tunedesk.desktop.train.wizard import Choices, Forecast
from tunedesk.errors import UserError
from tunedesk.plan.advice import recommend
from tunedesk.plan.audit import Audit
from tunedesk.plan.hardware import Hardware, disk_free, find_hardware
from tunedesk.plan.time import PastRun
from tunedesk.runs.adapters import Adapter
from tunedesk.runs.dry_run_report import DryRunReport
from tunedesk.runs.job import Method, encode_job
from tunedesk.runs.places.engine_plan import count_memory
from tunedesk.runs.presets import Preset, read_preset, write_preset
from tunedesk.runs.requests import RunRequest, job_of
from tunedesk.template.find_models import FoundModels, find_models
from tunedesk.template.model_folder import ModelFolder

TYPING_MS = 150
"""A forecast is worked out once the typing pauses."""

CloudDesks = tuple[ServiceDesk, PriceDesk]
Sources = Callable[[], Sequence[SplitSource]]
ModelRoots = Callable[[], Sequence[Path]]


class Preparation(QObject):
    """One wizard's knowledge. `choices_changed` follows every answer and every step of finding out."""

    choices_changed = Signal()
    models_found = Signal()
    request_made = Signal(object)
    """A `RunRequest` with the very rows that were looked at."""
    job_made = Signal(str)
    """The text of job.json."""
    failed = Signal(Exception)

    def __init__(
        self,
        background: Background,
        sources: Sources,
        model_roots: ModelRoots,
        runs_dir: Path,
        default_model: Path,
        parent: QObject | None = None,
        clouds: CloudDesks | None = None,
    ) -> None:
        """clouds: what is known of services; None: everything stays on this computer."""
        super().__init__(parent)
        self._background = background
        self._sources = sources
        self._model_roots = model_roots
        self._runs_dir = runs_dir
        self._default_model = default_model
        self._choices = Choices()
        self._found: FoundModels | None = None
        self._snapshots: dict[str, Snapshot] = {}
        self._looked_at: Sequence[SplitSource] = ()
        self._past: list[PastRun] | None = None  # speeds of earlier runs; None: not looked up yet
        self._surveying: Job | None = None
        self._forecasting: Job | None = None
        self._auditing: Job | None = None
        self._audited: Hashable = None  # what the audit that is known or under way depends on
        self._pause = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._pause.timeout.connect(self._forecast)
        self.cloud: CloudPreparation | None = None
        if clouds is not None:
            self.cloud = CloudPreparation(
                background,
                *clouds,
                runs_dir,
                lambda: self._choices,
                self._change,
                lambda: (self._looked_at, self._snapshots),
                lambda: self._found.models if self._found else (),
                self,
            )
            self.cloud.failed.connect(self.failed)

    @property
    def choices(self) -> Choices:
        return self._choices

    @property
    def found(self) -> FoundModels | None:
        return self._found

    @property
    def is_settled(self) -> bool:
        """Whether nothing is being found out, nor about to be."""
        running = (self._surveying, self._forecasting, self._auditing)
        return not any(running) and not self._pause.isActive()

    def look(self) -> None:
        """Find out what is not known yet, and look again at rows that have changed."""
        if self._found is None:
            self.look_for_models()
        elif _stamps(self._looked_at) != _stamps(self._sources()):
            self._survey()
        if self._choices.hardware is None:
            self.look_at_computer()
        if self.cloud is not None:
            self.cloud.look()

    def look_for_models(self) -> None:
        roots = list(self._model_roots())
        self._background.run(
            lambda job: find_models(roots),
            self._take_models,
            self.failed.emit,
            owner=self,
            label="Finding models",
        )

    def look_at_computer(self) -> None:
        self._background.run(lambda job: find_hardware(), self._take_hardware, self.failed.emit, owner=self)

    def choose_model(self, model: ModelFolder) -> None:
        if self._choices.model is None or model.path != self._choices.model.path:
            self._change(wizard.with_model(self._choices, model))
            self._look_for_adapters()
            self._survey()

    def choose_method(self, method: Method) -> None:
        if method != self._choices.method:
            self._change(wizard.with_method(self._choices, method))
            self._survey()

    def set(self, name: str, text: str) -> None:
        self._change(wizard.with_setting(self._choices, name, text))
        self._pause.start()

    def reset(self, name: str) -> None:
        self._change(wizard.without_setting(self._choices, name))
        self._pause.start()

    def reset_all(self) -> None:
        self._change(replace(self._choices, own={}, forecast=None))
        self._pause.start()

    def choose_adapter(self, adapter: Adapter | None) -> None:
        """Go on from this one; None: begin a new one."""
        self._change(wizard.with_adapter(self._choices, adapter))
        self._pause.start()

    def load_preset(self, path: Path) -> None:
        self._background.run(lambda job: read_preset(path), self._take_preset, self.failed.emit, owner=self)

    def save_preset(self, path: Path) -> None:
        method, own = self._choices.method, dict(self._choices.own)
        self._background.run(
            lambda job: write_preset(path, method, own), lambda _: None, self.failed.emit, owner=self
        )

    def count_memory(self) -> None:
        """Count the memory on a model without weights; the forecast then says what was found."""
        choices, settings = self._choices, wizard.settings(self._choices)
        model, ahead = choices.model, choices.forecast
        if settings is None or model is None or ahead is None:
            return

        def then(found: DryRunReport) -> None:
            if self._choices.forecast is ahead:  # else it was about other settings
                self._change(replace(self._choices, forecast=replace(ahead, counted=found)))

        self._background.run(
            lambda job: count_memory(model, settings, ahead.plan, choices.method),
            then,
            self.failed.emit,
            owner=self,
            label="Counting the memory",
            can_cancel=False,
        )

    def make_request(self) -> None:
        """Collect the rows for a run; `request_made` follows. To be called when the wizard may start."""
        collect = self._collector()
        self._background.run(
            lambda job: collect(),
            self.request_made.emit,
            self.failed.emit,
            owner=self,
            label="Preparing the run",
        )

    def make_job(self) -> None:
        """Work out job.json as a run would have it; `job_made` follows."""
        collect = self._collector()
        self._background.run(
            lambda job: encode_job(job_of(collect())).decode(),
            self.job_made.emit,
            self.failed.emit,
            owner=self,
        )

    def _collector(self) -> Callable[[], RunRequest]:
        """Collects what is chosen now, whatever is chosen by the time it is called."""
        choices, sources, snapshots = self._choices, self._looked_at, dict(self._snapshots)
        return lambda: request_of(choices, sources, snapshots, self._runs_dir)

    def _change(self, choices: Choices) -> None:
        self._choices = choices
        self.choices_changed.emit()

    def _take_models(self, found: FoundModels) -> None:
        self._found = found
        chosen = self._choices.model or next(
            (model for model in found.models if model.path == self._default_model), None
        )
        self._choices = replace(self._choices, model=chosen)
        self.models_found.emit()
        self._look_for_adapters()
        self._survey()

    def _take_preset(self, preset: Preset) -> None:
        if preset.method != self._choices.method:
            message = f"The preset is for the method {preset.method}, and the rows shall teach otherwise."
            self.failed.emit(
                UserError(message, hint="Choose that method in the first step, or another preset.")
            )
            return
        self._change(wizard.with_preset(self._choices, preset))
        self._pause.start()

    def _look_for_adapters(self) -> None:
        """Those of this project's finished runs that the chosen model could go on from."""
        model, runs_dir = self._choices.model, self._runs_dir
        if model is None:
            return

        def then(found: list[tuple[str, Adapter]]) -> None:
            if self._choices.model == model:
                self._change(replace(self._choices, adapters=tuple(found)))

        self._background.run(
            lambda job: finished_adapters(runs_dir, model), then, self.failed.emit, owner=self
        )

    def _take_hardware(self, hardware: Hardware) -> None:
        self._change(replace(self._choices, hardware=hardware))
        self._advise()

    def _survey(self) -> None:
        for running in (self._surveying, self._forecasting, self._auditing):
            if running is not None:
                self._background.cancel(running)
        self._forecasting = self._auditing = self._past = self._audited = None
        # What was seen before stays on the screen, but without a forecast nothing can be started meanwhile.
        self._change(wizard.with_cloud(replace(self._choices, forecast=None), look=None, consent=None))
        sources = tuple(self._sources())
        model = self._choices.model
        method = self._choices.method if self._choices.chose_method else None

        def work(job: Job) -> Survey:
            return look_at(sources, model.path if model else None, method, job.report, job.is_cancelled)

        def then(seen: Survey) -> None:
            self._surveying = None
            self._looked_at, self._snapshots = sources, seen.snapshots
            known = replace(self._choices, splits=seen.splits, reading=seen.reading)
            self._change(replace(known, method=seen.method, fitting=seen.fitting))
            self._advise()
            if self.cloud is not None:
                self.cloud.rows_changed()

        def trouble(error: Exception) -> None:
            self._surveying = None
            self.failed.emit(error)

        self._surveying = self._background.run(
            work, then, trouble, owner=self, label="Checking the examples", can_cancel=False
        )

    def _advise(self) -> None:
        """Recommend settings, once the rows, the model and the computer are known."""
        choices = self._choices
        if choices.reading is None or choices.model is None or choices.hardware is None:
            return
        advice = recommend(choices.reading.facts, choices.model, choices.hardware, choices.method)
        self._change(wizard.with_advice(choices, advice))
        self._forecast()

    def _forecast(self) -> None:
        """Work the run's needs out for the present settings; a newer one replaces it."""
        self._pause.stop()
        if self._surveying is not None:
            return  # the survey ends with a forecast of its own
        if self._forecasting is not None:
            self._background.cancel(self._forecasting)
            self._forecasting = None
        choices, settings = self._choices, wizard.settings(self._choices)
        if settings is None or choices.reading is None or choices.model is None or choices.hardware is None:
            return
        reading, model, hardware, runs_dir = choices.reading, choices.model, choices.hardware, self._runs_dir

        known = self._past

        def work(job: Job) -> tuple[Forecast, list[PastRun]]:
            share = reading.facts.trained_share
            past = past_runs(runs_dir, model, hardware, share) if known is None else known
            free = disk_free(runs_dir)
            return forecast(settings, reading, model, hardware, free, past, choices.method), past

        def then(answer: tuple[Forecast, list[PastRun]]) -> None:
            self._forecasting = None
            ahead, self._past = answer
            self._change(replace(self._choices, forecast=ahead))
            self._audit()

        self._forecasting = self._background.run(work, then, self.failed.emit, owner=self)

    def _audit(self) -> None:
        """Render all rows as the present settings cut them, unless that is known or under way."""
        settings, model, method = wizard.settings(self._choices), self._choices.model, self._choices.method
        if settings is None or model is None:
            return
        wanted = (model.path, method, settings.max_length, settings.wholly_cut_rows)
        if wanted == self._audited:
            return
        if self._auditing is not None:
            self._background.cancel(self._auditing)
        self._audited = wanted
        self._change(replace(self._choices, is_auditing=True))
        snapshots = dict(self._snapshots)

        def work(job: Job) -> Audit:
            return audit_snapshots(snapshots, model.path, settings, method, job.report, job.is_cancelled)

        def then(found: Audit) -> None:
            self._auditing = None
            self._change(replace(self._choices, audit=found, is_auditing=False))

        def trouble(error: Exception) -> None:
            self._auditing = self._audited = None
            self.failed.emit(error)

        self._auditing = self._background.run(
            work, then, trouble, owner=self, label="Auditing the rows", can_cancel=False
        )


def _stamps(sources: Sequence[SplitSource]) -> list[object]:
    return [(source.role, source.path, source.stamp) for source in sources]
