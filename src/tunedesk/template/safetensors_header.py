"""Reads what a safetensors file says it holds (names, shapes, sizes) without loading a single weight."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tunedesk.errors import UserError

_LENGTH_BYTES = 8  # little-endian length of the JSON header (format description of the safetensors project)
_MAX_HEADER = 100_000_000  # the library's own limit


@dataclass(frozen=True, slots=True)
class WeightFile:
    """Tensor names, number of values in all of them, and bytes of weights in one file."""

    names: frozenset[str]
    parameters: int
    weight_bytes: int


def read_weight_file(path: Path) -> WeightFile:
    """UserError when the file is cut short or not safetensors."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if length > min(_MAX_HEADER, size - _LENGTH_BYTES):
                raise _damaged(path, "its header is longer than the file")
            header = msgspec.json.decode(file.read(length))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the rights of the file."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not a JSON object")
    header.pop("__metadata__", None)
    sizes = [_tensor(path, name, entry) for name, entry in header.items()]
    weight_bytes = max((end for _, end in sizes), default=0)
    if size != _LENGTH_BYTES + length + weight_bytes:
        raise _damaged(
            path, f"it has {size:,} bytes where its header tells of {_LENGTH_BYTES + length + weight_bytes:,}"
        )
    return WeightFile(frozenset(header), sum(count for count, _ in sizes), weight_bytes)


def _tensor(path: Path, name: str, entry: Any) -> tuple[int, int]:
    """(number of values, end of the data) of one entry."""
    try:
        shape, (begin, end) = entry["shape"], entry["data_offsets"]
        count = math.prod(shape)
    except (TypeError, KeyError, ValueError) as error:
        raise _damaged(path, f"its entry {name} is incomplete") from error
    numbers = (*shape, begin, end)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise _damaged(path, f"its entry {name} has impossible sizes")
    return count, end


def _damaged(path: Path, reason: str) -> UserError:
    return UserError(f"{path} is damaged: {reason}.", hint="Copy or download the file again.")
