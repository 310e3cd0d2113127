"""CNV: weights, which say what of a conversation is trained."""

import json
from collections.abc import Iterator
from typing import Any

from tunedesk.dataset.example import Message
from tunedesk.lint.edits import DeleteKey, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule, on_targets
from tunedesk.lint.rules.conversation import IMITATED
from tunedesk.lint.target_facts import IGNORES_WEIGHT, KNOWN_ROLES
from tunedesk.lint.targets import TARGET_NAMES

LONGEST_SHOWN = 40  # characters of a value in a message


def bad_weight(view: RowView) -> Iterator[Hit]:
    for message, turn in view.all_turns:
        weight = turn.get("weight")
        if weight is None:
            continue
        pointer = f"{message.pointer}/weight"
        if message.role != "assistant" and message.role in KNOWN_ROLES:
            fix = Fix(FixKind.SAFE, "Delete the weight", (DeleteKey(pointer),))
            yield Hit(pointer, f"Only answers have a weight; this is a {message.role} turn.", fix=fix)
        elif type(weight) is not int or weight not in (0, 1):
            yield Hit(
                pointer,
                f"The weight must be 0 (not trained) or 1; it is {_as_json(weight)}.",
                fix=_as_weight(pointer, weight),
            )


def _as_json(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _as_weight(pointer: str, weight: Any) -> Fix:
    """true, 1.0 and "1" mean 1, and their opposites 0; of anything else nobody knows what it means."""
    meant = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0}.get(str(weight).lower())
    if meant is None:
        return Fix(
            FixKind.SUGGESTION, "Delete the weight, so that the answer is trained", (DeleteKey(pointer),)
        )
    return Fix(FixKind.SAFE, f"Write {meant}", (SetValue(pointer, meant),))


def nothing_to_train(view: RowView) -> Iterator[Hit]:
    """Not where the target ignores weights: there the row is trained whole, which CNV012 says."""
    if view.format not in IMITATED:
        return
    answers = [pair for pair in view.turns if pair[0].role == "assistant"]
    if answers and all(_is_left_out(view, *pair) for pair in answers):
        pointer = _weight_place(answers[-1][0].pointer, view)
        yield Hit(pointer, "Every answer is left out of the training, so the row trains nothing.")


def _is_left_out(view: RowView, message: Message, turn: dict[str, Any]) -> bool:
    """By the target's own key: Axolotl has `train`, most have `weight`, some have none."""
    if view.target.name == "axolotl":
        return turn.get("train") is False
    return message.weight == 0 and view.target.name not in IGNORES_WEIGHT


def _weight_place(pointer: str, view: RowView) -> str:
    places = (f"{pointer}/weight", f"{pointer}/train")
    return next((place for place in places if view.at(place) is not None), pointer)


def weight_ignored(view: RowView) -> Iterator[Hit]:
    """Only a weight of 0 makes a difference: it says that the answer shall not be trained."""
    for message, turn in view.turns:
        if message.role == "assistant" and turn.get("weight") == 0 and view.format in IMITATED:
            words = f"{view.target.name} does not look at weights: this answer would be trained."
            yield Hit(f"{message.pointer}/weight", words)


RULES = (
    Rule(
        "CNV010",
        "bad-weight",
        "A weight other than 0 and 1, or on a turn that is no answer.",
        Severity.ERROR,
        check=bad_weight,
        fix=FixKind.SAFE,
        rejects=True,
    ),
    Rule(
        "CNV011",
        "nothing-to-train",
        "Every answer has weight 0.",
        Severity.ERROR,
        check=nothing_to_train,
        rejects=True,
    ),
    Rule(
        "CNV012",
        "weight-ignored",
        "The target trains an answer of weight 0.",
        Severity.WARNING,
        check=weight_ignored,
        by_target=on_targets((None, [name for name in TARGET_NAMES if name not in IGNORES_WEIGHT])),
    ),
)
