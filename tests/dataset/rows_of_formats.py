"""One full row of each format, with keys that nobody knows, for tests that hold for all of them."""

from typing import Any

from tunedesk.dataset.mapping import ColumnMapping

USER = {"role": "user", "content": "What is 2+2?"}
ASSISTANT = {"role": "assistant", "content": "4"}
WORSE = {"role": "assistant", "content": "5"}
CALL = {"id": "call00001", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 2}'}}
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds",
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}}},
    },
}
EXTRA = {"x-note": {"kept": [1.5, None, "é"]}}
MAPPING = ColumnMapping(system="rules", user="question", assistant="reply", system_text="Be kind.")

ROWS: dict[str, dict[str, Any]] = {
    "chat": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {**USER, "name": "Ann", "x": 1},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call00001", "content": "4"},
            {**ASSISTANT, "weight": 0},
            {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "3+3?"}]},
            {"role": "assistant", "content": "6"},
        ],
        "tools": [TOOL],
        **EXTRA,
    },
    "reinforcement": {"messages": [USER], "reference_answer": "4", **EXTRA},
    "preference": {
        "input": {"messages": [USER], "tools": [TOOL], "parallel_tool_calls": False},
        "preferred_output": [ASSISTANT],
        "non_preferred_output": [WORSE],
        **EXTRA,
    },
    "trl-preference": {"prompt": "What is 2+2?", "chosen": "4", "rejected": "5", **EXTRA},
    "trl-preference of messages": {"prompt": [USER], "chosen": [ASSISTANT], "rejected": [WORSE], **EXTRA},
    "trl-preference without prompt": {"chosen": [USER, ASSISTANT], "rejected": [USER, WORSE], **EXTRA},
    "unpaired-preference": {"prompt": "What is 2+2?", "completion": "4", "label": True, **EXTRA},
    "stepwise": {"prompt": "What is 2+2?", "completions": ["Count.", "4"], "labels": [True, False], **EXTRA},
    "prompt-completion": {"prompt": "What is 2+2?", "completion": "4", **EXTRA},
    "prompt-completion of messages": {"prompt": [USER], "completion": [ASSISTANT], **EXTRA},
    "prompt-only": {"prompt": "What is 2+2?", **EXTRA},
    "text": {"text": "Once upon a time", **EXTRA},
    "alpaca": {
        "instruction": "Add",
        "input": "2, 2",
        "output": "4",
        "system": "Be brief.",
        "history": [["Hi", "Hello"]],
        **EXTRA,
    },
    "alpaca preference": {"instruction": "Add", "input": "", "chosen": "4", "rejected": "5", **EXTRA},
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "What is 2+2?", "x": 1},
            {"from": "function_call", "value": '{"name": "add", "arguments": {"a": 2, "b": 2}}'},
            {"from": "observation", "value": "4"},
            {"from": "gpt", "value": "4"},
        ],
        "system": "Be brief.",
        "tools": '[{"name": "add", "description": "Adds", "parameters": {}}]',
        **EXTRA,
    },
    "mapped": {"rules": "Be brief.", "question": "What is 2+2?", "reply": "4", **EXTRA},
}


def mapping_of(name: str) -> ColumnMapping | None:
    return MAPPING if name == "mapped" else None


def leaves(value: Any, pointer: str = "") -> dict[str, Any]:
    """Each scalar and each empty container of a value, by its pointer."""
    if isinstance(value, dict) and value:
        items = value.items()
    elif isinstance(value, list) and value:
        items = enumerate(value)
    else:
        return {pointer: value}
    found = {}
    for key, item in items:
        name = str(key).replace("~", "~0").replace("/", "~1")
        found.update(leaves(item, f"{pointer}/{name}"))
    return found
