"""Looks at the rows for the wizard: what is wrong with them, and what a model reads. Knows no Qt."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tunedesk.dataset.example import RowFormat, detect_format, example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import ParsedRow, parse_row
from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.train.wizard import TRAINED_ON, Reading, SplitFacts
from tunedesk.errors import UserError
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.session import LintSession
from tunedesk.lint.targets import Target, target_named
from tunedesk.plan.facts import DataFacts
from tunedesk.runs.job import Method
from tunedesk.runs.requests import row_counter
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import count_all
from tunedesk.template.encoding import RowTokens
from tunedesk.template.rendered import Rendered

Report = Callable[[int, int], None]
"""Called with what is done and how much there is."""
IsCancelled = Callable[[], bool]
LOOKED_AT = 200
"""Rows from which is told what they teach."""
PAIRS = (RowFormat.PREFERENCE, RowFormat.TRL_PREFERENCE)


@dataclass(frozen=True, slots=True)
class SplitSource:
    """Where a split's rows come from: the open document, or its file.

    snapshot: may read the disk and raise UserError. stamp: changes when the rows do.
    """

    role: str
    path: Path
    snapshot: Callable[[], Snapshot]
    stamp: Hashable = None
    is_modified: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen. snapshots: by role, the very rows that were looked at and will be trained on.

    method: the one that was asked for, else `fitting`, which is told from the rows.
    """

    splits: tuple[SplitFacts, ...]
    snapshots: dict[str, Snapshot]
    reading: Reading | None
    method: Method = "sft"
    fitting: Method = "sft"


def look_at(
    sources: Sequence[SplitSource],
    model: Path | None,
    method: Method | None,
    report: Report,
    is_cancelled: IsCancelled,
) -> Survey:
    """Lint every row and render it for the model. UserError: the model's template cannot be read.

    A split whose file cannot be read is told with its reason. After a cancel the answer is incomplete.
    method: None for the one that fits the training rows.
    """
    template = ChatTemplate.load(model) if model else None
    snapshots, troubles = _take(sources)
    progress = Progress(report, 2 * sum(len(snapshot) for snapshot in snapshots.values()), is_cancelled)
    fitting = fitting_method(snapshots.get("train"))
    method = method or fitting
    target = target_named("local", template)
    splits = tuple(
        lint_split(source, snapshots, target, progress)
        if source.role in snapshots
        else SplitFacts(source.role, source.path, 0, trouble=troubles[source.role])
        for source in sources
    )
    reading = _read(sources, snapshots, template, method, progress) if template else None
    return Survey(splits, snapshots, reading, method, fitting)


def fitting_method(rows: Snapshot | None) -> Method:
    """Preference where most of the rows are pairs of answers, else imitation; the first rows tell."""
    if rows is None:
        return "sft"
    looked_at = (parse_row(raw).value for _, raw in islice(rows.rows(), LOOKED_AT))
    kinds = [detect_format(value, rows.mapping) for value in looked_at if value is not None]
    pairs = sum(kind in PAIRS for kind in kinds)
    return "dpo" if kinds and 2 * pairs > len(kinds) else "sft"


def _take(sources: Sequence[SplitSource]) -> tuple[dict[str, Snapshot], dict[str, str]]:
    snapshots: dict[str, Snapshot] = {}
    troubles: dict[str, str] = {}
    for source in sources:
        try:
            snapshots[source.role] = source.snapshot()
        except UserError as error:
            troubles[source.role] = error.sentence
    return snapshots, troubles


@dataclass
class Progress:
    """Adds the rows of all passes up."""

    report: Report
    total: int
    is_cancelled: IsCancelled
    before: int = 0

    def add(self, done: int, _: int) -> None:
        self.report(min(self.before + done, self.total), self.total)


def lint_split(
    source: SplitSource, snapshots: Mapping[str, Snapshot], target: Target, progress: Progress
) -> SplitFacts:
    """Errors and warnings of one split; training rows are also compared with those of the other splits."""
    others = {role: _parsed(rows) for role, rows in snapshots.items() if role != source.role}
    snapshot = snapshots[source.role]
    session = LintSession(
        replace(target, mapping=snapshot.mapping), others if source.role == "train" else None
    )
    session.lint_all(snapshot, progress.add, progress.is_cancelled)
    progress.before += len(snapshot)
    facts = _Tally()
    with_findings = session.rows_with_findings()
    for number, row_id in enumerate(snapshot.ids, start=1):
        if row_id in with_findings:
            facts.add(number, session.findings(row_id))
    return SplitFacts(source.role, source.path, len(snapshot), facts.errors, facts.warnings, *facts.first)


def _parsed(snapshot: Snapshot) -> list[ParsedRow]:
    return [parse_row(raw) for _, raw in snapshot.rows()]


@dataclass
class _Tally:
    """Counts the rows that have findings, each once, by the worst of them."""

    errors: int = 0
    warnings: int = 0
    first: tuple[int, str] = (0, "")

    def add(self, number: int, findings: Sequence[Finding]) -> None:
        error = _first(findings, Severity.ERROR)
        if error is not None:
            self.errors += 1
            self.first = self.first if self.first[0] else (number, error.message)
        elif _first(findings, Severity.WARNING):
            self.warnings += 1


def _first(findings: Sequence[Finding], severity: Severity) -> Finding | None:
    return next((found for found in findings if found.severity is severity), None)


def _read(
    sources: Sequence[SplitSource],
    snapshots: Mapping[str, Snapshot],
    template: ChatTemplate,
    method: Method,
    progress: Progress,
) -> Reading:
    reader = _Reader(template, method)
    for source in sources:
        if source.role not in snapshots or source.role not in TRAINED_ON:
            continue
        snapshot = snapshots[source.role]
        counter = row_counter(method, template, snapshot.mapping)
        rows = enumerate((raw for _, raw in snapshot.rows()), start=1)
        for stretch in count_all(rows, counter, progress.is_cancelled):
            for number, raw, tokens in zip(*stretch, strict=True):
                reader.read(source, number, raw, snapshot.mapping, tokens)
            progress.add(stretch.row_ids[-1], 0)
        progress.before += len(snapshot)
    return reader.reading()


@dataclass
class _Reader:
    """Adds up what one model reads; a row that holds nothing to learn is counted nowhere, as in training."""

    template: ChatTemplate
    method: Method
    tokens: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    trained: int = 0
    valid_rows: int = 0
    refused: int = 0
    first_refusal: str = ""
    example: Rendered | None = None

    def read(
        self,
        source: SplitSource,
        number: int,
        raw: bytes,
        mapping: ColumnMapping | None,
        tokens: RowTokens | None,
    ) -> None:
        """tokens: None when the row cannot be read or rendered."""
        if tokens is None:
            self._refuse(f"Row {number:,} of {source.path.name}", raw, mapping)
        elif tokens.trained and source.role == "train":
            self.example = self.example or self._rendered(raw, mapping)
            self.tokens.append(tokens.total)
            self.starts.append(tokens.start)
            self.trained += tokens.trained
        elif tokens.trained:
            self.valid_rows += 1

    def _refuse(self, place: str, raw: bytes, mapping: ColumnMapping | None) -> None:
        value = parse_row(raw).value
        if value is None:
            return  # an error of the data, told there
        self.refused += 1
        if not self.first_refusal:
            try:
                self._rendered(raw, mapping)
            except UserError as error:
                self.first_refusal = f"{place}: {error.sentence}"

    def _rendered(self, raw: bytes, mapping: ColumnMapping | None) -> Rendered:
        """As it is trained; of a pair, with the preferred answer."""
        example = example_of(parse_row(raw).value, mapping)
        if self.method == "sft":
            return self.template.render(example)
        return self.template.render_preference(example)[0]

    def reading(self) -> Reading:
        facts = DataFacts(len(self.tokens), self.valid_rows, tuple(self.tokens), self.trained)
        return Reading(facts, tuple(self.starts), self.refused, self.first_refusal, self.example)
