"""The Train pane: steps on the left, one page at a time, Back and Next below. Its rules are in wizard.py."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.train import wizard, words
from tunedesk.desktop.train.check_page import CheckPage
from tunedesk.desktop.train.data_page import DataPage
from tunedesk.desktop.train.model_page import ModelPage
from tunedesk.desktop.train.place_page import PlacePage
from tunedesk.desktop.train.preparation import ModelRoots, Preparation, Sources
from tunedesk.desktop.train.review_page import ReviewPage
from tunedesk.desktop.train.settings_page import SettingsPage
from tunedesk.desktop.train.step_list import StepList
from tunedesk.desktop.train.wizard import STEPS, Choices, Step
from tunedesk.desktop.widgets.buttons import action, push_button, show_action_on
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row

TITLES = {
    Step.DATA: ("What will it learn from?", "The rows as they stand in the editor, saved or not."),
    Step.MODEL: ("Which model shall learn?", "Models on this computer, as safetensors."),
    Step.PLACE: ("Where shall it run?", "Nothing leaves this computer."),
    Step.SETTINGS: (
        "How shall it learn?",
        "Recommended for these rows and this model; change what you like.",
    ),
    Step.CHECK: (
        "What will be lost?",
        "Every row rendered as it will be trained, before a model is loaded.",
    ),
    Step.REVIEW: ("Ready?", "This is what will happen."),
}
PAGE_WIDTH = 880


class TrainPane(QWidget):
    start_requested = Signal(object)
    """A `RunRequest` that may be prepared and started."""
    start_neared = Signal()
    """The settings of a run are being looked at."""
    rows_requested = Signal(object, int)
    """Show this file in Data, at this row (from 1; 0: no row in particular)."""
    dataset_requested = Signal()
    model_folder_added = Signal(object)
    failed = Signal(Exception)

    def __init__(
        self,
        background: Background,
        sources: Sources,
        model_roots: ModelRoots,
        runs_dir: Path,
        default_model: Path,
        read_only_reason: str = "",
    ) -> None:
        super().__init__()
        self._step = Step.DATA
        self._starting = False
        self._read_only_reason = read_only_reason
        self._roots: list[Path] = []
        self.preparation = Preparation(
            background, sources, lambda: [*model_roots(), *self._roots], runs_dir, default_model, self
        )
        self.steps = StepList()
        self.data_page = DataPage()
        self.model_page = ModelPage()
        self.place_page = PlacePage()
        self.settings_page = SettingsPage()
        self.check_page = CheckPage()
        self.review_page = ReviewPage(runs_dir)
        self._pages = QStackedWidget()
        self._title = label(look="title")
        self._subtitle = label(look="muted")
        self._missing = label(look="muted", wrap=True)
        self.back = action(self, "Back", "arrow-left", "Alt+Left")
        self.next = action(self, "Next", "arrow-right", "Alt+Right")
        self.start = action(self, "Start training", "play", "Ctrl+Return")
        self._lay_out()
        self._connect()
        self._show_step(Step.DATA)

    def _lay_out(self) -> None:
        choosing = (self.data_page, self.model_page, self.place_page, self.settings_page)
        for page in (*choosing, self.check_page, self.review_page):
            self._pages.addWidget(_scrolling(page))
        back, following, start = push_button(""), push_button("", primary=True), push_button("", primary=True)
        for button, source in ((back, self.back), (following, self.next), (start, self.start)):
            show_action_on(button, source)
            source.changed.connect(lambda button=button, source=source: button.setVisible(source.isVisible()))
        foot = row(back, self._missing, following, start, spacing=2 * GRID)
        foot.setContentsMargins(3 * GRID, GRID + 4, 3 * GRID, GRID + 4)
        foot.setStretch(1, 1)
        self._missing.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = column(self._title, self._subtitle, spacing=4)
        head.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, GRID)
        right = column(head, self._pages, line(), foot, spacing=0)
        right.setStretch(1, 1)
        whole = row(self.steps, line(vertical=True), right, spacing=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)

    def _connect(self) -> None:
        self.back.triggered.connect(self._go_back)
        self.next.triggered.connect(self._go_on)
        self.start.triggered.connect(self._begin)
        for one in (self.back, self.next, self.start, *self.steps.actions_by_key(self)):
            self.addAction(one)
        self.steps.step_chosen.connect(self._choose_step)
        known = self.preparation
        known.choices_changed.connect(self._refresh)
        known.models_found.connect(self._show_models)
        known.request_made.connect(self._request_made)
        known.failed.connect(self._failed)
        self.data_page.rows_requested.connect(self.rows_requested)
        self.data_page.dataset_requested.connect(self.dataset_requested)
        self.data_page.method_chosen.connect(known.choose_method)
        self.model_page.model_chosen.connect(known.choose_model)
        self.model_page.folder_added.connect(self._add_folder)
        self.place_page.look_requested.connect(known.look_at_computer)
        self.settings_page.setting_edited.connect(known.set)
        self.settings_page.setting_reset.connect(known.reset)
        self.settings_page.all_reset.connect(known.reset_all)
        self.check_page.rows_requested.connect(self.rows_requested)
        self.review_page.setting_edited.connect(known.set)
        for needs in (self.settings_page.needs, self.review_page.needs):
            needs.count_requested.connect(known.count_memory)
        self.review_page.job_requested.connect(known.make_job)
        known.job_made.connect(self._copy_job)
        self.settings_page.preset_chosen.connect(known.load_preset)
        self.settings_page.preset_named.connect(known.save_preset)
        self.model_page.adapter_chosen.connect(known.choose_adapter)

    @property
    def step(self) -> Step:
        return self._step

    @property
    def missing(self) -> str:
        """What is written beside Next when it cannot be pressed."""
        return self._missing.text()

    def actions_for_menu(self) -> list[QAction | None]:
        return [self.back, self.next, None, self.start]

    def look_again(self) -> None:
        """The dataset, its splits or the model folders are others now."""
        self.preparation.look()

    def _show_step(self, step: Step) -> None:
        self._step = step
        title, subtitle = TITLES[step]
        self._title.setText(title)
        self._subtitle.setText(subtitle)
        self._pages.setCurrentIndex(STEPS.index(step))
        if step in (Step.SETTINGS, Step.REVIEW):
            self.start_neared.emit()
        self._refresh()

    def _choose_step(self, step: Step) -> None:
        if step in wizard.open_steps(self.preparation.choices):
            self._show_step(step)
        else:
            self._refresh()

    def _go_back(self) -> None:
        before = wizard.previous_step(self._step)
        if before is not None:
            self._show_step(before)

    def _go_on(self) -> None:
        following = wizard.next_step(self.preparation.choices, self._step)
        if following is not None:
            self._show_step(following)

    def _begin(self) -> None:
        self._starting = True
        self._refresh()
        self.preparation.make_request()

    def _request_made(self, request: object) -> None:
        self._starting = False
        self._refresh()
        self.start_requested.emit(request)

    def _copy_job(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.review_page.show_copied()

    def _failed(self, error: Exception) -> None:
        self._starting = False
        self._refresh()
        self.failed.emit(error)

    def _add_folder(self, folder: Path) -> None:
        self._roots.append(folder)
        self.preparation.look_for_models()
        self.model_folder_added.emit(folder)

    def _show_models(self) -> None:
        if self.preparation.found is not None:
            self.model_page.show_models(self.preparation.found, self.preparation.choices.model)

    def _refresh(self) -> None:
        choices = self.preparation.choices
        reachable = wizard.open_steps(choices)
        if self._step not in reachable:  # e.g. a row was spoilt in Data meanwhile
            self._show_step(reachable[-1])
            return
        done = [step for step in reachable if not wizard.missing(choices, step) and step is not Step.REVIEW]
        self.steps.show_steps(self._step, reachable, done, _notes(choices))
        self._refresh_foot(choices)
        self._refresh_page(choices)

    def _refresh_foot(self, choices: Choices) -> None:
        is_last = self._step is Step.REVIEW
        missing = wizard.missing(choices, self._step)
        if is_last and self._read_only_reason:
            missing = [self._read_only_reason]
        self._missing.setText(missing[0] if missing else "")
        self.back.setVisible(self._step is not Step.DATA)
        self.next.setVisible(not is_last)
        self.next.setEnabled(not missing)
        self.start.setVisible(is_last)
        self.start.setEnabled(is_last and not missing and not self._starting)

    def _refresh_page(self, choices: Choices) -> None:
        match self._step:
            case Step.DATA:
                self.data_page.show_choices(choices)
            case Step.MODEL:
                self.model_page.show_choices(choices)
            case Step.PLACE:
                self.place_page.show_choices(choices)
            case Step.SETTINGS:
                self.settings_page.show_choices(choices)
            case Step.CHECK:
                self.check_page.show_choices(choices)
            case Step.REVIEW:
                self.review_page.show_choices(choices)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.preparation.look()


def _notes(choices: Choices) -> dict[Step, str]:
    """What was chosen at each step, in a few words."""
    notes = {}
    if (train := choices.split("train")) is not None:
        notes[Step.DATA] = f"{train.rows:,} rows"
    if choices.model is not None:
        notes[Step.MODEL] = choices.model.name
    if choices.hardware is not None:
        notes[Step.PLACE] = words.place_note(choices.hardware)
    if choices.advice is not None:
        own = len(choices.own)
        notes[Step.SETTINGS] = f"{own} changed" if own else "as recommended"
    if choices.audit is not None:
        found = len(choices.audit.findings)
        notes[Step.CHECK] = f"{found} to know" if found else "nothing found"
    if choices.forecast is not None:
        notes[Step.REVIEW] = words.duration(choices.forecast.time.seconds)
    return notes


def _scrolling(page: QWidget) -> QScrollArea:
    """Pages are as wide as a text that is read easily, and scroll when they are longer than the window."""
    page.setMaximumWidth(PAGE_WIDTH)
    holder = QWidget()
    across = row(page, None, spacing=0)
    across.setStretch(0, 1)
    across.setStretch(1, 0)  # the space beside the page grows only when the page is at its widest
    across.setContentsMargins(3 * GRID, GRID, 3 * GRID, 3 * GRID)
    holder.setLayout(across)
    area = QScrollArea(widgetResizable=True)
    area.setWidget(holder)
    area.setAccessibleName("Step")
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
