"""What an exception means: out of memory, a driver's error, a drive that is full or gone; it handles none.

It needs no torch: what torch raises are RuntimeErrors that are known by their words.
"""

import errno
import os
import re

_FULL = {errno.ENOSPC, errno.EDQUOT}
# What reading and writing gives once a drive or a network share is gone.
_GONE = {errno.EIO, errno.ENODEV, errno.ENXIO, errno.EROFS, errno.ENOTCONN, errno.ESTALE}
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "cublas_status_alloc_failed")
_DRIVER = ("cuda error", "cublas_status", "cudnn_status", "cudnn error", "cusolver_status")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the card or of the computer was not enough."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(sign in words for sign in _NO_MEMORY)
    )


def is_driver_error(error: BaseException) -> bool:
    """Whether the graphics card or its driver gave up; this process can compute nothing there any more."""
    words = str(error).lower()
    return (
        isinstance(error, RuntimeError)
        and not ran_out_of_memory(error)
        and any(sign in words for sign in _DRIVER)
    )


def disk_error(error: BaseException) -> OSError | None:
    """The error of the system behind an exception, None when it is about something else.

    safetensors raises an exception of its own, whose words end in the system's number.
    """
    if isinstance(error, OSError):
        return error
    found = re.search(r"\(os error (\d+)\)", str(error))
    if found is None:
        return None
    number = int(found.group(1))
    return OSError(number, os.strerror(number), None, number)  # the last is what Windows goes by


def is_full(error: OSError) -> bool:
    """Whether a disk, or somebody's share of it, is full."""
    return error.errno in _FULL


def is_gone(error: OSError) -> bool:
    """Whether a drive or network share can no longer be reached."""
    return error.errno in _GONE
