"""What a dataset is made of, and what the field's guidance says to it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from tunedesk.desktop.data.tools.clearing import clear
from tunedesk.desktop.data.tools.histogram import Histogram
from tunedesk.desktop.data.tools.tool_page import ToolPage
from tunedesk.desktop.theme.icons import pixmap
from tunedesk.desktop.widgets.buttons import push_button
from tunedesk.desktop.widgets.layout import GRID, card, column, label, row
from tunedesk.plan.data_advice import DataAdvice, Standing
from tunedesk.plan.statistics import DataStatistics, epochs_suggested, spread_of

MOST_SHARES = 8
SIGNS = {Standing.GOOD: ("ok", "ok"), Standing.LOOK: ("info", "muted"), Standing.POOR: ("warning", "warning")}


class StatisticsPage(ToolPage):
    cut_rows_asked = Signal()

    def __init__(self) -> None:
        super().__init__("Statistics and advice", "What the rows are made of. It follows your edits.")
        self._histogram = Histogram()
        self._cut = push_button("Show the rows that would be cut")
        self._cut.clicked.connect(self.cut_rows_asked)
        self._facts = QGridLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(3 * GRID)
        self._facts.setVerticalSpacing(GRID // 2)
        self._advice = column(spacing=GRID)
        self._shares = column(spacing=2 * GRID)
        self._lay_out_body()

    def show_waiting(self) -> None:
        self.say("Counting…", "muted")

    def show_statistics(
        self, data: DataStatistics, advice: Sequence[DataAdvice], limit: int | None, model: str
    ) -> None:
        """limit: tokens after which a row is cut. model: by whose tokenizer was counted; "" for none."""
        for layout in (self._facts, self._advice, self._shares):
            clear(layout)
        for number, (name, words) in enumerate(_facts(data, limit)):
            self._facts.addWidget(label(name, "muted"), number, 0)
            self._facts.addWidget(label(words, wrap=True, selectable=True), number, 1)
        self._facts.setColumnStretch(1, 1)
        self._histogram.show_buckets(data.histogram(limit))
        self._histogram.setVisible(bool(data.tokens))
        cut = len(data.cut_rows(limit)) if limit else 0
        self._cut.setVisible(cut > 0)
        self._cut.setText(
            "Show the row that would be cut" if cut == 1 else f"Show the {cut:,} rows that would be cut"
        )
        for each in advice:
            self._advice.addWidget(_AdviceCard(each))
        for title, counts in _shares(data):
            self._shares.addLayout(_shares_of(title, counts))
        counted = f"Tokens by the template of {model}." if model else "Choose a model to count tokens."
        self.say(
            f"{counted} {data.uncounted:,} rows could not be counted." if data.uncounted else counted, "muted"
        )

    def _lay_out_body(self) -> None:
        facts, advice, shares, body = QWidget(), QWidget(), QWidget(), QWidget()
        facts.setLayout(self._facts)
        advice.setLayout(self._advice)
        shares.setLayout(self._shares)
        body.setLayout(
            column(
                advice,
                facts,
                self._histogram,
                row(self._cut, None),
                shares,
                None,
                spacing=2 * GRID,
                margin=2 * GRID,
            )
        )
        self.set_body(body)


class _AdviceCard(QWidget):
    """One piece of advice: a sign and a figure, a sentence, what to do, and where it comes from."""

    def __init__(self, advice: DataAdvice) -> None:
        super().__init__()
        self._sign, self._tint = SIGNS[advice.standing]
        self._picture = QLabel()
        self._picture.setToolTip(str(advice.standing))
        name = label(advice.name.capitalize(), "heading")
        head = row(self._picture, name, label(advice.figure, "muted"), None)
        parts: list[QWidget] = [label(advice.sentence, wrap=True)]
        if advice.todo:
            parts.append(label(advice.todo, wrap=True))
        parts.append(label(advice.source, "muted", wrap=True))
        whole = card(head, *parts, spacing=4)
        self.setLayout(column(whole, spacing=0))
        self.setAccessibleName(f"{advice.name}, {advice.standing}: {advice.figure}. {advice.sentence}")
        self._redraw()

    def _redraw(self) -> None:
        self._picture.setPixmap(pixmap(self._sign, self, self._tint))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()


def _facts(data: DataStatistics, limit: int | None) -> list[tuple[str, str]]:
    tokens, turns = spread_of(data.tokens), spread_of(data.turns)
    found = [("Rows", f"{len(data):,}")]
    if data.total_tokens:
        share = data.trained_tokens / data.total_tokens
        found += [
            ("Tokens", f"{data.total_tokens:,}, of which {data.trained_tokens:,} ({share:.0%}) are trained"),
            (
                "In a row",
                f"{tokens.median:,} in the middle, {tokens.high:,} in long ones, {tokens.most:,} at most",
            ),
        ]
    if limit:
        found.append(("Cut at", f"{limit:,} tokens"))
    found.append(("Turns in a row", f"{turns.median:,} in the middle, {turns.most:,} at most"))
    found.append(("Suggested epochs", f"{epochs_suggested(len(data))}"))
    return found


def _shares(data: DataStatistics) -> list[tuple[str, Mapping[str, int]]]:
    found: list[tuple[str, Mapping[str, int]]] = [("Roles", data.roles)]
    languages = Counter({name or "not told": count for name, count in data.languages.items()})
    if languages:
        sampled = f", of {data.looked_at_language:,} rows" if data.looked_at_language < len(data) else ""
        found.append((f"Languages{sampled}", languages))
    for key, counts in data.classes().items():
        found.append((f"Answers, by {key}" if key else "Answers", counts))
    if len(data.systems) > 1:
        found.append(("System prompts", data.systems))
    return found


def _shares_of(title: str, counts: Mapping[str, int]) -> QGridLayout:
    """Names with their counts and shares, the most frequent first."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(3 * GRID)
    grid.setVerticalSpacing(2)
    grid.addWidget(label(title, "heading"), 0, 0, 1, 3)
    total = sum(counts.values()) or 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [(name, count) for name, count in ordered[:MOST_SHARES]]
    if rest := ordered[MOST_SHARES:]:
        lines.append((f"{len(rest):,} more", sum(count for _, count in rest)))
    for number, (name, count) in enumerate(lines, start=1):
        grid.addWidget(label(name if len(name) <= 60 else f"{name[:59]}…"), number, 0)
        for place, words in ((1, f"{count:,}"), (2, f"{count / total:.0%}")):
            cell = label(words, "muted")
            cell.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(cell, number, place)
    grid.setColumnStretch(3, 1)
    return grid
