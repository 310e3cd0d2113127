"""For Mistral the linter refuses what mistral-common refuses in fine-tuning mode, and only that."""

from typing import Any

import pytest

from tests.lint.differential.rows import CALLS, CHATS, Row, codes

validator = pytest.importorskip(
    "mistral_common.protocol.instruct.validator", reason="mistral-common is not installed (extra: oracle)"
)

# mistral-finetune hands on roles, texts, weights and calls, and leaves other keys behind. An answer of weight
# 0 is valid to the validator; a row of nothing else is not worth training. pydantic reads "1" as 1.
UNSEEN = {"nothing trained", "weight as text"}


def mistral_takes(row: Row) -> bool:
    """As mistral-finetune's validate_data does: messages are made one by one, then validated together."""
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.protocol.instruct.tool_calls import Tool
    from pydantic import ValidationError

    judge = validator.MistralRequestValidatorV3(validator.ValidationMode.finetuning)
    try:
        messages = [_message(turn) for turn in row["messages"]]
        tools = [Tool(**tool) for tool in row.get("tools", [])]
        judge.validate_request(ChatCompletionRequest(messages=messages, tools=tools or None))
    except (MistralCommonException, ValidationError, KeyError, TypeError, AttributeError, ValueError):
        return False
    return True


def _message(turn: Any) -> Any:
    from mistral_common.protocol.instruct import messages

    kinds = {
        "system": messages.SystemMessage,
        "user": messages.UserMessage,
        "assistant": messages.FinetuningAssistantMessage,
        "tool": messages.ToolMessage,
    }
    keys = {"content", "tool_calls", "tool_call_id"} & set(turn)
    keys |= {"weight"} & set(turn) if turn["role"] == "assistant" else set()
    return kinds[turn["role"]](**{key: turn[key] for key in keys})


@pytest.mark.parametrize("name", [name for name in (*CHATS, *CALLS) if name not in UNSEEN])
def test_mistral(name: str) -> None:
    row = {**CHATS, **CALLS}[name]
    assert mistral_takes(row) != bool(codes(row, "mistral")), codes(row, "mistral")
