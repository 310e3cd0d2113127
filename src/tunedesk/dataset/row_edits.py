"""Edits of one row's value, each a pure function to a new value; unknown keys survive all of them.

Turns are named by their place in `Example.messages`, from 0, or by their pointer; the answers of a preference
only by their pointer.
"""

from tunedesk.dataset.json_pointer import delete_at, set_at, value_at
from tunedesk.dataset.new_rows import new_row
from tunedesk.dataset.row_writing import dump_row
from tunedesk.dataset.tool_edits import add_tool_call, delete_tool_call, set_tool_call, set_tools
from tunedesk.dataset.turn_edits import (
    delete_turn,
    insert_turn,
    move_turn,
    set_content,
    set_role,
    set_weight,
    swap_preference,
)
from tunedesk.dataset.turn_places import Place, Row

__all__ = [
    "Place",
    "Row",
    "add_tool_call",
    "delete_at",
    "delete_tool_call",
    "delete_turn",
    "dump_row",
    "insert_turn",
    "move_turn",
    "new_row",
    "set_at",
    "set_content",
    "set_role",
    "set_tool_call",
    "set_tools",
    "set_weight",
    "swap_preference",
    "value_at",
]
