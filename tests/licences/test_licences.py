"""Nothing that TuneDesk installs forces its users' hand: no GPL and no AGPL among its dependencies."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement

COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
LESSER = re.compile(r"\bLGPL|GNU Lesser General Public", re.IGNORECASE)
# Offered under the LGPL or the GPL, whichever one chooses; TuneDesk chooses the LGPL (NOTICE).
LESSER_IS_CHOSEN = {"pyside6-essentials", "shiboken6"}
# `bundle` is left out: PyInstaller is a build tool, and its exception frees what it builds.
EXTRAS = {"test", "azure"}


def licence_texts(found: Distribution) -> list[str]:
    """What a package says of its licence, one statement an entry."""
    fields = found.metadata
    stated = [fields.get("License-Expression") or "", (fields.get("License") or "").split("\n\n")[0][:200]]
    stated += [line for line in fields.get_all("Classifier") or [] if line.startswith("License ::")]
    return [text for text in stated if text.strip() and text.strip() != "UNKNOWN"]


def is_copyleft(name: str, stated: list[str]) -> bool:
    if name in LESSER_IS_CHOSEN and any(map(LESSER.search, stated)):
        return False
    return any(COPYLEFT.search(LESSER.sub("", text)) for text in stated)


def installed_needs(name: str, extras: set[str], seen: dict[str, Distribution]) -> Iterator[Distribution]:
    """A package and everything that is installed because of it, each once."""
    try:
        found = distribution(name)
    except PackageNotFoundError:  # an extra that is not installed here
        return
    seen[name] = found
    yield found
    for text in found.requires or []:
        need = Requirement(text)
        if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        if canonical(need.name) not in seen:
            yield from installed_needs(canonical(need.name), set(need.extras), seen)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def dependencies() -> list[Distribution]:
    return list(installed_needs("tunedesk", EXTRAS, {}))[1:]


def test_the_closure_of_the_dependencies_is_seen() -> None:
    names = {canonical(found.metadata["Name"]) for found in dependencies()}
    assert {"torch", "sympy", "mpmath", "pyside6-essentials", "shiboken6", "pytest", "grimp"} <= names


def test_no_dependency_is_gpl_or_agpl() -> None:
    offenders = {
        found.metadata["Name"]: licence_texts(found)
        for found in dependencies()
        if is_copyleft(canonical(found.metadata["Name"]), licence_texts(found))
    }
    assert offenders == {}


def test_every_dependency_states_a_licence() -> None:
    silent = [
        found.metadata["Name"]
        for found in dependencies()
        if not licence_texts(found) and not carries_one(found)
    ]
    assert silent == []


def carries_one(found: Distribution) -> bool:
    files = [str(path) for path in found.files or []]
    return any(re.search(r"licen[cs]e|copying", path.rsplit("/", 1)[-1], re.IGNORECASE) for path in files)


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("qt-addons", ["GPL-3.0-only"], True),
        ("server", ["GNU Affero General Public License v3"], True),
        ("tool", ["License :: OSI Approved :: GNU General Public License v2 (GPLv2)"], True),
        ("pyside6-essentials", ["LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"], False),
        ("somebody-elses", ["LGPL-3.0-only OR GPL-3.0-only"], True),
        ("library", ["LGPL-2.1-or-later"], False),
        ("torch", ["BSD-3-Clause"], False),
    ],
)
def test_the_check_tells_copyleft_from_the_rest(name: str, stated: list[str], expected: bool) -> None:
    assert is_copyleft(name, stated) is expected
