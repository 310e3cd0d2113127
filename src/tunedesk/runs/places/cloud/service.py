"""One account's service: each method is one request, asked once; what goes wrong is a `Refused`."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.addresses import is_this_computer
from tunedesk.runs.places.cloud import refusals
from tunedesk.runs.places.cloud.connection import Key, connect
from tunedesk.runs.places.cloud.remote import (
    CheckpointPage,
    EventPage,
    FilePage,
    JobPage,
    ModelPage,
    RemoteFile,
    RemoteJob,
    RemotePart,
    RemoteUpload,
    decode,
)
from tunedesk.runs.provider import Provider

if TYPE_CHECKING:
    import openai
    from openai._legacy_response import LegacyAPIResponse

PAGE = 100
MOST_BYTES = 64 << 30
"""Of a file whose size nobody announced."""
MIME = "application/jsonl"
SENDING_FACTOR = 5
T = TypeVar("T")


class Service:
    """Methods may raise `Refused`. doing: what the request is for, as "while ..." in its sentence."""

    def __init__(self, account: Account, provider: Provider, key: Key, *, timeout: float = 0.0) -> None:
        """timeout: seconds without a byte; 0: as long as the provider's profile says."""
        self.name = account.name
        self._key = key if isinstance(key, str) else ""
        self._timeout = timeout or provider.answer_seconds
        self._client = connect(account, provider, key, timeout=self._timeout)

    def close(self) -> None:
        self._client.close()

    # Files

    def send_file(self, name: str, file: BinaryIO, expires: int | None, doing: str) -> RemoteFile:
        with self._asking(doing):
            answer = self._client.files.with_raw_response.create(
                file=(name, file, MIME),
                purpose="fine-tune",
                timeout=self._sending_timeout,
                **_expiry(expires),
            )
            return _decoded(answer, RemoteFile)

    def file(self, id: str, doing: str) -> RemoteFile:
        with self._asking(doing):
            return _decoded(self._client.files.with_raw_response.retrieve(id), RemoteFile)

    def files(self, after: str, doing: str) -> FilePage:
        more: dict[str, Any] = {"after": after} if after else {}
        with self._asking(doing):
            answer = self._client.files.with_raw_response.list(purpose="fine-tune", **more)
            return _decoded(answer, FilePage)

    def delete_file(self, id: str, doing: str) -> None:
        """A file that is not there is as good as deleted."""
        try:
            with self._asking(doing):
                self._client.files.with_raw_response.delete(id)
        except refusals.Refused as error:
            if error.kind is not refusals.Kind.MISSING:
                raise

    def content(self, id: str, into: Path, doing: str, most: int | None = None) -> int:
        """Write a file's content; its size in bytes. A file that is there already is replaced.

        most: bytes that it may have; None: `MOST_BYTES`. More than that is not taken.
        A store elsewhere that the service points to is asked too, without key or name: nothing goes there.
        """
        import openai

        with self._asking(doing), open(into, "wb") as out:
            elsewhere = ""
            try:
                with self._client.files.with_streaming_response.content(id) as answer:
                    _write_pieces(answer.iter_bytes(), out, most)
            except openai.APIStatusError as error:
                elsewhere = _elsewhere(error)
                if not elsewhere:
                    raise
            if elsewhere:
                self._fetch_from_store(elsewhere, out, most)
            return out.tell()

    def _fetch_from_store(self, address: str, out: BinaryIO, most: int | None) -> None:
        import httpx2

        is_here = is_this_computer(urlsplit(address).hostname or "")
        with httpx2.stream(
            "GET", address, timeout=self._timeout, follow_redirects=False, trust_env=not is_here
        ) as answer:
            if answer.status_code != 200:
                raise httpx2.RemoteProtocolError(f"the store answers with {answer.status_code}")
            _write_pieces(answer.iter_bytes(), out, most)

    # Uploads in parts

    def begin_upload(self, name: str, size: int, expires: int | None, doing: str) -> RemoteUpload:
        with self._asking(doing):
            answer = self._client.uploads.with_raw_response.create(
                bytes=size, filename=name, mime_type=MIME, purpose="fine-tune", **_expiry(expires)
            )
            return _decoded(answer, RemoteUpload)

    def send_part(self, upload: str, data: bytes, doing: str) -> RemotePart:
        with self._asking(doing):
            answer = self._client.uploads.parts.with_raw_response.create(
                upload, data=("part", data), timeout=self._sending_timeout
            )
            return _decoded(answer, RemotePart)

    def complete_upload(self, upload: str, parts: tuple[str, ...], md5: str, doing: str) -> RemoteUpload:
        with self._asking(doing):
            answer = self._client.uploads.with_raw_response.complete(
                upload, part_ids=list(parts), md5=md5, timeout=self._sending_timeout
            )
            return _decoded(answer, RemoteUpload)

    def cancel_upload(self, upload: str, doing: str) -> None:
        with self._asking(doing):
            self._client.uploads.with_raw_response.cancel(upload)

    # Jobs

    def create_job(self, body: dict[str, Any], extra: dict[str, Any], doing: str) -> RemoteJob:
        """body: as `jobs.create` takes it; extra: what only some services know."""
        with self._asking(doing):
            jobs = self._client.with_options(max_retries=0).fine_tuning.jobs
            return _decoded(jobs.with_raw_response.create(**body, extra_body=extra or None), RemoteJob)

    def job(self, id: str, doing: str) -> RemoteJob:
        with self._asking(doing):
            return _decoded(self._client.fine_tuning.jobs.with_raw_response.retrieve(id), RemoteJob)

    def jobs(self, after: str, metadata: dict[str, str], doing: str) -> JobPage:
        """Newest first. metadata: asked for, though a service may answer with other jobs too."""
        more: dict[str, Any] = {"after": after} if after else {}
        more |= {"metadata": metadata} if metadata else {}
        with self._asking(doing):
            answer = self._client.fine_tuning.jobs.with_raw_response.list(limit=PAGE, **more)
            return _decoded(answer, JobPage)

    def events(self, job: str, after: str, doing: str) -> EventPage:
        """Newest first."""
        more: dict[str, Any] = {"after": after} if after else {}
        with self._asking(doing):
            answer = self._client.fine_tuning.jobs.with_raw_response.list_events(job, limit=PAGE, **more)
            return _decoded(answer, EventPage)

    def checkpoints(self, job: str, after: str, doing: str) -> CheckpointPage:
        more: dict[str, Any] = {"after": after} if after else {}
        with self._asking(doing):
            answer = self._client.fine_tuning.jobs.checkpoints.with_raw_response.list(job, limit=PAGE, **more)
            return _decoded(answer, CheckpointPage)

    def cancel(self, job: str, doing: str) -> RemoteJob:
        with self._asking(doing):
            return _decoded(self._client.fine_tuning.jobs.with_raw_response.cancel(job), RemoteJob)

    def pause(self, job: str, doing: str) -> RemoteJob:
        with self._asking(doing):
            return _decoded(self._client.fine_tuning.jobs.with_raw_response.pause(job), RemoteJob)

    def resume(self, job: str, doing: str) -> RemoteJob:
        with self._asking(doing):
            return _decoded(self._client.fine_tuning.jobs.with_raw_response.resume(job), RemoteJob)

    def models(self, doing: str) -> ModelPage:
        with self._asking(doing):
            return _decoded(self._client.models.with_raw_response.list(), ModelPage)

    @property
    def _sending_timeout(self) -> float:
        """After the last byte of a file a service may take long to answer."""
        return SENDING_FACTOR * self._timeout

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        """Every way in which the client fails becomes a `Refused`; what is no answer's fault passes."""
        import httpx2
        import openai

        try:
            yield
        except openai.APITimeoutError as error:
            raise refusals.no_answer(self.name, doing, error, timed_out=True) from error
        except openai.APIConnectionError as error:
            raise refusals.no_answer(self.name, doing, error, timed_out=False) from error
        except openai.APIStatusError as error:
            raise refusals.refusal(self.name, doing, error, self._key) from error
        except httpx2.TimeoutException as error:  # while a body is read piece by piece
            raise refusals.no_answer(self.name, doing, error, timed_out=True) from error
        except httpx2.HTTPError as error:
            raise refusals.no_answer(self.name, doing, error, timed_out=False) from error
        except (openai.OpenAIError, _Unreadable) as error:
            raise refusals.garbled(self.name, doing) from error
        except UserError as error:  # of a login that gives no token just now
            raise refusals.Refused(refusals.Kind.LINE, error.message, error.hint) from error


def _expiry(seconds: int | None) -> dict[str, Any]:
    return {"expires_after": {"anchor": "created_at", "seconds": seconds}} if seconds else {}


def _write_pieces(pieces: Iterator[bytes], out: BinaryIO, most: int | None) -> None:
    """As they come: what arrived before a line broke counts."""
    import httpx2

    room = MOST_BYTES if most is None else most
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise httpx2.RemoteProtocolError("there is more of it than was announced")
        out.write(piece)


def _elsewhere(error: openai.APIStatusError) -> str:
    """The address that a redirect names, if one may go there; "" for anything else."""
    place = (
        error.response.headers.get("location", "") if error.status_code in (301, 302, 303, 307, 308) else ""
    )
    target = urlsplit(urljoin(str(error.request.url), place)) if place else None
    if target is None or not target.hostname:
        return ""
    is_private = target.scheme == "https" or is_this_computer(target.hostname)
    return target.geturl() if is_private else ""


class _Unreadable(Exception):
    """An answer that is not what was asked for."""


def _decoded(answer: LegacyAPIResponse[Any], kind: type[T]) -> T:
    try:
        return decode(answer.content, kind)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _Unreadable from error


def md5_of(path: Path) -> str:
    """By which a service checks that all parts arrived; no protection of anything."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
