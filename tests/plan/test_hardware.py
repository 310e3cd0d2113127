"""What this computer has."""

from pathlib import Path

from tunedesk.plan.hardware import Gpu, Hardware, disk_free, find_hardware


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
