"""Which addresses a key and rows may be sent to; it opens no socket."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from tunedesk.errors import UserError

_HINT = "It looks like https://api.example.com/v1."
# What urllib and an HTTP client might read differently, such as a backslash, is no host's name.
_HOST = re.compile(r"[A-Za-z0-9._:%-]+\Z")


def checked_address(base_url: str) -> SplitResult:
    """The parts of an address that is https, or http to this computer alone.

    UserError: no such address, one with a name or a password in it, or one with a question or a mark behind
    its path. The sentence never shows a password, nor a key that stands behind the path.
    """
    text = base_url.strip()
    shown = repr(re.sub(r"[?#].*", "…", re.sub(r"//[^/]*@", "//…@", text), flags=re.DOTALL))
    try:
        url = urlsplit(text)
        host = url.hostname or ""
        _ = url.port
    except ValueError as error:
        raise UserError(f"{shown} is not an address.", hint=_HINT) from error
    if url.username is not None or url.password is not None:
        raise UserError("The address holds a name or a password.", hint="Give the key by itself.")
    if url.scheme not in ("http", "https") or not _HOST.match(host) or re.search(r"[^!-~]", text):
        raise UserError(f"{shown} is not an address.", hint=_HINT)
    if url.query or url.fragment:
        raise UserError(f"{shown} holds more than an address.", hint="Leave out what begins with ? or #.")
    if url.scheme == "http" and not is_this_computer(host):
        message = f"{host} would be spoken to without encryption, so that others could read key and rows."
        raise UserError(message, hint="Use https. Only this computer itself may be spoken to by http.")
    return url


def host_of(base_url: str) -> str:
    """Where rows go, with the port when it is an unusual one. UserError as `checked_address`."""
    return checked_address(base_url).netloc


def is_this_computer(host: str) -> bool:
    """Whether a host's name or number (without a port) can mean no other computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
