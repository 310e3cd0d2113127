"""Claims about what opening a document must not load."""

import subprocess
import sys

HEAVY = (
    "numpy",
    "tokenizers",
    "jinja2",
    "torch",
    "transformers",
    "PySide6",
    "hypothesis",
    "pyarrow",
    "openpyxl",
    "zstandard",
)


def test_opening_a_document_loads_no_heavy_library(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n')
    program = f"""
import sys
from pathlib import Path
from tunedesk.project.folder import open_document, open_project
from tunedesk.dataset import example, parsing, row_edits, search
project = open_project(Path({str(path)!r}))
document = open_document(project, project.datasets["train"])
document.replace(document.id_at(0), b"{{}}", "Edit")
document.save()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"
