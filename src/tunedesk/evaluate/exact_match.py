"""Scores of one JSON answer against its reference, and their shares over many; it asks no model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_KEYS = ("category", "urgency")


@dataclass(frozen=True, slots=True)
class JsonScore:
    """valid: the whole answer is one JSON object. exact: it also has the reference's value at every key."""

    valid: bool
    exact: bool


def score_json(reference: str, answer: str, keys: Sequence[str] = DEFAULT_KEYS) -> JsonScore:
    """Compare the values at `keys`; a key that the reference lacks must be lacking in the answer too."""
    wanted, given = json_object(reference), json_object(answer)
    if given is None:
        return JsonScore(False, False)
    same = wanted is not None and all(_same(wanted, given, key) for key in keys)
    return JsonScore(True, same)


def json_object(text: str) -> dict[str, Any] | None:
    """The object that `text` is, spaces around it aside; None for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # deep nesting is no JSONDecodeError
        return None
    return value if isinstance(value, dict) else None


def _same(wanted: dict[str, Any], given: dict[str, Any], key: str) -> bool:
    if (key in wanted) != (key in given):
        return False
    left, right = wanted.get(key), given.get(key)
    return type(left) is type(right) and bool(left == right)  # 1 and true are not the same answer


def share(flags: Sequence[bool]) -> float:
    """Part of the flags that are set, 0 to 1; 0 for none at all."""
    return sum(flags) / len(flags) if flags else 0.0


def exact_match(
    references: Sequence[str], answers: Sequence[str], keys: Sequence[str] = DEFAULT_KEYS
) -> float:
    """Share of answers that match their reference at all `keys`; ValueError when the lengths differ."""
    pairs = zip(references, answers, strict=True)
    return share([score_json(reference, answer, keys).exact for reference, answer in pairs])
