"""What OpenAI's old `tools fine_tunes.prepare_data` did by itself to prompts and completions, and what it
recommended, written anew from its description; only what is about single rows and duplicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Prepared:
    """error: why it gave up, "" when it did not. extra: columns that it dropped. empty: rows, from 0, that it
    dropped because their completion is empty. copies: rows that it recommended to drop as duplicates.
    """

    error: str = ""
    extra: tuple[str, ...] = ()
    empty: tuple[int, ...] = ()
    copies: tuple[int, ...] = ()


def prepare(rows: Sequence[dict[str, str | None]]) -> Prepared:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for wanted in ("prompt", "completion"):
        if wanted not in [column.lower() for column in columns]:
            return Prepared(error=f"{wanted} is missing")
    extra = tuple(column for column in columns if column.lower() not in ("prompt", "completion"))
    # Every value is read as text, and an absent one as "".
    pairs = [(row.get("prompt") or "", row.get("completion") or "") for row in rows]
    empty = tuple(number for number, (_, completion) in enumerate(pairs) if completion == "")
    seen: set[tuple[str, str]] = set()
    copies: list[int] = []
    for number, pair in enumerate(pairs):
        if number not in empty and pair in seen:
            copies.append(number)
        seen.add(pair)
    return Prepared("", extra, empty, tuple(copies))
