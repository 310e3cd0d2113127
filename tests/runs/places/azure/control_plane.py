"""A stand-in for Azure's control plane on loopback, with states that move on as they are asked for."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "entra-token-1234567890"
BASE = (
    "/subscriptions/sub/resourceGroups/group/providers/Microsoft.CognitiveServices/accounts/res/deployments"
)


@dataclass
class Refuse:
    """One answer in place of the real one. times: how often it is given. text: instead of an error."""

    status: int
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    method: str = ""
    text: str = ""


class ControlPlane:
    """`with ControlPlane() as plane:` then Arm(token, plane.root). deployments: by name, as Azure tells them.

    states: that a new deployment goes through, one for each time it is asked for.
    """

    def __init__(self) -> None:
        self.deployments: dict[str, dict[str, Any]] = {}
        self.states = ["Creating", "Succeeded"]
        self.asked: list[tuple[str, str]] = []
        self.queries: list[dict[str, list[str]]] = []
        self.bodies: list[dict[str, Any]] = []
        self.refusals: list[Refuse] = []
        self.page = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ControlPlane:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, name: str, model: str, sku: str = "globalstandard", state: str = "Succeeded") -> None:
        self.deployments[name] = {
            "id": f"{BASE}/{name}",
            "name": name,
            "sku": {"name": sku, "capacity": 50},
            "properties": {
                "model": {"format": "OpenAI", "name": model, "version": "1"},
                "provisioningState": state,
            },
            "systemData": {"createdAt": "2026-11-19T08:00:00Z"},
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                plane.answer(self, "GET")

            def do_PUT(self) -> None:
                plane.answer(self, "PUT")

            def do_DELETE(self) -> None:
                plane.answer(self, "DELETE")

        return Handler

    def answer(self, request: BaseHTTPRequestHandler, method: str) -> None:
        url = urlsplit(request.path)
        size = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(size)) if size else {}
        self.asked.append((method, unquote(url.path)))
        self.queries.append(parse_qs(url.query))
        for refusal in self.refusals:
            if refusal.times > 0 and refusal.method in ("", method):
                refusal.times -= 1
                error = {"error": {"code": refusal.code, "message": refusal.message}}
                _send(request, refusal.status, refusal.text or error, refusal.headers)
                return
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            _send(request, 401, {"error": {"code": "InvalidAuthenticationToken", "message": "no"}})
        elif url.path == BASE:
            _send(request, 200, self._list(parse_qs(url.query)))
        elif url.path.startswith(f"{BASE}/"):
            self._one(request, method, unquote(url.path.removeprefix(f"{BASE}/")), body)
        else:
            _send(
                request, 404, {"error": {"code": "ResourceNotFound", "message": "The resource is not there."}}
            )

    def _one(self, request: BaseHTTPRequestHandler, method: str, name: str, body: dict[str, Any]) -> None:
        if method == "PUT":
            self.bodies.append(body)
            self.put(name, body["properties"]["model"]["name"], body["sku"]["name"], self.states[0])
            _send(request, 201, self.deployments[name])
        elif name not in self.deployments:
            _send(request, 404, {"error": {"code": "DeploymentNotFound", "message": "not there"}})
        elif method == "DELETE":
            self.deployments[name]["properties"]["provisioningState"] = "Deleting"
            _send(request, 202, {})
        else:
            self._move_on(name)
            found = self.deployments.get(name)
            _send(request, 200 if found else 404, found or {"error": {"code": "DeploymentNotFound"}})

    def _move_on(self, name: str) -> None:
        properties = self.deployments[name]["properties"]
        state = properties["provisioningState"]
        if state == "Deleting":
            del self.deployments[name]
        elif state in self.states[:-1]:
            properties["provisioningState"] = self.states[self.states.index(state) + 1]

    def _list(self, query: dict[str, list[str]]) -> dict[str, Any]:
        rows = list(self.deployments.values())
        if not self.page:
            return {"value": rows}
        begin = int(query.get("$skip", ["0"])[0])
        answer: dict[str, Any] = {"value": rows[begin : begin + self.page]}
        if begin + self.page < len(rows):
            answer["nextLink"] = f"{self.root}{BASE}?api-version=2024-10-01&$skip={begin + self.page}"
        return answer


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    value: dict[str, Any] | str,
    headers: dict[str, str] | None = None,
) -> None:
    data = (value if isinstance(value, str) else json.dumps(value)).encode()
    request.send_response(status)
    for name, text in {**(headers or {}), "Content-Length": str(len(data))}.items():
        request.send_header(name, text)
    request.end_headers()
    request.wfile.write(data)
