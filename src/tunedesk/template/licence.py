"""Finds the licence of a model folder in its model card or licence file; it judges nothing."""

import re
from pathlib import Path

_FIELD = re.compile(r"^(license|license_name)\s*:\s*(.+?)\s*$", re.MULTILINE)
_LIST_ITEM = re.compile(r"^license\s*:\s*\n\s*-\s*(.+?)\s*$", re.MULTILINE)
_NAMES = (  # what stands in the first lines of a licence text -> its SPDX name in the spelling of model cards
    ("apache license", "apache-2.0"),
    ("mit license", "mit"),
    ("bsd 3-clause", "bsd-3-clause"),
    ("creative commons attribution 4.0", "cc-by-4.0"),
)
_READ = 64_000  # bytes; enough for any front matter


def find_licence(folder: Path) -> str:
    """The licence as the model card names it, else as LICENSE begins; empty when neither says anything."""
    return _from_card(front_matter(folder)) or _from_file(folder)


def front_matter(folder: Path) -> str:
    """The YAML block at the head of README.md, as text; empty when there is none."""
    text = _head(folder / "README.md")
    if not text.startswith("---"):
        return ""
    end = text.find("\n---", 3)
    return text[3:end] if end > 0 else ""


def _from_card(card: str) -> str:
    fields = {name: value.strip("'\"") for name, value in _FIELD.findall(card)}
    listed = _LIST_ITEM.search(card)
    name = listed.group(1).strip("'\"") if listed is not None else fields.get("license", "")
    return fields.get("license_name", name) if name == "other" else name


def _from_file(folder: Path) -> str:
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"):
        text = _head(folder / name)
        lines = [line.strip(" #*\t") for line in text.splitlines() if line.strip(" #*\t")]
        if lines:
            start = " ".join(lines[:3]).lower()
            return next((short for words, short in _NAMES if words in start), lines[0][:60])
    return ""


def _head(path: Path) -> str:
    """The beginning of a text file; empty when it does not exist or cannot be read (a licence is no reason to
    fail).
    """
    try:
        with path.open("rb") as file:
            return file.read(_READ).decode("utf-8", errors="replace").replace("\r\n", "\n")
    except OSError:
        return ""
