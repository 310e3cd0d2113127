"""One writer for each project: a lock that the operating system lets go of when its process ends."""

from pathlib import Path

from filelock import FileLock, Timeout


class ProjectLock:
    """Held or not; the same for every thread of this process."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, thread_local=False)

    @property
    def is_held(self) -> bool:
        return bool(self._lock.is_locked)

    def take(self) -> bool:
        """Try once, without waiting. False when another window has it; OSError when the folder cannot be
        written.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release(force=True)
