"""Starts TuneDesk from its `.venv`, made first where needed; uses nothing but Python's own library.

`run` and `run.cmd` are thin shells over it. It is kept small, because every start runs it, and readable
for an old Python, because it has to tell an old Python that it is too old. set_up.py does the work of a
set-up.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this is the one place that an old Python reaches
    found = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.stderr.write(
        f"TuneDesk needs Python 3.11 or newer and found {found}: install a newer one, then start again.\n"
    )
    raise SystemExit(2)

WINDOWS = os.name == "nt"


def main(arguments: list[str]) -> int:
    root = Path(__file__).resolve().parent.parent
    extras = ["test"] if arguments[:1] == ["test"] else []
    fill_wheelhouse = arguments == ["--fill-wheelhouse"]
    if fill_wheelhouse or not is_current(root, extras):
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        import set_up

        try:
            set_up.set_up(root, extras)
            if fill_wheelhouse:
                return set_up.fill_wheelhouse(root)
        except set_up.SetupError as trouble:
            print(trouble, file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("\nSet-up was interrupted; the next start does it again.", file=sys.stderr)
            return 130
    return start(root, arguments)


def start(root: Path, arguments: list[str]) -> int:
    """Become the asked-for program; on Windows, where a process cannot be replaced, wait for it."""
    if arguments[:1] == ["test"]:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        os.chdir(root)
        chosen = ["pytest", *arguments[1:]]
    else:
        chosen = ["tunedesk", *(arguments or (["demo"] if has_screen() else ["demo", "--headless"]))]
    # The environment is complete in itself: neither a variable nor a file called json.py in the user's
    # folder (-P) may take the place of one of its modules.
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("PYTHONHOME", None)
    command = [str(venv_python(root)), "-P", "-m", *chosen]
    if WINDOWS:
        import subprocess

        return subprocess.call(command)
    os.execv(command[0], command)


def has_screen() -> bool:
    return not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


# The stamp says what was set up. It is written last, so an interrupted set-up has none.


def venv_python(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")


def constraints_file(root: Path) -> Path:
    return root / "packaging" / "constraints.txt"


def stamp_file(root: Path) -> Path:
    return root / ".venv" / "stamp.json"


def digest(root: Path) -> str:
    content = (root / "pyproject.toml").read_bytes() + constraints_file(root).read_bytes()
    return hashlib.sha256(content).hexdigest()


def python_series() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def read_stamp(root: Path) -> dict[str, object]:
    """Empty where there is no finished set-up that still has its Python."""
    try:
        stamp = json.loads(stamp_file(root).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and venv_python(root).exists() else {}


def installed_extras(stamp: dict[str, object]) -> list[str]:
    extras = stamp.get("extras")
    return [str(extra) for extra in extras] if isinstance(extras, list) else []


def is_current(root: Path, extras: list[str]) -> bool:
    knows_screen = read_stamp(root).get("screen") is True
    return packages_are_current(root, extras) and (knows_screen or not has_screen())


def packages_are_current(root: Path, extras: list[str]) -> bool:
    stamp = read_stamp(root)
    return (
        stamp.get("python") == python_series()
        and stamp.get("digest") == digest(root)
        and set(extras) <= set(installed_extras(stamp))
    )


def write_stamp(root: Path, extras: list[str]) -> None:
    """Record what is there now; a screen that was once provided for stays so."""
    screen = has_screen() or read_stamp(root).get("screen") is True
    stamp = {"digest": digest(root), "python": python_series(), "extras": sorted(extras), "screen": screen}
    temporary = stamp_file(root).with_suffix(".new")
    temporary.write_text(json.dumps(stamp) + "\n", encoding="utf-8")
    os.replace(temporary, stamp_file(root))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
