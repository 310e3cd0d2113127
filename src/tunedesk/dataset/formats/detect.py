"""Tells a row's format by its keys; looks at values only where keys are not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tunedesk.dataset.formats.model import RowFormat

if TYPE_CHECKING:  # a mapping shows examples, so it knows this package
    from tunedesk.dataset.mapping import ColumnMapping

PREFERRED = ("preferred_output", "preferred_completion")
REFUSED = ("non_preferred_output", "non_preferred_completion")
"""OpenAI's two spellings, the one of its guide first."""
ANSWER_COLUMNS = frozenset(
    (
        *("answer", "answers", "assistant", "bot", "completion_text", "gold", "output", "reply", "response"),
        *("responses", "summary", "target", "translation"),
        *("category", "class", "intent", "label", "label_text", "labels", "sentiment"),
    )
)
"""Names of columns that hold an answer; beside `text` or `prompt` they make a table, not a TRL row."""
_PREFERENCE_KEYS = frozenset((*PREFERRED, *REFUSED))
_ALPACA_KEYS = frozenset(("input", "output", "chosen", "rejected", "history"))
# Top-level keys of a chat row that say nothing to a grader: the API's own, and what data sets are filed by.
_NOT_FOR_GRADERS = frozenset(
    (
        *("messages", "tools", "parallel_tool_calls", "functions", "function_call", "tool_choice"),
        *("response_format", "chat_template_kwargs", "images", "weight", "prompt", "model"),
        *("id", "idx", "index", "uuid", "conversation_id", "prompt_id", "source", "dataset", "split"),
        *("meta", "metadata", "tags", "note", "notes", "created", "created_at", "date", "lang", "language"),
    )
)
_GRADED_BY = frozenset(
    (
        *("reference_answer", "reference", "ground_truth", "solution", "answer", "correct_answer", "label"),
        *("expected", "expected_answer", "expected_output", "target", "rubric", "test_cases"),
    )
)


def detect_format(value: Any, mapping: ColumnMapping | None = None) -> RowFormat:
    """By the keys that are present; a wrong type under the right key is still that format.

    A mapping was chosen by a person, so it decides for every row that has one of its columns.
    """
    if not isinstance(value, dict):
        return RowFormat.UNKNOWN
    if mapping is not None and mapping.applies_to(value):
        return RowFormat.MAPPED
    if "messages" in value:
        return RowFormat.CHAT if len(value) == 1 else _with_messages(value)
    return _without_messages(value)


def _with_messages(value: dict[str, Any]) -> RowFormat:
    if "chosen" in value and "rejected" in value:
        return RowFormat.TRL_PREFERENCE
    return RowFormat.REINFORCEMENT if _is_graded(value) else RowFormat.CHAT


def _is_graded(value: dict[str, Any]) -> bool:
    """A question without an answer that has something beside it for a grader.

    With an answer further up it may as well be a chat row that is not finished; then only a name that graders
    use decides.
    """
    messages = value["messages"]
    if not isinstance(messages, list) or not messages or _NOT_FOR_GRADERS.issuperset(value):
        return False
    roles = [turn.get("role") if isinstance(turn, dict) else None for turn in messages]
    return roles[-1] == "user" and ("assistant" not in roles or not _GRADED_BY.isdisjoint(value))


def _without_messages(value: dict[str, Any]) -> RowFormat:
    if not _PREFERENCE_KEYS.isdisjoint(value) or _asks_in_input(value):
        return RowFormat.PREFERENCE
    if "conversations" in value:
        return RowFormat.SHAREGPT
    if "instruction" in value and (len(value) == 1 or not _ALPACA_KEYS.isdisjoint(value)):
        return RowFormat.ALPACA
    if "chosen" in value or "rejected" in value:
        return RowFormat.TRL_PREFERENCE
    if "completions" in value:
        return RowFormat.STEPWISE
    if "completion" in value:
        return RowFormat.UNPAIRED if _is_judged(value) else RowFormat.PROMPT_COMPLETION
    if "prompt" in value:
        return _with_prompt(value)
    if "text" in value and ANSWER_COLUMNS.isdisjoint(value):
        return RowFormat.TEXT
    return RowFormat.UNKNOWN


def _with_prompt(value: dict[str, Any]) -> RowFormat:
    """A prompt without `completion` and without `completions`."""
    if isinstance(value.get("label"), bool):
        return RowFormat.UNPAIRED
    return RowFormat.PROMPT_ONLY if ANSWER_COLUMNS.isdisjoint(value) else RowFormat.UNKNOWN


def _asks_in_input(value: dict[str, Any]) -> bool:
    asked = value.get("input")
    return isinstance(asked, dict) and "messages" in asked


def _is_judged(value: dict[str, Any]) -> bool:
    """Whether `label` says good or bad; a text that names a class is a column of its own."""
    if "label" not in value:
        return False
    label = value["label"]
    return not isinstance(label, str) or label.strip().lower() in ("", "true", "false")
