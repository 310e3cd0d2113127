"""The engines that wait for an order, among all processes that the tests have started."""

import psutil


def waiting_engines() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _waits(child)]


def _waits(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[-1:] == ["wait"]
    except psutil.Error:
        return False
