"""What a run was asked to do: model, data, every setting, versions. Shows job.json and changes nothing."""

import msgspec
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from tunedesk.desktop.widgets.layout import GRID, card, column, form, label, row
from tunedesk.runs.hyperparameters import Hyperparameters, describe
from tunedesk.runs.job import DataFile, Job

HASH_DIGITS = 12


class JobPage(QScrollArea):
    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("The run's settings")

    def show_job(self, job: Job) -> None:
        left = column(_card("Model and data", _subject(job)), _card("Versions", _versions(job)), None)
        right = column(_card("Settings", _settings(job.hyperparameters)), None)
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
    rows.addRow("Model", _value(job.model.name, job.model.path))
    changed = " (with changes that were not in the file)" if job.dataset.modified else ""
    rows.addRow("Data set", _value(f"{job.dataset.path}{changed}"))
    rows.addRow("Training rows", _value(_data(job.train), job.train.sha256))
    rows.addRow("Validation rows", _value(_data(job.valid) if job.valid else "none"))
    rows.addRow("Template", _value(job.template_digest[:HASH_DIGITS] or "-", job.template_digest))
    rows.addRow("Place", _value("This computer" if job.place == "local" else job.place))
    return rows


def _data(file: DataFile) -> str:
    return f"{file.rows:,} (sha256 {file.sha256[:HASH_DIGITS]})"


def _settings(settings: Hyperparameters) -> QFormLayout:
    rows = form()
    for name, value in msgspec.structs.asdict(settings).items():
        rows.addRow(name, _value(f"{value:g}" if isinstance(value, float) else str(value), describe(name)))
    return rows


def _versions(job: Job) -> QFormLayout:
    rows = form()
    for name, version in sorted(job.versions.items()):
        rows.addRow(name, _value(version))
    return rows


def _value(text: str, tip: str = "") -> QLabel:
    value = label(text, wrap=True, selectable=True)
    value.setToolTip(tip)
    return value
