"""Guesses from names and contents what the columns of a table mean; a person confirms it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.formats.turns import parsed
from tunedesk.dataset.mapping import ColumnMapping

LOOKED_AT = 1000
"""Rows that are enough to know a table by."""
LONGEST_LABEL, MOST_LABELS = 40, 50
_LABELS_NAMED = 20
# Names without capitals, blanks, dashes and underscores; the surest first.
_SYSTEM = ("system", "systemprompt", "systemmessage", "systeminstruction")
_USER = (
    *("question", "query", "prompt", "instruction", "user", "usermessage", "human", "request", "ask", "q"),
    *("input", "text", "sentence", "utterance", "message", "ticket", "email", "review", "comment", "title"),
    *("article", "document", "content", "body", "source", "src", "problem", "frage", "вопрос", "запрос"),
)
_ASSISTANT = (
    *("answer", "response", "output", "completion", "reply", "assistant", "assistantmessage", "bot", "gpt"),
    *("a", "solution", "target", "expected", "expectedoutput", "summary", "translation", "tgt", "gold"),
    *("antwort", "ответ"),
)
_CONTEXT = ("context", "input", "passage", "background", "kontext", "контекст")
_LABEL = (
    *("label", "labeltext", "labelname", "category", "class", "classname", "intent", "sentiment", "topic"),
    *("tag", "kategorie", "метка", "категория", "класс"),
)
_CHOSEN = ("chosen", "preferred", "accepted", "better", "good", "win", "winner", "chosenresponse")
_REJECTED = ("rejected", "refused", "worse", "bad", "lose", "loser", "rejectedresponse")
_ROLE_KEYS = ("role", "from", "speaker", "who", "author", "sender")
_TEXT_KEYS = ("content", "value", "text", "message", "said", "utterance")
_TABLES = (RowFormat.UNKNOWN, RowFormat.TEXT, RowFormat.PROMPT_ONLY)
"""Formats that are seen where a column with the answer may stand under a name of its own."""


def suggest_mapping(rows: Iterable[Mapping[str, Any]]) -> ColumnMapping | None:
    """A mapping for rows that are nobody's format, None when nothing can be made of them.

    A column of a few short values beside a longer text is taken for a class to be learned: then the fixed
    system text names the classes. Only the first LOOKED_AT rows are read.
    """
    known = [dict(row) for row in islice(rows, LOOKED_AT)]
    if not known or any(detect_format(row) not in _TABLES for row in known):
        return None
    columns = list(dict.fromkeys(column for row in known for column in row if column))
    turns = _column_of_turns(known, columns)
    if turns is not None:
        return turns
    texts = [column for column in columns if _is_text(known, column)]
    return _by_names(known, columns, texts) or _by_contents(known, texts)


def _by_names(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], texts: Sequence[str]
) -> ColumnMapping | None:
    system = _named(texts, _SYSTEM)
    chosen, rejected = _named(texts, _CHOSEN), _named(texts, _REJECTED)
    user = _named([column for column in texts if column != system], _USER)
    if chosen and rejected and user:
        return ColumnMapping(system=system, user=user, chosen=chosen, rejected=rejected)
    answer = _named([column for column in texts if column not in (system, user)], _ASSISTANT)
    if user and answer:
        taken = (system, user, answer)
        context = _named([column for column in texts if column not in taken], _CONTEXT)
        return ColumnMapping(system=system, context=context, user=user, assistant=answer)
    label = _named([column for column in columns if column not in (system, user)], _LABEL)
    if user and label and _classes(rows, label):
        return _classification(rows, system, user, label)
    return None


def _by_contents(rows: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> ColumnMapping | None:
    """Without names to go by: the longest text is asked, and a class or the last other text answers."""
    if len(texts) < 2:
        return None
    longest = max(texts, key=lambda column: _length(rows, column))
    classes = [column for column in texts if column != longest and _classes(rows, column)]
    if classes:
        return _classification(rows, "", longest, classes[-1])
    free = [column for column in texts if not _classes(rows, column) and _distinct(rows, column) > 1]
    return ColumnMapping(user=free[0], assistant=free[1]) if len(free) == 2 else None


def _classification(rows: Sequence[Mapping[str, Any]], system: str, user: str, label: str) -> ColumnMapping:
    classes = _classes(rows, label)
    text = ""
    if not system and len(classes) <= _LABELS_NAMED:
        text = f"Classify the text. Answer with one of these and nothing else: {', '.join(classes)}."
    return ColumnMapping(system=system, user=user, assistant=label, system_text=text)


def _column_of_turns(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> ColumnMapping | None:
    for column in columns:
        lists = [found for row in rows if (found := _turns(row.get(column)))]
        if len(lists) * 2 <= len(rows):
            continue
        keys = dict.fromkeys(key for turns in lists for turn in turns for key in turn)
        role = next((key for key in _ROLE_KEYS if key in keys), "")
        text = next((key for key in _TEXT_KEYS if key in keys and key != role), "")
        if role and text:
            system = _named([name for name in columns if name != column], _SYSTEM)
            return ColumnMapping(system=system, messages=column, role_key=role, text_key=text)
    return None


def _turns(cell: Any) -> list[dict[str, Any]]:
    found = parsed(cell) if isinstance(cell, str) and cell.lstrip().startswith("[{") else cell
    if not isinstance(found, list) or not all(isinstance(turn, dict) for turn in found):
        return []
    return found


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    """The column with the surest of the names; "" when there is none."""
    plain = {re.sub(r"[\s_\-.]", "", column).lower(): column for column in reversed(columns)}
    return next((plain[name] for name in names if name in plain), "")


def _is_text(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Strings in most rows that have something there, and not just numbers."""
    cells = [cell for row in rows if (cell := row.get(column)) not in (None, "")]
    texts = [cell for cell in cells if isinstance(cell, str) and not _is_number(cell)]
    return bool(cells) and len(texts) * 2 > len(cells)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\s*[-+]?[\d.,]+%?\s*", cell) is not None


def _classes(rows: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    """The values of a column that names classes, sorted; [] for any other column."""
    cells = [row.get(column) for row in rows]
    values = {str(cell) for cell in cells if isinstance(cell, (str, int)) and cell != ""}
    if len(values) < 2 or any(len(text) > LONGEST_LABEL for text in values):
        return []
    filled = sum(cell not in (None, "") for cell in cells)
    return sorted(values) if len(values) <= min(MOST_LABELS, max(2, filled // 2)) else []


def _distinct(rows: Sequence[Mapping[str, Any]], column: str) -> int:
    return len({str(row.get(column)) for row in rows})


def _length(rows: Sequence[Mapping[str, Any]], column: str) -> int:
    return sum(len(cell) for row in rows if isinstance(cell := row.get(column), str))
