"""Split a dataset into training, validation and held-out rows: how, and at once what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSpinBox, QWidget

from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import Part, SplitPlan
from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row

TYPING_MS = 300
MOST_LABELS = 12
"""Lines of the table of labels; the rest is added up in one more."""
NAMES = {"train": "Training", "valid": "Validation", "heldout": "Held-out"}
Method = Literal["random", "label", "group", "date"]


@dataclass(frozen=True)
class Way:
    """A method as a person says it. key: what its key is for; "" for none. default: what no key means."""

    method: Method
    words: str
    tip: str
    key: str = ""
    default: str = ""


WAYS = (
    Way(
        "group",
        "Same questions stay together",
        "Rows with the same question, or the same value of a key, are never in two parts",
        "Group by",
        "what users say",
    ),
    Way(
        "label",
        "Same share of each label",
        "Each label has the same share in every part",
        "Label",
        "the answer",
    ),
    Way("random", "By chance alone", "Rows with the same question may come to stand in two parts"),
    Way(
        "date",
        "By date, the newest held out",
        "The newest rows are held out, those before them validate",
        "Date",
    ),
)


class SplitPage(ToolPage):
    plan_asked = Signal(SplitRecipe)
    write_asked = Signal(bool)
    """Whether files that are there already may be overwritten."""

    def __init__(self) -> None:
        super().__init__(
            "Split",
            "Parts the rows in those that are trained, those that check the training, and those that are "
            "kept back for the score. The same seed gives the same parts again. This file stays as it is.",
            "Write the parts",
        )
        self._keys: tuple[str, ...] = ()
        self._can_write = False
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self.ask)
        self._make_fields()
        self._lay_out_body()
        self._connect()
        self._show_fields()

    @property
    def recipe(self) -> SplitRecipe:
        way = WAYS[self._way.currentIndex()]
        key = self._key.currentText().strip() if way.key else ""
        answer_key = self._answer_key.currentText().strip() if way.method == "label" else ""
        return SplitRecipe(
            method=way.method,
            valid=self._valid.value() / 100,
            heldout=self._heldout.value() / 100,
            seed=self._seed.value(),
            key="" if key == way.default else key,
            answer_key="" if answer_key == "whole" else answer_key,
        )

    def begin(self, keys: Sequence[str], answer_keys: Sequence[str], recipe: SplitRecipe | None) -> None:
        """keys: of the rows; answer_keys: of answers that are JSON. recipe: of this file's last split."""
        self._keys = tuple(keys)
        self._answer_key.clear()
        self._answer_key.addItems(["whole", *answer_keys])
        self._answer_key.setCurrentIndex(1 if answer_keys else 0)
        if recipe is not None:
            self._way.setCurrentIndex([way.method for way in WAYS].index(recipe.method))
            self._valid.setValue(round(recipe.valid * 100))
            self._heldout.setValue(round(recipe.heldout * 100))
            self._seed.setValue(recipe.seed)
        self._show_fields()
        if recipe is not None:
            self._key.setEditText(recipe.key or WAYS[self._way.currentIndex()].default)
        self.ask()

    def ask(self) -> None:
        self._typing.stop()
        self.offer("Write the parts", enabled=False)
        self.plan_asked.emit(self.recipe)

    def show_plan(self, plan: SplitPlan, files: Sequence[Path], existing: Sequence[Path]) -> None:
        """files: where the parts would be written; existing: those of them that are there already."""
        self._files.setText("\n".join(str(file) for file in files))
        self._overwrite.setVisible(bool(existing))
        self._overwrite.setText(
            f"Overwrite {existing[0].name}" + (f" and {len(existing) - 1} more" if len(existing) > 1 else "")
            if existing
            else ""
        )
        self._show_parts(plan)
        if plan.leak_count:
            count = f"{plan.leak_count:,} question{'s' if plan.leak_count > 1 else ''}"
            words = (
                f"{count} would stand in more than one part. The scores would look too good: keep the same"
            )
            self.say(f"{words} questions together.", "warning")
        else:
            self.say(
                " ".join(plan.notes) or "No question stands in two parts.", "muted" if plan.notes else "ok"
            )
        self._can_write = bool(files)
        self._offer()

    def show_trouble(self, sentence: str) -> None:
        self._clear_parts()
        self.say(sentence, "error")
        self._can_write = False
        self._offer()

    def _offer(self) -> None:
        free = not self._overwrite.isVisibleTo(self) or self._overwrite.isChecked()
        self.offer("Write the parts", enabled=self._can_write and free)

    def _make_fields(self) -> None:
        self._way = QComboBox()
        self._way.addItems([way.words for way in WAYS])
        for number, way in enumerate(WAYS):
            self._way.setItemData(number, way.tip, Qt.ItemDataRole.ToolTipRole)
        self._way.setAccessibleName("How")
        self._key = QComboBox()
        self._key.setEditable(True)
        self._answer_key = QComboBox()
        self._answer_key.setEditable(True)
        self._answer_key.setAccessibleName("Part of the answer")
        self._valid, self._heldout = _percent("Validation", 10), _percent("Held-out", 10)
        self._seed = QSpinBox()
        self._seed.setRange(0, 2**31 - 1)
        self._seed.setValue(1)
        self._seed.setAccessibleName("Seed")
        self._overwrite = QCheckBox()
        self._overwrite.hide()
        self._files = label("", "muted", wrap=True, selectable=True)

    def _lay_out_body(self) -> None:
        self._form = form()
        self._form.addRow("How", self._way)
        self._form.addRow("Group by", self._key)
        self._form.addRow("Part of the answer", self._answer_key)
        self._form.addRow("Validation", row(self._valid, None))
        self._form.addRow("Held-out", row(self._heldout, None))
        self._form.addRow("Seed", row(self._seed, None))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(3 * GRID)
        self._grid.setVerticalSpacing(GRID // 2)
        self._parts = QWidget()
        self._parts.setAccessibleName("What comes of it")
        self._parts.setLayout(row(self._grid, None))
        body = QWidget()
        body.setLayout(
            column(
                self._form,
                label("What comes of it", "heading"),
                self._parts,
                label("Will be written", "heading"),
                self._files,
                self._overwrite,
                None,
                spacing=2 * GRID,
                margin=2 * GRID,
            )
        )
        self.set_body(body)

    def _connect(self) -> None:
        self._way.activated.connect(self._choose)
        for box in (self._key, self._answer_key):
            box.currentTextChanged.connect(lambda: self._typing.start())
        for field in (self._valid, self._heldout, self._seed):
            field.valueChanged.connect(lambda: self._typing.start())
        self._overwrite.toggled.connect(self._offer)
        self.apply_asked.connect(lambda: self.write_asked.emit(self._overwrite.isChecked()))

    def _choose(self) -> None:
        self._show_fields()
        self.ask()

    def _show_fields(self) -> None:
        way = WAYS[self._way.currentIndex()]
        self._form.setRowVisible(self._key, bool(way.key))
        self._form.setRowVisible(self._answer_key, way.method == "label")
        words = self._form.labelForField(self._key)
        if isinstance(words, QLabel):
            words.setText(way.key)
        self._key.setAccessibleName(way.key)
        self._key.blockSignals(True)
        self._key.clear()
        self._key.addItems([way.default] * bool(way.default) + list(self._keys))
        self._key.blockSignals(False)

    def _clear_parts(self) -> None:
        clear(self._grid)

    def _show_parts(self, plan: SplitPlan) -> None:
        """A small table: parts across, rows, groups and labels down."""
        self._clear_parts()
        total = sum(len(part.row_ids) for part in plan.parts) or 1
        self._line(0, "", [NAMES[part.role] for part in plan.parts], "heading")
        self._line(1, "Rows", [_share(len(part.row_ids), total) for part in plan.parts])
        self._line(2, "Different questions or groups", [f"{part.groups:,}" for part in plan.parts])
        for number, (name, counts) in enumerate(_labels(plan.parts), start=3):
            sizes = [max(len(part.row_ids), 1) for part in plan.parts]
            shares = [_share(count, size) for count, size in zip(counts, sizes, strict=True)]
            self._line(number, name, shares)

    def _line(self, number: int, name: str, cells: Sequence[str], look: str = "") -> None:
        first = label(name if len(name) <= 40 else name[:39] + "…", "muted")
        self._grid.addWidget(first, number, 0)
        for place, words in enumerate(cells, start=1):
            cell = label(words, look)
            set_look(cell, look)
            cell.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(cell, number, place)


def _percent(name: str, value: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, 90)
    field.setSuffix(" %")
    field.setValue(value)
    field.setAccessibleName(name)
    return field


def _share(count: int, total: int) -> str:
    return f"{count:,}  ({count / total:.0%})"


def _labels(parts: Sequence[Part]) -> list[tuple[str, list[int]]]:
    """The most frequent labels with their counts in each part; the rest added up."""
    counts = [dict(part.labels) for part in parts]
    totals: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            totals[name] = totals.get(name, 0) + count
    names = sorted(totals, key=lambda name: (-totals[name], name))
    lines = [(name, [each.get(name, 0) for each in counts]) for name in names[:MOST_LABELS]]
    if rest := names[MOST_LABELS:]:
        lines.append(
            (f"{len(rest):,} more labels", [sum(each.get(name, 0) for name in rest) for each in counts])
        )
    return lines
