"""Where TuneDesk keeps its own files, and how a file is written so that a crash leaves the old one."""

import contextlib
import os
import stat
from pathlib import Path

import platformdirs

APP = "tunedesk"


def home() -> Path:
    """The folder of everything TuneDesk keeps for this user: the platform's, or TUNEDESK_HOME."""
    folder = _home()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _home() -> Path:
    chosen = os.environ.get("TUNEDESK_HOME")
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_data_path(APP, appauthor=False)
    return folder.resolve()


def settings_file() -> Path:
    """Where the settings are or would be; asking makes no folder, so it also works on a read-only disk."""
    return _home() / "settings.json"


def logs_dir() -> Path:
    folder = home() / "logs"
    folder.mkdir(exist_ok=True)
    return folder


def loose_projects_dir() -> Path:
    """Projects made for dataset files that lie outside any project."""
    folder = home() / "loose"
    folder.mkdir(exist_ok=True)
    return folder


def projects_dir() -> Path:
    folder = home() / "projects"
    folder.mkdir(exist_ok=True)
    return folder


def resources() -> Path:
    """The read-only files that ship with TuneDesk.

    An installed package carries them inside itself, a checkout beside `src`: editable installs do not see
    the mapping of pyproject.toml, so both places are looked at.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "resources", package.parent.parent / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("TuneDesk's resources folder is missing; install it again.")


def starter_model() -> Path:
    return resources() / "models" / "starter"


def sample_project() -> Path:
    """The shipped sample project; read-only, the user works on a copy."""
    return resources() / "samples" / "helpdesk"


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file's content whole or not at all: a temporary file beside it, fsync, rename.

    A link is followed. The file keeps its permissions; a new one gets those that the user's files have.
    """
    path = path.resolve() if path.is_symlink() else path
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
