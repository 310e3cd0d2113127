"""Claims about asking a server, against a real one on this computer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tunedesk.chat.endpoint import Cancelled, Endpoint, EndpointWriter
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage, Sampling

KEY = "sk-very-secret"
ASKED = (ChatMessage("user", "Hi"),)
Answer = tuple[int, dict[str, str], bytes]


def completion(text: str) -> Answer:
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


class Server:
    """Answers what a test says, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answer: Callable[[int], Answer] = lambda number: completion("Hello")
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, headers, content = outer.answer(len(outer.asked))
                try:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass  # the client broke off, as some tests do

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/v1"

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def never() -> bool:
    return False


def writer_of(server: Server, timeout: float = 30, path: str = "") -> EndpointWriter:
    return EndpointWriter(Endpoint(server.address + path, "small", timeout), KEY)


def test_a_question_is_asked_as_openai_s_clients_ask_it(server: Server):
    writer = writer_of(server)
    assert writer.ask(ASKED, Sampling(temperature=0.5, seed=3, max_tokens=9), never) == "Hello"
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions" and headers["authorization"] == f"Bearer {KEY}"
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("small", 0.5, 3, 9)
    assert writer.host == server.host and writer.name == f"small at {server.host}"


def test_a_model_that_calls_the_limit_by_its_new_name_is_understood(server: Server):
    refusal = (400, {}, b'{"error": {"message": "Use max_completion_tokens instead."}}')
    server.answer = lambda number: refusal if number == 1 else completion("Hello")
    assert writer_of(server).ask(ASKED, Sampling(max_tokens=9), never) == "Hello"
    assert "max_tokens" not in server.asked[1][2] and server.asked[1][2]["max_completion_tokens"] == 9


def test_a_busy_server_is_asked_again(server: Server):
    server.answer = lambda number: (429, {"Retry-After": "0"}, b"") if number < 3 else completion("Hello")
    assert writer_of(server).ask(ASKED, Sampling(), never) == "Hello"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {}, json.dumps({"error": {"message": f"Bad key {KEY}"}}).encode()), "answered 401: Bad key …"),
        ((404, {}, b"no such page"), "answered 404: no such page"),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), "answered 302."),
        ((200, {}, b"<html>"), "no chat completion"),
        ((200, {}, b'{"choices": [{"message": {"content": null}}]}'), "no chat completion"),
        ((200, {}, b"x" * (5 << 20)), "longer than 4 MB"),
        ((400, {}, b'{"error": "odd"}'), "answered 400: odd"),
    ],
)
def test_what_goes_wrong_is_told_without_the_key(server: Server, answer: Answer, said: str):
    server.answer = lambda number: answer
    with pytest.raises(UserError) as caught:
        writer_of(server).ask(ASKED, Sampling(), never)
    assert said in caught.value.message
    assert KEY not in caught.value.sentence
    assert len(server.asked) == 1


def test_a_server_that_keeps_silent_is_given_up(server: Server):
    server.answer = lambda number: (server.released.wait(30), completion("late"))[1]
    with pytest.raises(UserError, match=r"within 0\.2 seconds|timed out"):
        writer_of(server, timeout=0.2).ask(ASKED, Sampling(), never)


def test_a_person_who_cancels_does_not_wait_for_the_server(server: Server):
    server.answer = lambda number: (server.released.wait(30), completion("late"))[1]
    with pytest.raises(Cancelled):
        writer_of(server).ask(ASKED, Sampling(), lambda: bool(server.asked))
    server.answer = lambda number: (503, {"Retry-After": "25"}, b"")
    with pytest.raises(Cancelled):
        writer_of(server).ask(ASKED, Sampling(), lambda: len(server.asked) > 1)


def test_nobody_there_is_told():
    unused = Server()
    unused.close()
    with pytest.raises(UserError, match="cannot be reached"):
        writer_of(unused).ask(ASKED, Sampling(), never)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.com/v1", "without encryption"),
        ("http://192.168.1.5/v1", "without encryption"),
        ("ftp://example.com", "not an address"),
        ("example.com/v1", "not an address"),
        ("https://", "not an address"),
        ("https://me:pass@example.com", "name or a password"),
        ("https://exa mple.com", "not an address"),
        ("https://example.com:port/", "not an address"),
    ],
)
def test_unsafe_and_broken_addresses_are_refused_before_anything_is_sent(address: str, said: str):
    with pytest.raises(UserError, match=said):
        EndpointWriter(Endpoint(address, "m"), KEY)


def test_this_computer_may_be_spoken_to_without_encryption_and_others_with_it():
    for address in (
        "http://localhost:8080/v1",
        "http://127.0.0.1/v1",
        "http://[::1]:8000",
        "https://a.example/v1",
    ):
        assert EndpointWriter(Endpoint(address, "m")).host in address


def test_a_key_with_a_line_break_is_refused_and_not_shown():
    with pytest.raises(UserError) as caught:
        EndpointWriter(Endpoint("https://a.example/v1", "m"), "secret\nX-Evil: 1")
    assert "secret" not in caught.value.sentence
