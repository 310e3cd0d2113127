"""A preset keeps what a person changed, and a file that is none is told in a sentence."""

from pathlib import Path

import pytest

from tunedesk.errors import UserError
from tunedesk.runs.presets import read_preset, write_preset


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "careful.preset.json"
    write_preset(path, "dpo", {"learning_rate": "5e-6", "packing": "false"})
    preset = read_preset(path)
    assert preset.method == "dpo"
    assert preset.assignments == ("learning_rate=5e-6", "packing=false")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no preset"),
        (b'{"settings": {"epochs": 3}}', "is no preset: expected str, got int"),
        (b'{"settings": {"epoch": "3"}}', "There is no setting"),
        (b'{"settings": {"epochs": "many"}}', "epochs=many does not fit"),
        (b'{"settings": {}, "models": 1}', "is no preset"),
        (b'{"settings": {}, "version": 2}', "newer TuneDesk"),
    ],
)
def test_a_file_that_is_no_preset_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_preset(path)


def test_a_preset_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_preset(tmp_path / "absent.json")
    with pytest.raises(UserError, match="cannot be written"):
        write_preset(tmp_path / "no" / "folder.json", "sft", {})
