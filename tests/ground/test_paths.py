"""Writing a file: whole or not at all, and as open to others as it was."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tunedesk.paths import write_atomically

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in another way")


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@needs_posix
def test_a_new_file_is_as_open_as_any_other_that_the_user_makes(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write_atomically(tmp_path / "file", b"new")
    assert rights(tmp_path / "file") == rights(tmp_path / "other")


@needs_posix
def test_a_file_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert (path.read_bytes(), rights(path)) == (b"new", 0o640)


@needs_posix
def test_a_link_stays_a_link_to_the_file_that_is_written(tmp_path: Path) -> None:
    path, link = tmp_path / "shared" / "file", tmp_path / "link"
    path.parent.mkdir()
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink() and path.read_bytes() == b"new"


def test_what_cannot_be_renamed_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["file"]
