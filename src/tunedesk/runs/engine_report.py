"""What an engine says about itself: its libraries, its device, and whether four bits work there."""

from __future__ import annotations

from msgspec import Struct


class EngineReport(Struct, frozen=True):
    """versions: of the libraries that could be imported. device: "cpu" or a card's name.

    nf4_error: relative error of a product with a weight in NF4 (about 0.08 is right), None when it failed.
    problem: one sentence when something needed is missing.
    """

    versions: dict[str, str]
    device: str = ""
    nf4_error: float | None = None
    problem: str = ""
