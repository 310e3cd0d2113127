"""What this computer has."""

from pathlib import Path

import pytest

from tunedesk.plan.hardware import Gpu, Hardware, disk_free, find_hardware, visible_devices


def test_this_computer_has_cores_and_memory() -> None:
    hardware = find_hardware()
    assert hardware.cpu_count >= 1
    assert 0 < hardware.ram_free <= hardware.ram_total
    assert hardware.device


def test_a_card_is_the_device_when_there_is_one() -> None:
    hardware = Hardware("cpu", 4, 100, 50, (Gpu("Card", 30, 20),))
    assert (hardware.device, hardware.free_for_training) == ("Card", 20)


def test_the_disk_of_a_folder_that_does_not_exist_yet_is_its_parents(tmp_path: Path) -> None:
    assert disk_free(tmp_path / "new" / "deeper") > 0


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        (None, [0, 1, 2]),
        ("2,0", [2, 0]),
        ("", []),
        ("-1", []),
        ("1,9,0", [1]),
        ("GPU-8f0c, 1", ["GPU-8f0c", 1]),
    ],
)
def test_the_cards_are_those_that_a_program_sees(setting: str | None, shown: list[int | str]) -> None:
    """As CUDA's programming guide has it: what follows an impossible entry is not seen."""
    assert visible_devices(setting, 3) == shown


def test_only_a_card_from_ampere_on_computes_in_bfloat16() -> None:
    old, new = Gpu("Tesla T4", 16, 15, has_bfloat16=False), Gpu("NVIDIA L4", 24, 23)
    assert not Hardware("cpu", 4, 100, 50, (old,)).has_bfloat16
    assert Hardware("cpu", 4, 100, 50, (new,)).has_bfloat16
    assert not Hardware("cpu", 4, 100, 50).has_bfloat16
