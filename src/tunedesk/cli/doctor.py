"""`tunedesk doctor`: whether this computer has what TuneDesk needs, each with a next step."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tunedesk import __version__, paths
from tunedesk.cli.output import print_json, print_table
from tunedesk.errors import UserError
from tunedesk.plan.hardware import Hardware, disk_free, find_hardware
from tunedesk.plan.readiness import gigabytes
from tunedesk.runs.engine_report import EngineReport
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.places.engine_check import check_engine
from tunedesk.settings import load_settings
from tunedesk.template.find_models import default_model_roots, find_models
from tunedesk.template.model_folder import read_model_folder

LITTLE_MEMORY = 2 * 10**9
LITTLE_DISK = 2 * 10**9
State = Literal["fine", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. "note" is worth knowing, "missing" keeps TuneDesk from working."""

    name: str
    state: State
    detail: str
    hint: str = ""


def doctor(arguments: argparse.Namespace) -> int:
    """0 when nothing needed is missing, else 2."""
    checks = list(all_checks())
    works = all(check.state != "missing" for check in checks)
    if arguments.json:
        print_json({"ok": works, "checks": [asdict(check) for check in checks]})
    else:
        print_table([(check.name, check.state, check.detail) for check in checks], numbers=False)
        for check in checks:
            if check.hint:
                print(f"\n{check.name}: {check.hint}")
    return 0 if works else 2


def all_checks() -> Iterator[Check]:
    yield Check("tunedesk", "fine", __version__)
    yield check_python(sys.version_info[:3])
    yield check_folder(paths.home)
    yield check_starter(paths.starter_model)
    yield _models()
    yield _window()
    yield check_keys(KeyStore())
    hardware = find_hardware()
    yield check_memory(hardware)
    report = check_engine()
    yield from check_report(report)
    yield check_graphics(hardware, report)


def check_python(version: tuple[int, ...]) -> Check:
    text = ".".join(map(str, version))
    if version < (3, 11):
        return Check("python", "missing", text, "TuneDesk needs Python 3.11 or newer.")
    return Check("python", "fine", f"{text} on {platform.platform(terse=True)}")


def check_folder(folder: Callable[[], Path]) -> Check:
    """The data folder can be made, written to, and has room."""
    hint = "Set TUNEDESK_HOME to a folder that you may write to."
    try:
        place = folder()
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"x")
        free = disk_free(place)
    except OSError as trouble:
        return Check("data folder", "missing", f"{trouble.filename}: {trouble.strerror}", hint)
    if free < LITTLE_DISK:
        return Check(
            "data folder", "note", f"{place}, {gigabytes(free)} free", "Runs may need more: free some space."
        )
    return Check("data folder", "fine", f"{place}, {gigabytes(free)} free")


def check_starter(folder: Callable[[], Path]) -> Check:
    try:
        model = read_model_folder(folder())
    except (UserError, FileNotFoundError) as trouble:
        return Check("starter model", "missing", str(trouble), "Install TuneDesk again.")
    return Check("starter model", "fine", f"{model.parameters / 1e6:.1f} M parameters")


def _models() -> Check:
    found = find_models([*default_model_roots(), *map(Path, load_settings().model_folders)])
    names = ", ".join(model.name for model in found.models) or "none"
    hint = "; ".join(f"{path}: {reason}" for path, reason in found.refused)
    return Check("models", "note" if found.refused else "fine", names, hint)


def _window() -> Check:
    try:
        return Check("window", "fine", f"PySide6 {importlib.metadata.version('PySide6-Essentials')}")
    except importlib.metadata.PackageNotFoundError:
        return Check(
            "window", "note", "no PySide6", "Only commands work; install PySide6-Essentials for the window."
        )


def check_keys(store: KeyStore) -> Check:
    """Where keys of services would be kept."""
    if store.can_remember:
        return Check("keys", "fine", f"kept in {store.backend}")
    hint = "Keys of services are asked for each time; a desktop's own store would keep them."
    return Check("keys", "note", "no safe store here", hint)


def check_memory(hardware: Hardware) -> Check:
    detail = (
        f"{gigabytes(hardware.ram_free)} free of {gigabytes(hardware.ram_total)}, {hardware.cpu_count} cores"
    )
    if hardware.ram_free < LITTLE_MEMORY:
        return Check("memory", "note", detail, "An engine needs 1 GB and the model: close other programs.")
    return Check("memory", "fine", detail)


def check_report(report: EngineReport) -> Iterator[Check]:
    """The engine's libraries and its four-bit self-test."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    if report.problem:
        hint = "Install TuneDesk's dependencies again: pip install --force-reinstall tunedesk."
        yield Check("engine", "missing", report.problem, hint)
    else:
        yield Check("engine", "fine", versions)
    if report.nf4_error is not None:
        yield Check("four bits", "fine", f"NF4 works on {report.device} (error {report.nf4_error:.1%})")


def check_graphics(hardware: Hardware, report: EngineReport) -> Check:
    """A card that the driver shows but the engine does not use is worth a word."""
    if not hardware.gpus:
        return Check("graphics card", "note", "none found; training uses the processor")
    card = hardware.gpus[0]
    detail = f"{card.name}, {gigabytes(card.free)} free of {gigabytes(card.total)}"
    if report.device == "cpu":
        return Check("graphics card", "note", detail, "This torch cannot use it: install torch with CUDA.")
    return Check("graphics card", "fine", detail)
