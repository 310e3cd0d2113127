"""What can be done with a run: actions with text, icon and key, and which of them fit its state."""

from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.theme.icons import set_icon
from tunedesk.desktop.widgets.buttons import action
from tunedesk.runs.run_folder import Action, RunState

LIVE = (RunState.RUNNING, RunState.PAUSED)
RESUMABLE = (RunState.INTERRUPTED, RunState.STOPPED, RunState.FAILED, RunState.WAITING)


@dataclass(frozen=True, slots=True)
class CloudStanding:
    """What a service lets be done. can_pause: whether it takes a pause. is_over: whether its job has ended
    or was refused for good, so that nothing is left to follow. answers: whether the tuned model can be
    talked to there.
    """

    can_pause: bool
    is_over: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about the actions. asked: what the engine was asked and has not done yet.

    cloud: of a run at a service; None for one on this computer.
    """

    state: RunState
    has_adapter: bool
    has_checkpoint: bool
    asked: Action | None = None
    cloud: CloudStanding | None = None


class RunActions:
    """The actions of the chosen run; keys work while the pane is on the screen."""

    def __init__(self, pane: QWidget) -> None:
        self.pause = action(pane, "Pause", "pause", "Ctrl+Shift+P", tip="Pause after this step")
        self.stop = action(pane, "Stop and save", "stop", "Ctrl+.", tip="Stop and save a checkpoint")
        self.resume = action(pane, "Resume", "play", "Ctrl+Shift+R", tip="Go on from the newest checkpoint")
        self.checkpoint = action(pane, "Checkpoint now", "save", "Ctrl+Shift+K")
        self.open_folder = action(pane, "Open the run's folder", "folder-open", "Ctrl+Shift+F")
        self.chat = action(pane, "Chat with it", "chat", "Ctrl+Return", tip="Chat with the tuned model")
        for one in self.all():
            pane.addAction(one)
        self.fit(None)

    def all(self) -> tuple[QAction, ...]:
        return (self.chat, self.resume, self.pause, self.stop, self.checkpoint, self.open_folder)

    def by_name(self, name: str) -> QAction:
        return {"chat": self.chat, "resume": self.resume, "pause": self.pause, "stop": self.stop}[name]

    def fit(self, standing: Standing | None) -> None:
        """Show what the run's state allows; None: no run is chosen."""
        state = standing.state if standing else None
        asked = standing.asked if standing else None
        live = state in LIVE
        cloud = standing.cloud if standing else None
        speaks = bool(standing and (standing.has_adapter or (cloud and cloud.answers)))
        _allow(self.chat, speaks and not live)
        _allow(self.resume, bool(standing and _may_resume(standing)))
        _allow(self.pause, live and (cloud is None or cloud.can_pause), asked is None)
        _allow(self.stop, live)
        _allow(self.checkpoint, live and cloud is None, state is RunState.RUNNING and asked is None)
        self.open_folder.setEnabled(standing is not None)
        self._name_them(state, asked)
        if cloud is not None:
            self._name_for_service(state, asked)

    def _name_them(self, state: RunState | None, asked: Action | None) -> None:
        paused = state is RunState.PAUSED
        set_icon(self.pause, "play" if paused else "pause")
        self.pause.setText("Continue" if paused else "Pause")
        # Stopping waits for the step to end; a second press is for an engine that hangs and never ends it.
        self.stop.setText("Stop at once" if asked == "stop" else "Stop and save")
        self.resume.setText("Start" if state is RunState.WAITING else "Resume")
        _tell(self.pause, "Pause after this step")
        _tell(self.stop, "Stop and save a checkpoint")
        _tell(self.resume, "Go on from the newest checkpoint")

    def _name_for_service(self, state: RunState | None, asked: Action | None) -> None:
        """A job elsewhere is cancelled, not saved; and it goes on without anybody who follows it."""
        self.stop.setText("Stop following" if asked == "stop" else "Cancel the job")
        tip = "End the process here; the job goes on at the service" if asked == "stop" else ""
        _tell(self.stop, tip or "Ask the service to end the job; what it has computed is billed")
        _tell(self.pause, "Ask the service to pause the job")
        words = {RunState.WAITING: "Start", RunState.FAILED: "Try again"}
        self.resume.setText(words.get(state, "Follow again") if state else "Follow again")
        _tell(self.resume, "Go on following the job at the service; nothing is sent twice")


def _tell(one: QAction, words: str) -> None:
    """The tooltip, with the key as `action` writes it."""
    keys = one.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    one.setToolTip(f"{words} ({keys})" if keys else words)
    one.setStatusTip(words)


def _may_resume(standing: Standing) -> bool:
    if standing.cloud is not None:
        return standing.state in RESUMABLE and not standing.cloud.is_over
    if standing.state is RunState.FAILED:
        return standing.has_checkpoint
    return standing.state in RESUMABLE


def _allow(one: QAction, visible: bool, enabled: bool = True) -> None:
    one.setVisible(visible)
    one.setEnabled(visible and enabled)
