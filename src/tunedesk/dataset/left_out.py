"""What a tool did not do, and why: a value that every tool on rows hands back and every face shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """row: its id (or its number, from 1, where the tool says so). pointer: of the place; "" for the row."""

    row: int
    pointer: str
    reason: str
