"""All that can be done in the data pane, as actions with text, icon and key; the pane connects them."""

from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tunedesk.desktop.data.table.table_actions import TableActions, make_table_actions
from tunedesk.desktop.widgets.buttons import action

INVISIBLE_TIP = "Mark no-break spaces, zero-width and direction characters where they surprise"


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
    next_turn: QAction
    previous_turn: QAction
    role_system: QAction
    role_user: QAction
    role_assistant: QAction
    role_tool: QAction
    add_call: QAction
    swap: QAction
    judge_good: QAction
    judge_bad: QAction
    view_turns: QAction
    view_json: QAction
    view_trained: QAction
    complete: QAction
    show_invisible: QAction
    show_blanks: QAction
    table: TableActions

    @property
    def edit_menu(self) -> list[QAction | None]:
        """None is a separator."""
        return [
            self.undo,
            self.redo,
            None,
            self.find,
            self.only_findings,
            *self.table.edit_menu,
            None,
            self.complete,
            self.check_again,
        ]

    @property
    def row_menu(self) -> list[QAction | None]:
        rows = [self.add_row, self.duplicate_row, self.delete_row, self.move_up, self.move_down]
        steps = [self.next_row, self.previous_row, self.next_finding, self.previous_finding, self.fix]
        turns = [self.add_turn, self.duplicate_turn, self.delete_turn, self.turn_up, self.turn_down]
        walk = [self.next_turn, self.previous_turn]
        answers = [self.add_call, self.swap, self.judge_good, self.judge_bad]
        marks = self.table.mark_menu
        of_turns = [*turns, *walk, None, self.choose_role, *self.roles]
        return [*rows, None, *marks, None, *steps, None, *of_turns, None, *answers]

    @property
    def roles(self) -> list[QAction]:
        return [self.role_system, self.role_user, self.role_assistant, self.role_tool]

    @property
    def view_menu(self) -> list[QAction | None]:
        views = [self.view_turns, self.view_json, self.view_trained]
        return [*views, None, self.show_invisible, self.show_blanks, None, *self.table.view_menu]

    @property
    def changing(self) -> list[QAction]:
        """What a read-only document refuses; undo and redo are enabled by what there is to undo."""
        rows = [self.add_row, self.duplicate_row, self.delete_row, self.move_up, self.move_down]
        turns = [self.add_turn, self.duplicate_turn, self.delete_turn, self.turn_up, self.turn_down]
        answers = [self.add_call, self.swap, self.judge_good, self.judge_bad]
        return [*rows, *self.table.changing, *turns, self.choose_role, *self.roles, *answers, self.fix]

    def enable(self, enabled: bool) -> None:
        """Keys must do nothing while another pane is on the screen."""
        own = [getattr(self, each.name) for each in fields(self) if each.name != "table"]
        for each in (*own, *self.table.all):
            each.setEnabled(enabled)


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
        next_turn=new("Ne&xt turn", "chevron-down", "Ctrl+PgDown"),
        previous_turn=new("Pre&vious turn", "chevron-up", "Ctrl+PgUp"),
        role_system=new("Role: &system", "user", "Alt+Shift+S", "Make this a system turn"),
        role_user=new("Role: &user", "user", "Alt+Shift+U", "Make this a user turn"),
        role_assistant=new("Role: &assistant", "user", "Alt+Shift+A", "Make this an assistant turn"),
        role_tool=new("Role: &tool", "user", "Alt+Shift+T", "Make this a tool turn"),
        add_call=new("Add tool &call", "wrench", "Ctrl+Shift+T", "Let this answer call a tool"),
        swap=new("S&wap answers", "swap", "Ctrl+Shift+X", "Swap the chosen and the rejected answer"),
        judge_good=new("&Good", "ok", "Alt+Shift+G", "This answer is good"),
        judge_bad=new("&Bad", "close", "Alt+Shift+B", "This answer is bad"),
        view_turns=new("&Conversation", "list", "Alt+1"),
        view_json=new("&JSON", "braces", "Alt+2"),
        view_trained=new("What will be t&rained", "eye", "Alt+3"),
        complete=new("&Offer words", "list", "Ctrl+Space", "Offer the keys and values that fit in the JSON"),
        show_invisible=new("Show &invisible characters", "eye", "Ctrl+Shift+U", INVISIBLE_TIP),
        show_blanks=new("Show &blanks and line ends", "eye", "Ctrl+Shift+W"),
        table=make_table_actions(owner),
    )
    for each in (actions.show_invisible, actions.show_blanks):
        each.setCheckable(True)
    actions.show_invisible.setChecked(True)
    actions.undo.setIconText("Undo")  # their texts name what they will take back
    actions.redo.setIconText("Redo")
    return actions
