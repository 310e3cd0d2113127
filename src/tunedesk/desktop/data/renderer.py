"""The chosen model's template at work in the background: counts for the table, one row for the preview."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job
from tunedesk.errors import UserError

if TYPE_CHECKING:
    from tunedesk.template.chat_template import ChatTemplate
    from tunedesk.template.rendered import Rendered, RenderedPair

BATCH_MS = 30
BATCH_ROWS = 200
LONGEST_RENDERED = 2_000_000
"""Bytes of a row; what is longer is not counted."""


class Renderer(QObject):
    template_loaded = Signal(object)
    """The ChatTemplate of the chosen model."""
    failed = Signal(Exception)
    tokens_counted = Signal(object)
    """A dict of row id to number of tokens; None for a row that the template refuses."""
    rendered = Signal(int, object)
    """Row id, and what the template made of it: Rendered, RenderedPair, or the sentence of its refusal."""

    def __init__(
        self, snapshot_of: Callable[[], Snapshot], background: Background, parent: QObject | None = None
    ) -> None:
        """snapshot_of: the rows as they are shown."""
        super().__init__(parent)
        self._snapshot_of = snapshot_of
        self._background = background
        self._template: ChatTemplate | None = None
        self._model: Path | None = None
        self._wanted: list[int] = []
        self._asked: set[int] = set()
        self._preview: Job | None = None
        self._timer = QTimer(self, interval=BATCH_MS, singleShot=True)
        self._timer.timeout.connect(self._count)

    @property
    def template(self) -> ChatTemplate | None:
        return self._template

    @property
    def model(self) -> Path | None:
        """The folder of the template."""
        return self._model if self._template is not None else None

    def choose(self, model: Path) -> None:
        """Load a model's template; `template_loaded` or `failed` comes."""

        def load(job: Job) -> ChatTemplate:
            from tunedesk.template.chat_template import ChatTemplate

            return ChatTemplate.load(model)

        self._template, self._model = None, model
        self._background.run(
            load, self._take_template, self.failed.emit, owner=self, label="Loading the template"
        )

    def want_tokens(self, row_id: int) -> None:
        if row_id not in self._asked:
            self._asked.add(row_id)
            self._wanted.append(row_id)
            self._timer.start()

    def forget(self, row_ids: tuple[int, ...]) -> None:
        """These rows changed; count them again when they are drawn."""
        self._asked.difference_update(row_ids)

    def render(self, row_id: int, max_length: int) -> None:
        """Render one row for the preview; an earlier wish that is not fulfilled yet is dropped."""
        if self._template is None:
            return
        if self._preview is not None:
            self._preview.cancel()
        template, snapshot = self._template, self._snapshot_of()

        def then(made: Rendered | RenderedPair | str) -> None:
            self._preview = None
            self.rendered.emit(row_id, made)

        self._preview = self._background.run(
            lambda job: rendered_row(template, snapshot.raw(row_id), max_length, snapshot.mapping),
            then,
            self.failed.emit,
            owner=self,
        )

    def _take_template(self, template: ChatTemplate) -> None:
        self._template = template
        self._asked.clear()
        self._wanted.clear()
        self.template_loaded.emit(template)

    def _count(self) -> None:
        if self._template is None or not self._wanted:
            self._asked.difference_update(self._wanted)
            self._wanted.clear()
            return
        # The newest wishes first: what was asked for while scrolling by may wait.
        batch, self._wanted = self._wanted[-BATCH_ROWS:], self._wanted[:-BATCH_ROWS]
        template, snapshot = self._template, self._snapshot_of()

        def work(job: Job) -> dict[int, int | None]:
            return _count_rows(template, snapshot, [row_id for row_id in batch if row_id in snapshot.ids])

        self._background.run(work, self._take_counts, self.failed.emit, owner=self)

    def _take_counts(self, counts: dict[int, int | None]) -> None:
        self.tokens_counted.emit(counts)
        if self._wanted:
            self._timer.start()


def rendered_row(
    template: ChatTemplate, raw: bytes, max_length: int, mapping: ColumnMapping | None = None
) -> Rendered | RenderedPair | str:
    """What the template makes of a line; a sentence when it makes nothing of it."""
    from tunedesk.template.rendered import RenderedPair

    if len(raw) > LONGEST_RENDERED:
        return f"This row has {len(raw) / 1e6:,.1f} MB, which is too long to show."
    parsed = parse_row(raw)
    if parsed.value is None:
        return f"This row cannot be read, so that nothing of it is trained. {parsed.problems[0].message}"
    example = example_of(parsed.value, mapping)
    try:
        if example.chosen and example.rejected:
            return RenderedPair(*template.render_preference(example, max_length))
        return template.render(example, max_length)
    except UserError as refusal:
        return refusal.sentence


def _count_rows(template: ChatTemplate, snapshot: Snapshot, row_ids: list[int]) -> dict[int, int | None]:
    from tunedesk.template.pair_counting import AnyRowCounter

    raws = [snapshot.raw(row_id) for row_id in row_ids]
    short = [raw if len(raw) <= LONGEST_RENDERED else b"" for raw in raws]
    counts = AnyRowCounter(template, snapshot.mapping).count(short)
    return {
        row_id: None if count is None else count.total for row_id, count in zip(row_ids, counts, strict=True)
    }
