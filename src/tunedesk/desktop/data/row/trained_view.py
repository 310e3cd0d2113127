"""What will be trained: the example as the model sees it, the tokens that get a loss, and the cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from tunedesk.desktop.data.row.token_text import Legend, TokenText
from tunedesk.desktop.widgets.badge import Badge
from tunedesk.desktop.widgets.buttons import action
from tunedesk.desktop.widgets.layout import GRID, column, form, label, row
from tunedesk.desktop.widgets.segmented import Segmented
from tunedesk.template.rendered import Rendered, RenderedPair

SHORTEST, LONGEST, USUAL = 16, 1_000_000, 1024


@dataclass(frozen=True, slots=True)
class ModelChoice:
    name: str
    path: Path
    is_practice: bool
    context: int


class TrainedView(QWidget):
    model_chosen = Signal(Path)
    max_length_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._models: tuple[ModelChoice, ...] = ()
        self._model = QComboBox()
        self._model.setAccessibleName("Model")
        self._model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._model.activated.connect(lambda number: self.model_chosen.emit(self._models[number].path))
        self._length = QSpinBox()
        self._length.setRange(SHORTEST, LONGEST)
        self._length.setValue(USUAL)
        self._length.setSingleStep(64)
        self._length.setGroupSeparatorShown(True)
        self._length.setKeyboardTracking(False)
        self._length.setToolTip("Tokens behind this length are dropped in training")
        self._length.valueChanged.connect(self.max_length_changed)
        self._pair: RenderedPair | None = None
        self._answers = Segmented("Answer that is shown")
        self._answers.add(action(self, "Chosen", "ok", tip="The answer that is preferred"))
        self._answers.add(action(self, "Rejected", "close", tip="The answer that is not"))
        self._answers.chosen.connect(self._show_answer)
        self._facts = label("", "heading")
        self._cut = Badge("", "scissors", "error")
        self._trouble = label("", "error", wrap=True, selectable=True)
        self._text = TokenText()
        self._lay_out()
        self.show_nothing("Choose an example to see what the model will be trained on.")

    @property
    def editor(self) -> TokenText:
        return self._text

    @property
    def max_length(self) -> int:
        return self._length.value()

    def show_models(self, models: Sequence[ModelChoice], chosen: Path | None) -> None:
        self._models = tuple(models)
        self._model.clear()
        for model in models:
            self._model.addItem(f"{model.name} (practice model)" if model.is_practice else model.name)
        paths = [model.path for model in models]
        self._model.setCurrentIndex(paths.index(chosen) if chosen in paths else -1)

    def show_rendered(self, rendered: Rendered) -> None:
        self._pair = None
        self._answers.hide()
        self._show(rendered)

    def show_pair(self, pair: RenderedPair) -> None:
        """A preference: one answer at a time, as the methods that compare answers train them."""
        self._pair = pair
        self._answers.show()
        self._show_answer(self._answers.current)

    def _show_answer(self, number: int) -> None:
        if self._pair is not None:
            self._show(self._pair[number])

    def _show(self, rendered: Rendered) -> None:
        share = f" ({rendered.trained / rendered.tokens:.0%})" if rendered.tokens else ""
        self._facts.setText(f"{rendered.tokens:,} tokens, {rendered.trained:,} trained{share}")
        self._trouble.hide()
        self._text.show()
        self._text.show_rendered(rendered)
        is_cut = rendered.cut_at is not None
        self._cut.setVisible(is_cut)
        if rendered.cut_at is not None:
            lost = rendered.tokens - rendered.cut_at
            trained = rendered.trained - rendered.trained_before_cut
            self._cut.show_state(
                f"Cut: {lost:,} tokens are dropped, {trained:,} of them trained", "scissors", "error"
            )

    def show_trouble(self, sentence: str) -> None:
        """The template refuses the example; its own words."""
        self._facts.setText("Cannot be trained on as it is")
        self._pair = None
        self._answers.hide()
        self._cut.hide()
        self._text.hide()
        self._trouble.setText(sentence)
        self._trouble.show()

    def show_nothing(self, sentence: str) -> None:
        self._facts.setText(sentence)
        self._pair = None
        self._answers.hide()
        self._cut.hide()
        self._trouble.hide()
        self._text.show_rendered(Rendered("", (), (), ()))

    def _lay_out(self) -> None:
        left, right = form(), form()
        left.addRow("&Model", self._model)
        right.addRow("Ma&ximum length", self._length)
        chooser = row(left, right, None, spacing=2 * GRID)
        facts = row(self._answers, self._facts, self._cut, None, spacing=2 * GRID)
        whole = column(chooser, facts, self._trouble, self._text, Legend(), margin=GRID)
        whole.setStretch(3, 1)
        self.setLayout(whole)
