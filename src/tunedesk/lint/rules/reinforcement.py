"""RFT: rows that a grader judges: a question, and what the grader needs to know."""

from collections.abc import Iterator
from typing import Any

from tunedesk.lint.edits import SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule, on_targets
from tunedesk.lint.targets import REINFORCEMENT_TARGETS, TARGET_NAMES

RESERVED = frozenset({"messages", "tools"})
"""All other keys of a row are the grader's (spec 2.3.0: `{{ item.XXX }}`)."""
ANSWER_KEY = "reference_answer"
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def last_not_user(view: RowView) -> Iterator[Hit]:
    if not view.is_chat or not view.turns or len(view.turns) != len(view.example.messages):
        return
    last = view.turns[-1][0]
    if last.role == "user":
        return
    words = f"The row ends with a {last.role or 'nameless'} turn; the model shall answer, so a user must ask."
    yield Hit(last.pointer, words, fix=_answer_aside(view))


def _answer_aside(view: RowView) -> Fix | None:
    """The answer is what the grader compares with; the question before it stays."""
    messages = view.value["messages"]
    last = view.turns[-1][0]
    ends_well = len(view.turns) > 1 and view.turns[-2][0].role == "user"
    if last.role != "assistant" or last.content is None or not ends_well or ANSWER_KEY in view.value:
        return None
    edits = (SetValue("/messages", messages[:-1]), SetValue(f"/{ANSWER_KEY}", last.content))
    return Fix(FixKind.UNSAFE, f"Move the answer to {ANSWER_KEY}", edits)


def grader_fields(view: RowView) -> Iterator[Hit]:
    if not view.is_chat or (view.turns and view.turns[-1][0].role == "assistant"):
        return
    fields = {key: item for key, item in view.value.items() if key not in RESERVED}
    if not fields:
        yield Hit("", "The row has nothing but messages, so a grader knows no right answer.")
    elif all(item in _EMPTY for item in fields.values()):
        yield Hit(f"/{next(iter(fields))}", "All fields for the grader are empty.")


_ELSEWHERE = on_targets((None, [name for name in TARGET_NAMES if name not in REINFORCEMENT_TARGETS]))
GRADER_FIELDS = Rule(
    "RFT002",
    "rft-grader-fields",
    "The grader is given nothing, or not the same for each row.",
    Severity.ERROR,
    check=grader_fields,
    by_target=_ELSEWHERE,
)
RULES = (
    Rule(
        "RFT001",
        "rft-last-not-user",
        "The row does not end with a question.",
        Severity.ERROR,
        check=last_not_user,
        fix=FixKind.UNSAFE,
        by_target=_ELSEWHERE,
        rejects=True,
    ),
    GRADER_FIELDS,
)
