"""A new example with one question and one answer, in the format that a dataset has."""

from __future__ import annotations

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_edits import dump_row
from tunedesk.dataset.sheet_columns import Row, row_of_turns
from tunedesk.errors import UserError


def make_row(
    system: str, question: str, answer: str, like: bytes = b"", mapping: ColumnMapping | None = None
) -> bytes:
    """like: a row of the dataset; its format and habit are taken over, chat when there is none.

    UserError for a format without a place for a question and an answer, or for a system prompt when there is
    one.
    """
    value = parse_row(like).value if like else {"messages": []}
    kind = detect_format(value, mapping)
    if kind is RowFormat.PROMPT_COMPLETION and value and isinstance(value.get("prompt"), list):
        turns: list[Row] = _chat(system, question, answer)["messages"]
        return dump_row({"prompt": turns[:-1], "completion": turns[-1:]}, like)
    return dump_row(_made(kind, system, question, answer, mapping), like)


def _chat(system: str, question: str, answer: str, kind: RowFormat = RowFormat.CHAT) -> Row:
    first = [("system", system)] if system else []
    return row_of_turns(kind, [*first, ("user", question), ("assistant", answer)])


def _made(kind: RowFormat, system: str, question: str, answer: str, mapping: ColumnMapping | None) -> Row:
    if kind in (RowFormat.CHAT, RowFormat.SHAREGPT):
        return _chat(system, question, answer, kind)
    if kind is RowFormat.ALPACA:
        row = {"instruction": question, "input": "", "output": answer}
        return {**row, "system": system} if system else row
    if kind is RowFormat.MAPPED and mapping is not None and mapping.user and mapping.assistant:
        if system and not mapping.system and system != mapping.system_text:
            raise _no_place_for_system()
        said = {mapping.system: system} if system and mapping.system else {}
        return {**said, mapping.user: question, mapping.assistant: answer}
    if kind is not RowFormat.PROMPT_COMPLETION:
        message = f"Rows of the format {kind.value!r} have no place for a question and its answer."
        raise UserError(message, hint="Convert the dataset to chat first.")
    if system:
        raise _no_place_for_system()
    return {"prompt": question, "completion": answer}


def _no_place_for_system() -> UserError:
    return UserError("The dataset's format has no place for a system prompt.", hint="Leave it empty.")
