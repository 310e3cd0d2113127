"""The list of who can be talked to; it loads nobody."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from tunedesk.desktop.chat.partners import Partner


class PartnerChooser(QComboBox):
    """`offer` fills it and points at the likeliest; `settle`, or the person, chooses."""

    partner_chosen = Signal(object, object)
    """The `Partner` before (None: nobody), and the one from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Who answers")
        self.setMinimumWidth(320)
        self._partners: tuple[Partner, ...] = ()
        self._own: tuple[Partner, ...] = ()
        """Checkpoints that were asked for by name."""
        self._chosen: Partner | None = None
        self._wanted_run: Path | None = None
        self.currentIndexChanged.connect(self._take)

    @property
    def partner(self) -> Partner | None:
        """Who is talked to."""
        return self._chosen

    def forget(self) -> None:
        """Another project was opened."""
        self._chosen = self._wanted_run = None
        self._own = ()

    def want(self, run: Path) -> None:
        """Point at this run as soon as it is offered."""
        self._wanted_run = run

    def add(self, partner: Partner) -> None:
        """Offer somebody besides, and talk to them."""
        others = tuple(each for each in self._partners if each != partner)
        self._own = (*(each for each in self._own if each != partner), partner)
        self._fill((partner, *others))
        self.setCurrentIndex(0)
        self.settle()

    def offer(self, partners: Sequence[Partner]) -> None:
        """Everybody who can be talked to; nobody is chosen by this."""
        own = tuple(each for each in self._own if each not in partners)
        self._fill((*own, *partners))

    def settle(self) -> None:
        """Talk to the one that is pointed at."""
        self._take(self.currentIndex())

    def _fill(self, partners: tuple[Partner, ...]) -> None:
        self._partners = partners
        self.blockSignals(True)
        self.clear()
        for partner in partners:
            self.addItem(partner.title)
        self.setCurrentIndex(self._index_to_choose())
        self.blockSignals(False)

    def _index_to_choose(self) -> int:
        """The run that was asked for, else the one that is talked to, else the newest."""
        for index, partner in enumerate(self._partners):
            if self._wanted_run is not None and partner.run == self._wanted_run and partner.step is None:
                self._wanted_run = None
                return index
        if self._chosen in self._partners:
            return self._partners.index(self._chosen)
        return 0 if self._partners else -1

    def _take(self, index: int) -> None:
        if not 0 <= index < len(self._partners):
            return
        before, now = self._chosen, self._partners[index]
        if now != before:
            self._chosen = now
            self.partner_chosen.emit(before, now)
