"""What the filter menu offers for the open dataset, and the filters that come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import islice

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from tunedesk.dataset.filtering import (
    Above,
    Below,
    Condition,
    Contains,
    Equals,
    HasFinding,
    HasTag,
    IsEmpty,
    Not,
)
from tunedesk.dataset.sort_keys import Column as SortColumn
from tunedesk.dataset.sort_keys import ColumnKind
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.table.ask_bar import AskBar
from tunedesk.desktop.data.table.columns import LOOKS, Column, key_look
from tunedesk.desktop.data.table.filter_bar import FilterBar, FilterMenu
from tunedesk.desktop.data.table.questions import SEVERITIES, SEVERITY_WORDS, Filter

LOOKED_AT = 2000
"""Rows with findings, or with marks, whose codes and tags are offered."""
ROLES = ("system", "developer", "user", "assistant", "tool")
NO_TEXT = (Column.NUMBER, Column.FINDINGS, Column.STAR, Column.REVIEWED, Column.TAGS)


class Filtering(QObject):
    def __init__(
        self,
        menu: FilterMenu,
        bar: FilterBar,
        ask: AskBar,
        dataset: Callable[[], OpenDataset | None],
        keys: Callable[[], tuple[str, ...]],
        refuse: Callable[[str], None],
    ) -> None:
        """keys: top-level keys of the rows. refuse: shows a sentence about what was typed."""
        super().__init__(bar)
        self._menu = menu
        self._bar = bar
        self._ask = ask
        self._dataset = dataset
        self._keys = keys
        self._refuse = refuse
        menu.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        menu, dataset = self._menu, self._dataset()
        menu.empty()
        if dataset is None:
            return
        findings = menu.section("Findings")
        for severity in SEVERITIES:
            words = f"Rows with {SEVERITY_WORDS[severity]}"
            self._offer(findings, words, Filter(words, None, severity))
        findings.addSeparator()
        for code, _ in _codes_in(dataset).most_common(30):
            self._offer(findings, code, Filter(code, HasFinding(code)))
        self._add_marks(menu, dataset)
        roles = menu.section("Role")
        for role in ROLES:
            words = f"Has a {role} turn"
            self._offer(roles, words, Filter(words, Contains(SortColumn(ColumnKind.ROLES), role)))
        tokens = menu.section("Tokens")
        menu.entry(tokens, "More than…", lambda: self._ask_number("more than"))
        menu.entry(tokens, "Fewer than…", lambda: self._ask_number("fewer than"))
        self._add_columns(menu)

    def _add_marks(self, menu: FilterMenu, dataset: OpenDataset) -> None:
        for kind, yes, no in (
            (ColumnKind.STAR, "Starred", "Not starred"),
            (ColumnKind.REVIEWED, "Reviewed", "Not reviewed"),
            (ColumnKind.DRAFT, "Drafts", "No drafts"),
        ):
            marks = menu.section(yes)
            condition = Equals(SortColumn(kind), "1")
            self._offer(marks, yes, Filter(yes, condition))
            self._offer(marks, no, Filter(no, Not(condition)))
        tags = menu.section("Tag")
        for tag in _tags_in(dataset):
            self._offer(tags, tag, Filter(f"Tag {tag}", HasTag(tag)))
        tags.setEnabled(not tags.isEmpty())

    def _add_columns(self, menu: FilterMenu) -> None:
        looks = [LOOKS[column] for column in Column if column not in NO_TEXT]
        looks += [key_look(key) for key in self._keys()]
        kinds: tuple[tuple[str, type[Contains] | type[Equals]], ...] = (
            ("contains", Contains),
            ("is", Equals),
        )
        for title, kind in kinds:
            section = menu.section(f"Column {title}")
            for look in looks:
                ask = partial(self._ask_text, f"{look.said} {title}", partial(kind, look.sort))
                menu.entry(section, f"{look.said} {title}…", ask)
        empty = menu.section("Column is empty")
        for look in looks:
            words = f"{look.said} is empty"
            self._offer(empty, words, Filter(words, IsEmpty(look.sort)))

    def _offer(self, menu: QMenu, words: str, wanted: Filter) -> None:
        FilterMenu.entry(menu, words, lambda: self._bar.add(wanted))

    def _ask_text(self, title: str, make: Callable[[str], Condition]) -> None:
        def then(text: str) -> None:
            if text:
                shown = text if len(text) < 40 else f"{text[:39]}…"
                self._bar.add(Filter(f"{title} \u201c{shown}\u201d", make(text)))

        self._ask.ask(title, then)

    def _ask_number(self, words: str) -> None:
        def then(text: str) -> None:
            try:
                number = float(text.replace(",", "").strip())
            except ValueError:
                self._refuse(f"\u201c{text}\u201d is no number.")
                return
            make = Above if words == "more than" else Below
            self._bar.add(Filter(f"Tokens {words} {number:,g}", make(SortColumn(ColumnKind.TOKENS), number)))

        self._ask.ask(f"Tokens {words}", then, hint="A number")


def _codes_in(dataset: OpenDataset) -> Counter[str]:
    rows = islice(dataset.linter.rows_with_findings(), LOOKED_AT)
    return Counter(finding.code for row in rows for finding in dataset.linter.findings(row))


def _tags_in(dataset: OpenDataset) -> list[str]:
    marks = islice(dataset.session.now.marked_rows().values(), 10 * LOOKED_AT)
    return sorted({tag for each in marks for tag in each.tags}, key=str.casefold)
