"""What goes into a bundle and what stays out; knows nothing of PyInstaller."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

# torch's tests and its command-line programs, 130 MB; torch looks for its shared memory manager at import.
# Qt's parts for screens, languages and programs that TuneDesk has none of, and GTK's theme with its 40
# libraries.
UNWANTED = [
    r"torch/(test|include|share)/",
    r"torch/bin/(?!torch_shm_manager)",
    r"torch/lib/lib(jitbackend|torchbind|backend_with_compiler|c10d_cuda)_test.*",
    r"PySide6/(Qt/)?(qml|translations|resources|libexec|metatypes)/",
    r"PySide6/(Qt/)?(lib|bin)?/?(lib)?Qt6(Qml|Quick|Designer|Pdf|Test|Help|UiTools|Sql|VirtualKeyboard|EglF).*",
    r"PySide6/Qt(Qml|Quick|Designer|Help|Sql|Test|UiTools)\w*\.",
    r"PySide6/(Qt/)?plugins/platforms/(lib)?q(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc)\b.*",
    r"PySide6/(Qt/)?plugins/platformthemes/libqgtk3.*",
    r"PySide6/(Qt/)?plugins/(egldeviceintegrations|qmllint|qmltooling|sqldrivers|designer)/",
    r"lib(gtk|gdk)-3\.so.*",
]
UNWANTED_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in UNWANTED))
BITSANDBYTES = re.compile(r"bitsandbytes/libbitsandbytes_(?P<build>[a-z]+\d*)\.")

# Nothing of the computer that builds may slip in but its system's own libraries.
FOREIGN = ("/usr/local/", "/opt/", "/home/", "/snap/")


def is_wanted(name: str, cuda: str | None) -> bool:
    """Whether a file belongs in the bundle.

    name: its path inside, with either kind of slash. cuda: the version that torch was built for, such as
    "13.0", or None for a CPU build; bitsandbytes brings a library for each, and only the CPU's and that one
    are kept.
    """
    path = PurePosixPath(name.replace("\\", "/")).as_posix()
    if UNWANTED_PATTERN.match(path):
        return False
    found = BITSANDBYTES.match(path)
    return found is None or found["build"] in {"cpu", f"cuda{(cuda or '').replace('.', '')}"}


def foreign_files(sources: Iterable[str], own: Iterable[Path]) -> list[str]:
    """The sources that lie neither in one of our own folders nor where the system keeps its libraries."""
    ours = tuple(str(folder.resolve()) for folder in own)
    resolved = [(source, str(Path(source).resolve())) for source in sources if source]
    return [source for source, path in resolved if path.startswith(FOREIGN) and not path.startswith(ours)]


def licence_files() -> Iterator[tuple[str, str]]:
    """(file, its folder in the bundle) of every package's licence texts, flat: Windows' paths are short."""
    for package in distributions():
        for path in package.files or []:
            is_licence = re.match(r"licen[cs]e|copying|notice", path.name, re.IGNORECASE)
            if is_licence and ".dist-info/" in path.as_posix():
                yield str(path.locate()), f"licenses/{package.metadata['Name']}"
