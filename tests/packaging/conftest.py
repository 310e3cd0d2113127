"""A tiny checkout that the real bootstrap can set up in seconds and without a network."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A build backend of the project's own, so that pip has nothing to fetch. `slow` makes pip wait to be killed,
# `broken` makes it fail.
BACKEND = """
import time, zipfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\\nName: tunedesk\\nVersion: 1.0\\nProvides-Extra: test\\n"

WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_editable(folder, config_settings=None, metadata_directory=None):
    if Path("broken").exists():
        raise SystemExit("No space left on device")
    while Path("slow").exists():
        Path("waiting").touch()
        time.sleep(0.02)
    name = "tunedesk-1.0-py3-none-any.whl"
    files = {
        "toy.pth": str(Path("src").resolve()) + "\\n",
        "tunedesk-1.0.dist-info/METADATA": METADATA,
        "tunedesk-1.0.dist-info/WHEEL": WHEEL,
    }
    record = "".join(f"{path},,\\n" for path in files) + "tunedesk-1.0.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        for path, text in {**files, "tunedesk-1.0.dist-info/RECORD": record}.items():
            wheel.writestr(path, text)
    return name

build_wheel = build_editable
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tunedesk"
version = "1.0"
optional-dependencies.test = []
"""


class Toy:
    """A checkout with the real run and bootstrap; its `tunedesk` and `pytest` print their arguments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "stamp.json"
        (root / "packaging").mkdir(parents=True)
        (root / "src" / "tunedesk").mkdir(parents=True)
        shutil.copy(ROOT / "run", root)
        for name in ("bootstrap.py", "set_up.py", "system_parts.py"):
            shutil.copy(ROOT / "packaging" / name, root / "packaging")
        (root / "packaging" / "constraints.txt").write_text("")
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND)
        (root / "src" / "tunedesk" / "__main__.py").write_text(
            "import sys\nprint('tunedesk', *sys.argv[1:])\n"
        )
        (root / "src" / "pytest.py").write_text(
            "import os, sys\nprint('pytest', os.getcwd(), *sys.argv[1:])\n"
        )

    def environment(self, **changes: str) -> dict[str, str]:
        """This process's environment without a screen, and with the changes."""
        kept = {
            name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
        }
        return {**kept, **changes}

    def start(self, **options: Any) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self.root / "run"], env=self.environment(), stdout=pipe, stderr=pipe, text=True, **options
        )

    def run(
        self, *arguments: str, cwd: Path | None = None, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "run", *arguments],
            cwd=cwd,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def fresh(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "checkout")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A checkout that was set up once; the tests that use it leave it so."""
    toy = Toy(tmp_path_factory.mktemp("a folder with spaces") / "checkout")
    outcome = toy.run("--version")
    assert outcome.returncode == 0, outcome.stderr
    return toy
