"""Runs for a service, prepared and agreed to as the window would do it, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import CloudRequest, prepare_cloud_run
from tunedesk.runs.consent import make_consent
from tunedesk.runs.events import Event, Failed, Noted, Warned
from tunedesk.runs.job import CloudOrder, CloudSettings
from tunedesk.runs.places.cloud import agent
from tunedesk.runs.provider import CloudMethod, Provider
from tunedesk.runs.provider_files import provider_named
from tunedesk.runs.receipt import give_consent
from tunedesk.runs.run_folder import RunFolder

KEY = "key-for-tests-7f3a9c51e2d84b60"
QUICK = (0.02, 0.1)
"""Seconds between two questions: a test does not wait for a service that needs hours."""


def chat_rows(count: int, first: int = 0) -> list[bytes]:
    return [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"Where is parcel {number}?"},
                    {"role": "assistant", "content": "It is on its way." if number % 2 else "It is here."},
                ]
            }
        ).encode()
        for number in range(first, first + count)
    ]


def pair_rows(count: int) -> list[bytes]:
    return [
        json.dumps(
            {
                "input": {"messages": [{"role": "user", "content": f"Where is parcel {number}?"}]},
                "preferred_output": [{"role": "assistant", "content": "It is on its way."}],
                "non_preferred_output": [{"role": "assistant", "content": "I do not know."}],
            }
        ).encode()
        for number in range(count)
    ]


def a_provider(id: str = "tunedesk", **changes: Any) -> Provider:
    return msgspec.structs.replace(provider_named(id), **{"poll_seconds": QUICK, **changes})


def a_cloud_run(
    folder: Path,
    url: str,
    *,
    rows: Sequence[bytes] | None = None,
    valid: Sequence[bytes] = (),
    provider: Provider | None = None,
    settings: CloudSettings | None = None,
    method: CloudMethod = "sft",
    model: str = "starter",
    name: str = "run",
    is_agreed: bool = True,
    local_model: Path | None = None,
    deletes: bool = True,
    expires: int | None = None,
    **account: Any,
) -> RunFolder:
    """A run folder below `folder`, with its receipt, that is ready to be started."""
    provider = provider or a_provider()
    order = CloudOrder(
        account=Account(name="Our box", provider=provider.id, base_url=url, **account),
        provider=provider,
        model=model,
        target=provider.targets[method],
        settings=settings or CloudSettings(n_epochs=1, batch_size=4),
        delete_files=deletes,
        expires_seconds=expires,
    )
    request = CloudRequest(
        runs_dir=folder,
        dataset=folder / "train.jsonl",
        train=rows or chat_rows(12),
        valid=valid,
        valid_source="valid.jsonl" if valid else "",
        order=order,
        method=method,
        name=name,
        local_model=local_model,
    )
    run = prepare_cloud_run(request)
    if is_agreed:
        consent = make_consent(
            order, method, request.train, request.valid, source="train.jsonl", valid_source="valid.jsonl"
        )
        assert consent is not None
        give_consent(run, consent)
    return run


def execute(run: RunFolder, key: str = KEY) -> int:
    """One attempt, in this process."""
    return agent.execute(run.path, key)


def words(run: RunFolder) -> str:
    """All that the run tells a person beside its figures."""
    return "\n".join(filter(None, map(_words, run.read_events())))


def _words(event: Event) -> str:
    match event:
        case Noted() | Warned():
            return event.message
        case Failed():
            return f"{event.reason} {event.hint}"
        case _:
            return ""


def last(run: RunFolder) -> Event:
    return run.read_events()[-1]
