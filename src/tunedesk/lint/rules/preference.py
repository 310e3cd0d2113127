"""PRF: pairs of answers that are compared."""

from collections.abc import Iterator, Sequence
from typing import Any

from tunedesk.dataset.example import Message, RowFormat
from tunedesk.dataset.formats.detect import PREFERRED, REFUSED
from tunedesk.lint.edits import DeleteKey, DeleteRow, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.targets import AZURE


def identical_pair(view: RowView) -> Iterator[Hit]:
    """White space and capitals make no difference: nothing can be learned from the comparison."""
    chosen, rejected = view.example.chosen, view.example.rejected
    if not chosen or not rejected or _said(chosen) != _said(rejected):
        return
    if not any(message.content or message.tool_calls for message in chosen):
        return  # both are empty, which is another rule's concern
    fix = Fix(FixKind.UNSAFE, "Delete the row", (DeleteRow(),))
    words = "Both answers say the same, so there is nothing to prefer."
    yield Hit(rejected[-1].pointer, words, fix=fix)


def _said(messages: Sequence[Message]) -> list[tuple[object, ...]]:
    return [
        (
            message.role,
            " ".join((message.content or "").split()).casefold(),
            [(call.name, call.arguments) for call in message.tool_calls],
        )
        for message in messages
    ]


def prompt_mismatch(view: RowView) -> Iterator[Hit]:
    """Without a prompt of its own, the prompt is what both sides begin with."""
    value = view.value
    if view.format is not RowFormat.TRL_PREFERENCE or "prompt" in value or "messages" in value:
        return
    chosen, rejected = value.get("chosen"), value.get("rejected")
    if isinstance(chosen, str) and isinstance(rejected, str):
        shares = bool(chosen) and bool(rejected) and chosen.split()[:1] == rejected.split()[:1]
    elif isinstance(chosen, list) and isinstance(rejected, list) and chosen and rejected:
        shares = chosen[0] == rejected[0]
    else:
        return
    if not shares:
        words = "There is no prompt, and the two sides begin differently: they answer no common question."
        yield Hit("/rejected", words)


def bad_output_messages(view: RowView) -> Iterator[Hit]:
    if view.format is RowFormat.PREFERENCE:
        for spellings in (PREFERRED, REFUSED):
            key = next((key for key in spellings if key in view.value), None)
            if key is not None and isinstance(view.value[key], list):
                yield from _bad_output(view, key, view.value[key])
    elif view.format is RowFormat.TRL_PREFERENCE:
        for key in ("chosen", "rejected"):
            if view.value.get(key) in ([], ""):
                yield Hit(f"/{key}", f"{key} is empty.")
        for side in (view.example.chosen, view.example.rejected):
            if side and side[-1].role != "assistant" and side[-1].role_pointer:
                yield Hit(side[-1].pointer, "The side does not end with an answer of the assistant.")


def _bad_output(view: RowView, key: str, output: list[Any]) -> Iterator[Hit]:
    """OpenAI: exactly one assistant message. Azure: at least one, others may be tool messages."""
    roles = [turn.get("role") if isinstance(turn, dict) else None for turn in output]
    if not output:
        yield Hit(f"/{key}", f"{key} has no message.")
    elif view.target.name in AZURE:
        if "assistant" not in roles:
            yield Hit(f"/{key}", f"{key} has no message of the assistant.")
        for place, role in enumerate(roles):
            if role not in ("assistant", "tool"):
                words = f"Only messages of the assistant and of tools may stand in {key}."
                yield Hit(f"/{key}/{place}", words)
    elif len(output) > 1:
        yield Hit(f"/{key}", f"{key} must have exactly one message; it has {len(output)}.")
    elif roles[0] != "assistant":
        yield Hit(f"/{key}/0", f"The message of {key} must be the assistant's.")


def old_preference_keys(view: RowView) -> Iterator[Hit]:
    for new, old in (PREFERRED, REFUSED):
        if old in view.value and view.format is RowFormat.PREFERENCE:
            edits = (SetValue(f"/{new}", view.value[old]), DeleteKey(f"/{old}"))
            fix = None if new in view.value else Fix(FixKind.SAFE, f"Call it {new}", edits)
            yield Hit(f"/{old}", f"{old} is an older name of {new}.", fix=fix)


RULES = (
    Rule(
        "PRF001",
        "identical-pair",
        "Both answers say the same.",
        Severity.ERROR,
        check=identical_pair,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "PRF002",
        "prompt-mismatch",
        "The two sides answer no common question.",
        Severity.ERROR,
        check=prompt_mismatch,
    ),
    Rule(
        "PRF003",
        "bad-output-messages",
        "One side of the pair is no single answer of the assistant.",
        Severity.ERROR,
        check=bad_output_messages,
        rejects=True,
    ),
    Rule(
        "PRF004",
        "old-preference-keys",
        "The answers stand under older names.",
        Severity.WARNING,
        check=old_preference_keys,
        fix=FixKind.SAFE,
    ),
)
