"""What an export would write: which rows and files, every loss, and what the target would reject."""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from tunedesk.dataset.converting import ConvertedRow, Style, convert_row, style_for
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.export_dialects import NEEDS_KEYS, companions, kept_back
from tunedesk.dataset.legacy_marks import Legacy, dressed, found_legacy, undressed
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import BOM, parse_row
from tunedesk.dataset.target_profiles import MB, TargetProfile
from tunedesk.errors import UserError

F = RowFormat
LOOKED_AT = 200
"""Rows from which the format of a file is told."""
ROWS_NAMED = 10
BETWEEN_REPORTS = 500
# What these tools read best, whatever conversation the rows are: they know calls and roles only there.
_CONVERSATIONS = frozenset({F.CHAT, F.SHAREGPT, F.ALPACA, F.MAPPED, F.PROMPT_COMPLETION})
_BEST = {"llamafactory": (F.SHAREGPT, F.ALPACA), "axolotl": (F.CHAT,)}
Progress = Callable[[int, int], None]


class RowSource(Protocol):
    """A snapshot, or anything else with rows that can be read twice."""

    def __len__(self) -> int: ...

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Ids, which are not looked at, and texts, in order."""
        ...

    @property
    def mapping(self) -> ColumnMapping | None: ...


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """format: None for what fits the rows and the target best. name: of the files, without an ending.

    style: strings or lists of messages; None as the target takes them. legacy: what is put around prompts and
    completions of plain text. keep_marks: whether such marks stay when the rows become another format; else
    they are taken off where all rows have them. bom: None as the target wants it. file_bytes: a smaller
    limit than the target's. skip_refused: leave rows out that cannot be converted; else they are in the way.
    """

    format: RowFormat | None = None
    name: str = "train"
    style: Style | None = None
    legacy: Legacy = field(default_factory=Legacy)
    keep_marks: bool = False
    bom: bool | None = None
    file_bytes: int = 0
    skip_refused: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """The same loss, or the same reason to refuse, of many rows. rows: the first of them, from 1.

    pointer: into the first of the rows.
    """

    what: str
    count: int
    rows: tuple[int, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class PlannedFile:
    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export will do. rows: that will be written.

    problems: sentences about what the target would reject in the file as a whole. notes: what to know when
    the files are used. companions: small files that go along, by name.
    """

    target: TargetProfile
    format: RowFormat
    rows: int
    files: tuple[PlannedFile, ...]
    losses: tuple[Tally, ...]
    refusals: tuple[Tally, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    companions: tuple[tuple[str, str], ...]
    source: RowSource
    options: ExportOptions
    marks: Legacy

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


@dataclass(slots=True)
class _Tallies:
    """Counts by what is said; keeps the first rows."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[list[int], str]] = field(default_factory=dict)

    def add(self, row: int, pointer: str, what: str) -> None:
        self.counts[what] += 1
        rows, _ = self.first.setdefault(what, ([], pointer))
        if len(rows) < ROWS_NAMED and row not in rows:
            rows.append(row)

    def listed(self) -> tuple[Tally, ...]:
        return tuple(
            Tally(what, count, tuple(self.first[what][0]), self.first[what][1])
            for what, count in self.counts.most_common()
        )


def plan_export(
    source: RowSource,
    target: TargetProfile,
    options: ExportOptions | None = None,
    progress: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportPlan | None:
    """Convert all rows once to know sizes, losses and refusals; nothing is written. None when cancelled.

    UserError for a format that the target does not read, and for a name that is no file's name.
    """
    options = options or ExportOptions()
    if not options.name or set(options.name) & set('/\\:*?"<>|\0') or options.name.startswith("."):
        message = f"{options.name!r} cannot be the name of a file everywhere."
        raise UserError(message, hint="Use letters, digits, dashes and underscores.")
    to = _format_for(source, target, options)
    losses, refusals = _Tallies(), _Tallies()
    sizes, keys, pictures = array("Q"), dict[str, None](), Counter[int]()
    marks = _marks(source, to, options)
    for made in converted_rows(source, target, to, options, marks):
        if made.row % BETWEEN_REPORTS == 0:
            progress(made.row, len(source))
            if cancelled():
                return None
        for loss in made.losses:
            losses.add(loss.row, loss.pointer, loss.what)
        if made.refusal is not None:
            refusals.add(made.row, made.refusal.pointer, made.refusal.why)
        if made.raw is not None:
            sizes.append(len(made.raw) + 1)
            pictures[made.raw.count(b'"image_url"') // 2] += 1
            if target.name in NEEDS_KEYS:
                _see_keys(made.raw, keys)
    files = _files(sizes, target, options)
    more = companions(target, to, options.name, [file.name for file in files], keys)
    return ExportPlan(
        target=target,
        format=to,
        rows=len(sizes),
        files=files,
        losses=losses.listed(),
        refusals=refusals.listed(),
        problems=tuple(_problems(target, len(sizes), sizes, pictures)),
        notes=(*_told(marks), *_notes(target, to, files, losses, options)),
        companions=more,
        source=source,
        options=options,
        marks=marks,
    )


def _format_for(source: RowSource, target: TargetProfile, options: ExportOptions) -> RowFormat:
    takes = [kind for kind in target.formats if kind is not F.MAPPED]
    if options.format is not None:
        if options.format not in takes:
            message = f"{target.title} does not read rows of the format {options.format}."
            raise UserError(message, hint=f"It reads: {', '.join(takes)}.")
        return options.format
    looked_at = (parse_row(raw).value for _, raw in islice(source.rows(), LOOKED_AT))
    kinds = Counter(detect_format(value, source.mapping) for value in looked_at if value is not None)
    kind = kinds.most_common(1)[0][0] if kinds else takes[0]
    best = _BEST.get(target.name, ())
    if kind in _CONVERSATIONS and best:
        return kind if kind in best else best[0]
    if kind in takes:
        return kind
    pairs = [other for other in takes if other in (F.PREFERENCE, F.TRL_PREFERENCE)]
    return pairs[0] if pairs and kind in (F.PREFERENCE, F.TRL_PREFERENCE) else takes[0]


def _marks(source: RowSource, to: RowFormat, options: ExportOptions) -> Legacy:
    """The separators of the legacy format that all rows have; none where they shall stay."""
    if options.keep_marks or to is F.PROMPT_COMPLETION or source.mapping is not None:
        return Legacy()
    head = found_legacy(raw for _, raw in islice(source.rows(), LOOKED_AT))
    return found_legacy(raw for _, raw in source.rows()) if head.is_used else head


def _told(marks: Legacy) -> Iterator[str]:
    if marks.is_used:
        named = [json.dumps(mark) for mark in (marks.separator, marks.stop) if mark]
        yield f"Marks of the legacy format are taken off: {' and '.join(named)}."


def converted_rows(
    source: RowSource, target: TargetProfile, to: RowFormat, options: ExportOptions, marks: Legacy
) -> Iterator[ConvertedRow]:
    """Every row but blank lines, as the target shall get it; the same each time."""
    style = options.style or style_for(to, target)
    for number, (_, raw) in enumerate(source.rows(), start=1):
        if not raw.strip():
            continue  # a blank line is no row
        made = convert_row(number, undressed(raw, marks), source.mapping, to, target, style)
        yield kept_back(dressed(made, options.legacy) if to is F.PROMPT_COMPLETION else made, target, to)


def _see_keys(raw: bytes, keys: dict[str, None]) -> None:
    """Top-level keys, and those of the turns, as "conversations/from"; a row adds few after the first."""
    value = parse_row(raw).value or {}
    for key, item in value.items():
        keys.setdefault(key)
        if key in ("messages", "conversations") and isinstance(item, list):
            for turn in item:
                for name in turn if isinstance(turn, dict) else ():
                    keys.setdefault(f"{key}/{name}")


def has_bom(target: TargetProfile, options: ExportOptions) -> bool:
    """Whether the file begins with a byte order mark."""
    return target.bom if options.bom is None else options.bom


def _files(sizes: Sequence[int], target: TargetProfile, options: ExportOptions) -> tuple[PlannedFile, ...]:
    """One file; pieces of one file where the target takes big files in pieces; else several files."""
    bom = len(BOM) if has_bom(target, options) else 0
    limit = options.file_bytes or target.file_bytes
    total = sum(sizes) + bom
    if not limit or total <= limit:
        return (PlannedFile(f"{options.name}.jsonl", len(sizes), total),)
    is_pieces = bool(target.part_bytes)
    room = min(limit, target.part_bytes) if is_pieces else limit
    groups = [[0, bom]]
    for size in sizes:
        if groups[-1][0] and groups[-1][1] + size > room:
            groups.append([0, 0 if is_pieces else bom])
        groups[-1][0] += 1
        groups[-1][1] += size
    width = max(2, len(str(len(groups))))
    mark = ".part-" if is_pieces else "-"
    return tuple(
        PlannedFile(f"{options.name}{mark}{number:0{width}d}.jsonl", rows, size)
        for number, (rows, size) in enumerate(groups, start=1)
    )


def _problems(
    target: TargetProfile, rows: int, sizes: Sequence[int], pictures: Counter[int]
) -> Iterator[str]:
    title, total = target.title, sum(sizes)
    if rows < target.min_rows:
        yield f"{title} needs at least {target.min_rows} rows; here are {rows}."
    if target.max_rows and rows > target.max_rows:
        yield f"{title} takes at most {target.max_rows:,} rows; here are {rows:,}."
    if target.total_bytes and total > target.total_bytes:
        yield f"{title} takes at most {target.total_bytes // MB:,} MB in all; here are {total // MB:,} MB."
    if target.part_bytes and total > target.file_bytes and max(sizes) > target.part_bytes:
        yield f"One row is bigger than the {target.part_bytes // MB} MB of a piece."
    with_pictures = rows - pictures[0]
    if target.image_rows and with_pictures > target.image_rows:
        yield f"{title} takes at most {target.image_rows:,} rows with pictures; here are {with_pictures:,}."
    if target.row_images and max(pictures, default=0) > target.row_images:
        yield f"{title} takes at most {target.row_images} pictures in a row; one has {max(pictures)}."


def _notes(
    target: TargetProfile,
    to: RowFormat,
    files: Sequence[PlannedFile],
    losses: _Tallies,
    options: ExportOptions,
) -> Iterator[str]:
    if len(files) > 1 and target.part_bytes:
        yield "The pieces are one file: send them in this order through the Uploads API."
    elif len(files) > 1:
        yield "Each file is as big as the target takes; the rows stand in them in order."
    if target.portal_bytes and sum(file.bytes for file in files) > target.portal_bytes:
        yield f"Its web page takes {target.portal_bytes // MB} MB at most; use its API."
    if has_bom(target, options):
        yield "The file begins with a byte order mark; other targets reject it."
    if options.legacy.is_used and to is F.PROMPT_COMPLETION:
        yield options.legacy.sentence
    if target.name == "trl" and any(what.startswith("weight 0") for what in losses.counts):
        yield (
            "TRL knows no weights. Rows of prompt and completion train the last answer alone; for anything"
            " else TRL needs rows that are tokenised already (input_ids and labels)."
        )
