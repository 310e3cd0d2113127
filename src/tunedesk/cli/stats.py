"""`tunedesk stats`: what a dataset is made of, and what the field's guidance says to it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunedesk.cli.output import print_json, print_table, progress
from tunedesk.cli.projects import Surroundings, find_model, surroundings
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.plan.data_advice import DataAdvice, data_advice
from tunedesk.plan.statistics import (
    CutRow,
    DataStatistics,
    epochs_suggested,
    examples_needed,
    gather,
    spread_of,
)
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import TokenCounter
from tunedesk.template.model_folder import read_model_folder
from tunedesk.template.openai_counting import OpenAiCounter
from tunedesk.template.openai_tokens import encoding_for_model, training_context
from tunedesk.template.pair_counting import AnyRowCounter

DEFAULT_MODEL = "starter"
ROWS_PER_REPORT = 50_000
MOST_SHOWN = 10
BAR = 40


@dataclass(frozen=True, slots=True)
class Ruler:
    """What tokens are counted with. limit: where a row is cut, None where that is not known. refusal: why a
    row is not counted.
    """

    counter: TokenCounter
    name: str
    limit: int | None
    is_estimate: bool
    refusal: Callable[[bytes], str] = lambda raw: ""


def stats(arguments: argparse.Namespace) -> int:
    """UserError: no such file or model, or a model whose tokens nobody can count."""
    path: Path = arguments.file
    around = surroundings(path)
    mapping = around.mapping(path) if around else None
    total = sum(1 for _ in read_rows(path, progress))  # read twice, so that a large file is not held
    if not total:
        raise UserError(f"{path} has no rows.", hint="Name a file with at least one example.")
    with ruler(arguments, around, mapping) as chosen:
        found = gather(read_rows(path), total, chosen.counter, mapping, progress=_Reporter())
        reason = _reason(found, chosen, path)
    limit = arguments.limit or chosen.limit
    if arguments.json:
        print_json(as_object(found, chosen, limit))
    else:
        show(found, chosen, limit, str(path), reason)
    return 0


@contextmanager
def ruler(
    arguments: argparse.Namespace, around: Surroundings | None, mapping: ColumnMapping | None
) -> Iterator[Ruler]:
    """What the arguments ask to count with; its processes end with the block."""
    if arguments.target != "openai":
        default = around.manifest.default_model if around else DEFAULT_MODEL
        folder = read_model_folder(find_model(arguments.model or default))
        counter = AnyRowCounter(ChatTemplate.load(folder.path), mapping)
        yield Ruler(counter, folder.name, folder.context, False, counter.refusal)
        return
    model = arguments.openai_model
    encoding = encoding_for_model(model)
    if encoding is None:
        raise UserError(
            f"It is not known how {model} counts tokens.", hint="Name a model such as gpt-4o or gpt-4.1-mini."
        )
    with OpenAiCounter(encoding, mapping) as processes:
        yield Ruler(processes, model, training_context(model), True)


def _reason(found: DataStatistics, used: Ruler, path: Path) -> str:
    """Why the first row that is not counted is not; "" when all are."""
    first = next((row for row, count in found.row_tokens() if count is None), None)
    if first is None:
        return ""
    why = used.refusal(next(raw for row, raw in read_rows(path) if row == first))
    return f"row {first:,}: {why}" if why else ""


class _Reporter:
    """Says on standard error how far a long count is."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        if done - self._told >= ROWS_PER_REPORT:
            self._told = done
            progress(f"{done:,} of {total:,} rows")


def as_object(found: DataStatistics, used: Ruler, limit: int | None) -> dict[str, Any]:
    """The edge where typed values become what a script reads."""
    epochs = epochs_suggested(found.examples)
    billing = found.billing_tokens(limit)
    return {
        "rows": len(found),
        "examples": found.examples,
        "uncounted": found.uncounted,
        "counted_with": used.name,
        "is_estimate": used.is_estimate,
        "limit": limit,
        "tokens": {
            "total": found.total_tokens,
            "trained": found.trained_tokens,
            **_spread(found.tokens),
            "by_row": [None if count is None else count.total for _, count in found.row_tokens()],
            "trained_by_row": [None if count is None else count.trained for _, count in found.row_tokens()],
        },
        "histogram": [
            {"first": bar.first, "last": bar.last, "rows": bar.rows, "is_cut": bar.is_cut}
            for bar in found.histogram(limit)
        ],
        "cut_rows": [
            {"row": row.row_id, "tokens": row.tokens, "trained": row.trained, "lost": row.lost}
            for row in _cut(found, limit)
        ],
        "turns": {str(turns): rows for turns, rows in sorted(found.turns.items())},
        "roles": dict(found.roles),
        "languages": {name or "unknown": rows for name, rows in found.languages.most_common()},
        "labels": {name or "answer": dict(labels) for name, labels in found.classes().items()},
        "answer_characters": _spread(found.answer_lengths),
        "system_prompts": {"rows": found.with_system, "different": len(found.systems)},
        "refusals": found.refusals,
        "questions_with_different_answers": found.conflicts,
        "examples_needed": examples_needed(found.examples),
        "epochs_suggested": epochs,
        "billing_tokens": billing,
        "billing_tokens_all_epochs": billing * epochs,
        "advice": [
            {
                "name": item.name,
                "standing": str(item.standing),
                "figure": item.figure,
                "sentence": item.sentence,
                "source": item.source,
                "todo": item.todo,
            }
            for item in data_advice(found)
        ],
    }


def _spread(counted: Counter[int]) -> dict[str, float]:
    spread = spread_of(counted)
    return {
        "least": spread.least,
        "median": spread.median,
        "p95": spread.high,
        "most": spread.most,
        "mean": round(spread.mean, 1),
    }


def _cut(found: DataStatistics, limit: int | None) -> tuple[CutRow, ...]:
    return found.cut_rows(limit) if limit is not None else ()


def show(found: DataStatistics, used: Ruler, limit: int | None, name: str, reason: str) -> None:
    """A page of text. reason: why rows are not counted."""
    about = "an estimate, by OpenAI's cookbook" if used.is_estimate else "as it is trained"
    print(f"{name}: {len(found):,} {'row' if len(found) == 1 else 'rows'}, tokens of {used.name} ({about})\n")
    print_table(_figures(found, limit, reason), numbers=False)
    _show_histogram(found, limit)
    _show_cut(found, limit)
    print("\nWhat the guidance says:")
    for item in data_advice(found):
        _show_advice(item)


def _figures(found: DataStatistics, limit: int | None, reason: str) -> list[tuple[str, ...]]:
    epochs = epochs_suggested(found.examples)
    billing = found.billing_tokens(limit)
    sizes, answers, turns = (
        spread_of(values) for values in (found.tokens, found.answer_lengths, found.turns)
    )
    return [
        ("tokens", f"{found.total_tokens:,}", f"{found.trained_tokens:,} trained"),
        (
            "tokens a row",
            f"{sizes.median:,}",
            f"{sizes.least:,} to {sizes.most:,}, 95 % up to {sizes.high:,}",
        ),
        ("turns a row", f"{turns.median:,}", f"{turns.least:,} to {turns.most:,}"),
        ("characters of an answer", f"{answers.median:,}", f"{answers.least:,} to {answers.most:,}"),
        ("roles", f"{len(found.roles)}", _most_common(found.roles)),
        ("languages", f"{len(+found.languages)}", _most_common(found.languages)),
        ("system prompts", f"{len(found.systems):,}", f"in {found.with_system:,} rows"),
        *(
            (f"classes of {name or 'the answer'}", f"{len(labels):,}", _most_common(labels))
            for name, labels in found.classes().items()
        ),
        ("rows that cannot be counted", f"{found.uncounted:,}", reason),
        ("epochs suggested", f"{epochs}", "cookbook's rule"),
        ("tokens billed", f"{billing * epochs:,}", f"{billing:,} an epoch"),
    ]


def _most_common(values: Counter[str]) -> str:
    shown = ", ".join(f"{name or 'unknown'} {count:,}" for name, count in values.most_common(5))
    return f"{shown}, ..." if len(values) > 5 else shown


def _show_histogram(found: DataStatistics, limit: int | None) -> None:
    bars = found.histogram(limit)
    most = max((bar.rows for bar in bars), default=0)
    if not most:
        return
    print("\ntokens a row")
    width = len(f"{bars[-1].last:,}")
    for bar in bars:
        line = ("x" if bar.is_cut else "#") * -(-BAR * bar.rows // most)
        print(f"  {bar.first:>{width},} - {bar.last:>{width},}  {bar.rows:>9,}  {line}".rstrip())


def _show_cut(found: DataStatistics, limit: int | None) -> None:
    cut = _cut(found, limit)
    if limit is None or not cut:
        return
    print(f"\n{len(cut):,} {'row is' if len(cut) == 1 else 'rows are'} longer than {limit:,} tokens:")
    for row in cut[:MOST_SHOWN]:
        loss = f"about {row.lost:,} of {row.trained:,} trained are lost"
        print(f"  row {row.row_id:,}: {row.tokens:,} tokens, {loss}")
    if len(cut) > MOST_SHOWN:
        print(f"  and {len(cut) - MOST_SHOWN:,} more")


def _show_advice(item: DataAdvice) -> None:
    print(f"  {item.name:<15}{item.standing:<6}{item.figure}. {item.sentence} {item.todo}".rstrip())
    print(f"  {'':<21}({item.source})")
