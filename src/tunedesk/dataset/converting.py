"""Rows of any format as rows of another, for a target; every loss is told before anything is written."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tunedesk.dataset.conversion.dialogue import (
    CannotConvert,
    Dialogue,
    Ledger,
    Loss,
    Style,
)
from tunedesk.dataset.conversion.fitting import fit
from tunedesk.dataset.conversion.reading import KEYS_OF, read_dialogue
from tunedesk.dataset.conversion.writing import write
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.json_pointer import pointer_to
from tunedesk.dataset.json_tokens import tokens
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_writing import dump_row
from tunedesk.dataset.target_profiles import TargetProfile, profile_named

__all__ = ["Converted", "ConvertedRow", "Loss", "Refusal", "Style", "convert", "convert_row", "style_for"]

Row = dict[str, Any]
F = RowFormat
_AS_THEY_ARE = frozenset({F.TEXT, F.STEPWISE, F.MAPPED, F.ALPACA})
"""Formats that are never taken apart when they stay what they are: no target changes anything in them."""
_TWO_STYLES = frozenset({F.PROMPT_COMPLETION, F.PROMPT_ONLY, F.UNPAIRED, F.TRL_PREFERENCE})
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SPELLED = re.compile(rb"[\d.][eE+]|\.\d*0(?!\d)|-0(?![.\d])|\d{16}")
"""Where a number may stand that Python would write in another way."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that has no place in the new format. why: a sentence without its full stop."""

    row: int
    pointer: str
    why: str


@dataclass(frozen=True, slots=True)
class ConvertedRow:
    """raw: the new row, the very bytes where nothing changes; None when it is refused."""

    row: int
    raw: bytes | None
    losses: tuple[Loss, ...]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """rows: those that could be converted. losses and refusals: everything else that there is to say."""

    rows: tuple[ConvertedRow, ...]
    losses: tuple[Loss, ...]
    refusals: tuple[Refusal, ...]


def convert(
    rows: Iterable[tuple[int, bytes]],
    mapping: ColumnMapping | None,
    to: RowFormat,
    profile: TargetProfile | None = None,
    style: Style | None = None,
) -> Converted:
    """Numbered rows (from 1) in the format `to`, for a target (any, unless one is given).

    style: strings or lists of messages where the format has both; None: as the target takes them.
    """
    found = [convert_row(number, raw, mapping, to, profile, style) for number, raw in rows]
    return Converted(
        rows=tuple(one for one in found if one.raw is not None),
        losses=tuple(loss for one in found for loss in one.losses),
        refusals=tuple(one.refusal for one in found if one.refusal is not None),
    )


def convert_row(
    number: int,
    raw: bytes,
    mapping: ColumnMapping | None,
    to: RowFormat,
    profile: TargetProfile | None = None,
    style: Style | None = None,
) -> ConvertedRow:
    """One row; never raises."""
    profile = profile or profile_named("generic")
    parsed = parse_row(raw)
    if parsed.value is None or parsed.problems:
        reason = parsed.problems[0].message if parsed.problems else "it is no JSON object"
        return _refused(number, "", _within_a_sentence(reason))
    if to not in profile.formats:
        return _refused(number, "", f"{profile.title} does not read rows of the format {to}")
    ledger = Ledger(number)
    try:
        new = _converted(parsed.value, mapping, to, profile, style or style_for(to, profile), ledger)
    except CannotConvert as trouble:
        return _refused(number, trouble.pointer, str(trouble))
    except RecursionError:
        return _refused(number, "", "it is nested too deeply")
    if new is parsed.value or (new == parsed.value and _same_types(new, parsed.value)):
        return ConvertedRow(number, raw, tuple(ledger.losses))
    written = dump_row(_in_order(new, parsed.value), like=raw)
    for number_text in _respelled(raw, written):
        ledger.lose("", f"how the number {number_text} is spelled")
    return ConvertedRow(number, written, tuple(ledger.losses))


def style_for(to: RowFormat, profile: TargetProfile) -> Style:
    """Lists of messages wherever the target takes them: they lose less."""
    return "messages" if profile.messages_as_prompt and to in _TWO_STYLES else "text"


def _within_a_sentence(sentence: str) -> str:
    """Without its full stop, and begun small unless it begins with a name such as NaN."""
    first = sentence.partition(" ")[0]
    small = first[:1].lower() + first[1:] if first[1:].islower() or len(first) == 1 else first
    return (small + sentence[len(first) :]).rstrip(".")


def _refused(number: int, pointer: str, why: str) -> ConvertedRow:
    return ConvertedRow(number, None, (), Refusal(number, pointer, why))


def _converted(
    value: Row,
    mapping: ColumnMapping | None,
    to: RowFormat,
    profile: TargetProfile,
    style: Style,
    ledger: Ledger,
) -> Row:
    kind = detect_format(value, mapping)
    if kind is to and (_takes_everything(profile) or _is_ordinary(value, profile)):
        return value
    if kind is to is F.SHAREGPT:
        return _with_known_weights(value, profile, ledger)
    if kind is to and (kind in _AS_THEY_ARE or (kind in _TWO_STYLES and _is_plain(value))):
        return _with_known_keys(value, profile, ledger)
    dialogue = fit(read_dialogue(value, mapping), to, profile, ledger)
    _tell_joined(value, kind, ledger)
    new = write(dialogue, to, profile, style, ledger)
    return _with_rest(new, dialogue, to, profile, ledger)


def _tell_joined(value: Row, kind: RowFormat, ledger: Ledger) -> None:
    if kind is F.ALPACA and value.get("instruction") and value.get("input"):
        ledger.lose("/input", "the division into instruction and input (they become one text)")


def _is_plain(value: Row) -> bool:
    sides = [value[key] for key in ("prompt", "completion", "chosen", "rejected") if key in value]
    return all(isinstance(side, str) for side in sides)


def _takes_everything(profile: TargetProfile) -> bool:
    is_free = profile.row_keys is None and profile.arguments == "any" and not profile.tool_call_id
    return is_free and profile.parts and bool(profile.weight) and profile.roles >= {"developer", "function"}


def _is_ordinary(value: Row, profile: TargetProfile) -> bool:
    """Nothing but known roles and texts, which every target takes; most rows are such."""
    messages = value.get("messages")
    if len(value) != 1 or type(messages) is not list:
        return False
    return all(
        type(turn) is dict
        and len(turn) == 2
        and type(turn.get("content")) is str
        and turn.get("role") in profile.roles
        for turn in messages
    )


def _with_known_weights(value: Row, profile: TargetProfile, ledger: Ledger) -> Row:
    """ShareGPT's turns, with what says whether they are trained under the target's own key."""
    turns = value.get("conversations")
    if not isinstance(turns, list) or profile.weight == "weight":
        return value
    new = []
    for place, turn in enumerate(turns):
        weight = turn.get("weight", turn.get("train")) if isinstance(turn, dict) else None
        if not isinstance(turn, dict) or weight not in (0, 1):
            new.append(turn)
            continue
        kept = {key: item for key, item in turn.items() if key not in ("weight", "train")}
        if profile.weight:
            kept[profile.weight] = bool(weight)
        elif not weight:
            ledger.lose(f"/conversations/{place}", "weight 0 (the answer will be trained)")
        new.append(kept)
    return {**value, "conversations": new}


def _with_known_keys(value: Row, profile: TargetProfile, ledger: Ledger) -> Row:
    dropped = [key for key in value if profile.row_keys is not None and key not in profile.row_keys]
    for key in dropped:
        ledger.lose(pointer_to(key), f"the key {key}")
    return {key: item for key, item in value.items() if key not in dropped}


def _with_rest(new: Row, dialogue: Dialogue, to: RowFormat, profile: TargetProfile, ledger: Ledger) -> Row:
    """The keys that nobody knows go along, where the target allows them and they change no meaning."""
    row = _with_known_keys(new, profile, ledger)
    holder = row["input"] if to is F.PREFERENCE and dialogue.kind is F.PREFERENCE else None
    for key, item in dialogue.rest.items():
        if holder is not None and key == "parallel_tool_calls":
            holder[key] = item
        elif (
            key in row
            or key in KEYS_OF.get(to, ())
            or (profile.row_keys is not None and key not in profile.row_keys)
        ):
            ledger.lose(pointer_to(key), f"the key {key}")
        else:
            row[key] = item
            if detect_format(row) is not to:
                del row[key]
                ledger.lose(pointer_to(key), f"the key {key}")
    if detect_format(row) is not to:
        raise CannotConvert("", f"nobody could tell the new row from another format than {to}")
    return row


def _same_types(new: Any, old: Any) -> bool:
    """1, 1.0 and True are equal for Python, not for a reader of JSON."""
    if type(new) is not type(old):
        return False
    if isinstance(new, dict):
        return all(_same_types(item, old[key]) for key, item in new.items())
    if isinstance(new, list):
        return all(_same_types(left, right) for left, right in zip(new, old, strict=True))
    return True


def _in_order(new: Any, old: Any) -> Any:
    """The new value with its keys in the order of the old one, as far as they are the same."""
    if isinstance(new, dict) and isinstance(old, dict):
        keys = [*(key for key in old if key in new), *(key for key in new if key not in old)]
        return {key: _in_order(new[key], old.get(key)) for key in keys}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_in_order(left, right) for left, right in zip(new, old, strict=True)]
    return new


def _respelled(raw: bytes, written: bytes) -> list[str]:
    """Numbers such as 1.10 that stand in the new row in another spelling."""
    if not _SPELLED.search(raw):
        return []
    now = set(_NUMBER.findall(written.decode("utf-8", "replace")))
    found = []
    for text in dict.fromkeys(_numbers(raw)):
        plain = json.dumps(json.loads(text))
        if plain != text and plain in now:
            found.append(text)
    return found


def _numbers(raw: bytes) -> list[str]:
    spans = tokens(raw.decode("utf-8", "replace"))
    return [span.text for span in spans if _NUMBER.fullmatch(span.text)]
