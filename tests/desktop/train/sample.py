"""The sample project made fit for a training, and made short."""

import json

from tunedesk import paths


def mend(root):
    """Mend the faults that are planted in the sample's training rows, as their list says."""
    faults = json.loads((paths.sample_project() / "faults.json").read_bytes())["faults"]
    file = root / "datasets" / "train.jsonl"
    rows = file.read_bytes().splitlines()
    for fault in faults:
        mended = fault["mended"]
        rows[fault["row"] - 1] = b"" if mended is None else json.dumps(mended, ensure_ascii=False).encode()
    file.write_bytes(b"\n".join(row for row in rows if row) + b"\n")


def shorten(root):
    """The first 40 training rows and 10 of the others: enough for every rule of the wizard, and quick."""
    for name, count in (("train", 40), ("valid", 10), ("heldout", 10)):
        file = root / "datasets" / f"{name}.jsonl"
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:count]))
