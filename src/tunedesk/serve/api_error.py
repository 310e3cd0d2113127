"""A refusal in OpenAI's shape: what a route raises, and what stands in the answer."""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A request that is not fulfilled. status: of HTTP; type: OpenAI's kind, else by the status.

    message: a sentence for people; param: the key of the request that is wrong; code: for programs.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.type = type or kind_of(status)
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def kind_of(status: int) -> str:
    """OpenAI's `type` of an error that has none of its own."""
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"
