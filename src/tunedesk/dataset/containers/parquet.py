"""Rows of a Parquet file; its schema stays, and so does every value that nobody touched."""

import io
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tunedesk.dataset.containers import working_text
from tunedesk.dataset.containers.handle import Handle
from tunedesk.dataset.containers.layout import Sink, Stretch
from tunedesk.dataset.containers.lines import LineLayout
from tunedesk.dataset.containers.table_rows import columns_of, loaded_row
from tunedesk.dataset.line_index import Progress
from tunedesk.errors import UserError

_BATCH = 1000
_GROUP = 1 << 16
"""Rows of a row group in a file that has none to go by."""


class ParquetLayout(LineLayout):
    """A row is an object of what its columns hold.

    A struct has every key in Parquet, with null where a row had none: such keys are left out, except content
    beside tool calls. Columns of bytes, or with types inside of lists and structs that JSON does not have,
    are not shown; an edited row keeps their values. Times and decimals are shown as texts.
    """

    def __init__(self, source: Handle, name: str, progress: Progress | None = None) -> None:
        """UserError when the file is damaged."""
        self._source = source
        self._name = name
        self._arrow = pyarrow_library(name)
        try:
            self._file = self._opened()
            schema = self._file.schema_arrow
            self._columns = {field.name: field.type for field in schema if self._is_shown(field.type)}
            hidden = [field.name for field in schema if field.name not in self._columns]
            if len(set(schema.names)) < len(schema.names):
                message = f"{name} has two columns of the same name."
                raise UserError(message, hint="Rename one of them where the file was made.")
            self.text = working_text.working_handle(lambda write: self._unpack(write, progress))
        except self._arrow.lib.ArrowException as error:
            message = f"{name} could not be read: {error}."
            raise UserError(message, hint="Is the file damaged?") from error
        super().__init__(self.text.read, self.text.size)
        if hidden:
            listed = ", ".join(f'"{column}" ({schema.field(column).type})' for column in hidden)
            self.notes = (f"Columns that JSON has no form for are not shown but kept: {listed}.",)

    def _opened(self) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(working_text.reader_of(self._source))

    def _unpack(self, write: Callable[[bytes], object], progress: Progress | None) -> None:
        done = 0
        if not self._columns:
            for _ in range(self._file.metadata.num_rows):
                write(b"{}\n")
            return
        for batch in self._file.iter_batches(_BATCH, columns=list(self._columns)):
            for row in batch.to_pylist():
                write(_dumped(row) + b"\n")
            done += batch.num_rows
            if progress is not None:
                progress(done, self._file.metadata.num_rows)

    def _is_shown(self, kind: Any) -> bool:
        types = self._arrow.types
        return self._has_json(kind) or types.is_temporal(kind) or types.is_decimal(kind)

    def _has_json(self, kind: Any) -> bool:
        types = self._arrow.types
        if types.is_dictionary(kind):
            return self._has_json(kind.value_type)
        if types.is_struct(kind):
            return kind.num_fields > 0 and all(self._has_json(field.type) for field in kind)
        if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            return self._has_json(kind.value_type)
        plain = (
            types.is_string,
            types.is_large_string,
            types.is_boolean,
            types.is_integer,
            types.is_floating,
        )
        return any(is_kind(kind) for is_kind in plain) or types.is_null(kind)

    def settled(self, raw: bytes) -> bytes:
        value = self._checked(raw)
        row = {column: self._array(column, value.get(column)).to_pylist()[0] for column in self._columns}
        return _dumped(row)

    def _checked(self, raw: bytes) -> dict[str, Any]:
        value = loaded_row(raw, self._name)
        if not isinstance(value, dict):
            message = f"The row is no object with a value for each column of {self._name}."
            raise UserError(message, hint="A row is an object in curly brackets.")
        for key, item in value.items():
            if key not in self._columns:
                columns = ", ".join(self._columns)
                hint = f"Its columns are: {columns}. Save as .jsonl to have rows with keys of their own."
                raise UserError(f'{self._name} has no column "{key}".', hint=hint)
            self._refuse_new_keys(item, self._columns[key], key)
        return value

    def _refuse_new_keys(self, value: Any, kind: Any, where: str) -> None:
        """Arrow would drop a key that its struct does not have."""
        types = self._arrow.types
        if types.is_struct(kind) and isinstance(value, dict):
            known = {field.name: field.type for field in kind}
            for key, item in value.items():
                if key not in known:
                    hint = f"It has: {', '.join(known)}. Save as .jsonl to have keys of its own."
                    raise UserError(f'"{where}" has no key "{key}" in {self._name}.', hint=hint)
                self._refuse_new_keys(item, known[key], f"{where}/{key}")
        elif isinstance(value, list) and hasattr(kind, "value_type"):
            for place, item in enumerate(value):
                self._refuse_new_keys(item, kind.value_type, f"{where}/{place}")

    def _array(self, column: str, value: Any) -> Any:
        """A column of one value. UserError when it is not of the column's type."""
        kind = self._columns[column]
        if value is None and not self._file.schema_arrow.field(column).nullable:
            message = f'"{column}" must have a value in {self._name}.'
            raise UserError(message, hint=f"Give it a value of the type {kind}.")
        try:
            if isinstance(value, str) and not self._has_json(kind):
                return self._arrow.array([value]).cast(kind)
            return self._arrow.array([value], type=kind)
        except (self._arrow.lib.ArrowException, TypeError, ValueError, OverflowError) as error:
            message = f'The value of "{column}" is not of the type {kind}, which {self._name} has there.'
            raise UserError(message, hint="Give it a value of that type, or save as .jsonl.") from error

    def write(self, stretches: Iterable[Stretch], count: int, sink: Sink) -> None:
        from pyarrow import parquet

        file = self._opened()
        schema, metadata = file.schema_arrow, file.metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        packing = groups[0].column(0).compression if groups and metadata.num_columns else "SNAPPY"
        size = max((group.num_rows for group in groups), default=0) or _GROUP
        options = {"compression": "NONE" if packing == "UNCOMPRESSED" else packing}
        try:
            with parquet.ParquetWriter(_SinkFile(sink), schema, **options) as writer:
                waiting: list[Any] = []
                rows = 0
                for table in self._tables(stretches, _Groups(file, groups), schema):
                    waiting.append(table)
                    rows += table.num_rows
                    if rows >= size:
                        writer.write_table(self._arrow.concat_tables(waiting), row_group_size=size)
                        waiting, rows = [], 0
                if waiting:
                    writer.write_table(self._arrow.concat_tables(waiting), row_group_size=size)
        except self._arrow.lib.ArrowException as error:
            message = f"{self._name} could not be written: {error}. The old file is as it was."
            raise UserError(message, hint="Save as .jsonl.") from error

    def _tables(self, stretches: Iterable[Stretch], groups: "_Groups", schema: Any) -> Iterator[Any]:
        for start, stop, raw in stretches:
            if raw is None:
                yield from groups.slices(start, stop)
            else:
                old = next(groups.slices(start, start + 1)) if start >= 0 else None
                yield self._table_of_row(raw, old, self.raw(start) if start >= 0 else b"", schema)

    def _table_of_row(self, raw: bytes, old: Any, old_raw: bytes, schema: Any) -> Any:
        """One edited row; what the edit left alone is the old row's very value."""
        value = self._checked(raw)
        before = self._checked(old_raw) if old_raw else {}
        arrays = []
        for field in schema:
            is_kept = field.name not in self._columns or _same(value, before, field.name)
            if old is not None and is_kept:
                arrays.append(old.column(field.name))
            elif field.name in self._columns:
                arrays.append(self._array(field.name, value.get(field.name)))
            else:
                arrays.append(self._arrow.nulls(1, field.type))
        return self._arrow.Table.from_arrays(arrays, schema=schema)


def _same(value: dict[str, Any], before: dict[str, Any], key: str) -> bool:
    return (key in value) == (key in before) and value.get(key) == before.get(key)


class _Groups:
    """Rows of a Parquet file by number; the row group read last is kept."""

    def __init__(self, file: Any, groups: list[Any]) -> None:
        self._file = file
        self._starts = [0]
        for group in groups:
            self._starts.append(self._starts[-1] + group.num_rows)
        self._number = -1
        self._table: Any = None

    def slices(self, start: int, stop: int) -> Iterator[Any]:
        while start < stop:
            number = bisect_right(self._starts, start) - 1
            if number != self._number:
                self._number, self._table = number, self._file.read_row_group(number)
            end = min(stop, self._starts[number + 1])
            yield self._table.slice(start - self._starts[number], end - start)
            start = end


class _SinkFile(io.RawIOBase):
    """A sink as the file that Arrow writes to."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        block = bytes(data)
        self._sink.write(block)
        self._at += len(block)
        return len(block)


def _dumped(row: dict[str, Any]) -> bytes:
    return json.dumps(_cleaned(row), ensure_ascii=False, default=_as_text).encode("utf-8")


def _as_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cleaned(value: Any) -> Any:
    """Without the keys that Parquet had to fill with null."""
    if isinstance(value, dict):
        keeps_content = bool(value.get("tool_calls"))
        return {
            key: _cleaned(item)
            for key, item in value.items()
            if item is not None or (key == "content" and keeps_content)
        }
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def pyarrow_library(name: str) -> Any:
    """The library for Parquet. UserError with a hint where it is not installed."""
    try:
        import pyarrow
        import pyarrow.types
    except ImportError as error:
        hint = "Install the Python package pyarrow, or convert the file to .jsonl where it was made."
        raise UserError(f"{name} is a Parquet file, which cannot be read here.", hint=hint) from error
    return pyarrow


def write_new_parquet(rows: Iterable[bytes], write: Callable[[bytes], object], name: str) -> None:
    """Rows as a new Parquet file; types are those that fit all rows. UserError where none does."""
    arrow = pyarrow_library(name)
    from pyarrow import parquet

    columns = columns_of(rows, name)
    values = [json.loads(raw) for raw in rows]
    arrays = []
    for column in columns:
        try:
            arrays.append(arrow.array([value.get(column) for value in values]))
        except (arrow.lib.ArrowException, TypeError, ValueError, OverflowError) as error:
            message = f'The values of "{column}" are of different types, which {name} cannot store: {error}.'
            raise UserError(message, hint="Make them alike, or save as .jsonl.") from error
    table = arrow.table(arrays, names=columns)
    content = io.BytesIO()
    try:
        parquet.write_table(table, content)
    except arrow.lib.ArrowException as error:
        raise UserError(f"{name} could not be written: {error}.", hint="Save as .jsonl.") from error
    write(content.getvalue())
