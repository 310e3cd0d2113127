"""Sends a server requests that nobody sane would send, and looks whether it goes on serving.

    python -m tests.serve.fuzz [--requests 2000] [--seed 1]

Every answer must be one that the server's own OpenAPI description allows: no 5xx, refusals in OpenAI's
shape, objects as they are described. In the end a job is trained as ever.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema

from tests.serve.clients import chat_rows, client_of, pair_rows, send, wait_for_end
from tests.serve.http import Answer, ask
from tests.serve.running import RunningServer

METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")
ODD_TEXTS = (
    *(
        "",
        "auto",
        "\x00",
        "\ud800",
        "😀" * 40,
        "a" * 5000,
        "../../etc/passwd",
        "%2e%2e%2f",
        "'; DROP TABLE jobs",
    ),
    *("null", "NaN", "-1", "1e400", "ftjob-" + "0" * 24, "file-" + "f" * 24, "𝕊ö\u202e\u2028"),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *([], {}, [[]], [None], {"": None}, {"type": "supervised"}, [{"role": "user", "content": "hi"}]),
)


@dataclass(slots=True)
class Fuzz:
    """One run. known: ids that exist, by the name of the parameter that takes them."""

    server: RunningServer
    chance: random.Random
    spec: dict[str, Any] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Things for ids to mean, so that requests come further than to a 404."""
        self.spec = json.loads(ask(self.server, "GET", "/openapi.json").body)
        client = client_of(self.server)
        files = [send(client, rows).id for rows in (chat_rows(12), pair_rows(12), chat_rows(1))]
        upload = client.uploads.create(
            bytes=50, filename="t.jsonl", mime_type="text/jsonl", purpose="fine-tune"
        )
        part = client.uploads.parts.create(upload.id, data=b'{"a": 1}\n')
        jobs = [client.fine_tuning.jobs.create(model="starter", training_file=file).id for file in files[:2]]
        self.known = {
            "file_id": files,
            "upload_id": [upload.id],
            "part_id": [part.id],
            "job_id": jobs,
            "model_id": ["starter"],
        }

    def run(self, requests: int) -> None:
        kinds: tuple[Callable[[], None], ...] = (self.described, self.described, self.form, self.noise)
        for _ in range(requests):
            self.chance.choice(kinds)()

    def described(self) -> None:
        """A request along the description, with a little or much that is wrong."""
        path = self.chance.choice(sorted(self.spec["paths"]))
        methods = sorted(method.upper() for method in self.spec["paths"][path])
        method = self.chance.choice(METHODS if self.chance.random() < 0.1 else methods)
        operation = self.spec["paths"][path].get(method.lower(), {})
        body: Any = None
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            body = self.value_of(schema, 0)
            if self.chance.random() < 0.1:
                body = self.spoilt(json.dumps(body).encode())
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.chance.random() < 0.05:
            headers["Content-Type"] = self.chance.choice(["text/plain", "", "multipart/form-data", "\xff"])
        self.send(method, path, self.filled(path) + self.query(operation), body, headers)

    def filled(self, path: str) -> str:
        """The template with ids in the place of parameters, most of them ids that exist."""
        parts = []
        for part in path.split("/"):
            name = part.strip("{}").partition(":")[0]
            if part.startswith("{"):
                known = self.known.get(name, ["x"])
                part = self.chance.choice(known) if self.chance.random() < 0.7 else self.odd_text()
                part = quoted(part)
            parts.append(part)
        return "/".join(parts)

    def query(self, operation: dict[str, Any]) -> str:
        names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        asked = [
            f"{quoted(name)}={quoted(self.chance.choice([*ODD_TEXTS, '1', '20', *self.known['job_id']]))}"
            for name in [*names, "metadata[k]", "metadata[", "x"]
            if self.chance.random() < 0.3
        ]
        return "?" + "&".join(asked) if asked else ""

    def value_of(self, schema: dict[str, Any], depth: int) -> Any:
        """Something that fits the schema, or now and then does not."""
        if self.chance.random() < 0.08:
            return self.chance.choice([*ODD_VALUES, *ODD_TEXTS, deep(self.chance.randrange(200))])
        if "$ref" in schema:
            return self.value_of(self.spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], depth)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.value_of(self.chance.choice(schema[key]), depth)
        if "const" in schema or "enum" in schema:
            return self.chance.choice(schema.get("enum") or [schema["const"]])
        match schema.get("type"):
            case "object":
                return self.object_of(schema, depth)
            case "array":
                many = self.chance.choice([0, 1, 1, 2, 5])
                return [self.value_of(schema.get("items", {}), depth + 1) for _ in range(many)]
            case "string":
                ids = [each for group in self.known.values() for each in group]
                return self.chance.choice([*ids, "t.jsonl", "name", self.odd_text()])
            case "integer":
                return self.chance.choice(
                    [1, 2, 50, 3600, schema.get("minimum", 0), schema.get("maximum", 9)]
                )
            case "number":
                return self.chance.choice([0.1, 1, 1.5, schema.get("maximum", 2.0)])
            case "boolean":
                return self.chance.random() < 0.5
            case "null":
                return None
            case _:
                return self.chance.choice(ODD_VALUES)

    def object_of(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        found = {
            name: self.value_of(each, depth + 1)
            for name, each in schema.get("properties", {}).items()
            if name in required or (depth < 6 and self.chance.random() < 0.4)
        }
        if "max_tokens" in schema.get("properties", {}):
            found["max_tokens"] = 2  # the fuzz is about requests, not about long answers
            found.pop("max_completion_tokens", None)
        if self.chance.random() < 0.05:
            found[self.odd_text()] = self.chance.choice(ODD_VALUES)
        return found

    def form(self) -> None:
        """A file or a part, whole or spoilt."""
        boundary = "b0undary"
        path = self.chance.choice(["/v1/files", "/v1/uploads/{upload_id}/parts"])
        rows = b"\n".join(chat_rows(self.chance.randrange(4)))
        fields = {
            "purpose": self.chance.choice(["fine-tune", "fine-tune", self.odd_text()]),
            "expires_after[anchor]": self.chance.choice(["created_at", self.odd_text()]),
            "expires_after[seconds]": self.chance.choice(["3600", "0", self.odd_text()]),
        }
        pieces = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + value.encode("utf-8", "surrogatepass")
            for name, value in fields.items()
            if name == "purpose" or self.chance.random() < 0.3
        ]
        filename = self.chance.choice(["t.jsonl", "t.jsonl", "t.txt", "../x.jsonl", "ü\x7f.jsonl"])
        name = self.chance.choice(["file", "data"])
        disposition = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'.encode()
        content = self.spoilt(rows) if self.chance.random() < 0.3 else rows
        pieces.append(f"--{boundary}\r\n".encode() + disposition + b"\r\n\r\n" + content)
        body = b"\r\n".join([*pieces, f"--{boundary}--\r\n".encode()])
        if self.chance.random() < 0.2:
            body = self.spoilt(body)
        self.send(
            "POST",
            path,
            self.filled(path),
            body,
            {"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )

    def noise(self) -> None:
        """Bytes that may be no HTTP at all; whatever comes back, the connection must end."""
        lines = self.chance.choice(
            [
                self.chance.randbytes(200),
                b"GET /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
                b"POST /v1/fine_tuning/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{",
                b"GET /v1/files HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
            ]
        )
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as line:
            try:
                line.sendall(lines)
                line.shutdown(socket.SHUT_WR)
                answer = line.recv(4096)
            except (ConnectionError, OSError):
                answer = b""
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
        self.statuses[status] += 1
        if status >= 500:
            self.complaints.append(f"{lines[:60]!r}: {status}")

    def odd_text(self) -> str:
        return self.chance.choice(ODD_TEXTS)

    def spoilt(self, data: bytes) -> bytes:
        """Cut, doubled, or with bytes changed."""
        if not data:
            return b"\xff"
        place = self.chance.randrange(len(data))
        match self.chance.randrange(3):
            case 0:
                return data[:place]
            case 1:
                return data[:place] + data
            case _:
                return data[:place] + self.chance.randbytes(3) + data[place + 3 :]

    def send(self, method: str, template: str, path: str, body: Any, headers: dict[str, str]) -> None:
        if not isinstance(body, bytes) and body is not None:
            body = json.dumps(body).encode()
        answer = ask(self.server, method, path, body, headers)
        self.statuses[answer.status] += 1
        problem = self.problem_with(answer, method, template)
        if problem:
            self.complaints.append(f"{method} {path[:200]} {(body or b'')[:300]!r}: {problem}")

    def problem_with(self, answer: Answer, method: str, template: str) -> str:
        """What is wrong with an answer, by the server's own description; "" when nothing is."""
        if answer.status >= 500 and answer.status != 503:
            return f"{answer.status} {answer.body[:300]!r}"
        if method == "HEAD":
            return ""
        if answer.status >= 400:
            try:
                return "" if answer.error["message"] else "a refusal without a message"
            except (KeyError, TypeError, ValueError, AssertionError):
                return f"a refusal in another shape: {answer.status} {answer.body[:200]!r}"
        operation = self.spec["paths"].get(template, {}).get(method.lower())
        kind = answer.headers.get("content-type", "")
        if operation is None or "json" not in kind:
            return ""
        content = operation["responses"][str(answer.status)].get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        whole = {**schema, "components": self.spec["components"]}
        errors = jsonschema.Draft202012Validator(whole).iter_errors(json.loads(answer.body))
        return next((error.message[:300] for error in errors), "")


def quoted(text: str) -> str:
    """Percent-encoded, lone surrogates too."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


def still_serves(server: RunningServer) -> None:
    """AssertionError: a job is not trained as ever."""
    client = client_of(server, strict=False)
    for job in client.fine_tuning.jobs.list(limit=1000):
        if job.status not in ("succeeded", "failed", "cancelled"):
            client.fine_tuning.jobs.cancel(job.id)
    file = send(client, chat_rows(12))
    done = wait_for_end(client, client.fine_tuning.jobs.create(model="starter", training_file=file.id).id)
    assert done.status == "succeeded", done.error


def fuzzed(server: RunningServer, requests: int, seed: int) -> Fuzz:
    fuzz = Fuzz(server, random.Random(seed))
    fuzz.prepare()
    fuzz.run(requests)
    return fuzz


def lines_of(fuzz: Fuzz) -> Iterator[str]:
    yield "answers by status: " + ", ".join(f"{code}: {many}" for code, many in sorted(fuzz.statuses.items()))
    yield from fuzz.complaints[:20]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(Path(folder) / "served", "--rate", "0") as server,
    ):
        began = time.monotonic()
        fuzz = fuzzed(server, chosen.requests, chosen.seed)
        print(f"{chosen.requests} requests in {time.monotonic() - began:.0f} s, seed {chosen.seed}")
        print("\n".join(lines_of(fuzz)))
        still_serves(server)
        if "Traceback" in server.output:
            fuzz.complaints.append(server.output[-3000:])
            print(server.output[-3000:])
    print("It goes on serving." if not fuzz.complaints else f"{len(fuzz.complaints)} complaints.")
    return 1 if fuzz.complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
