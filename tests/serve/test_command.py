"""The server's command line: tokens, and what it refuses to do."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from tests.serve.running import RunningServer
from tunedesk.__main__ import main as tunedesk
from tunedesk.errors import UserError
from tunedesk.serve.app import make_app
from tunedesk.serve.command import config_of, listen, main, make_parser
from tunedesk.serve.database import Database
from tunedesk.serve.settings import ServeSettings
from tunedesk.serve.tokens import Tokens


def give_token(data: Path, name: str = "anna") -> None:
    main(["token", "add", name, "--data", str(data)])


def test_a_token_is_shown_once_and_kept_as_a_hash(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    give_token(data_dir)
    shown = capsys.readouterr()
    token = shown.out.strip()
    assert token.startswith("td-") and len(token) > 40
    assert "not shown again" in shown.err
    assert token.encode() not in (data_dir / "serve.db").read_bytes()
    main(["token", "list", "--data", str(data_dir)])
    listed = capsys.readouterr().out
    assert listed.startswith("anna\t") and token not in listed
    database = Database(data_dir / "serve.db")
    assert Tokens(database).user_of(token) == "anna"
    assert Tokens(database).user_of(token.swapcase()) is None
    main(["--data", str(data_dir), "token", "remove", "anna"])
    assert Tokens(database).user_of(token) is None
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a profile's folders for its user by itself")
def test_nobody_else_looks_into_the_data_folder(data_dir: Path) -> None:
    give_token(data_dir)
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    data_dir.chmod(0o755)  # as an earlier version, or mkdir by hand, left it
    make_app(ServeSettings(data_dir))
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="cannot be used"):
        give_token(tmp_path / "file" / "served")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "../x", "local", "x" * 41])
def test_a_users_name_can_stand_in_a_models_name(data_dir: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be a user's name"):
        give_token(data_dir, name)


def test_a_second_token_of_a_name_is_refused(data_dir: Path) -> None:
    give_token(data_dir)
    with pytest.raises(UserError, match="has a token already"):
        give_token(data_dir)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "every user needs a token"),
        (["--host", "192.168.1.5", "--insecure"], "every user needs a token"),
        (["--require-token"], "every user needs a token"),
        (["--tls-cert", "cert.pem"], "a certificate and its key"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], "does not exist"),
        (["--model", "none"], "does not exist"),
        (["--port", "70000"], "cannot listen"),
        (["--host", "host.invalid"], "every user needs a token"),
        (["token", "add"], "needs a name"),
        (["token", "list", "anna"], "takes no name"),
        (["token", "remove", "anna"], "no token of anna"),
    ],
)
def test_it_says_why_it_does_not_start(data_dir: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        main(["--data", str(data_dir), *arguments])


def test_elsewhere_it_wants_tls_besides_tokens(data_dir: Path) -> None:
    give_token(data_dir)
    with pytest.raises(UserError, match="for everybody to read"):
        main(["--data", str(data_dir), "--host", "0.0.0.0"])


def test_two_servers_do_not_share_a_folder_or_a_port(data_dir: Path, tmp_path: Path) -> None:
    with RunningServer(data_dir) as server:
        with pytest.raises(UserError, match="Another server works on"):
            main(["--data", str(data_dir), "--port", "0"])
        with pytest.raises(UserError, match="cannot listen"):
            main(["--data", str(tmp_path / "other"), "--port", str(server.port)])


@contextmanager
def served(data_dir: Path) -> Iterator[int]:
    """The port of a server in this process, with what the command line gives uvicorn."""
    chosen = make_parser().parse_args(["--data", str(data_dir)])
    server = uvicorn.Server(config_of(make_app(ServeSettings(data_dir)), chosen))
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("begun", [b"", b"GET /hea"])
def test_a_connection_that_asks_nothing_is_closed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr("tunedesk.serve.connections.SILENCE", 0.05)
    with served(data_dir) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as silent:
        silent.sendall(begun)
        assert silent.recv(100) == b""


def test_beyond_so_many_connections_requests_are_refused(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunedesk.serve.connections.MOST_CONNECTIONS", 2)
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with served(data_dir) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as first:
        first.sendall(request)
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as second:
            second.sendall(request)
            assert second.recv(1000).startswith(b"HTTP/1.1 503")


def test_a_server_elsewhere_needs_tokens_of_this_computer_too(data_dir: Path) -> None:
    """With --insecure, for something in front of it that has TLS."""
    from tests.serve.http import ask

    give_token(data_dir)
    with RunningServer(data_dir, "--host", "0.0.0.0", "--insecure") as server:
        assert ask(server, "GET", "/v1/models").status == 401


def test_the_program_knows_the_command(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tunedesk(["serve", "--data", str(data_dir), "--host", "0.0.0.0"]) == 2
    assert "tunedesk serve token add" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        tunedesk(["serve", "--help"])
    assert ended.value.code == 0
    assert "--require-token" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        tunedesk(["--help"])
    assert "serve" in capsys.readouterr().out
