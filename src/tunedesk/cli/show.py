"""`tunedesk show`: one row as a model sees it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tunedesk.cli.output import print_json, progress
from tunedesk.cli.projects import find_model, surroundings
from tunedesk.dataset.example import example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.errors import UserError
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import read_model_folder
from tunedesk.template.rendered import Rendered, RenderedPair

UNDERLINE, PLAIN = "\x1b[4m", "\x1b[0m"


def show(arguments: argparse.Namespace) -> int:
    """UserError: no such file, row or model; a row that cannot be read; a template that refuses it."""
    model = read_model_folder(find_model(arguments.model))
    raw = row_of(arguments.file, arguments.row)
    rendered = _render(arguments.file, arguments.row, raw, model.path, arguments.max_length or model.context)
    if isinstance(rendered, RenderedPair):
        _show_pair(rendered, as_json=arguments.json)
    elif arguments.json:
        print_json(_facts(rendered))
    else:
        _print(rendered, colour=sys.stdout.isatty())
    return 0


def _show_pair(pair: RenderedPair, *, as_json: bool) -> None:
    """Both answers of a preference, each behind the prompt that they share."""
    if as_json:
        print_json({"chosen": _facts(pair.chosen), "rejected": _facts(pair.rejected)})
        return
    for name, answer in (("Chosen", pair.chosen), ("Rejected", pair.rejected)):
        print(f"{name} answer:")
        _print(answer, colour=sys.stdout.isatty())
        print()


def _facts(rendered: Rendered) -> dict[str, object]:
    return {
        "text": rendered.text,
        "ids": rendered.ids,
        "mask": rendered.mask,
        "tokens": rendered.tokens,
        "trained": rendered.trained,
        "cut_at": rendered.cut_at,
    }


def row_of(path: Path, number: int) -> bytes:
    """Row `number` (from 1) of a dataset file; UserError when there are fewer."""
    last = 0
    if number >= 1:
        for found, raw in read_rows(path, progress):
            if found == number:
                return raw
            last = found
        if not last:
            raise UserError(f"{path} has no rows.", hint="Name a file with at least one example.")
        raise UserError(f"{path} has no row {number}.", hint=f"Its last row is {last}.")
    raise UserError(f"There is no row {number} in {path}.", hint="Rows are counted from 1.")


def _render(path: Path, number: int, raw: bytes, model: Path, max_length: int) -> Rendered | RenderedPair:
    parsed = parse_row(raw)
    if parsed.value is None:
        reason = parsed.problems[0].message if parsed.problems else "It is not a JSON object."
        raise UserError(f"{path}, row {number}: {reason}", hint="Mend the row first; see tunedesk lint.")
    template, example = ChatTemplate.load(model), example_of(parsed.value, _mapping(path))
    try:
        if example.chosen and example.rejected:
            return RenderedPair(*template.render_preference(example, max_length))
        return template.render(example, max_length)
    except UserError as trouble:
        raise UserError(f"{path}, row {number}: {trouble.message}", hint=trouble.hint) from trouble


def _mapping(path: Path) -> ColumnMapping | None:
    around = surroundings(path)
    return around.mapping(path) if around else None


def _print(rendered: Rendered, *, colour: bool) -> None:
    """The text with trained stretches underlined, or between ⟦ and ⟧ where there is no terminal."""
    before, after = (UNDERLINE, PLAIN) if colour else ("⟦", "⟧")
    print("".join(f"{before}{span.text}{after}" if span.trained else span.text for span in rendered.spans))
    print(f"\n{rendered.tokens} tokens, {rendered.trained} of them trained")
    if rendered.cut_at is not None:
        print(f"cut at token {rendered.cut_at + 1}; {rendered.tokens - rendered.cut_at} tokens are lost")
    print("ids: ", *rendered.ids)
    print("mask:", *rendered.mask)
