"""What each place that trains accepts in a file; facts with their sources, no rules.

Sources, where a line names one: openapi = openai/openai-openapi:openapi.yaml@498c71dd; files = the same
@f85dbe22 (Files and Uploads); guide = OpenAI's fine-tuning guide; azure = MicrosoftDocs/azure-ai-docs,
fine-tuning-oai-sdk.md and quotas-limits.md; skills = microsoft/azure-skills; together =
together-python:utils/files.py@05b6739d; trl = huggingface/trl@f2cd5771; factory =
hiyouga/LLaMA-Factory:data@ff6d4d12; axolotl = axolotl-ai-cloud/axolotl@067b021c; mistral = mistral-finetune's
validate_data.py and mistral-common 1.13.1.
"""

from dataclasses import dataclass, replace
from typing import Literal

from tunedesk.dataset.example import RowFormat
from tunedesk.errors import UserError

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30
F = RowFormat
_PLAIN = frozenset({"system", "user", "assistant", "tool"})
_ANY_ROLE = _PLAIN | {"developer", "function"}


@dataclass(frozen=True, slots=True)
class TargetProfile:
    """name: as in lint's targets. title: for people. method: how answers are used.

    formats: what it reads, what is best to write first. messages_as_prompt: whether prompt and completion may
    be lists of messages. roles: others are rejected or change their name. row_keys: top-level keys besides
    which it rejects any; None: any. arguments: of tool calls, JSON text, an object, or either. parts: whether
    a content may be a list of pieces. tool_call_id: a pattern; "" for any. text_beside_calls: whether a turn
    that calls tools must have a text too. weight: the key of a turn that says whether it is trained, "" when
    every answer is. system: whether a system turn may stand anywhere or
    only first. alternates: whether user and assistant must take turns. last_role: that a row must end with,
    "" for any.

    bom: whether the file begins with a byte order mark. Sizes in bytes, 0: no limit is known: file_bytes of
    one file sent at once; part_bytes of one piece where bigger files are sent in pieces; total_bytes of all
    pieces; portal_bytes through the web page. Rows: min_rows, max_rows, image_rows (that hold pictures),
    row_images (pictures in one row). contexts: tokens of an example by model, after which it is cut.
    """

    name: str
    title: str
    formats: tuple[RowFormat, ...]
    method: Literal["sft", "dpo", "rft", "any"] = "sft"
    messages_as_prompt: bool = False
    roles: frozenset[str] = _ANY_ROLE
    row_keys: frozenset[str] | None = None
    arguments: Literal["text", "object", "any"] = "any"
    parts: bool = False
    tool_call_id: str = ""
    text_beside_calls: bool = False
    weight: str = "weight"
    system: Literal["anywhere", "first"] = "anywhere"
    alternates: bool = False
    last_role: str = ""
    bom: bool = False
    file_bytes: int = 0
    part_bytes: int = 0
    total_bytes: int = 0
    portal_bytes: int = 0
    min_rows: int = 0
    max_rows: int = 0
    image_rows: int = 0
    row_images: int = 0
    contexts: tuple[tuple[str, int], ...] = ()

    def context_of(self, model: str) -> int | None:
        """Tokens after which an example is cut; None where that is not known."""
        found = [(len(prefix), limit) for prefix, limit in self.contexts if model.startswith(prefix)]
        return max(found)[1] if found else None


_OPENAI_CONTEXTS = (  # azure: fine-tune-models.md@03d03fb7; the same models at OpenAI
    ("gpt-4o", 65_536),
    ("gpt-4.1", 65_536),
    ("gpt-4.1-nano", 32_768),
    ("o4-mini", 65_536),
    ("gpt-35-turbo", 16_385),
    ("gpt-3.5-turbo", 16_385),
)
_OPENAI = TargetProfile(
    name="openai",
    title="OpenAI",
    formats=(
        F.CHAT,
        F.PROMPT_COMPLETION,
    ),  # openapi: FineTuneChatRequestInput, FineTuneCompletionRequestInput
    roles=_PLAIN | {"function"},  # openapi: oneOf System, User, FineTuneAssistant, Tool, Function
    row_keys=frozenset({"messages", "tools", "parallel_tool_calls", "functions", "prompt", "completion"}),
    arguments="text",  # openapi: ChatCompletionMessageToolCall
    parts=True,
    last_role="assistant",  # "fine-tune expects the final message to be from assistant"
    file_bytes=512 * MB,  # files: "Individual files can be up to 512 MB"
    part_bytes=64 * MB,  # files: "Each Part can be at most 64 MB"
    total_bytes=8 * GB,  # files: "at most 8 GB in total"
    min_rows=10,  # service: invalid_n_examples
    image_rows=50_000,  # guide
    row_images=10,  # guide
    contexts=_OPENAI_CONTEXTS,
)
_OPENAI_DPO = replace(
    _OPENAI,
    name="openai-dpo",
    title="OpenAI, preferences",
    formats=(F.PREFERENCE,),  # openapi: FineTunePreferenceRequestInput
    method="dpo",
    row_keys=frozenset({"input", "preferred_output", "non_preferred_output"}),
    parts=False,  # guide: "Text only"
    weight="",
    last_role="",
    image_rows=0,
    row_images=0,
)
_OPENAI_RFT = replace(
    _OPENAI,
    name="openai-rft",
    title="OpenAI, reinforcement",
    formats=(F.REINFORCEMENT,),
    method="rft",
    roles=_ANY_ROLE,  # azure: its example has developer
    row_keys=None,  # openapi 2.3.0: any other key can be used by the grader
    weight="",
    last_role="user",
)
_AZURE_LIMITS = {  # one place for the three methods
    "bom": True,  # azure: "must be encoded in UTF-8 and include a byte-order mark (BOM)"
    "file_bytes": 150 * MB,  # skills: files.create() silently fails above; 512 MB is documented
    "part_bytes": 64 * MB,
    "total_bytes": 1 * GB,  # azure: all files of a resource; quotas-limits.md
    "portal_bytes": 200 * MB,  # azure: via portal
}
_AZURE = replace(
    _OPENAI,
    name="azure",
    title="Azure OpenAI / Foundry",
    formats=(F.CHAT,),
    roles=_PLAIN,  # azure-docs issue 120001: the portal rejects function
    row_keys=frozenset({"messages", "tools", "parallel_tool_calls"}),
    alternates=True,  # microsoft-foundry/fine-tuning issue 23: two assistant turns are an invalid schema
    row_images=64,  # fine-tuning-vision.md@1d193537
    **_AZURE_LIMITS,  # type: ignore[arg-type]
)
_AZURE_DPO = replace(
    _OPENAI_DPO,
    name="azure-dpo",
    title="Azure OpenAI / Foundry, preferences",
    roles=_PLAIN,
    **_AZURE_LIMITS,  # type: ignore[arg-type]
)
_AZURE_RFT = replace(
    _OPENAI_RFT,
    name="azure-rft",
    title="Azure OpenAI / Foundry, reinforcement",
    roles=_PLAIN | {"developer"},
    **_AZURE_LIMITS,  # type: ignore[arg-type]
)
_TOGETHER = TargetProfile(
    name="together",
    title="Together AI",
    formats=(F.CHAT, F.PROMPT_COMPLETION, F.TEXT, F.PREFERENCE),  # together: JSONL_REQUIRED_COLUMNS_MAP
    method="any",
    roles=_PLAIN,
    row_keys=frozenset(  # together: "Found extra column"
        {"messages", "prompt", "completion", "text", "input", "preferred_output", "non_preferred_output"}
    ),
    system="first",
    alternates=True,  # together: roles must alternate
    text_beside_calls=True,  # together: content must be a string
    min_rows=1,
)
_NEBIUS = TargetProfile(
    name="nebius",
    title="Nebius Token Factory",
    formats=(F.CHAT, F.PROMPT_COMPLETION, F.TEXT),  # its documentation: conversational, instruction, text
    roles=_PLAIN,
    arguments="text",  # an OpenAI-compatible API
    file_bytes=5 * GB,  # its documentation: .jsonl, max 5 GB
)
_MISTRAL = TargetProfile(
    name="mistral",
    title="Mistral",
    formats=(F.CHAT,),
    roles=_PLAIN,
    parts=True,
    tool_call_id="[a-zA-Z0-9]{9}",  # mistral: tokenizers v3 to v11
    last_role="assistant",  # mistral: finetuning mode
    file_bytes=10 * GB,  # mistral: 1,000 B to 10 GB
    min_rows=10,
    max_rows=10_000_000,
)
_TRL = TargetProfile(
    name="trl",
    title="TRL",
    formats=(  # trl: dataset_formats.md
        *(F.CHAT, F.PROMPT_COMPLETION, F.PROMPT_ONLY, F.TEXT),
        *(F.TRL_PREFERENCE, F.UNPAIRED, F.STEPWISE),
    ),
    method="any",
    messages_as_prompt=True,
    arguments="object",  # trl: templates write arguments with tojson
    parts=True,
    weight="",  # trl knows nothing about weight
)
_LLAMAFACTORY = TargetProfile(
    name="llamafactory",
    title="LLaMA-Factory",
    formats=(F.SHAREGPT, F.ALPACA, F.CHAT, F.TEXT),  # factory: README.md
    method="any",
    roles=_PLAIN,
    arguments="object",  # factory: a function_call's value is one JSON text
    weight="",  # factory: every answer is trained
    system="first",
    alternates=True,  # factory: converter.py skips other rows
)
_AXOLOTL = TargetProfile(
    name="axolotl",
    title="Axolotl",
    formats=(F.CHAT, F.SHAREGPT, F.ALPACA, F.PROMPT_COMPLETION, F.TEXT, F.TRL_PREFERENCE),
    method="any",
    messages_as_prompt=False,
    arguments="object",
    weight="train",  # axolotl: conversation.qmd, message_field_training
)
_LOCAL = TargetProfile(
    name="local",
    title="this computer",
    formats=(
        *(F.CHAT, F.PROMPT_COMPLETION, F.ALPACA, F.SHAREGPT, F.MAPPED, F.TEXT),
        *(F.PREFERENCE, F.TRL_PREFERENCE),
    ),
    method="any",  # the wizard asks whether answers are imitated or compared
    messages_as_prompt=True,
)
_GENERIC = TargetProfile(
    name="generic",
    title="plain rows",
    formats=tuple(kind for kind in RowFormat if kind is not F.UNKNOWN),
    method="any",
    messages_as_prompt=True,
    parts=True,
)
PROFILES: tuple[TargetProfile, ...] = (
    *(_LOCAL, _OPENAI, _OPENAI_DPO, _OPENAI_RFT, _AZURE, _AZURE_DPO, _AZURE_RFT),
    *(_TOGETHER, _NEBIUS, _MISTRAL, _TRL, _LLAMAFACTORY, _AXOLOTL, _GENERIC),
)
_BY_NAME = {profile.name: profile for profile in PROFILES}


def profile_named(name: str) -> TargetProfile:
    """UserError for a name that is no target."""
    if name not in _BY_NAME:
        raise UserError(f"There is no target {name}.", hint=f"Choose one of: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]
