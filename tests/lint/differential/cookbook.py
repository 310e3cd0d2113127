"""The format checks of OpenAI's cookbook notebook (Chat_finetuning_data_prep.ipynb), written anew from their
description; with the notebook's own defects, because it is the yardstick here.
"""

from typing import Any

_KEYS = {"role", "content", "name", "function_call", "weight"}
_ROLES = {"system", "user", "assistant", "function"}


def format_errors(row: Any) -> set[str]:
    """The notebook's names of what is wrong with a row."""
    if not isinstance(row, dict):
        return {"data_type"}
    messages = row.get("messages")
    if not messages:
        return {"missing_messages_list"}
    errors: set[str] = set()
    for message in messages:
        if "role" not in message or "content" not in message:
            errors.add("message_missing_key")
        if any(key not in _KEYS for key in message):
            errors.add("message_unrecognized_key")
        if message.get("role") not in _ROLES:
            errors.add("unrecognized_role")
        content, called = message.get("content"), message.get("function_call")
        if (not content and not called) or not isinstance(content, str):
            errors.add("missing_content")
    if not any(message.get("role") == "assistant" for message in messages):
        errors.add("example_missing_assistant_message")
    return errors
