"""A service's result file: CSV, in base64 or not, read by its header; half a file gives half the figures."""

from __future__ import annotations

import base64
import binascii
import csv
import io

from tunedesk.runs.places.cloud.metrics import Metric, merged, metric_from

STEP = "step"


def read_results(data: bytes, *, is_whole: bool = True) -> dict[int, Metric]:
    """The figures by step, rising; empty when the file is no such table.

    is_whole: whether all of it arrived. Else its last line is left out: a number that lost its end is
    another number.
    """
    text = as_text(data)
    if not is_whole:
        text = text[: text.rfind("\n") + 1]
    if not _has_header(text):
        return {}
    lines = csv.reader(io.StringIO(text, newline=""))
    header = _fields(next(lines))
    rows = (dict(zip(header, line, strict=False)) for line in lines)
    return merged(metric for row in rows if (metric := metric_from(row)) is not None)


def is_results(data: bytes) -> bool:
    """Whether it is such a table, in either form."""
    return _has_header(as_text(data))


def _has_header(text: str) -> bool:
    return STEP in _fields(text.split("\n", 1)[0].strip().split(","))


def _fields(line: list[str]) -> list[str]:
    return [name.strip().strip('"').lower() for name in line]


def as_text(data: bytes) -> str:
    """The table as text; what is neither a table nor base64 is given as it is."""
    plain = data.decode("utf-8-sig", "replace")
    if _has_header(plain):
        return plain
    packed = b"".join(data.split())
    try:
        packed = packed[: len(packed) // 4 * 4]  # of base64 that was cut, what is whole
        return base64.b64decode(packed, validate=True).decode("utf-8-sig", "replace")
    except binascii.Error:
        return plain
