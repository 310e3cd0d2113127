"""An engine that is killed without warning at a given moment: `killed_engine.py RUN MOMENT`.

Moments are counted over everything that leaves a trace: each event, each sync, each rename. The kill comes
just before the trace is left, so that it also falls between the writes of one checkpoint.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunedesk.engine.__main__ import main
from tunedesk.engine.event_log import EventLog


class Countdown:
    def __init__(self, moments: int) -> None:
        self.left = moments

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            return function(*arguments, **named)

        return counted


if __name__ == "__main__":
    run, moment = Path(sys.argv[1]), int(sys.argv[2])
    countdown = Countdown(moment)
    os.fsync = countdown.before(os.fsync)
    os.rename = countdown.before(os.rename)
    EventLog.write = countdown.before(EventLog.write)  # type: ignore[method-assign]
    sys.exit(main(["train", str(run), "--resume"]))
