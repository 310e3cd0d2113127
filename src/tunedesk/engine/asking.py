"""What was asked of a running training between two steps, and the answer to it."""

import time
from collections.abc import Iterator

from tunedesk.engine.saving import checkpoint, refuse_if_gone
from tunedesk.engine.training import Training
from tunedesk.engine.watching import sample
from tunedesk.runs import events

PAUSE_LOOK_SECONDS = 0.2


def obey(run: Training) -> bool:
    """Do what was asked since the last step; whether the run shall stop."""
    refuse_if_gone(run)
    for action in requests(run):
        match action:
            case "stop":
                return True
            case "checkpoint":
                checkpoint(run, "asked")
            case "sample":
                sample(run)
        run.clock.lap()  # what was asked for is not the next step's time
    return False


def requests(run: Training) -> Iterator[str]:
    """What was asked; while the run is paused this waits for more."""
    paused, since = False, 0.0
    while True:
        for action in run.control.poll():
            if action == "pause" and not paused:
                paused, since = True, run.clock.now()
                checkpoint(run, "pause")
                run.log.write(events.Paused, sync=True, step=run.progress.step)
            elif action == "resume" and paused:
                paused = False
                run.clock.leave_out(run.clock.now() - since)
                run.log.write(events.Resumed, sync=True, step=run.progress.step)
            elif action not in ("pause", "resume"):
                yield action
        if not paused:
            return
        time.sleep(PAUSE_LOOK_SECONDS)
