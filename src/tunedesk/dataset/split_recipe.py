"""What a split is asked to do, and what it reads of a row for that: label, group, date and question."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tunedesk.dataset.example import Example
from tunedesk.dataset.sheet_columns import text_in_cell

MILLISECONDS = 10**11
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138."""


class SplitRecipe(msgspec.Struct, frozen=True, omit_defaults=True):
    """How rows are split. The same rows with the same recipe give the same parts, wherever the rows stand.

    valid, heldout: shares of all rows, or numbers of rows when `counts`; train gets the rest.
    method: "random"; "label": every label has the same share in each part; "group": rows of one group are
    never in two parts; "date": the newest rows are held out, those before them validate.
    key: the top-level key of label, group or date; "" is the last answer for "label", and what the user says
    for "group". answer_key: for "label", a key within an answer that is JSON.
    """

    method: Literal["random", "label", "group", "date"] = "random"
    valid: float = 0.1
    heldout: float = 0.1
    counts: bool = False
    seed: int = 1
    key: str = ""
    answer_key: str = ""


def problems_of(recipe: SplitRecipe) -> list[str]:
    """One sentence for each value that makes no sense."""
    found = []
    for name, value in (("valid", recipe.valid), ("heldout", recipe.heldout)):
        if not value >= 0:
            found.append(f"{name} is {value:g}; it cannot be less than nothing.")
        elif recipe.counts and value != int(value):
            found.append(f"{name} is {value:g}; it must be a whole number of rows.")
    if not recipe.counts and recipe.valid + recipe.heldout >= 1:
        found.append("valid and heldout together take all rows; leave some for train.")
    if not 0 <= recipe.seed < 2**63:
        found.append(f"seed is {recipe.seed}; it must be a whole number from 0 on.")
    if recipe.method == "date" and not recipe.key:
        found.append("A split by date needs the key that holds the date.")
    return found


def asked(example: Example) -> str:
    """What users say in a row, without case and with single blanks."""
    said = (turn.content or "" for turn in example.messages if turn.role == "user")
    return "\n".join(" ".join(text.casefold().split()) for text in said)


def group_of(value: dict[str, Any] | None, recipe: SplitRecipe) -> bytes | None:
    """None: the prompt decides, also for a row that lacks the key."""
    if recipe.method != "group" or not recipe.key or value is None or value.get(recipe.key) is None:
        return None
    return b"key:" + text_in_cell(value[recipe.key]).encode("utf-8", "surrogatepass")


def label_of(value: dict[str, Any] | None, example: Example, recipe: SplitRecipe) -> str | None:
    if recipe.method != "label" or value is None:
        return None
    found: Any = value.get(recipe.key) if recipe.key else example.last_assistant
    if recipe.answer_key:
        found = _within(found, recipe.answer_key)
    return text_in_cell(found) or None


def _within(answer: Any, key: str) -> Any:
    """A key of an answer that is JSON; None when it is no such answer."""
    try:
        found = json.loads(answer) if isinstance(answer, str) else answer
    except (ValueError, RecursionError):
        return None
    return found.get(key) if isinstance(found, dict) else None


def date_of(value: dict[str, Any] | None, key: str) -> float | None:
    """Seconds since 1970, from an ISO 8601 date or a number of seconds or milliseconds; None for all else.

    03/04/2026 is refused: nobody can tell which is the month.
    """
    found = None if value is None else value.get(key)
    if isinstance(found, bool) or found is None:
        return None
    if isinstance(found, str):
        try:
            when = datetime.fromisoformat(found.strip())
        except ValueError:
            try:
                found = float(found)
            except ValueError:
                return None
        else:
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if not isinstance(found, int | float) or not abs(found) < 1e18:
        return None
    return found / 1000 if abs(found) >= MILLISECONDS else float(found)
