"""Who may know whom: import-linter's contracts, and what they cannot express."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "tunedesk"

QT = {"PySide6", "shiboken6", "pyqtgraph"}
TENSORS = {"torch", "transformers", "peft", "bitsandbytes", "accelerate"}
NETWORK = {
    "socket", "ssl", "http", "urllib.request", "urllib3", "ftplib", "smtplib", "xmlrpc", "socketserver",
    "requests", "httpx", "httpx2", "aiohttp", "websockets", "openai", "azure", "PySide6.QtNetwork",
    "PySide6.QtWebSockets", "PySide6.QtWebEngineCore",
}  # fmt: skip
# Packages that are allowed for some parts only; a part is the folder or module below tunedesk.
ALLOWED = [
    (QT, ("desktop",)),
    (TENSORS, ("engine",)),
    (NETWORK, ("runs.places", "chat", "serve")),
    ({"tunedesk.engine"}, ("engine",)),
]


def imports_of(text: str) -> Iterator[str]:
    """Every module that a file imports anywhere, functions included, by its full dotted name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if (
                name in ("import_module", "__import__")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value)


def is_or_lies_in(module: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def trespasses(part: str, text: str) -> list[str]:
    """What the file of this part (such as `runs.places.this_computer`) imports but may not."""
    return [
        f"{part} imports {module}"
        for module in sorted(set(imports_of(text)))
        for packages, parts in ALLOWED
        if is_or_lies_in(module, packages) and not is_or_lies_in(part, parts)
    ]


def part_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def test_imports_point_down(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert outcome == 0, capsys.readouterr().out


def test_no_part_imports_what_belongs_to_another() -> None:
    found = [
        trespass
        for path in SOURCE.rglob("*.py")
        for trespass in trespasses(part_of(path), path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("lint.rows", "from PySide6.QtCore import Qt"),
        ("runs.follow", "import pyqtgraph as plots"),
        ("desktop.app", "def later():\n    import torch.nn"),
        ("cli.train", "from tunedesk import engine"),
        ("chat.session", "from tunedesk.engine.train import main"),
        ("project.folder", "import urllib.request"),
        ("runs.follow", "from http import client"),
        ("desktop.chat", "from PySide6 import QtNetwork"),
        ("cli.accounts", "def later():\n    from azure.identity import AzureCliCredential"),
        ("template.folder", "import importlib\nimportlib.import_module('transformers')"),
    ],
)
def test_the_check_finds_a_trespass_anywhere_in_a_file(part: str, text: str) -> None:
    assert trespasses(part, text)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("desktop.runs.pane", "import pyqtgraph"),
        ("engine.train", "import torch"),
        ("runs.places.endpoint", "import urllib.request"),
        ("dataset.document", "import urllib.parse, numpy"),
        ("runs.places.this_computer", "from tunedesk.runs.places.engine_command import engine_command"),
    ],
)
def test_the_check_lets_each_part_have_its_own(part: str, text: str) -> None:
    assert trespasses(part, text) == []


def test_each_folder_with_code_is_a_package() -> None:
    """setuptools leaves a folder without __init__.py out of the wheel."""
    folders = {path.parent for path in SOURCE.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_no_child_process_is_started_as_a_module_but_by_engine_command() -> None:
    """In a bundle sys.executable is the window: `-m` and `-c` would open a second one."""
    users = [part_of(path) for path in SOURCE.rglob("*.py") if "sys.executable" in path.read_text("utf-8")]
    assert users == ["runs.places.engine_command"]


def test_the_window_is_imported_without_what_only_some_panes_need() -> None:
    """A window that opens in a blink: arrays, plots and tokenizers come when they are first needed."""
    heavy = ["torch", "transformers", "numpy", "pyqtgraph", "tokenizers", "tiktoken", "jinja2"]
    heavy += ["huggingface_hub"]
    code = f"import sys, tunedesk.desktop.app; print([name for name in {heavy} if name in sys.modules])"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert outcome.stdout.strip() == "[]", outcome.stdout + outcome.stderr
