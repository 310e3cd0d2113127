"""Remembers how wide the user made things; the application keeps it in the settings."""

from collections.abc import Sequence

from PySide6.QtWidgets import QSplitter


class LayoutMemory:
    def __init__(self, sizes: dict[str, list[int]]) -> None:
        self._sizes = dict(sizes)

    @property
    def sizes(self) -> dict[str, list[int]]:
        return dict(self._sizes)

    def follow(self, splitter: QSplitter, name: str) -> None:
        """Give the splitter the sizes it had last time, and note what the user does to it."""
        known = self._sizes.get(name)
        if known and len(known) == splitter.count():
            splitter.setSizes(known)
        splitter.splitterMoved.connect(lambda: self._sizes.update({name: splitter.sizes()}))

    def known(self, name: str) -> list[int]:
        """What was kept under a name; [] when nothing was."""
        return list(self._sizes.get(name, ()))

    def keep(self, name: str, sizes: Sequence[int]) -> None:
        self._sizes[name] = list(sizes)

    def forget(self, name: str) -> None:
        self._sizes.pop(name, None)
