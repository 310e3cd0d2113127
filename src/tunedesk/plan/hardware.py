"""What this computer has: cores, memory, graphics cards, free disk; found without torch."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gpu:
    """One NVIDIA card; memory in bytes, `free` at the moment of asking.

    has_bfloat16: whether it computes in bfloat16, as all cards from Ampere on do (compute capability 8.0); on
    others the engine computes in float32.
    """

    name: str
    total: int
    free: int
    has_bfloat16: bool = True


@dataclass(frozen=True, slots=True)
class Hardware:
    """Cores that this process may use, main memory in bytes, and the cards the driver shows."""

    cpu_name: str
    cpu_count: int
    ram_total: int
    ram_free: int
    gpus: tuple[Gpu, ...] = ()

    @property
    def device(self) -> str:
        """The name under which speeds are remembered: that of the first card, else of the processor."""
        return self.gpus[0].name if self.gpus else f"{self.cpu_name} ({self.cpu_count} cores)"

    @property
    def has_bfloat16(self) -> bool:
        """Whether what trains computes in bfloat16; without a card the engine takes float32."""
        return bool(self.gpus) and self.gpus[0].has_bfloat16

    @property
    def free_for_training(self) -> int:
        """Bytes that a run may fill: the first card's free memory, else the free main memory."""
        return self.gpus[0].free if self.gpus else self.ram_free


def find_hardware() -> Hardware:
    import psutil  # 20 ms that a window's first frame need not pay

    memory = psutil.virtual_memory()
    return Hardware(cpu_name(), usable_cores(), memory.total, memory.available, find_gpus())


def usable_cores() -> int:
    """Cores this process may run on; a container or `taskset` may allow fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cpu_name() -> str:
    """The processor's model as the system names it; the architecture where it has no name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine() or "processor"


def find_gpus() -> tuple[Gpu, ...]:
    """Cards of the NVIDIA driver; none where there is no driver, which is an answer and not an error."""
    try:
        import pynvml
    except ImportError:
        return ()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        allowed = visible_devices(os.environ.get("CUDA_VISIBLE_DEVICES"), pynvml.nvmlDeviceGetCount())
        return tuple(_read_gpu(_handle(each)) for each in allowed)
    except pynvml.NVMLError:
        return ()
    finally:
        pynvml.nvmlShutdown()


def visible_devices(setting: str | None, count: int) -> list[int | str]:
    """The cards that CUDA shows to a program, in its order, as numbers or as the driver's own names.

    setting: CUDA_VISIBLE_DEVICES; what stands behind a number that does not exist is not shown either. The
    engine counts cards as the driver does (`CUDA_DEVICE_ORDER`), so that both mean the same first one.
    """
    if setting is None:
        return list(range(count))
    found: list[int | str] = []
    for part in (piece.strip() for piece in setting.split(",")):
        if part.startswith(("GPU-", "MIG-")):
            found.append(part)
        elif part.isdigit() and int(part) < count:
            found.append(int(part))
        else:
            break
    return found


def _handle(device: int | str) -> object:
    import pynvml

    if isinstance(device, int):
        return pynvml.nvmlDeviceGetHandleByIndex(device)
    return pynvml.nvmlDeviceGetHandleByUUID(device)


def _read_gpu(handle: object) -> Gpu:
    import pynvml

    name = pynvml.nvmlDeviceGetName(handle)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    major, _ = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return Gpu(
        name.decode() if isinstance(name, bytes) else name, int(memory.total), int(memory.free), major >= 8
    )


def disk_free(folder: Path) -> int:
    """Free bytes where `folder` is or will be: its nearest existing parent is asked."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
