"""Closing the window while a training runs: asks in the notice bar, never in a dialog that blocks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.widgets.notice_bar import Answer, Notice, NoticeBar

QUESTION = "live run"


class Leaving(QObject):
    """`may_close` is the window's question; when it must ask back, `decided` says that closing goes on."""

    decided = Signal()
    failed = Signal(Exception)

    def __init__(self, background: Background, notices: NoticeBar) -> None:
        super().__init__(notices)
        self._background = background
        self._notices = notices
        self._runs_dir: Path | None = None
        self._is_decided = False

    def watch(self, runs_dir: Path | None) -> None:
        """The runs of the project that is open; None: none is."""
        self._runs_dir = runs_dir

    def may_close(self) -> bool:
        folder = self._runs_dir
        if self._is_decided or folder is None or not folder.is_dir():
            return True
        self._background.run(lambda job: live_runs(folder), self._ask, self._go_on_after, owner=self)
        return False

    def _ask(self, runs: list[Path]) -> None:
        if not runs:
            self._go_on()
            return
        which = f"The training {runs[0].name} is" if len(runs) == 1 else f"{len(runs)} trainings are"
        answers = (
            Answer("Keep training", self._go_on),
            Answer("Stop and save", lambda: self._stop(runs)),
            Answer("Cancel", lambda: None),
        )
        words = f"{which} still running. It can go on without this window, and you find it again next time."
        self._notices.show_notice(Notice(words, "warning", answers, key=QUESTION, can_close=False))

    def _stop(self, runs: list[Path]) -> None:
        """The engines save a checkpoint and end by themselves; the window need not wait."""

        def ask_all(job: Job) -> None:
            from tunedesk.runs.run_folder import RunFolder

            for run in runs:
                RunFolder(run).ask("stop")

        self._background.run(ask_all, lambda _: self._go_on(), self.failed.emit, owner=self)

    def _go_on(self) -> None:
        self._is_decided = True
        self.decided.emit()

    def _go_on_after(self, trouble: Exception) -> None:
        """Runs that cannot be looked at are no reason to stay."""
        self.failed.emit(trouble)
        self._go_on()


def live_runs(runs_dir: Path) -> list[Path]:
    """The runs whose engine is at work here, on any thread. A job at a service goes on by itself, and whoever
    follows it needs no window.
    """
    from tunedesk.runs.run_folder import RunState, list_runs

    live = (RunState.RUNNING, RunState.PAUSED)
    return [run.path for run in list_runs(runs_dir) if run.state in live and not run.service]
