"""What goes into a bundle."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging" / "bundle"))

from contents import foreign_files, is_wanted, licence_files


@pytest.mark.parametrize(
    "name",
    [
        "torch/test/cpp.so",
        "torch/bin/protoc",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "PySide6\\plugins\\platforms\\qminimalegl.dll",
        "PySide6/Qt/lib/libQt6Qml.so.6",
        "PySide6/Qt/lib/libQt6EglFsKmsSupport.so.6",
        "PySide6\\Qt6Quick.dll",
        "libgtk-3.so.0",
        "bitsandbytes/libbitsandbytes_cuda118.so",
    ],
)
def test_what_nobody_calls_is_left_out(name: str) -> None:
    assert not is_wanted(name, "13.0")


@pytest.mark.parametrize(
    "name",
    [
        "torch/bin/torch_shm_manager",
        "torch/lib/libtorch_cpu.so",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/lib/libQt6Gui.so.6",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "bitsandbytes/libbitsandbytes_cpu.so",
        "bitsandbytes/libbitsandbytes_cuda130.so",
        "tunedesk/resources/icons/play.svg",
    ],
)
def test_what_the_programs_need_is_kept(name: str) -> None:
    assert is_wanted(name, "13.0")


def test_a_cpu_bundle_has_no_cuda_library() -> None:
    assert not is_wanted("bitsandbytes/libbitsandbytes_cuda130.so", None)
    assert is_wanted("bitsandbytes/libbitsandbytes_cpu.so", None)


def test_a_library_of_the_building_computer_is_noticed(tmp_path: Path) -> None:
    own = tmp_path / "environment"
    sources = ["/usr/local/cuda/lib64/libcudart.so.13", "/usr/lib/libstdc++.so.6", str(own / "libqt.so"), ""]
    assert foreign_files(sources, [own]) == ["/usr/local/cuda/lib64/libcudart.so.13"]


def test_every_package_brings_its_licence_along() -> None:
    folders = {folder for _, folder in licence_files()}
    assert {"licenses/torch", "licenses/numpy", "licenses/pytest"} <= folders
