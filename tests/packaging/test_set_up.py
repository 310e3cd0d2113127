"""What a set-up says while it works and when it fails, and what it asks the system for."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import bootstrap  # noqa: E402 - the scripts of packaging/ are no package
import set_up  # noqa: E402
import system_parts  # noqa: E402

COLLECTING = """
Collecting numpy
  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)
"""
INSTALLING = COLLECTING + "Installing collected packages: mpmath, numpy, sympy, torch\n"


def test_the_progress_line_names_the_package_that_is_fetched_and_its_size() -> None:
    assert set_up.phase(COLLECTING, installed=0) == "2 packages found, fetching torch (526.6 MB)"


def test_the_progress_line_counts_what_is_installed() -> None:
    assert set_up.phase(INSTALLING, installed=3) == "installing 3 of 4 packages"


def test_the_progress_line_never_counts_past_the_end() -> None:
    assert set_up.phase(INSTALLING, installed=9) == "installing 4 of 4 packages"


@pytest.mark.parametrize(
    ("log", "step"),
    [
        ("OSError: [Errno 28] No space left on device", "free about 3 GB"),
        (
            "NewConnectionError('... Temporary failure in name resolution')",
            "No package index could be reached",
        ),
        ("ERROR: No matching distribution found for numpy==2.4.6", "wheelhouse has to be filled"),
        ("Segmentation fault", "Starting again repeats"),
    ],
)
def test_a_failure_ends_with_its_next_step(log: str, step: str) -> None:
    told = set_up.explain(log, Path("setup.log"))
    assert told.splitlines()[0] == log
    assert step in told.splitlines()[-1]


def test_missing_libraries_are_named_by_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(system_parts, "can_load", lambda library: "xcb" not in library)
    assert "libxcb-cursor0" in system_parts.missing_packages()
    assert "libegl1" not in system_parts.missing_packages()


def test_a_computer_without_a_screen_needs_nothing_of_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(system_parts, "can_load", lambda library: "xcb" not in library)
    assert system_parts.missing_packages() == []


def test_without_rights_the_command_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        system_parts.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None
    )
    monkeypatch.setattr(system_parts.os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(system_parts.SetupError, match="sudo apt-get install libegl1 libgl1 "):
        system_parts.apt_install(["libegl1", "libgl1"])


def test_a_wheelhouse_keeps_pip_off_the_network(tmp_path: Path) -> None:
    assert "--no-index" not in set_up.pip_command(tmp_path, "install")
    (tmp_path / "wheelhouse").mkdir()
    (tmp_path / "wheelhouse" / "numpy-2.4.6-cp311-cp311-any.whl").touch()
    assert "--no-index" in set_up.pip_command(tmp_path, "install")
    assert "--no-index" not in set_up.pip_command(tmp_path, "download")


def test_half_a_stamp_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    bootstrap.stamp_file(tmp_path).write_text('{"digest": "ab')
    assert bootstrap.read_stamp(tmp_path) == {}


def test_the_constraints_name_one_version_of_every_direct_dependency() -> None:
    lines = bootstrap.constraints_file(ROOT).read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    names = [name.lower().replace("_", "-") for name, _ in pins]
    assert sorted(set(names)) == sorted(names)
    project = set_up.read_project(ROOT)["project"]
    extras = project["optional-dependencies"].values()  # type: ignore[attr-defined]
    wanted = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    for requirement in wanted:
        name = requirement.split(">")[0].split("=")[0].split("[")[0].strip()
        assert name.lower() in names, f"packaging/constraints.txt does not pin {name}"
    assert ["torch", "2.13.0"] in pins


def test_no_file_of_the_set_up_names_an_index() -> None:
    for path in [
        ROOT / "run",
        ROOT / "run.cmd",
        ROOT / "pyproject.toml",
        *(ROOT / "packaging").glob("*.txt"),
    ]:
        assert "index-url" not in path.read_text()
        assert "find-links" not in path.read_text()
    assert "index-url" not in (ROOT / "packaging" / "set_up.py").read_text()


def test_the_windows_command_has_the_line_ends_that_its_shell_wants() -> None:
    content = (ROOT / "run.cmd").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") > 0


def test_an_old_python_can_read_the_bootstrap_as_far_as_its_sentence() -> None:
    """Compiled for Python 3.7, the oldest that `py -3` still finds on a Windows computer."""
    import ast

    ast.parse((ROOT / "packaging" / "bootstrap.py").read_text(), feature_version=(3, 7))
