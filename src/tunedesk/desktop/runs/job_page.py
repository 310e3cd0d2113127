"""What a run was asked to do: model, data, every setting, versions. Shows job.json and changes nothing."""

import msgspec
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from tunedesk.desktop.runs import sentences
from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.events import Preflighted
from tunedesk.runs.hyperparameters import Hyperparameters, describe
from tunedesk.runs.job import CloudOrder, DataFile, Job

HASH_DIGITS = 12
_METHODS = {
    "sft": "Imitation of the answers",
    "dpo": "Preference, held near the start (DPO)",
    "orpo": "Preference without a reference (ORPO)",
}


class JobPage(QScrollArea):
    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("The run's settings")

        self._job: Job | None = None
        self._trial: Preflighted | None = None

    def show_preflight(self, trial: Preflighted | None) -> None:
        """What was foreseen and what the trial before the first step took; None: it has not been yet."""
        if trial != self._trial:
            self._trial = trial
            self._show()

    def show_job(self, job: Job) -> None:
        self._job = job
        self._show()

    def _show(self) -> None:
        job = self._job
        if job is None:
            return
        trial = _card("Trial before the first step", _preflight(self._trial)) if self._trial else None
        cards = (_card("Model and data", _subject(job)), trial, _card("Versions", _versions(job)))
        left = column(*(one for one in cards if one is not None), None)
        asked = _settings(job.hyperparameters) if job.cloud is None else _asked_of(job.cloud)
        right = column(_card("Settings", asked), None)
        for side in (left, right):
            side.setSpacing(2 * GRID)
        page = QWidget()
        both = row(left, right, spacing=2 * GRID)
        both.setStretch(0, 1)
        both.setStretch(1, 1)
        both.setContentsMargins(0, 0, GRID, 0)
        page.setLayout(both)
        self.setWidget(page)


def _card(title: str, body: QFormLayout) -> QWidget:
    return card(label(title, "heading"), body, spacing=2 * GRID)


def _subject(job: Job) -> QFormLayout:
    rows = form()
    rows.addRow("Run", _value(job.run))
    rows.addRow("Method", _value(_METHODS[job.method]))
    rows.addRow("Model", _value(job.model.name, job.model.path))
    changed = " (with changes that were not in the file)" if job.dataset.modified else ""
    if job.adapter:
        rows.addRow("Goes on from", _value(job.adapter.path, job.adapter.digest))
    rows.addRow("Data set", _value(f"{job.dataset.path}{changed}"))
    rows.addRow("Training rows", _value(_data(job.train), job.train.sha256))
    rows.addRow("Validation rows", _value(_data(job.valid) if job.valid else "none"))
    if job.cloud is None:
        rows.addRow("Template", _value(job.template_digest[:HASH_DIGITS] or "-", job.template_digest))
        rows.addRow("Place", _value("This computer"))
    else:
        account = job.cloud.account
        rows.addRow("Written for", _value(job.cloud.target))
        rows.addRow("Place", _value(f"{account.name}, {account.base_url}"))
    return rows


def _preflight(trial: Preflighted) -> QFormLayout:
    rows = form()
    off = trial.measured_bytes / trial.predicted_bytes - 1
    rows.addRow("Largest row", _value(f"{trial.tokens:,} tokens"))
    rows.addRow("Memory predicted", _value(sentences.size(trial.predicted_bytes)))
    rows.addRow("Memory measured", _value(f"{sentences.size(trial.measured_bytes)} ({off:+.0%})"))
    rows.addRow("Memory free", _value(sentences.size(trial.free_bytes)))
    rows.addRow("That row took", _value(f"{trial.seconds:.2g} seconds"))
    rows.addRow("Time predicted", _value(sentences.duration(trial.total_seconds)))
    return rows


def _data(file: DataFile) -> str:
    return f"{file.rows:,} (sha256 {file.sha256[:HASH_DIGITS]})"


def _settings(settings: Hyperparameters) -> QFormLayout:
    rows = form()
    for name, value in msgspec.structs.asdict(settings).items():
        rows.addRow(name, _value(_in_words(value), describe(name)))
    return rows


def _asked_of(order: CloudOrder) -> QFormLayout:
    rows = form()
    for name, value in msgspec.structs.asdict(order.settings).items():
        rows.addRow(name, _value("left to the service" if value in (None, "") else _in_words(value)))
    rows.addRow("delete_files", _value(_in_words(order.delete_files)))
    if order.expires_seconds is not None:
        rows.addRow("expires_seconds", _value(f"{order.expires_seconds:,}"))
    return rows


def _in_words(value: float | str) -> str:
    """As job.json has it, and numbers without needless digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _versions(job: Job) -> QFormLayout:
    rows = form()
    for name, version in sorted(job.versions.items()):
        rows.addRow(name, _value(version))
    return rows


def _value(text: str, tip: str = "") -> QLabel:
    value = label(text, wrap=True, selectable=True)
    value.setToolTip(tip)
    return value
