"""Every refusal in OpenAI's shape, whichever part of the framework it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from tunedesk.serve.api_error import ApiError
from tunedesk.serve.schemas import ErrorObject

ANSWERS: dict[int | str, dict[str, Any]] = {
    **{
        code: {"model": ErrorObject, "description": HTTPStatus(code).phrase}
        for code in (400, 401, 403, 404, 405, 413, 429, 500)
    },
    "4XX": {"model": ErrorObject, "description": "Any other refusal"},
}
"""What each route may answer besides what it is for, for the OpenAPI description: without 4XX, FastAPI would
add an answer 422 in a shape of its own, which never comes.
"""
_CODES = {
    "missing": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
    "json_invalid": "invalid_json",
}
_BRANCHES = ("literal[", "list[", "dict[", "constrained-")


def install(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_by_framework)
    app.add_exception_handler(RequestValidationError, _refuse_by_schema)


def _answer(error: ApiError) -> Response:
    return JSONResponse(error.body, error.status, headers=error.headers)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _answer(error)


async def _refuse_by_framework(request: Request, error: Exception) -> Response:
    """Unknown paths and methods, and bodies that are none."""
    assert isinstance(error, HTTPException)
    code = None
    message = str(error.detail)
    if error.status_code == 404:
        message, code = f"Unknown request URL: {request.method} {request.url.path}", "unknown_url"
    elif error.status_code == 405:
        message = f"{request.method} is not possible at {request.url.path}."
        return _answer(ApiError(405, message, headers={"Allow": ", ".join(_allowed(request))}))
    elif error.status_code == 400:
        code = "invalid_body"
    elif error.status_code == 413:
        code = "request_too_large"
    return _answer(ApiError(error.status_code, message, code=code, headers=error.headers))


def _allowed(request: Request) -> list[str]:
    """Of all routes at this path; the framework tells those of the first one only."""
    app: FastAPI = request.app
    methods = set[str]()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].match(request.url.path):
            methods |= {method.upper() for method in operations}
    return sorted(methods)


async def _refuse_by_schema(request: Request, error: Exception) -> Response:
    """The first thing that is wrong, by the name of its parameter."""
    assert isinstance(error, RequestValidationError)
    first: Mapping[str, Any] = error.errors()[0]
    kind = str(first.get("type", ""))
    if kind == "json_invalid":
        return _answer(ApiError(400, "The body is not valid JSON.", code="invalid_json"))
    param = ".".join(str(part) for part in first.get("loc", ())[1:] if not _is_of_a_union(part)) or None
    message = str(first.get("msg", "Invalid request"))
    if param:
        message = f"{param}: {message}"
    return _answer(ApiError(400, message, param=param, code=_CODES.get(kind, "invalid_value")))


def _is_of_a_union(part: object) -> bool:
    """pydantic names the branch of a union that it tried, which is no key of the request."""
    return isinstance(part, str) and part.startswith(_BRANCHES)
