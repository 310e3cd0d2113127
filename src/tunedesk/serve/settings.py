"""What the person who starts the server decides: where things lie, whom it serves, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

PORT = 8731
"""Where the server listens unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request or one user may take. Sizes in bytes, as OpenAI's own limits; 0 requests: no limit.

    requests: a minute and user. queued_jobs: of one user, waiting or running at the same time.
    """

    requests: int = 3000
    file_bytes: int = 512_000_000
    upload_bytes: int = 8_000_000_000
    part_bytes: int = 64 * 1024 * 1024
    body_bytes: int = 16_000_000
    queued_jobs: int = 100


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """data_dir: of files, runs and serve.db. models: folders that may be tuned and talked to, besides the
    starter model. threads: processor cores for one job, 0 for all. require_token: else whoever asks from this
    computer itself needs none. origins: pages of other sites, such as https://chat.example.com, that may ask
    from a browser. look_seconds: between two looks at running jobs.
    """

    data_dir: Path
    models: tuple[Path, ...] = ()
    threads: int = 0
    require_token: bool = False
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    look_seconds: float = 0.25
