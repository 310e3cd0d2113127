"""A long random walk over a document in a process that is killed again and again, held against a model.

python tests/dataset/long_walk.py [--edits 10000] [--seed 1] [--kills 200]

Edits, marks, undos, redos, saves, versions and restores are drawn at random; the process that does them
is killed at random moments, also in the middle of one. Afterwards rows, order, marks and the length of the
history are those of the model, from before or after what was under way.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tunedesk.dataset.document import Document  # noqa: E402  # the path is set above when run as a command
from tunedesk.dataset.marks import NO_MARKS, RowMarks  # noqa: E402
from tunedesk.dataset.state_db import StateDb  # noqa: E402

Order = list[Any]
"""What to do: a name and its arguments, all of them JSON, with positions for rows."""
Seen = list[Any]
"""Texts, notes by position, how many steps can be undone and redone, the names of versions."""


def opened(folder: Path) -> Document:
    return Document.open(folder / "rows.jsonl", StateDb.open(folder / "state.db"))


class Doer:
    """Does orders on a document."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def do(self, order: Order) -> None:
        name, *arguments = order
        getattr(self, f"_{name}")(*arguments)

    def seen(self) -> Seen:
        entries = self.document.history()
        undone = sum(entry.is_undone for entry in entries)
        versions = [version.name for version in self.document.versions()]
        return [*_shown(self.document.snapshot()), len(entries) - undone, undone, versions]

    def at(self, name: str) -> Seen:
        return _shown(self.document.at_version(self._version(name)))

    def _version(self, name: str) -> Any:
        return next(version for version in self.document.versions() if version.name == name)

    def _ids(self, positions: list[int]) -> list[int]:
        return [self.document.id_at(position) for position in positions]

    def _replace(self, texts: list[tuple[int, str]], key: str | None) -> None:
        rows = {self.document.id_at(position): text.encode() for position, text in texts}
        self.document.replace_many(rows, "Edit", merge_key=key)

    def _insert(self, position: int, texts: list[str], note: str) -> None:
        marks = RowMarks(note=note) if note else NO_MARKS
        self.document.insert(position, [text.encode() for text in texts], "Add", marks=marks)

    def _delete(self, positions: list[int]) -> None:
        self.document.delete(self._ids(positions), "Delete")

    def _move(self, positions: list[int], to: int) -> None:
        self.document.move(self._ids(positions), to, "Move")

    def _many(self, texts: list[tuple[int, str]], gone: list[int], new: list[tuple[int, str]]) -> None:
        rows = {self.document.id_at(position): text.encode() for position, text in texts}
        inserts = [(position, text.encode()) for position, text in new]
        self.document.edit_many(rows, self._ids(gone), inserts, "Much")

    def _mark(self, positions: list[int], note: str) -> None:
        self.document.set_marks(dict.fromkeys(self._ids(positions), RowMarks(note=note)), "Mark")

    def _undo(self) -> None:
        self.document.undo()

    def _redo(self) -> None:
        self.document.redo()

    def _save(self) -> None:
        self.document.save()

    def _name(self, name: str) -> None:
        self.document.name_version(name)

    def _forget(self, name: str) -> None:
        self.document.delete_version(self._version(name))

    def _restore(self, name: str) -> None:
        self.document.restore(self._version(name), "Restore")


def _shown(snapshot: Any) -> Seen:
    texts = [raw.decode() for _, raw in snapshot.rows()]
    notes = {snapshot.ids.index(row): marks.note for row, marks in snapshot.marked_rows().items()}
    return [texts, sorted(map(list, notes.items()))]


@dataclass(frozen=True)
class State:
    """rows: the name and text of each. notes: by row name, of deleted rows too."""

    rows: tuple[tuple[int, str], ...]
    notes: dict[int, str] = field(default_factory=dict)

    def shown(self) -> Seen:
        notes = [[at, self.notes[row]] for at, (row, _) in enumerate(self.rows) if self.notes.get(row)]
        return [[text for _, text in self.rows], notes]


@dataclass(frozen=True)
class Model:
    """What the document should be. states[at] is the present."""

    states: tuple[State, ...]
    at: int = 0
    versions: tuple[tuple[str, State], ...] = ()
    next_name: int = 1000
    typing: tuple[str, int] | None = None

    @property
    def now(self) -> State:
        return self.states[self.at]

    def seen(self) -> Seen:
        names = [name for name, _ in self.versions]
        return [*self.now.shown(), self.at, len(self.states) - self.at - 1, names]

    def after(self, order: Order) -> Model:
        name, *arguments = order
        if name == "undo":
            return replace(self, at=max(0, self.at - 1), typing=None)
        if name == "redo":
            is_last = self.at == len(self.states) - 1
            return self if is_last else replace(self, at=self.at + 1, typing=None)
        if name == "save":
            return replace(self, typing=None)
        if name == "name":
            return replace(self, versions=(*self.versions, (arguments[0], self.now)), typing=None)
        if name == "forget":
            return replace(self, versions=tuple(v for v in self.versions if v[0] != arguments[0]))
        if name == "replace" and arguments[1]:
            return self._typed(*arguments)
        made = replace(self, next_name=self.next_name + 20)
        return made._becomes(getattr(self, f"_{name}")(*arguments))

    def _becomes(self, state: State) -> Model:
        if state == self.now:
            return self
        return replace(self, states=(*self.states[: self.at + 1], state), at=self.at + 1, typing=None)

    def _typed(self, texts: list[tuple[int, str]], key: str) -> Model:
        state = self._replace(texts, key)
        if state == self.now:
            return self
        if self.typing == (key, self.at) and self.at == len(self.states) - 1:
            return replace(self, states=(*self.states[:-1], state))
        made = self._becomes(state)
        return replace(made, typing=(key, made.at))

    def _replace(self, texts: list[tuple[int, str]], key: str | None) -> State:
        rows = list(self.now.rows)
        for position, text in texts:
            rows[position] = (rows[position][0], text)
        return replace(self.now, rows=tuple(rows))

    def _insert(self, position: int, texts: list[str], note: str) -> State:
        new = tuple((self.next_name + number, text) for number, text in enumerate(texts))
        rows = (*self.now.rows[:position], *new, *self.now.rows[position:])
        notes = {**self.now.notes, **({row: note for row, _ in new} if note else {})}
        return State(rows, notes)

    def _delete(self, positions: list[int]) -> State:
        return replace(
            self.now, rows=tuple(row for at, row in enumerate(self.now.rows) if at not in positions)
        )

    def _move(self, positions: list[int], to: int) -> State:
        rows = self.now.rows
        head = [row for at, row in enumerate(rows) if at < to and at not in positions]
        tail = [row for at, row in enumerate(rows) if at >= to and at not in positions]
        return replace(self.now, rows=(*head, *(rows[at] for at in positions), *tail))

    def _many(self, texts: list[tuple[int, str]], gone: list[int], new: list[tuple[int, str]]) -> State:
        edited = self._replace(texts, None).rows
        numbered = sorted(enumerate(new), key=lambda each: each[1][0])
        rows: list[tuple[int, str]] = []
        for at in range(len(edited) + 1):
            rows += [
                (self.next_name + n, text) for n, (_, (place, text)) in enumerate(numbered) if place == at
            ]
            if at < len(edited) and at not in gone:
                rows.append(edited[at])
        return replace(self.now, rows=tuple(rows))

    def _mark(self, positions: list[int], note: str) -> State:
        marked = {self.now.rows[at][0] for at in positions}
        notes = {row: there for row, there in self.now.notes.items() if row not in marked}
        return State(self.now.rows, notes | (dict.fromkeys(marked, note) if note else {}))

    def _restore(self, name: str) -> State:
        """Rows that go keep their marks, for when they come back."""
        then = dict(self.versions)[name]
        come = {row for row, _ in then.rows}
        kept = {row: note for row, note in self.now.notes.items() if row not in come}
        return State(then.rows, kept | {row: note for row, note in then.notes.items() if row in come})


WEIGHTS = {
    "replace": 8, "insert": 6, "delete": 5, "move": 5, "many": 3, "mark": 6, "undo": 12, "redo": 7,
    "save": 2, "name": 1, "forget": 0.5, "restore": 0.7,
}  # fmt: skip


class Drawn:
    """Random orders that can be done on a model."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._count = 0

    def start(self) -> list[str]:
        return [f"row {number}" for number in range(self.chance.randrange(30))]

    def order(self, model: Model) -> Order:
        name = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if name in ("forget", "restore") and not model.versions:
            return ["undo"]
        return [name, *getattr(self, f"_{name}", lambda _: [])(model)]

    def _some(self, model: Model) -> list[int]:
        size = len(model.now.rows)
        most = size if self.chance.random() < 0.02 else min(size, 4)
        return self.chance.sample(range(size), self.chance.randrange(most + 1))

    def _place(self, model: Model) -> int:
        return self.chance.randrange(len(model.now.rows) + 1)

    def _text(self) -> str:
        self._count += 1
        return self.chance.choice(["", "row 1", f"text {self._count}", f'{{"n": {self._count}}}', "é\u2028"])

    def _note(self) -> str:
        return self.chance.choice(["", "star", f"note {self._count}"])

    def _replace(self, model: Model) -> Order:
        if model.typing is not None and self.chance.random() < 0.7:
            return [[(0, self._text())] if model.now.rows else [], model.typing[0]]
        key = self.chance.choice([None, None, "key"])
        positions = [0] if key and model.now.rows else [] if key else self._some(model)
        return [[(position, self._text()) for position in positions], key]

    def _insert(self, model: Model) -> Order:
        count = self.chance.randrange(4) if len(model.now.rows) < 200 else 0
        return [self._place(model), [self._text() for _ in range(count)], self._note()]

    def _delete(self, model: Model) -> Order:
        return [self._some(model)]

    def _move(self, model: Model) -> Order:
        return [self._some(model), self._place(model)]

    def _many(self, model: Model) -> Order:
        new = [(self._place(model), self._text()) for _ in range(self.chance.randrange(4))]
        return [[(position, self._text()) for position in self._some(model)], self._some(model), new]

    def _mark(self, model: Model) -> Order:
        return [self._some(model), self._note()]

    def _name(self, model: Model) -> Order:
        self._count += 1
        return [f"version {self._count}"]

    def _forget(self, model: Model) -> Order:
        return [self.chance.choice(model.versions)[0]]

    _restore = _forget


class Worker:
    """A process that does orders; it is killed, never asked to end."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, __file__, "--work", str(folder)]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, encoding="utf-8"
        )

    def ask(self, *question: Any) -> Any:
        self.tell(*question)
        assert self._child.stdout is not None
        return json.loads(self._child.stdout.readline())

    def tell(self, *question: Any) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()

    def kill(self) -> None:
        self._child.kill()
        self._child.communicate()


def work(folder: Path) -> None:
    """The worker's side."""
    doer = Doer(opened(folder))
    for line in sys.stdin:
        kind, argument = json.loads(line)
        if kind == "do":
            doer.do(argument)
        answer = doer.at(argument) if kind == "at" else doer.seen()
        print(json.dumps(answer), flush=True)


def begun(folder: Path, drawn: Drawn) -> Model:
    rows = drawn.start()
    (folder / "rows.jsonl").write_bytes(b"".join(f"{row}\n".encode() for row in rows))
    return Model((State(tuple(enumerate(rows))),))


def walk(folder: Path, edits: int, seed: int, kills: int) -> Iterator[str]:
    """Raises AssertionError when the document is not what the model says."""
    drawn = Drawn(seed)
    model = begun(folder, drawn)
    killed = set(drawn.chance.sample(range(edits), kills))
    worker = Worker(folder)
    for number in range(edits):
        order = drawn.order(model)
        after = model.after(order)
        if number in killed:
            worker.tell("do", order)
            time.sleep(drawn.chance.choice([0, 0.002, 0.01, 0.03]))
            worker.kill()
            worker = Worker(folder)
            seen = worker.ask("seen", None)
            assert seen in (model.seen(), after.seen()), (number, order)
            # A new process types into a step of its own.
            model = replace(after if seen == after.seen() else model, typing=None)
        else:
            seen = worker.ask("do", order)
            assert seen == json.loads(json.dumps(after.seen())), (number, order)
            model = after
        if model.versions and number % 50 == 0:
            name, state = drawn.chance.choice(model.versions)
            assert worker.ask("at", name) == json.loads(json.dumps(state.shown())), (number, name)
        if number % 1000 == 999:
            yield f"{number + 1:,} done, {len(model.states):,} states, {len(model.versions)} versions"
    while model.at:
        model = model.after(["undo"])
        assert worker.ask("do", ["undo"]) == json.loads(json.dumps(model.seen())), model.at
    worker.kill()
    yield "all undone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work is not None:
        work(arguments.work)
        return
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tunedesk-walk-") as folder:
        for line in walk(Path(folder), arguments.edits, arguments.seed, arguments.kills):
            print(line, flush=True)
    print(f"The document was the model's all the way ({time.perf_counter() - started:.0f} s).")


if __name__ == "__main__":
    main()
