"""The wizard's rules: its steps, what each still needs, when the next may be opened. Knows no Qt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from tunedesk.desktop.train import cloud_choices, words
from tunedesk.desktop.train.cloud_choices import CloudChoices, Service
from tunedesk.errors import UserError
from tunedesk.plan.advice import Recommendation
from tunedesk.plan.audit import Audit
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import Change
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.limits import Caution
from tunedesk.plan.memory import MemoryEstimate, MemoryPlan
from tunedesk.plan.price_table import PriceTable
from tunedesk.plan.readiness import Obstacle
from tunedesk.plan.time import TimeEstimate
from tunedesk.runs.adapters import Adapter
from tunedesk.runs.dry_run_report import DryRunReport
from tunedesk.runs.hyperparameters import Hyperparameters, with_settings
from tunedesk.runs.job import Method
from tunedesk.runs.presets import Preset
from tunedesk.template.model_folder import ModelFolder
from tunedesk.template.rendered import Rendered

TRAINED_ON = ("train", "valid")
"""The held-out split is only measured after the run, so its errors do not stop one."""


class Step(StrEnum):
    DATA = "Data"
    MODEL = "Model"
    PLACE = "Place"
    SETTINGS = "Settings"
    CHECK = "Check"
    REVIEW = "Review"
    CONSENT = "Consent"


STEPS = (Step.DATA, Step.MODEL, Step.PLACE, Step.SETTINGS, Step.CHECK, Step.REVIEW)
"""Of a training on this computer."""
CLOUD_STEPS = (Step.DATA, Step.MODEL, Step.PLACE, Step.SETTINGS, Step.CONSENT)
"""Of one at a service, which renders the rows itself: they are only looked at before they are sent."""
MONTHLY_TOKENS = 1_000_000
SHAPE = ("lora_rank", "lora_alpha", "rslora", "dora")
"""Settings that an adapter has once and for all."""
_AUDITING = "The rows are still being rendered as they will be trained."


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """One split of the dataset as it stands on the screen, saved or not."""

    role: str
    path: Path
    rows: int
    error_rows: int = 0
    warning_rows: int = 0
    first_error_row: int = 0
    """Counted from 1; 0 when no row has an error."""
    first_error: str = ""
    trouble: str = ""
    """Why the file cannot be read at all; empty when it can."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the chosen model reads of the rows. Refused: rows that its template does not accept."""

    facts: DataFacts
    answer_starts: Sequence[int] = ()
    """For each usable training row the number of its first trained token, from 0."""
    refused_rows: int = 0
    first_refusal: str = ""
    """A sentence that names the row, counted from 1."""
    example: Rendered | None = None
    """The first usable training row, not cut."""

    def rows_cut(self, max_length: int) -> int:
        return sum(1 for tokens in self.facts.tokens if tokens > max_length)

    def rows_wholly_cut(self, max_length: int) -> int:
        """Rows of which nothing would be learned, for their whole answer lies behind the cut."""
        return sum(1 for start in self.answer_starts if start >= max_length)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run with the present settings will need, and what stands in its way.

    largest_row: tokens that are computed at once; activations: what will be done with them. changes: the
    smallest ones that make the run fit, none when it does. cautions: settings that are far from the advice.
    """

    steps: int
    memory: MemoryEstimate
    time: TimeEstimate
    obstacles: tuple[Obstacle, ...] = ()
    largest_row: int = 0
    activations: str = "keep"
    changes: tuple[Change, ...] = ()
    cautions: tuple[Caution, ...] = ()
    plan: MemoryPlan = field(default_factory=MemoryPlan)
    counted: DryRunReport | None = None
    """What was counted on a model without weights, once that was asked for."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the wizard knows; a page replaces its part. None: not chosen, or still being found out."""

    splits: tuple[SplitFacts, ...] | None = None
    model: ModelFolder | None = None
    reading: Reading | None = None
    hardware: Hardware | None = None
    advice: Recommendation | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    """What the user typed instead of a recommended value, by the setting's name; it may not fit."""
    forecast: Forecast | None = None
    method: Method = "sft"
    chose_method: bool = False
    """Whether the user chose it; else the one that fits the rows is taken."""
    fitting: Method = "sft"
    """The one that fits most of the rows."""
    audit: Audit | None = None
    """What was found in the rows as they will be cut; of the settings before while `is_auditing`."""
    is_auditing: bool = False
    adapter: Adapter | None = None
    """The one that the training goes on from; None: a new one."""
    adapters: tuple[tuple[str, Adapter], ...] = ()
    """Those that it could go on from, each with the name of its run."""
    services: tuple[Service, ...] | None = None
    """What the user has set up besides this computer."""
    cloud: CloudChoices | None = None
    """The service that shall train; None: this computer."""
    last_models: Mapping[str, str] = field(default_factory=dict)
    """The model that was last chosen for an account, by its name."""
    prices: PriceTable | None = None
    monthly_tokens: int = MONTHLY_TOKENS
    """How much the tuned model will be used, for what a month costs."""

    def split(self, role: str) -> SplitFacts | None:
        return next((split for split in self.splits or () if split.role == role), None)


def missing(choices: Choices, step: Step) -> list[str]:
    """Sentences that say what the step still needs; empty when the next one may be opened."""
    match step:
        case Step.DATA:
            return _missing_data(choices)
        case Step.MODEL:
            return _missing_model(choices)
        case Step.PLACE:
            return _missing_place(choices)
        case Step.SETTINGS:
            return _missing_settings(choices)
        case Step.CHECK:
            return _missing_check(choices)
        case Step.REVIEW:
            return _missing_review(choices)
        case Step.CONSENT:
            return cloud_choices.missing_at_consent(choices.cloud) if choices.cloud else []


def steps_of(choices: Choices) -> tuple[Step, ...]:
    """The steps that lead to a start at the chosen place."""
    return CLOUD_STEPS if choices.cloud else STEPS


def next_step(choices: Choices, step: Step) -> Step | None:
    """The step that Next opens; None while something is missing, and after the last."""
    steps = steps_of(choices)
    after = steps.index(step) + 1
    return None if missing(choices, step) or after == len(steps) else steps[after]


def previous_step(choices: Choices, step: Step) -> Step | None:
    steps = steps_of(choices)
    before = steps.index(step) - 1
    return steps[before] if before >= 0 else None


def open_steps(choices: Choices) -> tuple[Step, ...]:
    """The steps that may be visited: all that are complete, and the first that is not."""
    reached = [Step.DATA]
    while (following := next_step(choices, reached[-1])) is not None:
        reached.append(following)
    return tuple(reached)


def may_start(choices: Choices) -> bool:
    return not any(missing(choices, step) for step in steps_of(choices))


def with_model(choices: Choices, model: ModelFolder) -> Choices:
    """Another model reads the rows with other tokens and wants other settings; the user's own values stay."""
    return replace(
        choices, model=model, reading=None, advice=None, forecast=None, audit=None, adapter=None, adapters=()
    )


def with_adapter(choices: Choices, adapter: Adapter | None) -> Choices:
    """Its shape cannot be chosen any more."""
    own = {name: text for name, text in choices.own.items() if adapter is None or name not in SHAPE}
    return replace(choices, adapter=adapter, own=own, forecast=None)


def with_place(choices: Choices, service: Service | None) -> Choices:
    """Another place; None: this computer. What was typed for a service is not for another one."""
    if service is None:
        return replace(choices, cloud=None)
    if choices.cloud is not None and choices.cloud.service == service:
        return choices
    return replace(choices, cloud=CloudChoices(service))


def with_cloud(choices: Choices, **changes: Any) -> Choices:
    """Something else of the chosen service. What was agreed to is only ever what was shown then."""
    if choices.cloud is None:
        return choices
    return replace(choices, cloud=replace(choices.cloud, **changes))


def with_preset(choices: Choices, preset: Preset) -> Choices:
    """All that was changed before is forgotten; what equals the recommendation counts as not changed."""
    made = replace(choices, own={}, forecast=None)
    for name, text in preset.settings.items():
        if choices.adapter is None or name not in SHAPE:
            made = with_setting(made, name, text)
    return made


def with_method(choices: Choices, method: Method) -> Choices:
    """Another way of learning reads other parts of the rows and wants other settings."""
    changed = replace(
        choices,
        method=method,
        chose_method=True,
        splits=None,
        reading=None,
        advice=None,
        forecast=None,
        audit=None,
        own={},
    )
    return with_cloud(changed, look=None, consent=None, agreed=False)


def with_advice(choices: Choices, advice: Recommendation) -> Choices:
    """A new recommendation moves every setting that the user has not changed."""
    return replace(choices, advice=advice, forecast=None)


def with_setting(choices: Choices, name: str, text: str) -> Choices:
    """Take what the user typed. A value equal to the recommended one counts as not changed."""
    own = {**choices.own, name: text}
    if choices.advice is not None and _fits(choices.advice, name, text):
        del own[name]
    return replace(choices, own=own, forecast=None)


def without_setting(choices: Choices, name: str) -> Choices:
    """Back to the recommended value."""
    own = {other: text for other, text in choices.own.items() if other != name}
    return replace(choices, own=own, forecast=None)


def recommended(choices: Choices) -> Hyperparameters | None:
    return _of(choices.advice) if choices.advice else None


def settings(choices: Choices) -> Hyperparameters | None:
    """Recommended settings with the user's own values; None without advice or when a value does not fit."""
    base = recommended(choices)
    if base is None or setting_problems(choices):
        return None
    chosen = with_settings(base, [f"{name}={text}" for name, text in choices.own.items()])
    return choices.adapter.settings(chosen) if choices.adapter else chosen


def setting_problems(choices: Choices) -> dict[str, str]:
    """What is wrong with a setting, under its name, so that it can be said at its field."""
    found: dict[str, str] = {}
    for name, text in choices.own.items():
        try:
            value = with_settings(Hyperparameters(), [f"{name}={text}"])
        except UserError as error:
            found[name] = _plain(error)
        else:
            if name == "max_length" and choices.model and value.max_length > choices.model.context:
                found[name] = f"{choices.model.name} reads at most {choices.model.context:,} tokens"
    if "max_length" not in found and (lost := _wholly_cut(choices)):
        counted = "1 row" if lost == 1 else f"{lost:,} rows"
        found["max_length"] = f"the whole answer of {counted} lies behind the cut"
    return found


def _wholly_cut(choices: Choices) -> int:
    """Rows that a run would refuse, for nothing in them would be learned."""
    if choices.reading is None or choices.advice is None:
        return 0
    fitting = [
        f"{name}={choices.own[name]}" for name in ("max_length", "wholly_cut_rows") if name in choices.own
    ]
    try:
        chosen = with_settings(_of(choices.advice), fitting)
    except UserError:
        return 0  # the value that does not fit is told at its own field
    return 0 if chosen.wholly_cut_rows == "skip" else choices.reading.rows_wholly_cut(chosen.max_length)


def _of(advice: Recommendation) -> Hyperparameters:
    return with_settings(Hyperparameters(), advice.assignments())


def _fits(advice: Recommendation, name: str, text: str) -> bool:
    base = _of(advice)
    try:
        return with_settings(base, [f"{name}={text}"]) == base
    except UserError:
        return False


def _plain(error: UserError) -> str:
    """The part of the sentence that says what is expected; the field says the rest."""
    return error.message.partition("does not fit: ")[2].removesuffix(".") or error.message


def _missing_data(choices: Choices) -> list[str]:
    if choices.splits is None:
        return ["The examples are still being checked."]
    train = choices.split("train")
    if train is None:
        return ["This project has no training examples yet. Open a dataset in Data first."]
    if troubles := [split.trouble for split in choices.splits if split.role in TRAINED_ON and split.trouble]:
        return troubles
    if train.rows == 0:
        return [f"{train.path.name} has no rows yet. Write at least one example in Data."]
    if errors := [_error_sentence(split) for split in splits_with_errors(choices)]:
        return errors
    return _nothing_to_learn(choices, train)


def _nothing_to_learn(choices: Choices, train: SplitFacts) -> list[str]:
    """Rows that can all be read, and none of which teaches anything in the chosen way."""
    reading, name = choices.reading, train.path.name
    if reading is None or reading.facts.rows:
        return []
    if choices.method == "sft" and choices.fitting != "sft":
        return [f"Nothing in {name} would be learned by imitation: its rows are pairs. Choose Prefer above."]
    return [] if reading.refused_rows else [f"Nothing in {name} would be learned: no answer is trained."]


def splits_with_errors(choices: Choices) -> list[SplitFacts]:
    """The splits whose errors hold a run back."""
    return [split for split in choices.splits or () if split.role in TRAINED_ON and split.error_rows]


def _error_sentence(split: SplitFacts) -> str:
    counted = "1 row has an error" if split.error_rows == 1 else f"{split.error_rows} rows have errors"
    return f"{counted} in {split.path.name}. Row {split.first_error_row}: {split.first_error}"


def _missing_model(choices: Choices) -> list[str]:
    """A model of this computer is needed only where no service could do it."""
    if choices.services:
        return []
    return _missing_here(choices)


def _missing_here(choices: Choices) -> list[str]:
    if choices.model is None:
        return ["Choose the model to start from."]
    if choices.reading is not None and choices.reading.refused_rows:
        return [_refusal_sentence(choices.model, choices.reading)]
    return []


def _missing_place(choices: Choices) -> list[str]:
    if choices.cloud is not None:
        return cloud_choices.missing_at_place(choices.cloud, choices.method, date.today())
    if not choices.hardware:
        return ["TuneDesk is still looking at what this computer has."]
    return _missing_here(choices)


def _refusal_sentence(model: ModelFolder, reading: Reading) -> str:
    rows = reading.refused_rows
    counted = "1 row cannot" if rows == 1 else f"{rows:,} rows cannot"
    return f"{counted} be written for {model.name}. {reading.first_refusal}"


def _missing_settings(choices: Choices) -> list[str]:
    if choices.cloud is not None:
        problems = cloud_choices.setting_problems(choices.cloud, choices.method)
        return [f"{words.name_of(name)}: {problem}." for name, problem in problems.items()]
    if choices.reading is None:
        return ["The examples' tokens are still being counted."]
    if choices.advice is None:
        return ["The recommended settings are still being worked out."]
    return [f"{words.name_of(name)}: {problem}." for name, problem in setting_problems(choices).items()]


def _missing_check(choices: Choices) -> list[str]:
    if choices.audit is None:
        return [_AUDITING]
    return [finding.sentence for finding in choices.audit.blocking]


def _missing_review(choices: Choices) -> list[str]:
    if choices.forecast is None:
        return ["The run's time and memory are still being worked out."]
    if choices.is_auditing:
        return [_AUDITING]
    return [f"{one.message} {one.hint}".strip() for one in choices.forecast.obstacles if one.blocks]
