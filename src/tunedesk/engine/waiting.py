"""A process that has all imports done and waits for one order: a run to train, or a chat to serve.

Its imports cost some five seconds of a processor before every first step; here they are paid while nobody
waits. The order is one line on standard input; without one it ends when whoever might order is gone.
"""

import os
import sys
from collections.abc import Callable

from tunedesk.runs.places.warm_order import READY, Order, decode_order

FINE = 0


def wait(work: Callable[[list[str]], int]) -> int:
    """Import, say so, wait, and do what is asked. work: the engine's own command line."""
    _import_everything()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    line = _line_from(sys.stdin.fileno())
    if not line:
        return FINE
    order = decode_order(line)
    _move_to(order)
    return work(list(order.arguments))


def _import_everything() -> None:
    """What a training and a chat import at last; nothing of it looks at a model or a run."""
    from tunedesk.engine import generate_voices, train, training

    assert train and training and generate_voices


def _line_from(descriptor: int) -> bytes:
    """One line, and not a byte more: what follows is for the chat that was ordered."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            return b""
        line += byte
    return bytes(line)


def _move_to(order: Order) -> None:
    """Work in the order's folder and write into its log, as a process that was started there would."""
    if order.folder:
        os.chdir(order.folder)
    if order.log:
        log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(log)
        os.close(nothing)
