"""What can be done in the table, as actions with text, icon and key."""

from dataclasses import dataclass, fields

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.widgets.buttons import action


@dataclass(frozen=True)
class TableActions:
    star: QAction
    reviewed: QAction
    edit_tags: QAction
    edit_note: QAction
    accept_draft: QAction
    discard_draft: QAction
    review: QAction
    review_next: QAction
    review_skip: QAction
    match_case: QAction
    whole_word: QAction
    regex: QAction
    show_all: QAction
    sort: QAction
    sort_file: QAction
    freeze: QAction
    paste_over: QAction
    select_finding: QAction
    invert_selection: QAction

    @property
    def mark_menu(self) -> list[QAction | None]:
        marks = [self.star, self.reviewed, self.edit_tags, self.edit_note]
        drafts = [self.accept_draft, self.discard_draft]
        return [*marks, *drafts, None, self.review, self.review_next, self.review_skip]

    @property
    def edit_menu(self) -> list[QAction | None]:
        chosen = [self.paste_over, self.select_finding, self.invert_selection]
        return [*chosen, None, self.match_case, self.whole_word, self.regex, self.show_all]

    @property
    def view_menu(self) -> list[QAction | None]:
        return [self.sort, self.sort_file, self.freeze]

    @property
    def changing(self) -> list[QAction]:
        """What a read-only document refuses."""
        marks = [self.star, self.reviewed, self.edit_tags, self.edit_note]
        drafts = [self.accept_draft, self.discard_draft]
        return [*marks, *drafts, self.review_next, self.sort_file, self.paste_over]

    @property
    def all(self) -> list[QAction]:
        return [getattr(self, each.name) for each in fields(self)]


def make_table_actions(owner: QWidget) -> TableActions:
    def new(text: str, icon: str, shortcut: str, tip: str = "") -> QAction:
        return action(owner, text, icon, shortcut, tip=tip)

    made = TableActions(
        star=new("&Star rows", "star", "Ctrl+B", "Star the rows, or take their stars away"),
        reviewed=new("Mark as re&viewed", "check", "Ctrl+E", "Mark the rows as reviewed, or take that back"),
        edit_tags=new("Ta&gs…", "tag", "Ctrl+Shift+G", "Tags of the rows"),
        edit_note=new("N&ote…", "note", "Ctrl+Shift+M", "A note on the rows"),
        accept_draft=new("A&ccept drafts", "ok", "Ctrl+Shift+Y", "Keep the rows that a model drafted"),
        discard_draft=new("D&iscard drafts", "trash", "Ctrl+Alt+U", "Delete the rows that a model drafted"),
        review=new("&Review rows", "list", "F6", "Go through the rows that nobody has reviewed"),
        review_next=new("Reviewed, ne&xt", "check", "Alt+Return", "Mark as reviewed and go to the next row"),
        review_skip=new("S&kip", "chevron-right", "Alt+Shift+Return", "Go to the next row without a mark"),
        match_case=new("Match &case", "letter-case", "Alt+C"),
        whole_word=new("&Whole words", "whole-word", "Alt+W"),
        regex=new("Regular e&xpression", "pattern", "Alt+X"),
        show_all=new("Show &all rows", "close", "Ctrl+Alt+F", "Take the search and all filters away"),
        sort=new(
            "&Sort by the next column", "sort", "Ctrl+Alt+S", "Sort what is shown; a click on a head does"
        ),
        sort_file=new("Sort the &file this way", "sort", "Ctrl+Alt+Shift+S", "Move the rows of the file"),
        freeze=new(
            "Free&ze columns", "columns", "Ctrl+Alt+Z", "Keep the columns up to the questions in sight"
        ),
        paste_over=new("Paste o&ver", "clipboard", "Ctrl+Shift+V", "Paste cells over the rows chosen"),
        select_finding=new("Select rows with this fi&nding", "list", "Ctrl+F8"),
        invert_selection=new("&Invert selection", "swap", "Ctrl+I", "Select the rows that are not selected"),
    )
    for each in (made.review, made.match_case, made.whole_word, made.regex, made.freeze):
        each.setCheckable(True)
    return made
