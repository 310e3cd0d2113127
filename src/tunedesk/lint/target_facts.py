"""What each target takes and refuses, as far as rules ask; the sources stand beside the facts."""

from tunedesk.dataset.example import RowFormat
from tunedesk.lint.targets import TARGET_NAMES, Target

F = RowFormat
_CHAT = frozenset({F.CHAT, F.REINFORCEMENT})  # a row for a grader is a chat whose answer is missing
_LEGACY_MODELS = ("babbage-002", "davinci-002")  # completion models, FineTuneCompletionRequestInput
ACCEPTED: dict[str, frozenset[RowFormat]] = {
    "local": _CHAT | {F.PROMPT_COMPLETION, F.ALPACA, F.SHAREGPT, F.MAPPED, F.TEXT},
    "openai": _CHAT,  # FineTuneChatRequestInput
    "openai-dpo": frozenset({F.PREFERENCE}),  # FineTunePreferenceRequestInput
    "openai-rft": _CHAT,  # FineTuneReinforcementRequestInput
    "azure": _CHAT,
    "azure-dpo": frozenset({F.PREFERENCE}),
    "azure-rft": _CHAT,
    # JSONL_REQUIRED_COLUMNS_MAP of together-python's check_file
    "together": _CHAT | {F.PROMPT_COMPLETION, F.TEXT, F.PREFERENCE},
    "nebius": _CHAT | {F.PROMPT_COMPLETION, F.TEXT},  # conversational, instruction and text sets
    "mistral": _CHAT,  # mistral-finetune's validate_data
    # trl/data_utils.py: the key sets of apply_chat_template, and what the trainers document
    "trl": _CHAT
    | {F.PROMPT_COMPLETION, F.PROMPT_ONLY, F.TEXT, F.TRL_PREFERENCE, F.UNPAIRED, F.STEPWISE, F.SHAREGPT},
    # data/README.md: alpaca, sharegpt and openai formatting; columns can be named in dataset_info.json
    "llamafactory": _CHAT | {F.ALPACA, F.SHAREGPT, F.PROMPT_COMPLETION, F.TEXT},
    # docs/dataset-formats: conversation, instruction tuning, pre-training, preference
    "axolotl": _CHAT | {F.ALPACA, F.SHAREGPT, F.PROMPT_COMPLETION, F.TEXT, F.TRL_PREFERENCE},
    "generic": frozenset(F) - {F.UNKNOWN},
}
PREFERENCE_FORMATS = (F.PREFERENCE, F.TRL_PREFERENCE, F.UNPAIRED)
_IMITATORS = ("local", "openai", "azure", "nebius", "mistral")  # they train answers, and nothing else

_PLAIN_ROLES = frozenset({"system", "user", "assistant", "tool"})
_OPENAI_ROLES = _PLAIN_ROLES | {"function"}
_CHAT_API_ROLES = _OPENAI_ROLES | {"developer"}
ROLES: dict[str, frozenset[str]] = {
    "local": _CHAT_API_ROLES,  # rendering calls a developer system where the template knows none
    "generic": _CHAT_API_ROLES,
    "openai": _OPENAI_ROLES,
    "openai-dpo": _OPENAI_ROLES,
    "openai-rft": _CHAT_API_ROLES,  # Azure's guide has it in its example
    "azure-rft": _PLAIN_ROLES | {"developer"},
    # The portal refuses `function` (azure-docs issue 120001).
    "azure": _PLAIN_ROLES,
    "azure-dpo": _PLAIN_ROLES,
    "together": _PLAIN_ROLES,
    "nebius": _PLAIN_ROLES,
    "mistral": _PLAIN_ROLES,
}
KNOWN_ROLES = _OPENAI_ROLES

TAKES_ANY_KEY = frozenset({"local", "generic", "trl", "llamafactory", "axolotl"})
"""Targets that leave out keys which they do not know; RFT takes any key of the row, not of a turn."""
TAKES_PARTS = frozenset(TARGET_NAMES) - {"local", "trl", "llamafactory", "together"}
"""Content as a list of parts: OpenAI's API takes it, templates for text do not, Together wants a string."""
ARGUMENTS_AS_TEXT = frozenset({"openai", "openai-dpo", "openai-rft", "azure", "azure-dpo", "azure-rft"})
"""Tool arguments as a string of JSON (ChatCompletionMessageToolCall)."""
ARGUMENTS_AS_OBJECT = frozenset({"trl"})
"""Tool arguments as an object: templates write them with `tojson`, a string would be quoted twice."""
IGNORES_WEIGHT = frozenset({"trl", "llamafactory"})
"""Targets that train every answer, whatever its weight says."""


def accepts(target: Target, format: RowFormat) -> bool:
    """Whether the target can train on rows of a format at all."""
    if format is F.PROMPT_COMPLETION and target.model.startswith(_LEGACY_MODELS):
        return True
    return format in ACCEPTED[target.name]


def only_imitates(target: Target) -> bool:
    """Whether the target can do nothing with pairs that are compared, in whatever format."""
    return target.name in _IMITATORS
