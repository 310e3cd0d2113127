"""An empty example of each format, to write into."""

from typing import Any

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.row_writing import dump_row


def new_row(format: RowFormat, system: str = "", mapping: ColumnMapping | None = None) -> bytes:
    """The row as one line of JSON. ValueError for the unknown format, and for a table without a mapping."""
    return dump_row(_new_value(format, system, mapping))


def _new_value(kind: RowFormat, system: str, mapping: ColumnMapping | None) -> dict[str, Any]:
    start = [_turn("system", system)] if system else []
    ask, answer = _turn("user", ""), _turn("assistant", "")
    match kind:
        case RowFormat.CHAT:
            return {"messages": [*start, ask, answer]}
        case RowFormat.REINFORCEMENT:
            return {"messages": [*start, ask], "reference_answer": ""}
        case RowFormat.PREFERENCE:
            asked = {"messages": [*start, ask]}
            return {"input": asked, "preferred_output": [answer], "non_preferred_output": [answer]}
        case RowFormat.TRL_PREFERENCE:
            return {"prompt": [*start, ask], "chosen": [answer], "rejected": [answer]}
        case RowFormat.UNPAIRED:
            return {"prompt": "", "completion": "", "label": True}
        case RowFormat.STEPWISE:
            return {"prompt": "", "completions": [""], "labels": [True]}
        case RowFormat.PROMPT_COMPLETION:
            return {"prompt": "", "completion": ""}
        case RowFormat.PROMPT_ONLY:
            return {"prompt": ""}
        case RowFormat.TEXT:
            return {"text": ""}
        case RowFormat.ALPACA:
            return {"instruction": "", "input": "", "output": "", **({"system": system} if system else {})}
        case RowFormat.SHAREGPT:
            first = [_said("system", system)] if system else []
            return {"conversations": [*first, _said("human", ""), _said("gpt", "")]}
        case RowFormat.MAPPED if mapping is not None:
            return _new_mapped(system, mapping)
        case _:
            raise ValueError(kind)


def _new_mapped(system: str, mapping: ColumnMapping) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(mapping.columns, "")
    if mapping.system:
        row[mapping.system] = system
    if mapping.messages:
        roles = ("user", "assistant")
        row[mapping.messages] = [{mapping.role_key: role, mapping.text_key: ""} for role in roles]
    return row


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def _said(speaker: str, text: str) -> dict[str, Any]:
    return {"from": speaker, "value": text}
