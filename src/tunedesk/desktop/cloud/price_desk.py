"""The table of prices, read and changed in the background; it draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunedesk.desktop.background import Background, Job
from tunedesk.errors import UserError

if TYPE_CHECKING:  # msgspec comes after the first paint
    from tunedesk.plan.price_table import Electricity, PriceTable
    from tunedesk.plan.prices import Price


class PriceDesk(QObject):
    changed = Signal()
    """The table is known, or another one than before."""
    found = Signal(object)
    """With every `changed`: the `PriceTable`, for widgets that show it."""
    refused = Signal(str)
    """Why what was entered is no price."""
    failed = Signal(Exception)

    def __init__(self, background: Background) -> None:
        super().__init__(background)
        self._background = background
        self._table: PriceTable | None = None

    @property
    def table(self) -> PriceTable | None:
        """None: nobody has looked yet."""
        return self._table

    def look(self) -> None:
        self._do(lambda: None)

    def enter(self, rows: Sequence[Price]) -> None:
        """Put the user's own prices in place of what ships."""

        def act() -> None:
            from tunedesk.plan.price_table import enter

            enter(rows)

        self._do(act)

    def reset(self, rows: Sequence[Price] | None) -> None:
        """Let what ships hold again; None: everywhere."""

        def act() -> None:
            from tunedesk.plan.price_table import reset

            reset(rows)

        self._do(act)

    def set_electricity(self, electricity: Electricity) -> None:
        def act() -> None:
            from tunedesk.plan.price_table import set_electricity

            set_electricity(electricity)

        self._do(act)

    def take_in(self, file: Path) -> None:
        """Enter the prices of a file, e.g. a colleague's."""

        def act() -> None:
            from tunedesk.plan.price_table import enter, read_file

            enter(read_file(file).rows, "imported")

        self._do(act)

    def _do(self, act: Callable[[], None]) -> None:
        def work(job: Job) -> PriceTable:
            from tunedesk.plan.price_table import read_prices

            act()
            return read_prices()

        def then(table: PriceTable) -> None:
            self._table = table
            self.changed.emit()
            self.found.emit(table)

        def trouble(error: Exception) -> None:
            if isinstance(error, UserError) and self._table is not None:
                self.refused.emit(error.sentence)
            else:
                self.failed.emit(error)

        self._background.run(work, then, trouble, owner=self)
