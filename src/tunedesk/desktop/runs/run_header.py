"""The head of a run's page: state, one sentence, progress, figures and gauges. Knows no files."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QProgressBar, QPushButton, QToolButton, QWidget

from tunedesk.desktop.runs import sentences
from tunedesk.desktop.runs.gauges import Figure, Gauge
from tunedesk.desktop.runs.run_actions import RunActions
from tunedesk.desktop.runs.run_list import STATE_ICONS
from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import push_button, show_action_on, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row
from tunedesk.plan.hardware import Hardware
from tunedesk.runs.events import Step
from tunedesk.runs.follow import RunHistory
from tunedesk.runs.run_folder import RunState

PROGRESS_STEPS = 10_000


class RunHeader(QWidget):
    def __init__(self, actions: RunActions) -> None:
        super().__init__()
        self._title = label(look="title")
        self._badge = Badge()
        self._sentence = label(wrap=True, selectable=True)
        self._left = label(look="muted")
        self._progress = QProgressBar(maximum=PROGRESS_STEPS, textVisible=False)
        self._progress.setAccessibleName("Progress of the run")
        self._step = Figure("Step")
        self._loss = Figure("Training loss")
        self._valid = Figure("Validation loss")
        self._speed = Figure("Tokens a second")
        self._memory = Gauge("Memory of the run")
        self._gpu = Gauge("Graphics card")
        self._service = Figure("Service")
        self._status = Figure("Stands there")
        self._trained = Figure("Trained tokens")
        self._service_name = ""
        self._lay_out(actions)

    def _lay_out(self, actions: RunActions) -> None:
        buttons = [_button(actions, name) for name in ("chat", "resume", "pause", "stop")]
        more = [_tool(one) for one in (actions.checkpoint, actions.open_folder)]
        top = row(self._title, self._badge, None, *buttons, *more)
        told = row(self._sentence, self._left, spacing=2 * GRID)
        told.setStretch(0, 1)
        here = (self._speed, self._memory, self._gpu)
        there = (self._service, self._status, self._trained)
        figures = row(self._step, self._loss, self._valid, *here, *there, spacing=2 * GRID)
        for place in range(figures.count()):
            figures.setStretch(place, 1)
        self.setLayout(column(top, told, self._progress, figures, spacing=GRID + 4))
        self.show_service("")

    def show_service(self, name: str, status: str = "", trained_tokens: int | None = None) -> None:
        """Who executes the run, "" for this computer; what it says, and what it counted for the bill."""
        self._service_name = name
        for part in (self._speed, self._memory, self._gpu):
            part.setVisible(not name)
        for part in (self._service, self._status, self._trained):
            part.setVisible(bool(name))
        self._service.show_value(name or "-")
        self._status.show_value(status or "-", "In the service's own word")
        self._trained.show_value(f"{trained_tokens:,}" if trained_tokens is not None else "-")

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    @property
    def time_left(self) -> str:
        return self._left.text()

    def show_title(self, title: str) -> None:
        self._title.setText(title)

    def show_run(self, state: RunState, history: RunHistory, pending: str = "") -> None:
        """pending: what was asked of the engine and is not done yet; it replaces the sentence."""
        icon, tint = STATE_ICONS[state]
        self._badge.show_state(state.value, icon, tint)
        self._sentence.setText(pending or sentences.state_sentence(state, history, self._service_name))
        last = history.last_step
        left = last.eta_seconds if last and state is RunState.RUNNING else None
        self._left.setText(f"{sentences.duration(left)} left" if left is not None else "")
        self._show_progress(state, history)
        self._show_figures(history)

    def _show_progress(self, state: RunState, history: RunHistory) -> None:
        starting = state is RunState.RUNNING and not history.total_steps
        self._progress.setMaximum(0 if starting else PROGRESS_STEPS)
        if not starting:
            total = history.total_steps or 1
            self._progress.setValue(round(PROGRESS_STEPS * min(history.step / total, 1.0)))

    def _show_figures(self, history: RunHistory) -> None:
        last, best, newest = history.last_step, history.best, history.last_evaluation
        total = f" of {history.total_steps:,}" if history.total_steps else ""
        self._step.show_value(f"{history.step:,}{total}")
        self._loss.show_value(sentences.loss(last.loss if last else None))
        tip = f"Best {sentences.loss(best.loss)} after step {best.step:,}" if best else "No validation yet"
        self._valid.show_value(sentences.loss(newest.loss if newest else None), tip)
        speed = last.tokens_per_second if last else None
        self._speed.show_value(f"{speed:,.0f}" if speed is not None else "-")

    def show_memory(self, last: Step | None, hardware: Hardware | None) -> None:
        """The run's own memory from its events, against what the computer has."""
        used = last.memory_bytes if last else 0
        if not used:
            self._memory.show_share("-", None)
        elif hardware is None:
            self._memory.show_share(sentences.size(used), None)
        else:
            tip = f"{sentences.size(hardware.ram_free)} of the computer's memory are free"
            words = f"{sentences.size(used)} of {sentences.whole_size(hardware.ram_total)}"
            self._memory.show_share(words, used / hardware.ram_total, tip)
        self._show_gpu(last, hardware)

    def _show_gpu(self, last: Step | None, hardware: Hardware | None) -> None:
        if last is not None and last.gpu_memory_bytes is None:
            self._gpu.show_share("not used", None, "This run computes on the processor")
            return
        if hardware is None or not hardware.gpus:
            self._gpu.show_share("none found" if hardware else "-", None)
            return
        card = hardware.gpus[0]
        used = last.gpu_memory_bytes if last and last.gpu_memory_bytes else card.total - card.free
        words = f"{sentences.size(used)} of {sentences.whole_size(card.total)}"
        self._gpu.show_share(words, used / card.total, f"{card.name}; {sentences.size(card.free)} are free")


def _tool(source: QAction) -> QToolButton:
    button = tool_button(source)
    source.changed.connect(lambda: button.setVisible(source.isVisible()))
    _hide_at_first(button, source)
    return button


def _hide_at_first(button: QWidget, source: QAction) -> None:
    """What has no parent yet would become a window of its own if it were told to be visible."""
    if not source.isVisible():
        button.hide()


def _button(actions: RunActions, name: str) -> QPushButton:
    """Only what can be done now is shown; the next step of a run that stands still has the accent."""
    source = actions.by_name(name)
    button = push_button("", primary=name in ("chat", "resume"))
    show_action_on(button, source)

    tint = "on_accent" if name in ("chat", "resume") else "text"

    def follow() -> None:
        button.setVisible(source.isVisible())
        set_icon(button, source.property("tinted_icon"), tint)

    source.changed.connect(follow)
    set_icon(button, source.property("tinted_icon"), tint)
    _hide_at_first(button, source)
    return button
