"""A proxy on loopback that speaks HTTP with both sides and does to single requests what real networks do."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True)
class Seen:
    """A request that came by. passed: whether the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    passed: bool


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Fault:
    """What is done to the requests that match, and how often. path: a regular expression for all of it, with
    the question. passes: whether the server gets the request. Then one of: change, which makes another
    answer; reset, which breaks the line; hang, which keeps silent until the client goes; cut, which sends
    half of the announced bytes.
    """

    method: str
    path: str
    times: int = 1
    passes: bool = True
    after: int = 0
    change: Callable[[Answer], Answer] | None = None
    reset: bool = False
    hang: bool = False
    cut: bool = False
    met: int = field(default=0)

    def matches(self, method: str, path: str) -> bool:
        if method != self.method or not re.fullmatch(self.path, path):
            return False
        self.met += 1
        return self.after < self.met <= self.after + self.times


def refuses(
    method: str,
    path: str,
    status: int,
    *,
    code: str = "",
    message: str = "No.",
    passes: bool = False,
    times: int = 1,
    after: int = 0,
    headers: dict[str, str] | None = None,
) -> Fault:
    """An answer in OpenAI's form; without `passes` the server never hears of the request."""
    text = f'{{"error": {{"message": "{message}", "type": "t", "param": null, "code": "{code}"}}}}'
    made = Answer(status, {"content-type": "application/json", **(headers or {})}, text.encode())
    return Fault(method, path, times=times, after=after, passes=passes, change=lambda answer: made)


class Proxy:
    """`with Proxy(server.url, faults) as proxy:` and then clients use proxy.url."""

    def __init__(self, upstream: str, faults: Iterable[Fault] = ()) -> None:
        address = urlsplit(upstream)
        self.host, self.port, self._path = address.hostname or "", address.port or 0, address.path
        self.faults = list(faults)
        self.seen: list[Seen] = []
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault_of(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self.faults if fault.matches(method, path)), None)

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def count(self, method: str, path: str) -> int:
        """Requests that came by and match."""
        return sum(1 for one in self.seen if one.method == method and re.fullmatch(path, one.path))


def _handler_of(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's acknowledgement

        def handle_one(self) -> None:
            body = _body(self)
            fault = proxy.fault_of(self.command, self.path)
            passes = fault is None or fault.passes
            proxy.note(Seen(self.command, self.path, dict(self.headers.items()), passes))
            answer = _forwarded(proxy, self, body) if passes else Answer(200, {}, b"")
            if fault is not None and fault.reset:
                _reset(self)
            elif fault is not None and fault.hang:
                _hang(self, proxy.ended)
            else:
                changed = fault.change(answer) if fault and fault.change else answer
                _give(self, changed, cut=bool(fault and fault.cut))

        do_GET = do_POST = do_DELETE = handle_one

        def log_message(self, format: str, *args: object) -> None:
            """Tests look at `seen` instead."""

    return Handler


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if "chunked" in handler.headers.get("transfer-encoding", "").lower():
        pieces = []
        while size := int(handler.rfile.readline().split(b";")[0], 16):
            pieces.append(handler.rfile.read(size))
            handler.rfile.readline()
        handler.rfile.readline()
        return b"".join(pieces)
    return handler.rfile.read(int(handler.headers.get("content-length", 0)))


def _forwarded(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
    headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP_BY_HOP}
    headers["Accept-Encoding"] = "identity"
    line = http.client.HTTPConnection(proxy.host, proxy.port, timeout=60)
    try:
        line.request(handler.command, handler.path, body or None, headers)
        got = line.getresponse()
        kept = {name: value for name, value in got.getheaders() if name.lower() not in _HOP_BY_HOP}
        return Answer(got.status, kept, got.read())
    finally:
        line.close()


def _give(handler: BaseHTTPRequestHandler, answer: Answer, *, cut: bool) -> None:
    handler.send_response_only(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
    handler.wfile.flush()
    if cut:
        handler.close_connection = True


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """A closed line without a farewell: RST instead of FIN."""
    handler.close_connection = True
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    socket.close(handler.connection.detach())  # its files would keep a mere close waiting


def _hang(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Silence until the client has had enough and closes the line."""
    handler.close_connection = True
    handler.connection.setblocking(False)
    while not ended.wait(0.01):
        with contextlib.suppress(BlockingIOError):
            try:
                if handler.connection.recv(1) == b"":
                    return
            except ConnectionError:
                return
