"""What other tools check before they train, written anew from descriptions of their code; each says whether
it would take the row.

together: check_file in utils/files.py of together-python at 05b6739d. azure: validate_sft.py, validate_dpo.py
and validate_rft.py of microsoft/azure-skills (errors, not warnings). factory: OpenAIDatasetConverter in
data/converter.py of LLaMA-Factory at 02e2fb34, with OpenAI's tags (a row that it calls abnormal is dropped).
axolotl: utils/trainer.py and prompt_strategies/chat_template.py at 067b021c (rows without trained tokens go).
"""

from collections.abc import Sequence
from typing import Any

_TOGETHER_FORMATS = (
    ("text",),
    ("messages",),
    ("prompt", "completion"),
    _OUTPUTS := (
        "input",
        "preferred_output",
        "non_preferred_output",
    ),
)
_TOGETHER_ROLES = ("system", "user", "assistant", "tool")


def together_takes(row: Any) -> bool:
    formats = [columns for columns in _TOGETHER_FORMATS if all(column in row for column in columns)]
    if len(formats) != 1 or set(row) - set(formats[0]):
        return False
    if formats[0] == ("messages",):
        return _together_messages(row["messages"])
    if formats[0] == _OUTPUTS:
        outputs = (row["preferred_output"], row["non_preferred_output"])
        return (
            isinstance(row["input"], dict)
            and _together_messages(row["input"].get("messages"))
            and all(_together_output(output) for output in outputs)
        )
    return all(isinstance(row[column], str) for column in formats[0])


def _together_output(output: Any) -> bool:
    if not isinstance(output, list) or len(output) != 1:
        return False
    return output[0].get("role") == "assistant" and _together_messages(output)


def _together_messages(messages: Any) -> bool:
    if not isinstance(messages, list) or not messages:
        return False
    before = None
    for message in messages:
        if not isinstance(message, dict):
            return False
        if not all(isinstance(message.get(key), str) for key in ("role", "content")):
            return False
        weight = message.get("weight", 1)
        if not isinstance(weight, int) or weight not in (0, 1):
            return False
        if message["role"] not in _TOGETHER_ROLES or message["role"] == before:
            return False
        before = message["role"]
    return True


def azure_takes(row: Any) -> bool:
    """Of supervised rows."""
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(turn, dict) for turn in messages):
        return False
    roles = [turn.get("role") for turn in messages]
    has_text = all(turn.get("content") is not None or turn.get("tool_calls") for turn in messages)
    known = all(role in ("system", "user", "assistant", "tool") for role in roles)
    return known and has_text and "user" in roles and "assistant" in roles


def azure_takes_preference(row: Any) -> bool:
    if not all(key in row for key in _OUTPUTS):
        return False
    messages = row["input"].get("messages") if isinstance(row["input"], dict) else None
    if not isinstance(messages, list) or "user" not in _roles(messages):
        return False
    outputs = (row["preferred_output"], row["non_preferred_output"])
    return all(isinstance(output, list) and "assistant" in _roles(output) for output in outputs)


def azure_takes_graded(row: Any) -> bool:
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages or _roles(messages)[-1] != "user":
        return False
    return bool(set(row) - {"messages", "tools"})


def _roles(messages: Sequence[Any]) -> list[Any]:
    return [turn.get("role") for turn in messages if isinstance(turn, dict)]


def factory_keeps(row: Any) -> bool:
    """Roles take turns, the user's first, an answer last; results of tools count as one turn of the user."""
    turns = list(row["messages"])
    if turns and turns[0]["role"] == "system":
        turns = turns[1:]
    kinds: list[str] = []
    for turn in turns:
        role = turn["role"]
        if role == "tool" and kinds and kinds[-1] == "tool":
            continue
        kinds.append(role)
    odd, even = ("user", "tool"), ("assistant",)
    fits = all(kind in (odd, even)[place % 2] for place, kind in enumerate(kinds))
    return fits and len(kinds) % 2 == 0 and bool(kinds)


def axolotl_keeps(row: Any) -> bool:
    """Whether a token is trained: an answer that says something and whose turn is not switched off."""
    return any(
        turn.get("role") == "assistant" and turn.get("content") and turn.get("train", True)
        for turn in row["messages"]
    )
