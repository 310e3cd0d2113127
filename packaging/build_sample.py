"""Writes the sample project's datasets, their planted faults and project.json, the same bytes every time."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from sample import faults
from sample.messages import Ticket, tickets

SEED = 20261120
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "resources" / "samples" / "helpdesk"
TRAIN_PER_CELL, VALID_PER_CELL, HELDOUT_PER_CELL = 21, 2, 5
FIRST_FAULT_ROW, FAULT_GAP = 7, 15  # rows between two planted faults
PROJECT = {
    "name": "Helpdesk",
    "format": 1,
    "default_target": "local",
    "default_model": "starter",
    "datasets": {
        "train": "datasets/train.jsonl",
        "valid": "datasets/valid.jsonl",
        "heldout": "datasets/heldout.jsonl",
    },
}


@dataclass(frozen=True)
class PlantedFault:
    """A fault with the place where it stands: `row` counts the lines of train.jsonl from 1."""

    row: int
    fault: faults.Fault

    def described(self) -> dict[str, object]:
        """The entry of faults.json."""
        return {
            "row": self.row,
            "code": self.fault.code,
            "wrong": self.fault.wrong,
            "mend": self.fault.mend,
            "mended": self.fault.mended,
        }


@dataclass(frozen=True)
class Sample:
    """The sample project's content, as lines."""

    train: list[str]
    valid: list[str]
    heldout: list[str]
    planted: list[PlantedFault]


def build() -> Sample:
    """The whole sample; the same at every call."""
    train = tickets("train", TRAIN_PER_CELL, SEED)
    valid = [faults.dump(ticket.row()) for ticket in tickets("valid", VALID_PER_CELL, SEED)]
    heldout = [faults.dump(ticket.row()) for ticket in tickets("heldout", HELDOUT_PER_CELL, SEED)]
    lines, planted = _plant(train, json.loads(valid[4]))
    return Sample(lines, valid, heldout, planted)


def mended_rows(sample: Sample | None = None) -> list[dict[str, object]]:
    """The training rows after every planted fault was mended as faults.json says."""
    sample = sample or build()
    mended = {item.row: item.fault.mended for item in sample.planted}
    rows = (mended[n] if n in mended else json.loads(line) for n, line in enumerate(sample.train, start=1))
    return [row for row in rows if row is not None]


def write(sample: Sample, out: Path) -> None:
    """Writes the project folder; every file ends with a line feed on every system."""
    (out / "datasets").mkdir(parents=True, exist_ok=True)
    for name, lines in (("train", sample.train), ("valid", sample.valid), ("heldout", sample.heldout)):
        _write_text(out / "datasets" / f"{name}.jsonl", "".join(line + "\n" for line in lines))
    listed = {
        "format": 1,
        "file": PROJECT["datasets"]["train"],  # type: ignore[index]
        "faults": [item.described() for item in sample.planted],
    }
    _write_text(out / "faults.json", json.dumps(listed, ensure_ascii=False, indent=1) + "\n")
    _write_text(out / "project.json", json.dumps(PROJECT, indent=2) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _plant(train: list[Ticket], leaked: dict[str, object]) -> tuple[list[str], list[PlantedFault]]:
    rows = [ticket.row() for ticket in train]
    lines = [faults.dump(row) for row in rows]
    by_position: dict[int, faults.Fault] = {}
    for place, spoiler in enumerate(faults.SPOILERS):
        start = FIRST_FAULT_ROW + place * FAULT_GAP
        position = next(
            n for n in range(start, len(rows)) if n not in by_position and faults.fits(spoiler, train[n])
        )
        by_position[position] = spoiler(rows[position])
    clean = [n for n in range(len(rows)) if n not in by_position]
    added = faults.additions(earlier=rows[clean[20]], conflicting=rows[clean[60]], leaked=leaked)
    return _interleave(lines, by_position, added)


def _interleave(
    lines: list[str], spoiled: dict[int, faults.Fault], added: list[faults.Fault]
) -> tuple[list[str], list[PlantedFault]]:
    """Puts the additional rows into the last part of the file, apart from one another."""
    written: list[str] = []
    planted: list[PlantedFault] = []
    first = len(lines) - 12 * len(added)
    for position, line in enumerate(lines):
        fault = spoiled.get(position)
        written.append(fault.line if fault else line)
        if fault:
            planted.append(PlantedFault(len(written), fault))
        if position >= first and (position - first) % 12 == 6:
            extra = added[(position - first) // 12]
            written.append(extra.line)
            planted.append(PlantedFault(len(written), extra))
    return written, planted


def main() -> None:
    """Command line: where to write, and whether to write the mended training rows instead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the project folder to write")
    parser.add_argument("--mended", type=Path, help="write only the mended training rows to this file")
    arguments = parser.parse_args()
    sample = build()
    if arguments.mended:
        _write_text(arguments.mended, "".join(faults.dump(row) + "\n" for row in mended_rows(sample)))
        return
    write(sample, arguments.out)
    print(f"{len(sample.train)} training rows with {len(sample.planted)} faults, written to {arguments.out}")


if __name__ == "__main__":
    main()
