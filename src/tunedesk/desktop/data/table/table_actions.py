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

    @property
    def mark_menu(self) -> list[QAction | None]:
        marks = [self.star, self.reviewed, self.edit_tags, self.edit_note]
        return [*marks, self.accept_draft, self.discard_draft]

    @property
    def changing(self) -> list[QAction]:
        """What a read-only document refuses."""
        marks = [self.star, self.reviewed, self.edit_tags, self.edit_note]
        return [*marks, self.accept_draft, self.discard_draft]

    @property
    def all(self) -> list[QAction]:
        return [getattr(self, each.name) for each in fields(self)]


def make_table_actions(owner: QWidget) -> TableActions:
    def new(text: str, icon: str, shortcut: str, tip: str = "") -> QAction:
        return action(owner, text, icon, shortcut, tip=tip)

    return TableActions(
        star=new("&Star rows", "star", "Ctrl+B", "Star the rows, or take their stars away"),
        reviewed=new("Mark as re&viewed", "check", "Ctrl+E", "Mark the rows as reviewed, or take that back"),
        edit_tags=new("Ta&gs…", "tag", "Ctrl+Shift+G", "Tags of the rows"),
        edit_note=new("N&ote…", "note", "Ctrl+Shift+M", "A note on the rows"),
        accept_draft=new("A&ccept drafts", "ok", "Ctrl+Shift+Y", "Keep the rows that a model drafted"),
        discard_draft=new("D&iscard drafts", "trash", "Ctrl+Shift+U", "Delete the rows that a model drafted"),
    )
