"""Rows as a new file of another container than they came from."""

from collections.abc import Callable, Iterable

from tunedesk.dataset.containers.csv_records import write_new_csv
from tunedesk.dataset.containers.form import Form, Kind
from tunedesk.dataset.containers.json_array import write_new_array
from tunedesk.dataset.containers.lines import write_new_lines
from tunedesk.dataset.containers.parquet import write_new_parquet
from tunedesk.dataset.containers.xlsx import write_new_xlsx


def write_new(
    form: Form,
    rows: Iterable[bytes],
    write: Callable[[bytes], object],
    name: str,
    nested_as_json: bool = False,
) -> None:
    """Write rows anew. UserError for a row that the container cannot hold.

    rows: may be read twice. nested_as_json: lists and objects may become texts of JSON in a table.
    """
    if form.kind is Kind.ARRAY:
        write_new_array(rows, write)
    elif form.kind is Kind.CSV:
        delimiter = form.dialect.delimiter if form.dialect is not None else ","
        write_new_csv(rows, write, delimiter, name, nested_as_json)
    elif form.kind is Kind.XLSX:
        write_new_xlsx(rows, write, name, nested_as_json)
    elif form.kind is Kind.PARQUET:
        write_new_parquet(rows, write, name)
    else:
        write_new_lines(rows, write)
