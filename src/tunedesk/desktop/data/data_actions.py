"""All that can be done in the data pane, as actions with text, icon and key; the pane connects them."""

from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.widgets.buttons import action


@dataclass(frozen=True)
class DataActions:
    undo: QAction
    redo: QAction
    find: QAction
    only_findings: QAction
    check_again: QAction
    add_row: QAction
    duplicate_row: QAction
    delete_row: QAction
    move_up: QAction
    move_down: QAction
    next_row: QAction
    previous_row: QAction
    next_finding: QAction
    previous_finding: QAction
    fix: QAction
    add_turn: QAction
    choose_role: QAction
    duplicate_turn: QAction
    delete_turn: QAction
    turn_up: QAction
    turn_down: QAction
    view_turns: QAction
    view_json: QAction
    view_trained: QAction

    @property
    def edit_menu(self) -> list[QAction | None]:
        """None is a separator."""
        return [self.undo, self.redo, None, self.find, self.only_findings, None, self.check_again]

    @property
    def row_menu(self) -> list[QAction | None]:
        rows = [self.add_row, self.duplicate_row, self.delete_row, self.move_up, self.move_down]
        steps = [self.next_row, self.previous_row, self.next_finding, self.previous_finding, self.fix]
        turns = [
            self.add_turn,
            self.choose_role,
            self.duplicate_turn,
            self.delete_turn,
            self.turn_up,
            self.turn_down,
        ]
        return [*rows, None, *steps, None, *turns]

    @property
    def view_menu(self) -> list[QAction | None]:
        return [self.view_turns, self.view_json, self.view_trained]

    @property
    def changing(self) -> list[QAction]:
        """What a read-only document refuses; undo and redo are enabled by what there is to undo."""
        rows = [self.add_row, self.duplicate_row, self.delete_row, self.move_up, self.move_down]
        turns = [self.add_turn, self.duplicate_turn, self.delete_turn, self.turn_up, self.turn_down]
        return [*rows, *turns, self.choose_role, self.fix]

    def enable(self, enabled: bool) -> None:
        """Keys must do nothing while another pane is on the screen."""
        for each in fields(self):
            getattr(self, each.name).setEnabled(enabled)


def make_data_actions(owner: QWidget) -> DataActions:
    """Keys that text fields use themselves (Ctrl+Backspace, Delete) are left to them."""
    key = QKeySequence.StandardKey

    def new(text: str, icon: str, shortcut: str | QKeySequence.StandardKey, tip: str = "") -> QAction:
        return action(owner, text, icon, shortcut, tip=tip)

    actions = DataActions(
        undo=new("&Undo", "undo", key.Undo),
        redo=new("&Redo", "redo", key.Redo),
        find=new("&Find…", "search", key.Find, "Find rows with a text"),
        only_findings=new("Only rows with f&indings", "filter", "Ctrl+Shift+F"),
        check_again=new("&Check all rows again", "refresh", "F7"),
        add_row=new("&Add row", "plus", "Ctrl+Shift+A", "Add a row below"),
        duplicate_row=new("&Duplicate rows", "copy", "Ctrl+D"),
        delete_row=new("De&lete rows", "trash", "Ctrl+Shift+Del"),
        move_up=new("Move rows &up", "arrow-up", "Alt+Up"),
        move_down=new("Move rows do&wn", "arrow-down", "Alt+Down"),
        next_row=new("&Next row", "chevron-down", "Ctrl+Return"),
        previous_row=new("&Previous row", "chevron-up", "Ctrl+Shift+Return"),
        next_finding=new("Next &finding", "chevron-right", "F8"),
        previous_finding=new("Previous findin&g", "chevron-left", "Shift+F8"),
        fix=new("Fi&x this finding", "wrench", "Ctrl+."),
        add_turn=new("Add &turn", "plus", "Ctrl+T"),
        choose_role=new("Choose &role…", "user", "Ctrl+R"),
        duplicate_turn=new("Duplicate turn", "copy", "Ctrl+Shift+D"),
        delete_turn=new("Delete turn", "trash", "Ctrl+Shift+Backspace"),
        turn_up=new("Move turn up", "arrow-up", "Alt+Shift+Up"),
        turn_down=new("Move turn down", "arrow-down", "Alt+Shift+Down"),
        view_turns=new("&Conversation", "list", "Alt+1"),
        view_json=new("&JSON", "braces", "Alt+2"),
        view_trained=new("What will be t&rained", "eye", "Alt+3"),
    )
    actions.undo.setIconText("Undo")  # their texts name what they will take back
    actions.redo.setIconText("Redo")
    return actions
