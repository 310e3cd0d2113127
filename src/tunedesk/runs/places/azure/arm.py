"""Requests to Azure's control plane: JSON over HTTPS, refused in sentences; it knows no deployments."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tunedesk.errors import UserError
from tunedesk.runs.addresses import checked_address
from tunedesk.runs.deployment import API_VERSION, ARM
from tunedesk.runs.keys import checked_key

SCOPE = f"{ARM}/.default"
SECONDS = 60.0
LONGEST_WAIT = 60.0
"""Seconds that a busy control plane may make us wait; what it asks beyond that is told instead."""
LARGEST_ANSWER = 8 << 20
TRIES = 4
Method = Literal["GET", "PUT", "DELETE"]
_BUSY = (429, 500, 502, 503, 504)
_WRITE = "Microsoft.CognitiveServices/accounts/deployments/write"
_HINTS = {
    401: "Log in again: az login, or: tunedesk accounts login.",
    403: f"You need a role with {_WRITE}, such as Foundry Owner; who may train may not deploy.",
    404: "Check the subscription, the resource group and the resource of the account.",
    409: "Something else is being changed there. Try again in some minutes.",
    429: "Azure is busy, or a quota is used up. Try again later.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP; value: the JSON object, {} without one; wait: seconds that it asks for, None: none.

    is_json: whether the body is a JSON object, or empty.
    """

    status: int
    value: dict[str, Any]
    wait: float | None = None
    is_json: bool = True


class Arm:
    """token: gives a token of Entra ID for `SCOPE` at each request; an API key is not enough here.

    root: another address for tests, which must be this computer or https. pause: waits so many seconds.
    """

    def __init__(
        self, token: Callable[[], str], root: str = ARM, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = checked_address(root)
        self._token = token
        self.pause = pause

    def ask(
        self, method: Method, path: str, body: dict[str, Any] | None = None, accept: tuple[int, ...] = ()
    ) -> Answer:
        """The answer to one request; the methods here may be repeated without doing more than once.

        accept: statuses besides 2xx that are answers too. UserError: refused, or no answer.
        """
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            try:
                answer = self._send(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                if is_last:
                    why = str(error) or type(error).__name__
                    raise UserError(
                        f"{self._url.hostname} cannot be reached: {why}.", hint="Check the connection."
                    ) from error
                self.pause(float(2**attempt))
                continue
            if 200 <= answer.status < 300 or answer.status in accept:
                if not answer.is_json:
                    raise UserError(
                        f"{self._url.hostname} answered with something that is not Azure's.",
                        hint="A page to log in to the network, or a proxy, may stand between.",
                    )
                return answer
            wait = answer.wait if answer.wait is not None else float(2**attempt)
            if answer.status not in _BUSY or is_last or wait > LONGEST_WAIT:
                raise _refusal(answer)
            self.pause(wait)
        raise AssertionError("the last try returns or raises")

    def _send(self, method: Method, path: str, body: dict[str, Any] | None) -> Answer:
        connection = self._connection()
        headers = {
            "Authorization": f"Bearer {checked_key(self._token())}",
            "Accept": "application/json",
            "User-Agent": "TuneDesk",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        separator = "&" if "?" in path else "?"
        target = f"{self._url.path.rstrip('/')}{path}{separator}api-version={API_VERSION}"
        try:
            connection.request(method, target, None if body is None else json.dumps(body).encode(), headers)
            response = connection.getresponse()
            data = response.read(LARGEST_ANSWER + 1)
            if len(data) > LARGEST_ANSWER:
                raise OSError(f"the answer is longer than {LARGEST_ANSWER >> 20} MB")
            value, wait = _object(data), _wait_of(response.getheader("Retry-After"))
            return Answer(response.status, value or {}, wait, value is not None)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        """Never through a redirect: the client follows none."""
        host = self._url.hostname or ""
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, self._url.port, timeout=SECONDS)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, self._url.port, timeout=SECONDS, context=context)


def _object(data: bytes) -> dict[str, Any] | None:
    """None for what is no JSON object; an empty body is an empty one."""
    try:
        found = json.loads(data) if data.strip() else {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _wait_of(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def _refusal(answer: Answer) -> UserError:
    error = answer.value.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), str(error.get("message") or "")
    said = " ".join(message.split())[:400].rstrip(".")
    told = ": ".join(part for part in (code, said) if part)
    hint = _HINTS.get(answer.status, "Try again, or make it in Azure's portal.")
    if 300 <= answer.status < 400:
        hint = "It points to another address, to which no login is sent."
    if answer.wait is not None and answer.wait > LONGEST_WAIT:
        hint = f"Azure asks to wait {round(answer.wait / 60)} minutes."
    return UserError(f"Azure answered {answer.status}{': ' if told else ''}{told}.", hint=hint)
