"""The findings that were there at one moment, so that later only new ones are shown."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tunedesk import paths
from tunedesk.dataset.parsing import ParsedRow
from tunedesk.dataset.row_edits import value_at
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.lint.finding import Finding

VERSION = 1


class Baseline(msgspec.Struct, frozen=True):
    """How often each fingerprint was found; the counts, so that one more of the same kind is new."""

    version: int = VERSION
    counts: dict[str, int] = {}

    @staticmethod
    def of(found: Iterable[tuple[Finding, ParsedRow | None]]) -> "Baseline":
        """Each finding with its row; None for a finding about the file as a whole."""
        return Baseline(VERSION, dict(Counter(fingerprint(finding, row) for finding, row in found)))


class _Written(msgspec.Struct):
    """A baseline's file: other JSON, such as a report, is none."""

    version: int
    counts: dict[str, int]


def fingerprint(finding: Finding, parsed: ParsedRow | None) -> str:
    """The same for a finding that stays where it was while other parts of its row, or other rows, change.

    It covers the rule and what stands at the finding's pointer, not the row's number.
    """
    digest = hashlib.blake2b(finding.code.encode(), digest_size=16)
    digest.update(b"\0" + _what_it_is_about(finding, parsed))
    return f"{finding.code}:{digest.hexdigest()}"


def _what_it_is_about(finding: Finding, parsed: ParsedRow | None) -> bytes:
    if parsed is None:
        return finding.message.encode("utf-8", "surrogatepass")
    if parsed.value is None or parsed.problems:
        return parsed.raw
    try:
        value = value_at(parsed.value, finding.pointer)
    except LookupError:  # it is about a key that is absent
        value = parsed.value
    return msgspec.json.encode(value, order="sorted")


class Known:
    """Takes findings out of a baseline one by one."""

    def __init__(self, baseline: Baseline) -> None:
        self._left = Counter(baseline.counts)

    def take(self, finding: Finding, parsed: ParsedRow | None) -> bool:
        """True when the baseline has this finding, and it was not taken as often before."""
        mark = fingerprint(finding, parsed)
        if not self._left[mark]:
            return False
        self._left[mark] -= 1
        return True


def read_baseline(path: Path) -> Baseline:
    """UserError when there is no such file, or it is no baseline."""
    try:
        read = msgspec.json.decode(path.read_bytes(), type=_Written)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Make one with --write-baseline."
        ) from error
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is no baseline: {error}.", hint="Make one with --write-baseline.") from error
    if read.version != VERSION:
        message = f"{path} is a baseline of version {read.version}; this TuneDesk reads version {VERSION}."
        raise UserError(message, hint="Make it anew with --write-baseline.")
    return Baseline(read.version, read.counts)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """UserError when it cannot be written."""
    ordered = Baseline(baseline.version, dict(sorted(baseline.counts.items())))
    try:
        paths.write_atomically(path, msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Name another file."
        ) from error


def stored_baseline(state: StateDb, dataset: Path) -> Baseline | None:
    """The one that the project has for a dataset file. UserError when the database cannot be read."""
    query = "SELECT counts FROM baseline WHERE dataset = ?"
    rows = state.rows(query, state.key_of(dataset.resolve()))
    return msgspec.json.decode(rows[0][0], type=Baseline) if rows else None


def store_baseline(state: StateDb, dataset: Path, baseline: Baseline | None) -> None:
    """Keep it in the project, in the place of an older one; None: have none. UserError when it cannot be
    written.
    """
    key, now = state.key_of(dataset.resolve()), datetime.now(UTC).isoformat(timespec="seconds")
    with state.transaction() as connection:
        connection.execute("DELETE FROM baseline WHERE dataset = ?", (key,))
        if baseline is not None:
            values = (key, msgspec.json.encode(baseline), now)
            connection.execute("INSERT INTO baseline (dataset, counts, created) VALUES (?, ?, ?)", values)
