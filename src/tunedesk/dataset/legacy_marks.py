"""What OpenAI's completion models want around texts: a separator, a stop sequence, a leading blank."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tunedesk.dataset.converting import ConvertedRow, Loss
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.row_writing import dump_row


@dataclass(frozen=True, slots=True)
class Legacy:
    """What OpenAI's guide for completion models puts around texts (help.openai.com/en/articles/6811186).

    separator: ends each prompt, such as "\\n\\n###\\n\\n". stop: ends each completion, such as " END".
    leading_space: whether a completion begins with a blank.
    """

    separator: str = ""
    stop: str = ""
    leading_space: bool = False

    @property
    def is_used(self) -> bool:
        return bool(self.separator or self.stop or self.leading_space)

    @property
    def sentence(self) -> str:
        said = []
        if self.separator:
            said.append(f"end each prompt with {json.dumps(self.separator)}")
        if self.stop:
            said.append(f"stop at {json.dumps(self.stop)}")
        return (
            f"When the model is asked: {' and '.join(said)}." if said else "Completions begin with a blank."
        )


def dressed(made: ConvertedRow, legacy: Legacy) -> ConvertedRow:
    """The row with separator, stop and blank, none of them twice; messages are left as they are."""
    if made.raw is None or not legacy.is_used:
        return made
    value = json.loads(made.raw)
    prompt, completion = value.get("prompt"), value.get("completion")
    if not isinstance(prompt, str) or not isinstance(completion, str):
        return made
    asked, answered = prompt.removesuffix(legacy.separator), completion.removesuffix(legacy.stop)
    losses = list(made.losses)
    if legacy.separator and legacy.separator in asked:
        losses.append(Loss(made.row, "/prompt", "where a prompt ends (the separator stands inside it too)"))
    if legacy.stop and legacy.stop in answered:
        losses.append(
            Loss(made.row, "/completion", "where a completion ends (the stop stands inside it too)")
        )
    blank = " " if legacy.leading_space and not answered[:1].isspace() else ""
    new = {**value, "prompt": asked + legacy.separator, "completion": blank + answered + legacy.stop}
    return replace(made, raw=dump_row(new, like=made.raw), losses=tuple(losses))


# What OpenAI's old prepare_data tool proposed (openai-python:openai/validators.py@0c69a371), longest first.
_SEPARATORS = ("\n\n===>\n\n", "\n\n--->\n\n", "\n\n###\n\n", "\n\n===\n\n", "\n\n---\n\n", "\n###\n", " ->")
_STOPS = (" [END]", " END", "***", "+++", "&&&", "$$$", "@@@", "%%%")


def found_legacy(rows: Iterable[bytes]) -> Legacy:
    """The separator, the stop sequence and the blank that all rows of prompt and completion have."""
    separators, stops, blank, count = list(_SEPARATORS), list(_STOPS), True, 0
    for pair in map(_pair, rows):
        if pair is None:
            continue
        count += 1
        separators = [mark for mark in separators if pair[0].endswith(mark)]
        stops = [mark for mark in stops if pair[1].endswith(mark)]
        blank = blank and pair[1].startswith(" ")
        if not separators and not stops:
            return Legacy()
    if count < 2:
        return Legacy()
    # A blank alone says nothing; it belongs to the convention only beside a separator.
    return Legacy("".join(separators[:1]), "".join(stops[:1]), blank and bool(separators))


def undressed(raw: bytes, legacy: Legacy) -> bytes:
    """The row without those marks, which mean nothing to a model that chats."""
    pair = _pair(raw) if legacy.is_used else None
    if pair is None:
        return raw
    answer = pair[1].removesuffix(legacy.stop)
    answer = answer.removeprefix(" ") if legacy.leading_space else answer
    value = {
        **(parse_row(raw).value or {}),
        "prompt": pair[0].removesuffix(legacy.separator),
        "completion": answer,
    }
    return dump_row(value, like=raw)


def _pair(raw: bytes) -> tuple[str, str] | None:
    value = parse_row(raw).value
    if value is None or detect_format(value) is not RowFormat.PROMPT_COMPLETION:
        return None
    prompt, completion = value.get("prompt"), value.get("completion")
    return (prompt, completion) if isinstance(prompt, str) and isinstance(completion, str) else None
