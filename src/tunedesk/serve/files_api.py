"""The routes of files and uploads."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import FileResponse

from tunedesk.serve.access import user_of
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.files import FileRecord, Files
from tunedesk.serve.refusals import ANSWERS
from tunedesk.serve.row_files import checked_name, refuse_what_is_no_rows
from tunedesk.serve.schemas import (
    CompleteUpload,
    CreateUpload,
    Deleted,
    FileList,
    FileObject,
    PartObject,
    UploadObject,
)
from tunedesk.serve.settings import Limits
from tunedesk.serve.uploads import UploadRecord, Uploads

User = Annotated[str, Depends(user_of)]


def files_router(files: Files, limits: Limits) -> APIRouter:
    router = APIRouter(prefix="/v1/files", tags=["files"], responses=ANSWERS)

    @router.post("")
    def create_file(
        user: User,
        file: Annotated[UploadFile, File()],
        purpose: Annotated[Literal["fine-tune"], Form()],
        anchor: Annotated[Literal["created_at"] | None, Form(alias="expires_after[anchor]")] = None,
        seconds: Annotated[int | None, Form(alias="expires_after[seconds]", ge=3600, le=2592000)] = None,
    ) -> FileObject:
        """Rows to train on or to validate with. Files stay until they are deleted or expire."""
        if (anchor is None) != (seconds is None):
            raise ApiError(400, "expires_after needs anchor and seconds.", param="expires_after")
        return file_object(keep_rows(files, limits, user, file, seconds))

    _add_looking(router, files)
    return router


def keep_rows(files: Files, limits: Limits, user: str, file: UploadFile, seconds: int | None) -> FileRecord:
    """ApiError 400 or 413: what was sent is no file of rows, or too large; nothing is kept of it."""
    name = checked_name(file.filename)
    if file.size is not None and file.size > limits.file_bytes:
        raise ApiError(413, f"A file may have {limits.file_bytes:,} bytes.", code="request_too_large")
    expires = int(time.time()) + seconds if seconds else None
    record = files.add(user, name, "fine-tune", file.file, expires)
    try:
        refuse_what_is_no_rows(files.content(record))
    except ApiError:
        files.delete(user, record.id)
        raise
    return record


def _add_looking(router: APIRouter, files: Files) -> None:
    @router.get("")
    def list_files(
        user: User,
        purpose: Annotated[str | None, Query(max_length=64)] = None,
        after: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
        order: Literal["asc", "desc"] = "desc",
    ) -> FileList:
        found, more = files.listed(
            user, purpose=purpose, after=after, limit=limit, newest_first=order == "desc"
        )
        return FileList(
            data=[file_object(each) for each in found],
            has_more=more,
            first_id=found[0].id if found else None,
            last_id=found[-1].id if found else None,
        )

    @router.get("/{file_id}")
    def retrieve_file(user: User, file_id: str) -> FileObject:
        return file_object(files.get(user, file_id))

    @router.delete("/{file_id}")
    def delete_file(user: User, file_id: str) -> Deleted:
        files.delete(user, file_id)
        return Deleted(id=file_id, object="file")

    @router.get("/{file_id}/content", response_class=FileResponse)
    def file_content(user: User, file_id: str) -> FileResponse:
        record = files.get(user, file_id)
        path = files.content(record)
        return FileResponse(path, media_type="application/octet-stream", filename=record.filename)


def uploads_router(uploads: Uploads, limits: Limits) -> APIRouter:
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"], responses=ANSWERS)

    @router.post("")
    def create_upload(user: User, asked: CreateUpload) -> UploadObject:
        """A file that comes in parts; it is given up after an hour."""
        name = checked_name(asked.filename)
        if asked.bytes > limits.upload_bytes:
            message = f"An upload may have {limits.upload_bytes:,} bytes."
            raise ApiError(413, message, param="bytes", code="request_too_large")
        seconds = asked.expires_after.seconds if asked.expires_after else None
        upload = uploads.create(user, name, asked.purpose, asked.bytes, seconds)
        return upload_object(uploads.get(user, upload))

    @router.post("/{upload_id}/parts")
    def add_part(user: User, upload_id: str, data: Annotated[UploadFile, File()]) -> PartObject:
        """At most 64 MiB each, in any order."""
        part = uploads.add_part(user, upload_id, data.file)
        return PartObject(id=part.id, created_at=part.created, upload_id=part.upload)

    @router.post("/{upload_id}/complete")
    def complete_upload(user: User, upload_id: str, asked: CompleteUpload) -> UploadObject:
        file = uploads.complete(user, upload_id, asked.part_ids, asked.md5)
        return upload_object(uploads.get(user, upload_id), file)

    @router.post("/{upload_id}/cancel")
    def cancel_upload(user: User, upload_id: str) -> UploadObject:
        uploads.cancel(user, upload_id)
        return upload_object(uploads.get(user, upload_id))

    return router


def file_object(record: FileRecord) -> FileObject:
    return FileObject(
        id=record.id,
        bytes=record.bytes,
        created_at=record.created,
        filename=record.filename,
        purpose="fine-tune" if record.purpose == "fine-tune" else "fine-tune-results",
        status="processed",  # what is no file of rows is not kept at all
        expires_at=record.expires,
    )


def upload_object(record: UploadRecord, file: FileRecord | None = None) -> UploadObject:
    return UploadObject(
        id=record.id,
        bytes=record.bytes,
        created_at=record.created,
        expires_at=record.expires,
        filename=record.filename,
        purpose=record.purpose,
        status=record.status,  # type: ignore[arg-type]
        file=file_object(file) if file else None,
    )
