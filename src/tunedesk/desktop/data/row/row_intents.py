"""What is done in the row editor, as edits of the row: each intent becomes one undo step. Knows no widget."""

import json
from collections.abc import Callable
from typing import Any

from tunedesk.dataset import row_edits
from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.desktop.data.row.turn_view import label_key

Row = dict[str, Any]
Apply = Callable[[Callable[[Row], Row], str, str], None]
"""Takes a change of the row, the label of the undo step, and the place of typing, which is one step for keys
that follow each other there; "" is always a step of its own.
"""


class RowIntents:
    def __init__(self, apply: Apply, mapping: Callable[[], ColumnMapping | None]) -> None:
        self._apply = apply
        self._mapping = mapping

    def set_text(self, place: str, text: str) -> None:
        self._apply(
            lambda row: row_edits.set_content(row, place, text, self._mapping()), "Edit text", f"text:{place}"
        )

    def set_role(self, pointer: str, role: str) -> None:
        self._do(lambda row: row_edits.set_role(row, pointer, role, self._mapping()), "Change role")

    def set_trained(self, turn: int, trained: bool) -> None:
        weight = None if trained else 0
        label = "Train on turn" if trained else "Do not train on turn"
        self._do(lambda row: row_edits.set_weight(row, turn, weight, self._mapping()), label)

    def add_turn(self, turn: int, role: str) -> None:
        self._do(lambda row: row_edits.insert_turn(row, turn, role, "", self._mapping()), "Add turn")

    def duplicate_turn(self, turn: int) -> None:
        self._do(lambda row: _with_copy(row, turn, self._mapping()), "Duplicate turn")

    def delete_turn(self, turn: int) -> None:
        self._do(lambda row: row_edits.delete_turn(row, turn, self._mapping()), "Delete turn")

    def move_turn(self, turn: int, to: int) -> None:
        self._do(lambda row: row_edits.move_turn(row, turn, to, self._mapping()), "Move turn")

    def add_call(self, pointer: str) -> None:
        """Of the row's first tool, with what its schema requires still to be written."""

        def change(row: Row) -> Row:
            tools = example_of(row, self._mapping()).tools
            name = tools[0].name if tools else ""
            return row_edits.add_tool_call(row, pointer, name, "{}", self._mapping())

        self._do(change, "Add tool call")

    def rename_call(self, pointer: str, name: str) -> None:
        def change(row: Row) -> Row:
            arguments = _call(row, pointer, self._mapping()).arguments
            return row_edits.set_tool_call(row, pointer, name, arguments, self._mapping())

        self._do(change, "Change function")

    def set_arguments(self, pointer: str, arguments: str, which: str) -> None:
        def change(row: Row) -> Row:
            name = _call(row, pointer, self._mapping()).name
            return row_edits.set_tool_call(row, pointer, name, arguments, self._mapping())

        self._apply(change, "Edit arguments", f"call:{pointer}:{which}")

    def delete_call(self, pointer: str) -> None:
        self._do(lambda row: row_edits.delete_tool_call(row, pointer, self._mapping()), "Delete tool call")

    def set_tool(self, pointer: str, value: object) -> None:
        self._apply(lambda row: row_edits.set_at(row, pointer, value), "Edit tool", f"tool:{pointer}")

    def swap_answers(self) -> None:
        self._do(lambda row: row_edits.swap_preference(row, self._mapping()), "Swap chosen and rejected")

    def judge(self, good: bool) -> None:
        self._do(
            lambda row: {**row, label_key(row, self._mapping()): good},
            "Judge answer good" if good else "Judge answer bad",
        )

    def _do(self, change: Callable[[Row], Row], label: str) -> None:
        self._apply(change, label, "")


def _call(row: Row, pointer: str, mapping: ColumnMapping | None) -> Any:
    example = example_of(row, mapping)
    turns = (*example.messages, *example.chosen, *example.rejected)
    found = (call for turn in turns for call in turn.tool_calls if call.pointer == pointer)
    call = next(found, None)
    if call is None:
        raise LookupError(pointer)
    return call


def _with_copy(row: Row, turn: int, mapping: ColumnMapping | None) -> Row:
    """A copy behind the turn, with all of its keys."""
    message = example_of(row, mapping).messages[turn]
    whole = row_edits.value_at(row, message.pointer)
    made = row_edits.insert_turn(row, turn + 1, message.role, message.content or "", mapping)
    copy = example_of(made, mapping).messages[turn + 1]
    if json.dumps(row_edits.value_at(made, copy.pointer)) == json.dumps(whole):
        return made
    with_keys = row_edits.set_at(made, copy.pointer, whole)
    assert isinstance(with_keys, dict)
    return with_keys
