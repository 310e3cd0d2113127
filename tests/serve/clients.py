"""The real openai client, as strict as it can be, and rows that a job learns in seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from openai import OpenAI
from openai.types import FileObject
from openai.types.fine_tuning import FineTuningJob

from tests.serve.running import RunningServer, wait_until

TERMINAL = ("succeeded", "failed", "cancelled")


def client_of(server: RunningServer, key: str = "unused", *, strict: bool = True) -> OpenAI:
    """strict: every answer is held against the official types."""
    return OpenAI(
        api_key=key,
        base_url=server.url,
        organization="",
        project="",
        max_retries=0,
        timeout=60,
        _strict_response_validation=strict,
    )


def chat_rows(count: int) -> list[bytes]:
    """Conversations in OpenAI's format."""
    return [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"Where is parcel {number}?"},
                    {"role": "assistant", "content": "It is on its way." if number % 2 else "It is here."},
                ]
            }
        ).encode()
        for number in range(count)
    ]


def pair_rows(count: int) -> list[bytes]:
    """Two answers each, in OpenAI's format for preferences."""
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


def send(client: OpenAI, rows: Sequence[bytes], name: str = "train.jsonl") -> FileObject:
    return client.files.create(file=(name, b"\n".join(rows) + b"\n"), purpose="fine-tune")


def wait_for_end(client: OpenAI, job: str) -> FineTuningJob:
    """The job once it is over."""
    wait_until(lambda: client.fine_tuning.jobs.retrieve(job).status in TERMINAL, f"the end of {job}")
    return client.fine_tuning.jobs.retrieve(job)


def wait_for_step(client: OpenAI, job: str, step: int) -> None:
    """Until the job has told of a step at least as high."""

    def is_there() -> bool:
        found = client.fine_tuning.jobs.list_events(job, limit=20).data
        return any(
            isinstance(event.data, dict) and event.data["step"] >= step
            for event in found
            if event.type == "metrics"
        )

    wait_until(is_there, f"step {step} of {job}")
