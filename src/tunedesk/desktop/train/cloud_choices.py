"""The wizard's rules for a service: what it takes, what its settings still need, when rows may be sent.

Knows no Qt and opens no connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunedesk.plan.billed_tokens import BilledTokens
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import BATCH, EPOCHS
from tunedesk.runs.cloud_rows import CloudRows
from tunedesk.runs.deployment import is_tuned
from tunedesk.runs.job import CloudSettings, Method
from tunedesk.runs.provider import Provider

if TYPE_CHECKING:  # what speaks to services is imported when one is spoken to
    from tunedesk.runs.consent import Consent
    from tunedesk.runs.places.cloud.models import RemoteModel

RANGES = {"n_epochs": EPOCHS, "batch_size": BATCH}
HYPERPARAMETERS = ("n_epochs", "batch_size", "learning_rate_multiplier", "beta")
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Service:
    """An account with its provider's profile."""

    account: Account
    provider: Provider


@dataclass(frozen=True, slots=True)
class RowsLook:
    """The rows as the chosen service would get them, and what its linter says of them.

    file: the one with the first error; first_error_row: counted from 1, 0 when there is none.
    """

    train: CloudRows
    valid: CloudRows | None = None
    error_rows: int = 0
    file: Path = Path()
    first_error_row: int = 0
    first_error: str = ""


@dataclass(frozen=True, slots=True)
class CloudChoices:
    """What was chosen of a service. None: still being found out."""

    service: Service
    model: str = ""
    has_key: bool | None = None
    models: tuple[RemoteModel, ...] | None = None
    """What the service itself lists; None: not asked, or it did not answer."""
    models_trouble: str = ""
    """Why it did not answer."""
    own: Mapping[str, str] = field(default_factory=dict)
    """What the user typed, by the setting's name in CloudSettings; "" or absent: the service decides."""
    delete_files: bool = True
    expires_days: int = 0
    """After which the service deletes the files by itself; 0: it does not."""
    look: RowsLook | None = None
    tokens: BilledTokens | None = None
    """Of the training rows, as the service will count them for this model."""
    consent: Consent | None = None
    consent_trouble: str = ""
    """Why it could not be put together."""
    agreed: bool = False
    accepts_old_price: bool = False

    @property
    def name(self) -> str:
        return self.service.account.name


def method_of(method: Method) -> str:
    """The words of a method, for sentences."""
    return {"sft": "imitating answers", "dpo": "preferences (DPO)", "orpo": "preferences (ORPO)"}[method]


def target_of(provider: Provider, method: Method) -> str | None:
    """The linter's target for which the rows are written; None: it does not learn in this way."""
    if method == "orpo" or method not in provider.methods:
        return None
    return provider.targets.get(method, "generic")


def usual_model(service: Service) -> str:
    """What is offered before the user has chosen; "" where nothing is known."""
    known = (*service.account.models, *service.provider.models)
    return known[0] if known else ""


def candidates(cloud: CloudChoices) -> tuple[str, ...]:
    """Names of models to choose from: the user's own, the profile's, and what the service lists."""
    listed = tuple(one.id for one in cloud.models or ())
    named = (*cloud.service.account.models, *cloud.service.provider.models)
    return tuple(dict.fromkeys((*named, *listed)))


def unlisted(cloud: CloudChoices) -> str:
    """A warning of a model that the service's own list lacks; "" while no list is known.

    Tuned models are left out: many services list only what they offer to everybody.
    """
    model, listed = cloud.model.strip(), {one.id for one in cloud.models or ()}
    if not model or not listed or model in listed or is_tuned(model):
        return ""
    return f"{model} is not among the models that {cloud.name} lists."


def setting_names(provider: Provider, method: Method) -> tuple[str, ...]:
    """The settings that this service takes, in the order of the page."""
    names = [name for name in HYPERPARAMETERS if name in provider.hyperparameters]
    if method == "sft" and "beta" in names:
        names.remove("beta")
    names.append("seed")
    if provider.suffix_length:
        names.append("suffix")
    if provider.training_types:
        names.append("training_type")
    return tuple(names)


def settings_of(cloud: CloudChoices, method: Method) -> CloudSettings | None:
    """The settings as they will be asked for; None when one of them does not fit."""
    if setting_problems(cloud, method):
        return None
    provider = cloud.service.provider
    names = setting_names(provider, method)
    own = {name: text.strip() for name, text in cloud.own.items() if name in names and text.strip()}
    types = provider.training_types
    return CloudSettings(
        n_epochs=_whole(own, "n_epochs"),
        batch_size=_whole(own, "batch_size"),
        learning_rate_multiplier=_number(own, "learning_rate_multiplier"),
        beta=_number(own, "beta"),
        seed=_whole(own, "seed"),
        suffix=own.get("suffix", ""),
        training_type=own.get("training_type", types[0] if types else ""),
    )


def setting_problems(cloud: CloudChoices, method: Method) -> dict[str, str]:
    """What is wrong with a setting, under its name, so that it can be said at its field."""
    provider = cloud.service.provider
    found = {}
    for name in setting_names(provider, method):
        text = cloud.own.get(name, "").strip()
        if text and (problem := _problem(name, text, provider)):
            found[name] = problem
    return found


def missing_at_place(cloud: CloudChoices, method: Method, today: date) -> list[str]:
    """Sentences that say why the service cannot be gone on with yet."""
    provider, name = cloud.service.provider, cloud.name
    if target_of(provider, method) is None:
        can = " and ".join(method_of(one) for one in provider.methods)
        return [f"{name} learns by {can} only. Choose that in the first step, or another place."]
    if provider.ends_on and today > date.fromisoformat(provider.ends_on):
        last = f"{provider.ends_on} was the last day"
        return [f"{provider.title} takes no new trainings any more; {last}. Choose another place."]
    if cloud.service.account.auth == "key" and not cloud.has_key:
        if cloud.has_key is None:
            return [f"The key of {name} is being looked up."]
        return [f"Give the key of {name}, or choose another place."]
    if not cloud.model.strip():
        return [f"Choose the model that {name} shall train."]
    return _missing_of_rows(cloud)


def _missing_of_rows(cloud: CloudChoices) -> list[str]:
    look, name = cloud.look, cloud.name
    if look is None:
        return [f"The rows are being written as {name} takes them."]
    found = []
    if look.error_rows:
        rows = "1 row has an error" if look.error_rows == 1 else f"{look.error_rows:,} rows have errors"
        where = f"Row {look.first_error_row:,} of {look.file.name}: {look.first_error}"
        found.append(f"{rows} for {name}. {where}")
    for part in (look.train, look.valid):
        for tally in part.refusals if part else ():
            rows = "1 row" if tally.count == 1 else f"{tally.count:,} rows"
            found.append(f"{rows} cannot be written for {name}, first row {tally.rows[0]:,}: {tally.what}")
    found.extend(look.train.problems)
    if not look.train.rows and not found:
        found.append(f"There is no row that {name} could train on.")
    return found


def missing_at_consent(cloud: CloudChoices) -> list[str]:
    """Nothing is sent before this is empty."""
    consent = cloud.consent
    if consent is None and cloud.consent_trouble:
        return [cloud.consent_trouble]
    if consent is None:
        return ["What would be sent is still being put together."]
    if consent.must_confirm_price and not cloud.accepts_old_price:
        return ["The price is old. Tick that you go on with it, or correct it in Settings, Prices."]
    return [] if cloud.agreed else ["Nothing is sent before you tick that you agree."]


def _problem(name: str, text: str, provider: Provider) -> str:
    match name:
        case "suffix":
            return _suffix_problem(text, provider)
        case "training_type":
            return "" if text in provider.training_types else "it is none that the service takes"
        case "learning_rate_multiplier" | "beta":
            return _positive_problem(text)
    return _whole_problem(name, text)


def _suffix_problem(text: str, provider: Provider) -> str:
    if len(text) > provider.suffix_length:
        return f"at most {provider.suffix_length} characters"
    if provider.suffix_pattern and not re.fullmatch(provider.suffix_pattern, text):
        return "only letters, digits and dashes fit in the model's name there"
    return ""


def _positive_problem(text: str) -> str:
    try:
        fits = 0 < float(text) < float("inf")
    except ValueError:
        fits = False
    return "" if fits else "a number above 0, or nothing"


def _whole_problem(name: str, text: str) -> str:
    low, high = RANGES.get(name, (0, 2**31 - 1))
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return ""
    return f"a whole number from {low:,} to {high:,}, or nothing"


def _whole(own: Mapping[str, str], name: str) -> int | None:
    return int(own[name]) if name in own else None


def _number(own: Mapping[str, str], name: str) -> float | None:
    return float(own[name]) if name in own else None
