"""The Train pane: steps on the left, one page at a time, Back and Next below. Its rules are in wizard.py."""

from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QStackedWidget, QWidget

from tunedesk.desktop.background import Background
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.train import wizard, words
from tunedesk.desktop.train.check_page import CheckPage
from tunedesk.desktop.train.cloud_choices import CloudChoices
from tunedesk.desktop.train.cloud_preparation import CloudPreparation
from tunedesk.desktop.train.cloud_reckoning import cost_of
from tunedesk.desktop.train.cloud_settings_page import CloudSettingsPage
from tunedesk.desktop.train.consent_page import ConsentPage
from tunedesk.desktop.train.data_page import DataPage
from tunedesk.desktop.train.model_page import ModelPage
from tunedesk.desktop.train.place_page import PlacePage
from tunedesk.desktop.train.preparation import CloudDesks, ModelRoots, Preparation, Sources
from tunedesk.desktop.train.review_page import ReviewPage
from tunedesk.desktop.train.settings_page import SettingsPage
from tunedesk.desktop.train.step_list import StepList
from tunedesk.desktop.train.wizard import Choices, Step
from tunedesk.desktop.widgets.buttons import action, push_button, show_action_on
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row

TITLES = {
    Step.DATA: ("What will it learn from?", "The rows as they stand in the editor, saved or not."),
    Step.MODEL: ("Which model shall learn?", "Models on this computer, as safetensors."),
    Step.PLACE: ("Where shall it run?", "Nothing leaves this computer before you have seen it and agreed."),
    Step.SETTINGS: (
        "How shall it learn?",
        "Recommended for these rows and this model; change what you like.",
    ),
    Step.CHECK: (
        "What will be lost?",
        "Every row rendered as it will be trained, before a model is loaded.",
    ),
    Step.REVIEW: ("Ready?", "This is what will happen."),
    Step.CONSENT: ("What will be sent?", "Nothing of it is sent before you agree."),
}
AT_A_SERVICE = ("How shall it learn?", "What you leave empty, the service decides.")
LAST = (Step.REVIEW, Step.CONSENT)
PAGE_WIDTH = 880
PLACE_WIDTH = 1100
"""The table of places has many columns."""


class TrainPane(QWidget):
    start_requested = Signal(object)
    """A `RunRequest` that may be prepared and started."""
    cloud_start_requested = Signal(object)
    """A `CloudStart`: what was agreed to, to be prepared and sent."""
    service_wanted = Signal()
    """A service shall be added in the settings."""
    key_entered = Signal(str, str, bool)
    """An account's name, its key, and whether it shall be remembered."""
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
        clouds: CloudDesks | None = None,
    ) -> None:
        """clouds: what is known of services and prices; None: everything stays on this computer."""
        super().__init__()
        self._clouds = clouds
        self._step = Step.DATA
        self._starting = False
        self._read_only_reason = read_only_reason
        self._roots: list[Path] = []
        self.preparation = Preparation(
            background, sources, lambda: [*model_roots(), *self._roots], runs_dir, default_model, self, clouds
        )
        self.steps = StepList()
        self.data_page = DataPage()
        self.model_page = ModelPage()
        self.place_page = PlacePage()
        self.settings_page = SettingsPage()
        self.check_page = CheckPage()
        self.review_page = ReviewPage(runs_dir)
        self.cloud_settings_page = CloudSettingsPage()
        self.consent_page = ConsentPage()
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
        choosing = (self.data_page, self.model_page, self.settings_page, self.cloud_settings_page)
        self._areas: dict[QWidget, QScrollArea] = {}
        for page in (*choosing, self.place_page, self.check_page, self.review_page, self.consent_page):
            width = PLACE_WIDTH if page is self.place_page else PAGE_WIDTH
            self._areas[page] = _scrolling(page, width)
            self._pages.addWidget(self._areas[page])
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
        if known.cloud is not None and self._clouds is not None:
            self._connect_cloud(known.cloud, self._clouds[0])

    def _connect_cloud(self, known: CloudPreparation, services: ServiceDesk) -> None:
        place, service, settings = self.place_page, self.place_page.service, self.cloud_settings_page
        place.place_chosen.connect(known.choose_place)
        place.place_chosen.connect(self._show_service)
        place.service_wanted.connect(self.service_wanted)
        place.traffic_chosen.connect(known.set_traffic)
        service.model_chosen.connect(known.choose_model)
        service.models_wanted.connect(known.ask_again_for_models)
        service.key_entered.connect(self.key_entered)
        service.rows_requested.connect(self.rows_requested)
        settings.setting_edited.connect(known.set)
        settings.setting_reset.connect(known.reset)
        settings.all_reset.connect(known.reset_all)
        settings.delete_chosen.connect(known.set_delete_files)
        settings.expiry_chosen.connect(known.set_expiry)
        self.consent_page.agreed.connect(known.agree)
        self.consent_page.price_accepted.connect(known.accept_old_price)
        services.found.connect(service.show_known)
        if services.known is not None:
            service.show_known(services.known)

    def _show_service(self, name: str) -> None:
        """Bring what the chosen service asks for into view, once it has been laid out."""
        area, page = self._areas[self.place_page], self.place_page
        if name:
            QTimer.singleShot(0, self, lambda: area.ensureWidgetVisible(page.service, 0, 2 * GRID))

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
        self._refresh()
        if step in (Step.SETTINGS, Step.REVIEW) and self.preparation.choices.cloud is None:
            self.start_neared.emit()

    def _page_of(self, choices: Choices) -> QWidget:
        """The page of the present step, which may be another one at a service."""
        there = choices.cloud is not None
        return {
            Step.DATA: self.data_page,
            Step.MODEL: self.model_page,
            Step.PLACE: self.place_page,
            Step.SETTINGS: self.cloud_settings_page if there else self.settings_page,
            Step.CHECK: self.check_page,
            Step.REVIEW: self.review_page,
            Step.CONSENT: self.consent_page,
        }[self._step]

    def _choose_step(self, step: Step) -> None:
        if step in wizard.open_steps(self.preparation.choices):
            self._show_step(step)
        else:
            self._refresh()

    def _go_back(self) -> None:
        before = wizard.previous_step(self.preparation.choices, self._step)
        if before is not None:
            self._show_step(before)

    def _go_on(self) -> None:
        following = wizard.next_step(self.preparation.choices, self._step)
        if following is not None:
            self._show_step(following)

    def _begin(self) -> None:
        cloud = self.preparation.cloud
        if cloud is not None and self.preparation.choices.cloud is not None:
            asked = cloud.make_request()
            if asked is not None:
                cloud.agree(False)  # what is sent once was agreed to once
                self.cloud_start_requested.emit(asked)
            return
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
        done = [step for step in reachable if not wizard.missing(choices, step) and step not in LAST]
        self.steps.show_steps(wizard.steps_of(choices), self._step, reachable, done, _notes(choices))
        title, subtitle = TITLES[self._step]
        if self._step is Step.SETTINGS and choices.cloud is not None:
            title, subtitle = AT_A_SERVICE
        self._title.setText(title)
        self._subtitle.setText(subtitle)
        self._pages.setCurrentWidget(self._areas[self._page_of(choices)])
        self._refresh_foot(choices)
        self._refresh_page(choices)

    def _refresh_foot(self, choices: Choices) -> None:
        is_last = self._step in LAST
        missing = wizard.missing(choices, self._step)
        if is_last and self._read_only_reason:
            missing = [self._read_only_reason]
        self._missing.setText(missing[0] if missing else "")
        self.back.setVisible(self._step is not Step.DATA)
        self.next.setVisible(not is_last)
        self.next.setEnabled(not missing)
        self.start.setVisible(is_last)
        self.start.setEnabled(is_last and not missing and not self._starting)
        self.start.setText("Send and train" if self._step is Step.CONSENT else "Start training")

    def _refresh_page(self, choices: Choices) -> None:
        match self._page_of(choices):
            case DataPage() | ModelPage() | PlacePage() | SettingsPage() as page:
                page.show_choices(choices)
            case CloudSettingsPage() | CheckPage() | ReviewPage() as page:
                page.show_choices(choices)
            case ConsentPage() as page:
                page.show_choices(choices)
                if self.preparation.cloud is not None:
                    self.preparation.cloud.make_consent()

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
    if choices.cloud is not None:
        return {**notes, **_cloud_notes(choices.cloud, choices)}
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


def _cloud_notes(cloud: CloudChoices, choices: Choices) -> dict[Step, str]:
    own = sum(1 for text in cloud.own.values() if text.strip())
    cost = cost_of(choices, date.today())
    notes = {Step.PLACE: cloud.name, Step.SETTINGS: f"{own} chosen" if own else "left to the service"}
    notes[Step.MODEL] = cloud.model or "chosen with the place"
    if cost is not None:
        notes[Step.CONSENT] = cost.text if cost.is_known else "price unknown"
    return notes


def _scrolling(page: QWidget, width: int) -> QScrollArea:
    """Pages are as wide as a text that is read easily, and scroll when they are longer than the window."""
    page.setMaximumWidth(width)
    holder = QWidget()
    across = row(page, None, spacing=0)
    across.setStretch(0, 1)
    across.setStretch(1, 0)  # the space beside the page grows only when the page is at its widest
    across.setContentsMargins(3 * GRID, GRID, 3 * GRID, 3 * GRID)
    holder.setLayout(across)
    # As high as the lines need at the width that there is; the least height would be that of the least width.
    holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
    area = QScrollArea(widgetResizable=True)
    area.setWidget(holder)
    area.setAccessibleName("Step")
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
