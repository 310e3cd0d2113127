"""A service on loopback that streams what a test says, and notes what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tunedesk.chat.hosted import HostedModels
from tunedesk.runs.accounts import Account
from tunedesk.runs.provider import Provider

KEY = "sk-very-secret-key"
Asked = dict[str, Any]
Script = Callable[[Asked], Iterator[bytes | tuple[int, dict[str, str], bytes]]]


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {} if text is None else {"content": text}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return f"data: {json.dumps({**body, **more})}\n\n".encode()


END = b"data: [DONE]\n\n"
USAGE = chunk(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11})


def refusal(status: int, message: str, **more: str) -> tuple[int, dict[str, str], bytes]:
    return status, {}, json.dumps({"error": {"message": message, "type": "x", **more}}).encode()


class StreamingService:
    """script: yields a refusal (status, headers, body) first, or pieces of a stream."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.broken = threading.Event()
        """Set when a client went before its answer was complete."""
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                outer.paths.append(self.path)
                outer.asked.append(body)
                try:
                    self._answer(outer.script(body))
                except OSError:
                    outer.broken.set()

            def _answer(self, said: Iterator[bytes | tuple[int, dict[str, str], bytes]]) -> None:
                first = next(said)
                if isinstance(first, tuple):
                    status, headers, content = first
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(first)
                for piece in said:
                    assert isinstance(piece, bytes)
                    self.wfile.write(piece)
                    self.wfile.flush()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    def models(self, *, tuned: str = "ft:tuned", base: str = "base", **more: Any) -> HostedModels:
        account = Account(name="Team box", provider="custom", base_url=f"http://{self.host}/v1")
        return HostedModels(account, Provider(id="custom", title="Custom", **more), tuned, base)

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
