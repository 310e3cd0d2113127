"""Where the examples shall be used; what is an error for one place is nothing for another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tunedesk.errors import UserError
from tunedesk.lint.finding import Severity

if TYPE_CHECKING:  # the window lints before it needs a tokenizer
    from tunedesk.dataset.mapping import ColumnMapping
    from tunedesk.template.chat_template import ChatTemplate

TARGET_NAMES = (
    "local",
    "openai",
    "openai-dpo",
    "openai-rft",
    "azure",
    "azure-dpo",
    "azure-rft",
    "together",
    "nebius",
    "mistral",
    "trl",
    "llamafactory",
    "axolotl",
    "generic",
)
OPENAI = ("openai", "openai-dpo", "openai-rft")
AZURE = ("azure", "azure-dpo", "azure-rft")
PREFERENCE_TARGETS = ("openai-dpo", "azure-dpo")
REINFORCEMENT_TARGETS = ("openai-rft", "azure-rft")
RENDERING_TARGETS = ("local", "trl", "llamafactory", "axolotl")
# What these tools cut rows at when nobody says otherwise: SFTConfig.max_length, cutoff_len.
_DEFAULT_LENGTHS = {"trl": 1024, "llamafactory": 2048}
SeverityOverrides = Mapping[str, Severity | None]


@dataclass(frozen=True)
class Target:
    """name: one of TARGET_NAMES; local is trained here, generic is whatever reads examples.

    template: the model's, for rules that render; None leaves those out. max_length: tokens after which a row
    is cut. pedantic: whether the rules of the pedantic group run too. mapping: what the columns of a table
    mean. model: its name at the provider's.
    answers_only: whether the tool is asked to train nothing but answers by the template's own marks (TRL's
    assistant_only_loss). The rest is a project's own choice, a code or the beginning of one: severities of
    single rules (None: off), rules that run although their group is off, rules that do not run.
    """

    name: str
    template: ChatTemplate | None = None
    max_length: int | None = None
    pedantic: bool = False
    mapping: ColumnMapping | None = None
    model: str = ""
    answers_only: bool = False
    severities: SeverityOverrides = field(default_factory=dict, hash=False)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    @cached_property
    def choice(self) -> tuple[object, ...]:
        """What decides which rules run and how severe they are, as something that can be a key."""
        overrides = tuple(sorted((code, severity) for code, severity in self.severities.items()))
        return (self.name, self.pedantic, self.select, self.ignore, overrides)

    @property
    def is_supervised(self) -> bool:
        """Whether answers are what is learned; otherwise pairs are compared, or a grader judges."""
        return self.name not in PREFERENCE_TARGETS and self.name not in REINFORCEMENT_TARGETS


def target_named(
    name: str,
    template: ChatTemplate | None = None,
    max_length: int | None = None,
    *,
    pedantic: bool = False,
    model: str = "",
) -> Target:
    """UserError for a name that is no target. A template is kept for tools that train a local model, and the
    name of a model for providers.
    """
    if name not in TARGET_NAMES:
        raise UserError(f"There is no target {name}.", hint=f"Choose one of: {', '.join(TARGET_NAMES)}.")
    if name not in RENDERING_TARGETS:
        return Target(name, pedantic=pedantic, model=model)
    length = max_length if name == "local" else _DEFAULT_LENGTHS.get(name, max_length)
    return Target(name, template, length if template is not None else None, pedantic)
