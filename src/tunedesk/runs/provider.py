"""What is known of a service that fine-tunes over OpenAI's API: a readable file without code."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Auth = Literal["key", "entra", "none"]
"""A key in a header; Microsoft Entra ID; nothing, which only a server on this computer may ask for."""
CloudMethod = Literal["sft", "dpo"]


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile, as `resources/providers/ID.toml` and the user's own copies say it.

    base_url: "" where each customer has an address of their own; base_url_hint then shows its form.
    api: "openai" asks at base_url; "azure-classic" at /openai with `api_version` as a parameter.
    auth: what it accepts, what is usual first. dialect: whether hyperparameters stand in `method` or by
    themselves. learning_rate: whether `learning_rate_multiplier` multiplies a default or is the rate itself.
    targets: of the linter and the export (`dataset.target_profiles`), by method.
    hyperparameters: those that it takes, of n_epochs, batch_size, learning_rate_multiplier, beta.
    suffix_length: 0 where it takes none; suffix_pattern: a regular expression of the whole suffix.
    training_types: values of `trainingType`, the usual one first; residency: by training type ("" for all),
    one sentence about where data and weights go. parts_from: bytes from which a file is sent in parts; 0: it
    takes no parts. waits_for_file: whether a job may be made only of a file that is processed.
    metadata: whether jobs keep metadata, by which a job is found again; else it is found by its file.
    statuses: its own words for the official ones. event_ids: whether an event keeps its id.
    poll_seconds: between two questions about a job, while news come and at most. answer_seconds: without a
    byte, after which an answer is not waited for any more.
    can_pause, can_delete_files, files_expire, has_checkpoints, gives_weights: what it offers.
    deploys: whether the tuned model must be deployed before it answers.
    retention, forbids: sentences for the page of consent. ends_on: the last day of new jobs, ISO 8601.
    notice: what a person should know before choosing it. verified: when it was tried live, "never" if not.
    unverified: what nobody could try, by field, with its source.
    """

    id: str
    title: str
    base_url: str = ""
    base_url_hint: str = ""
    api: Literal["openai", "azure-classic"] = "openai"
    api_version: str = ""
    auth: tuple[Auth, ...] = ("key",)
    entra_scope: str = ""
    dialect: Literal["method", "hyperparameters"] = "method"
    learning_rate: Literal["multiplier", "absolute"] = "multiplier"
    targets: dict[CloudMethod, str] = {}
    methods: tuple[CloudMethod, ...] = ("sft",)
    hyperparameters: tuple[str, ...] = ("n_epochs", "batch_size", "learning_rate_multiplier")
    models: tuple[str, ...] = ()
    suffix_length: int = 64
    suffix_pattern: str = ""
    training_types: tuple[str, ...] = ()
    residency: dict[str, str] = {}
    parts_from: int = 100_000_000
    waits_for_file: bool = True
    metadata: bool = True
    statuses: dict[str, str] = {}
    event_ids: Literal["stable", "unstable"] = "stable"
    poll_seconds: tuple[float, float] = (5.0, 60.0)
    answer_seconds: float = 120.0
    can_pause: bool = False
    can_delete_files: bool = True
    files_expire: bool = False
    has_checkpoints: bool = True
    gives_weights: bool = False
    deploys: Literal["", "azure"] = ""
    retention: str = ""
    forbids: tuple[str, ...] = ()
    ends_on: str = ""
    notice: str = ""
    verified: str = "never"
    unverified: dict[str, str] = {}
