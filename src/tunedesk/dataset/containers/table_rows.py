"""Rows as tables see them: a value for each column; knows neither CSV nor Excel."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tunedesk.errors import UserError


def loaded(raw: bytes, name: str, spelled: bool = True) -> Any:
    """A row's value. UserError when it is not JSON. spelled: numbers as the texts that they are."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        return json.loads(text, parse_int=Spelled, parse_float=Spelled) if spelled else json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"The row is not JSON, so it cannot stand in {name}."
        raise UserError(message, hint="Mend its brackets and quotes first.") from error


class Spelled(str):
    """A number as it is written."""


def row_texts(value: Any, columns: Sequence[str], name: str, nested_as_json: bool = False) -> list[str]:
    """One text for each column. UserError for a key that is no column, and for what is no single text."""
    if not isinstance(value, dict):
        message = f"The row is no object with a text for each column of {name}."
        raise UserError(message, hint='Write it as {"column": "text", ...}.')
    unknown = [key for key in value if key not in columns]
    if unknown:
        known = ", ".join(columns) or "none: the file has no header line"
        hint = f"Its columns are: {known}. Save as .jsonl to have rows with keys of their own."
        raise UserError(f'{name} has no column "{unknown[0]}".', hint=hint)
    return [cell_text(value.get(column), column, name, nested_as_json) for column in columns]


def cell_text(value: Any, column: str, name: str, nested_as_json: bool = False) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):  # also NaN and Infinity, which JSON does not have
        return repr(value)
    if nested_as_json:
        return json.dumps(value, ensure_ascii=False)
    kind = "a list" if isinstance(value, list) else "an object"
    message = f'The value of "{column}" is {kind}, and a cell of {name} holds only text.'
    raise UserError(message, hint="Save as .jsonl or .parquet, which keep lists and objects.")


def unique_names(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Column names that differ, and those that had to be changed, new to old."""
    found: list[str] = []
    renamed: dict[str, str] = {}
    for place, name in enumerate(names, start=1):
        new = name or f"column {place}"
        number = 2
        while new in found:
            new, number = f"{name or 'column'} ({number})", number + 1
        if new != name:
            renamed[new] = name
        found.append(new)
    return found, renamed


def loaded_row(raw: bytes, name: str) -> Any:
    """A row's value with numbers as numbers. UserError when it is not JSON."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        message = f"The row is not JSON, so it cannot stand in {name}."
        raise UserError(message, hint="Mend its brackets and quotes first.") from error


def loaded_of_row(raw: bytes, number: int, name: str) -> dict[str, Any]:
    """A row's object. UserError that names the row."""
    try:
        value = loaded(raw, name)
    except UserError as error:
        raise UserError(f"Row {number:,}: {error.message}", hint=error.hint) from error
    if not isinstance(value, dict):
        message = f"Row {number:,} is no object, so it cannot be saved in {name}."
        raise UserError(message, hint="Mend or delete the row first.")
    return value


def columns_of(rows: Iterable[bytes], name: str) -> list[str]:
    """Every key that any row has, in the order of their first use. UserError for rows that are no objects,
    and for keys that cannot be the name of a column.
    """
    columns: dict[str, None] = {}
    number = 0
    for number, raw in enumerate(rows, start=1):
        value = loaded_of_row(raw, number, name)
        if "" in value:
            message = f"Row {number:,} has a key without a name, which cannot be a column of {name}."
            raise UserError(message, hint="Give the key a name, or save as .jsonl.")
        columns.update(dict.fromkeys(value))
    if number and not columns:
        message = f"No row has a key, so {name} would have no columns."
        raise UserError(message, hint="Save as .jsonl.")
    return list(columns)
