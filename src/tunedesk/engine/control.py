"""What the user or the system asks of a running engine: control.json and signals, each request obeyed
once.
"""

import signal
from dataclasses import dataclass, field
from types import FrameType

from tunedesk.runs.run_folder import Action, RunFolder


@dataclass(slots=True)
class ControlWatch:
    """Looks for new requests; cheap enough to be asked several times a second."""

    folder: RunFolder
    _stamp: tuple[int, int] | None = None
    _handled: int = 0
    _signalled: bool = False
    _kept: list[Action] = field(default_factory=list)

    def listen_to_signals(self) -> None:
        """A polite end of the process (log-off, shutdown, `kill`) becomes "stop". Main thread only."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if number := getattr(signal, name, None):
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True

    def poll(self) -> list[Action]:
        """What was asked since the last call, in order."""
        asked, self._kept = self._kept, []
        if self._changed():
            for request in self.folder.requests():
                if request.id > self._handled:
                    self._handled = request.id
                    asked.append(request.action)
        if self._signalled:
            self._signalled = False
            asked.append("stop")
        return asked

    def stop_is_asked(self) -> bool:
        """Whether to stop, asked where nothing else can be obeyed yet; other requests wait for `poll`."""
        self._kept = self.poll()
        return "stop" in self._kept

    def _changed(self) -> bool:
        try:
            status = self.folder.control_path.stat()
        except OSError:
            return False
        stamp = (status.st_mtime_ns, status.st_ino or status.st_size)
        changed = stamp != self._stamp
        self._stamp = stamp
        return changed

    def forget(self) -> None:
        """Remove the requests, so that a later attempt does not obey them again."""
        self.folder.control_path.unlink(missing_ok=True)
