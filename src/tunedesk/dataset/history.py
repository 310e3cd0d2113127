"""What was done to a document and when, named moments of it, and the rows as they stood at each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunedesk.dataset.difference import changed_marks, difference
from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.live_rows import LiveRows, Prepared
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.dataset.step_table import StepInfo, infos
from tunedesk.dataset.steps import Change
from tunedesk.errors import UserError


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A step that can be undone or, if `is_undone`, redone.

    time: seconds since 1970, UTC. rows: how many it touched. Both are None for steps of an old TuneDesk.
    version_name: of the moment after it.
    """

    step: int
    label: str
    time: float | None
    rows: int | None
    is_undone: bool
    version_name: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A named moment. time: when it was named, seconds since 1970, UTC. step: the last step before it, 0 for
    none. rows: how many there were.
    """

    id: int
    name: str
    time: float
    step: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Then:
    """The rows at a moment, and those whose text and whose marks may be others now."""

    rows: LiveRows
    touched: set[int]
    marked: set[int]


class History:
    """The tree of a document's steps: each knows the one that had been done last before it."""

    def __init__(self, live: LiveDocument) -> None:
        self._live = live

    def entries(self) -> Sequence[HistoryEntry]:
        journal = self._live.journal
        names = {version.step: version.name for version in self.versions()}
        node = journal.node
        return tuple(
            HistoryEntry(info.id, info.label, info.time, info.rows, info.id > node, names.get(info.id))
            for info in infos(journal.state, journal.id)
            if info.is_alive
        )

    def bytes_stored(self) -> int:
        journal = self._live.journal
        query = "SELECT total(length(data)) FROM step_part JOIN step ON step.id = step WHERE document = ?"
        ((size,),) = journal.state.rows(query, journal.id)
        return int(size)

    def versions(self) -> tuple[Version, ...]:
        """Oldest first."""
        journal = self._live.journal
        query = "SELECT id, name, time, step, rows FROM version WHERE document = ? ORDER BY id"
        return tuple(Version(*row) for row in journal.state.rows(query, journal.id))

    def name(self, name: str) -> Version:
        live = self._live
        with live.editing:
            live.refuse_read_only()
            name = self._free_name(name)
            made = live.journal.name_version(name, time.time(), len(live.rows.order))
            live.end_typing()
            return next(version for version in self.versions() if version.id == made)

    def rename(self, version: Version, name: str) -> Version:
        live = self._live
        with live.editing:
            live.refuse_read_only()
            self._known(version)
            if name.strip() != version.name:
                name = self._free_name(name)
                with live.journal.state.transaction() as sql:
                    sql.execute("UPDATE version SET name = ? WHERE id = ?", (name, version.id))
            return self._known(version)

    def delete(self, version: Version) -> None:
        """Steps that only this version needed are gone with it."""
        live = self._live
        with live.editing:
            live.refuse_read_only()
            self._known(version)
            live.journal.delete_version(version.id)

    def at(self, version: Version | HistoryEntry) -> Snapshot:
        """The rows as they were then. UserError when another program has changed the file meanwhile so that
        they cannot be told.
        """
        return replace(self._rows_at(version).rows.snapshot(), mapping=self._live.mapping)

    def restore(self, version: Version | HistoryEntry, label: str) -> Change:
        live = self._live
        with live.editing:
            live.check_editable()
            then = self._rows_at(version)
            old, new = live.snapshot(), then.rows.snapshot()
            # Marks of rows that are not shown then are nobody's business until such a row comes back.
            shown = [row for row in then.marked if row in new.ids]
            before = {row: live.rows.marks_of(row) for row in shown}
            after = {row: then.rows.marks_of(row) for row in shown}
            marks = changed_marks(shown, before, after)
            return live.commit(label, difference(label, old, new, then.touched, marks))

    def _rows_at(self, moment: Version | HistoryEntry) -> "_Then":
        """Edits go on meanwhile, unless one of them takes away a step that is needed on the way back."""
        way = self._way_to(moment)
        try:
            return self._walked(moment, *way)
        except UserError:
            if way[0].version == self._live.rows.version:
                raise
        with self._live.editing:
            return self._walked(moment, *self._way_to(moment))

    def _way_to(self, moment: Version | HistoryEntry) -> tuple[LiveRows, list[tuple[int, int]]]:
        live = self._live
        with live.editing:
            node = self._known(moment).step if isinstance(moment, Version) else moment.step
            return live.rows.copy(), self._path(live.journal.node, node)

    def _walked(self, moment: Version | HistoryEntry, rows: LiveRows, way: list[tuple[int, int]]) -> "_Then":
        then = _Then(rows, set(), set())
        for number, direction in way:
            prepared = Prepared(rows)
            for part in self._live.journal.parts(number, direction):
                if not rows.has_rows(part):
                    raise _unknown(moment)
                prepared.add(part)
                then.touched.update(part.before, part.after)
                then.marked.update(part.marks_after)
            rows.publish(prepared)
        return then

    def _path(self, start: int, end: int) -> list[tuple[int, int]]:
        """The steps to take back (-1) and to do (1), in this order, to get from one moment to another."""
        journal = self._live.journal
        steps = {info.id: info for info in infos(journal.state, journal.id)}
        down = _ancestors(steps, end)
        known = {number: at for at, number in enumerate(down)}
        way: list[tuple[int, int]] = []
        while start not in known:
            if start not in steps:
                raise UserError("This moment is no longer in the history.", hint="Choose another one.")
            way.append((start, -1))
            start = steps[start].parent
        return way + [(number, 1) for number in reversed(down[: known[start]])]

    def _known(self, version: Version) -> Version:
        found = next((there for there in self.versions() if there.id == version.id), None)
        if found is None:
            message = f'The version "{version.name}" is no longer there.'
            raise UserError(message, hint="Choose another one from the history.")
        return found

    def _free_name(self, name: str) -> str:
        name = name.strip()
        if not name:
            raise UserError("A version needs a name.", hint="Type one.")
        if any(version.name == name for version in self.versions()):
            raise UserError(f'There is a version "{name}" already.', hint="Choose another name.")
        return name


def _ancestors(steps: dict[int, StepInfo], number: int) -> list[int]:
    """The step itself, the one before it, and so on; 0, the beginning, is the last."""
    found = [number]
    while number in steps:
        number = steps[number].parent
        found.append(number)
    return found


def _unknown(moment: Version | HistoryEntry) -> UserError:
    name = moment.name if isinstance(moment, Version) else moment.label
    message = f'"{name}" cannot be shown: another program changed the file since, and its rows are not known.'
    return UserError(message, hint="Look for the file in a backup.")
