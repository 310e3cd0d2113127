"""What rules ask about a target, answered from its profile; what only concerns rules stands here."""

from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.target_profiles import PROFILES, profile_named
from tunedesk.lint.targets import REINFORCEMENT_TARGETS, Target

PREFERENCE_FORMATS = (RowFormat.PREFERENCE, RowFormat.TRL_PREFERENCE, RowFormat.UNPAIRED)
KNOWN_ROLES = frozenset({"system", "user", "assistant", "tool", "function"})
ALL_ROLES = KNOWN_ROLES | {"developer"}
# TRL's and Axolotl's templates decide on roles; `developer` is refused by most of them.
_OF_TEMPLATES = ("trl", "axolotl")
ROLES = {
    profile.name: KNOWN_ROLES if profile.name in _OF_TEMPLATES else profile.roles for profile in PROFILES
}
TAKES_ANY_KEY = frozenset(
    profile.name
    for profile in PROFILES
    if profile.row_keys is None and profile.name not in REINFORCEMENT_TARGETS
)
"""Targets that leave out keys which they do not know. RFT takes any key of the row, but not of a turn."""
TAKES_PARTS = frozenset(profile.name for profile in PROFILES if profile.parts) - {"trl"}
"""Content as a list of parts. What TRL hands on to the template, templates for text do not take."""
ARGUMENTS_AS_TEXT = frozenset(profile.name for profile in PROFILES if profile.arguments == "text")
ARGUMENTS_AS_OBJECT = frozenset(profile.name for profile in PROFILES if profile.arguments == "object")
TEXT_BESIDE_CALLS = frozenset(profile.name for profile in PROFILES if profile.text_beside_calls)
TAKES_GRADED = frozenset(profile.name for profile in PROFILES if RowFormat.REINFORCEMENT in profile.formats)
ALTERNATING = frozenset(profile.name for profile in PROFILES if profile.alternates)
IGNORES_WEIGHT = frozenset(
    profile.name
    for profile in PROFILES
    if profile.weight != "weight" and profile.name not in ("openai-dpo", "azure-dpo", *REINFORCEMENT_TARGETS)
)
"""Targets that train every answer, whatever its weight says; Axolotl's own key is `train`."""
TOOL_CALL_IDS = {profile.name: profile.tool_call_id for profile in PROFILES if profile.tool_call_id}
_LEGACY_MODELS = ("babbage-002", "davinci-002")  # the models of FineTuneCompletionRequestInput


def accepts(target: Target, format: RowFormat) -> bool:
    """Whether the target can train on rows of a format at all.

    A row for a grader is a chat whose answer is missing, and rules about chats say so better than this; in
    the same way a chat is told to a grader. OpenAI takes prompt and completion for its oldest models only.
    """
    formats = profile_named(target.name).formats
    if format in (RowFormat.CHAT, RowFormat.REINFORCEMENT):
        return RowFormat.CHAT in formats or RowFormat.REINFORCEMENT in formats
    if format is RowFormat.PROMPT_COMPLETION and target.model and target.name == "openai":
        return target.model.startswith(_LEGACY_MODELS)
    return format in formats


def only_imitates(target: Target) -> bool:
    """Whether the target can do nothing with answers that are compared, in whatever format."""
    return profile_named(target.name).method == "sft"


def token_limit(target: Target) -> int | None:
    """Tokens after which the provider cuts a row; None where nobody named a model, or it is not known."""
    return profile_named(target.name).context_of(target.model.removeprefix("ft:")) if target.model else None
