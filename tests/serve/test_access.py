"""Who is served, how often and how much; and that every refusal has OpenAI's shape."""

from __future__ import annotations

import errno
import http.client
import sqlite3
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import openai
import pytest
from starlette.testclient import TestClient

from tests.serve.clients import chat_rows, client_of, send
from tests.serve.http import ask
from tests.serve.running import RunningServer
from tunedesk.serve.access import explained
from tunedesk.serve.app import make_app
from tunedesk.serve.database import Database
from tunedesk.serve.settings import Limits, ServeSettings
from tunedesk.serve.tokens import Tokens


def add_token(data_dir: Path, name: str) -> str:
    data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(data_dir / "serve.db")
    try:
        return Tokens(database).add(name)
    finally:
        database.close()


def test_each_user_has_files_and_jobs_of_their_own(tmp_path: Path) -> None:
    data = tmp_path / "served"
    anna, ben = add_token(data, "anna"), add_token(data, "ben")
    with RunningServer(data, "--require-token") as server:
        annas, bens = client_of(server, anna), client_of(server, ben)
        file = send(annas, chat_rows(3))
        job = annas.fine_tuning.jobs.create(model="starter", training_file=file.id)
        annas.fine_tuning.jobs.cancel(job.id)
        assert job.organization_id == "user-anna"
        assert bens.files.list().data == []
        assert bens.fine_tuning.jobs.list().data == []
        for look in (
            lambda: bens.files.content(file.id),
            lambda: bens.fine_tuning.jobs.retrieve(job.id),
            lambda: bens.fine_tuning.jobs.cancel(job.id),
            lambda: bens.fine_tuning.jobs.list_events(job.id),
            lambda: bens.fine_tuning.jobs.checkpoints.list(job.id),
        ):
            with pytest.raises(openai.NotFoundError):
                look()
        with pytest.raises(openai.BadRequestError, match="does not exist"):
            bens.fine_tuning.jobs.create(model="starter", training_file=file.id)

        for key in ("", "sk-none", "td-none", anna[:-1], anna + "x"):
            answer = ask(server, "GET", "/v1/files", headers={"Authorization": f"Bearer {key}"})
            assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert ask(server, "GET", "/v1/files").status == 401
        assert ask(server, "POST", "/v1/files", b"x" * 10).status == 401  # before the body is looked at
        assert ask(server, "GET", "/health").status == 200

        database = Database(data / "serve.db")
        Tokens(database).remove("anna")  # beside the running server
        database.close()
        with pytest.raises(openai.AuthenticationError):
            annas.files.list()
        assert bens.files.list().data == []
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert anna.encode() not in kept
    assert ben.encode() not in kept
    assert anna not in server.output


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8731"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Authorization": "Bearer whatever"}, 200),
        ({"Authorization": "Bearer td-mistyped"}, 401),
        ({"Host": "rebound.example.com"}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "[::1"}, 403),
    ],
)
def test_without_tokens_only_programs_of_this_computer_are_served(
    server: RunningServer, headers: dict[str, str], status: int
) -> None:
    answer = ask(server, "GET", "/v1/models", headers=headers)
    assert answer.status == status
    if status != 200:
        assert answer.error["message"]


@pytest.mark.parametrize(
    "header",
    ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"],
)
def test_what_a_proxy_passes_on_is_not_taken_for_a_program_of_this_computer(
    tmp_path: Path, header: str
) -> None:
    """A proxy on the same computer asks from 127.0.0.1, whoever asked it."""
    token = add_token(tmp_path / "served", "anna")
    settings = ServeSettings(tmp_path / "served", look_seconds=3600)
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        passed_on = {header: "1.1 proxy"}
        refused = client.get("/v1/models", headers=passed_on)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "token_needed")
        assert "token" in refused.json()["error"]["message"]
        known = client.get("/v1/models", headers={**passed_on, "Authorization": f"Bearer {token}"})
        assert known.status_code == 200
        assert client.get("/health", headers=passed_on).status_code == 200


def test_pages_of_a_site_that_was_allowed_may_ask_and_read(tmp_path: Path) -> None:
    settings = ServeSettings(tmp_path / "served", origins=("https://chat.example.com",), look_seconds=3600)
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        page = {"Origin": "https://chat.example.com"}
        preflight = client.options(
            "/v1/chat/completions",
            headers={
                **page,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type",
            },
        )
        assert preflight.status_code == 200
        assert client.get("/v1/models", headers=page).status_code == 200
        refused = client.get("/v1/models", headers={**page, "Authorization": "Bearer td-none"})
        for answer in (preflight, refused):
            assert answer.headers["access-control-allow-origin"] == "https://chat.example.com"
        other = client.get("/v1/models", headers={"Origin": "https://evil.example.com"})
        assert other.status_code == 403
        assert "access-control-allow-origin" not in other.headers


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "served", "--rate", "3") as server:
        answers = [ask(server, "GET", "/v1/models") for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[3].error["code"] == "rate_limit_exceeded"
        assert answers[3].error["type"] == "rate_limit_error"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert ask(server, "GET", "/health").status == 200
        with pytest.raises(openai.RateLimitError):
            client_of(server).models.list()


def test_what_is_too_large_is_refused_before_it_is_taken_in(server: RunningServer) -> None:
    huge = {"Content-Length": str(10**12)}
    for path in ("/v1/files", "/v1/uploads/upload_x/parts", "/v1/fine_tuning/jobs", "/v1/chat/completions"):
        answer = ask(server, "POST", path, headers=huge)
        assert (answer.status, answer.error["code"]) == (413, "request_too_large")


def test_a_body_without_a_length_is_counted_while_it_comes(server: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    piece = b" " * 1_000_000
    connection.putrequest("POST", "/v1/fine_tuning/jobs")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    for _ in range(17):
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    connection.send(b"0\r\n\r\n")
    answer = connection.getresponse()
    assert answer.status == 413
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/nothing", None, 404, "unknown_url"),
        ("GET", "/", None, 404, "unknown_url"),
        ("GET", "/v1/files/../../etc/passwd", None, 404, None),
        ("GET", "/v1/files/%2e%2e%2fserve.db/content", None, 404, None),
        ("GET", "/v1/models/none", None, 404, "model_not_found"),
        ("DELETE", "/v1/models/starter", None, 404, "model_not_found"),
        ("PUT", "/v1/files", None, 405, None),
        ("TRACE", "/v1/files", None, 405, None),
        ("DELETE", "/v1/fine_tuning/jobs", None, 405, None),
        ("POST", "/v1/fine_tuning/jobs", b"{", 400, "invalid_json"),
        ("POST", "/v1/fine_tuning/jobs", b"\xff\xfe", 400, "invalid_json"),
        ("POST", "/v1/fine_tuning/jobs", b"[" * 100_000, 400, "invalid_body"),
        ("POST", "/v1/fine_tuning/jobs", [], 400, "invalid_value"),
        ("POST", "/v1/fine_tuning/jobs", {"model": "\ud800"}, 400, None),
        ("GET", "/v1/fine_tuning/jobs?limit=0", None, 400, "invalid_value"),
        ("GET", "/v1/fine_tuning/jobs?limit=x", None, 400, "invalid_value"),
        ("GET", "/v1/fine_tuning/jobs?after=%00", None, 400, None),
        ("GET", "/v1/files?order=up", None, 400, "invalid_value"),
        ("POST", "/v1/files", b"no form", 400, "missing_required_parameter"),
    ],
)
def test_every_refusal_has_the_shape_of_openai(
    server: RunningServer, method: str, path: str, body: object, status: int, code: str | None
) -> None:
    headers = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
    answer = ask(server, method, path, body, headers)
    assert answer.status == status, answer.body
    if code:
        assert answer.error["code"] == code
    assert answer.error["type"] == "invalid_request_error"
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "disk_full"),
        (sqlite3.OperationalError("database or disk is full"), 507, "disk_full"),
        (OSError(errno.EIO, "I/O error"), 500, None),
        (KeyError("secret"), 500, None),
    ],
)
def test_what_nobody_expected_is_told_without_its_details(
    error: Exception, status: int, code: str | None
) -> None:
    told = explained(error, "req_1")
    assert (told.status, told.code, told.type) == (status, code, "server_error")
    assert "secret" not in told.message


def test_a_user_may_have_so_many_jobs_and_no_more(tmp_path: Path) -> None:
    settings = ServeSettings(tmp_path / "served", limits=Limits(queued_jobs=1), look_seconds=3600)
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        sent = {"file": ("t.jsonl", b"\n".join(chat_rows(3)))}
        file = client.post("/v1/files", files=sent, data={"purpose": "fine-tune"}).json()["id"]
        body = {"model": "starter", "training_file": file}
        first, second = (client.post("/v1/fine_tuning/jobs", json=body) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 429)
        assert second.json()["error"]["code"] == "too_many_jobs"
        assert client.post(f"/v1/fine_tuning/jobs/{first.json()['id']}/cancel").status_code == 200
        assert client.post("/v1/fine_tuning/jobs", json=body).status_code == 200


def test_it_serves_over_tls(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    with RunningServer(tmp_path / "served", "--tls-cert", certificate, "--tls-key", key) as server:
        assert server.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trusting, timeout=60)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """For 127.0.0.1, signed by itself and good for an hour."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
