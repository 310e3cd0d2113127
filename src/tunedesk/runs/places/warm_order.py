"""The one line that a waiting engine gets, and the one with which it says that it waits."""

import msgspec

READY = b"ready\n"


class Order(msgspec.Struct, frozen=True):
    """arguments: of the engine's command line, such as ("train", RUN). log: a file for all that it prints,
    "" for the streams that it has. folder: where it works.
    """

    arguments: tuple[str, ...]
    log: str = ""
    folder: str = ""


def encode_order(order: Order) -> bytes:
    return msgspec.json.encode(order) + b"\n"


def decode_order(line: bytes) -> Order:
    return msgspec.json.decode(line, type=Order)
