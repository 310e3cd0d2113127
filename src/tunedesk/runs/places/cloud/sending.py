"""Brings the run's rows to the service: whole, once, and going on where a broken line left off."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from tunedesk.dataset.parsing import BOM
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.errors import UserError
from tunedesk.runs.job import DataFile, Job
from tunedesk.runs.places.cloud.ledger import LedgerFile, Role, SentFile
from tunedesk.runs.places.cloud.patience import Patience, StopAsked, Wishes
from tunedesk.runs.places.cloud.refusals import Kind, Refused
from tunedesk.runs.places.cloud.remote import RemoteFile
from tunedesk.runs.places.cloud.service import Service, md5_of
from tunedesk.runs.places.cloud.telling import Telling
from tunedesk.runs.run_folder import RunFolder

MB = 1_000_000
PART_BYTES = 32 * MB
"""Of one part: OpenAI takes 64 MB at most; smaller ones lose less when the line breaks."""
LISTED_PAGES = 20
SPARE_SECONDS = 300.0
"""An upload that ends sooner is not gone on with."""
PIECE = 1 << 16
_READY = frozenset({"processed", "succeeded", "", None})
_BROKEN = frozenset({"error", "failed", "deleted", "deleting", "cancelled"})


class Sender:
    """One attempt to bring both files there."""

    def __init__(
        self,
        run: RunFolder,
        job: Job,
        service: Service,
        ledger: LedgerFile,
        telling: Telling,
        patience: Patience,
        wishes: Wishes,
    ) -> None:
        assert job.cloud is not None
        self._run, self._job, self._order = run, job, job.cloud
        self._service, self._ledger = service, ledger
        self._telling, self._patience, self._wishes = telling, patience, wishes
        self._expires = job.cloud.expires_seconds if job.cloud.provider.files_expire else None

    def send_all(self) -> None:
        """Both files are there and read. Refused, UserError: they are not. StopAsked: as it says."""
        self._ledger.put(msgspec.structs.replace(self._ledger.now, stage="sending"))
        self._send("training", self._job.train)
        if self._job.valid is not None:
            self._send("validation", self._job.valid)

    def _send(self, role: Role, data: DataFile) -> None:
        known = self._ledger.now.file(role)
        if known is not None and known.is_there and self._is_still_there(known) and known.is_ready:
            return
        known = self._ledger.now.file(role)
        path = self._run.path / "data" / f".{role}-as-sent.jsonl"
        try:
            file = self._begun(role, data, known, path)
            if not file.id:
                file = self._adopted(file) or self._sent(file, path)
            self._wait_until_read(file)
        finally:
            path.unlink(missing_ok=True)

    def _is_still_there(self, file: SentFile) -> bool:
        """A file that was sent by an earlier attempt may have expired, or somebody deleted it."""
        try:
            self._patience.ask(partial(self._service.file, file.id, "asking whether the file is there"))
            return True
        except Refused as refused:
            if refused.kind is not Kind.MISSING:
                raise
        self._ledger.put_file(msgspec.structs.replace(file, is_deleted=True))
        self._telling.note("sending", f"The {file.role} file is not at {self._service.name} any more.")
        return False

    def _begun(self, role: Role, data: DataFile, known: SentFile | None, path: Path) -> SentFile:
        """What is to be sent, as a file of its own and in the ledger. UserError: the rows are damaged."""
        size, digest = write_as_sent(self._run.path / data.path, data, self._order.target, path)
        if known is not None and not known.is_deleted and known.sha256 == digest:
            return known
        name = f"{self._job.run}-{self._ledger.now.token[:12]}-{role}.jsonl"
        file = SentFile(role=role, name=name, bytes=size, sha256=digest)
        self._ledger.put_file(file)
        return file

    def _adopted(self, file: SentFile) -> SentFile | None:
        """The file, if an earlier request of which no answer came brought it there after all."""
        is_unfinished = bool(file.upload) and file.sent < file.bytes
        if not file.asked or is_unfinished:
            return None
        after = ""
        for _ in range(LISTED_PAGES):
            page = self._patience.ask(partial(self._service.files, after, "looking for the file"))
            for one in page.data:
                if one.filename == file.name and one.bytes in (None, file.bytes):
                    self._telling.note("sending", f"The {file.role} file had arrived before the line broke.")
                    return self._arrived(file, one)
            if not page.has_more or not page.data:
                break
            after = page.data[-1].id
        return None

    def _sent(self, file: SentFile, path: Path) -> SentFile:
        parts_from = self._order.provider.parts_from
        if parts_from and file.bytes >= parts_from:
            return self._sent_in_parts(file, path)
        return self._sent_at_once(file, path)

    def _sent_at_once(self, file: SentFile, path: Path) -> SentFile:
        """Not asked again before the list was looked at: the file may be there although no answer came."""
        doing = f"sending the {file.role} file"

        def once() -> RemoteFile | None:
            if found := self._adopted(self._ledger.now.file(file.role) or file):
                return RemoteFile(found.id, found.bytes)
            self._ledger.put_file(msgspec.structs.replace(file, asked=time.time()))
            with _Watched(path, self._progress(file), self._wishes) as body:
                return self._service.send_file(file.name, body, self._expires, doing)

        remote = self._patience.ask(once)
        assert remote is not None
        return self._arrived(self._ledger.now.file(file.role) or file, remote)

    def _sent_in_parts(self, file: SentFile, path: Path, *, is_second: bool = False) -> SentFile:
        """Each part is asked for until it is there; the ledger says which are, so that others need not be
        sent again after a restart. An upload that the service has forgotten is begun once more.
        """
        file = self._begun_upload(file)
        try:
            with open(path, "rb") as source:
                file = self._sent_parts(file, source)
        except Refused as refused:
            if is_second or refused.kind not in (Kind.MISSING, Kind.REFUSED):
                raise
            forgotten = (self._ledger.now.file(file.role) or file).without_upload()
            return self._sent_in_parts(forgotten, path, is_second=True)
        return self._completed(file, path)

    def _sent_parts(self, file: SentFile, source: BinaryIO) -> SentFile:
        size = min(PART_BYTES, self._order.provider.parts_from)
        told = self._progress(file)
        source.seek(file.sent)
        while file.sent < file.bytes:
            told(file.sent)
            self._wishes.look()
            data = source.read(size)
            doing = f"sending part {len(file.parts) + 1} of the {file.role} file"
            part = self._patience.ask(partial(self._service.send_part, file.upload, data, doing))
            file = msgspec.structs.replace(file, parts=(*file.parts, part.id), sent=file.sent + len(data))
            self._ledger.put_file(file)
        return file

    def _begun_upload(self, file: SentFile) -> SentFile:
        if file.upload and file.upload_ends > time.time() + SPARE_SECONDS:
            self._telling.note(
                "sending", f"Sending goes on: {_size(file.sent)} of {_size(file.bytes)} are there."
            )
            return file
        file = file.without_upload()
        self._ledger.put_file(msgspec.structs.replace(file, asked=time.time()))
        doing = f"beginning to send the {file.role} file"
        upload = self._patience.ask(
            lambda: self._service.begin_upload(file.name, file.bytes, self._expires, doing)
        )
        ends = upload.expires_at or time.time() + 3_600
        begun = msgspec.structs.replace(file, upload=upload.id, upload_ends=ends, asked=time.time())
        self._ledger.put_file(begun)
        return begun

    def _completed(self, file: SentFile, path: Path) -> SentFile:
        """A completion of which no answer came is asked again; a service that has it already refuses, and
        then the file stands in the list.
        """
        md5, doing = md5_of(path), f"completing the {file.role} file"
        try:
            done = self._patience.ask(
                lambda: self._service.complete_upload(file.upload, file.parts, md5, doing)
            )
        except Refused as refused:
            if refused.kind not in (Kind.REFUSED, Kind.MISSING):
                raise
            if found := self._adopted(file.without_upload()):
                return found
            raise
        if done.file is None:
            raise UserError(
                f"{self._service.name} gave no file for the upload {file.upload}.", hint="Resume the run."
            )
        return self._arrived(file, done.file)

    def _arrived(self, file: SentFile, remote: RemoteFile) -> SentFile:
        """In the ledger before it is looked at. UserError: it is not as long as what was sent."""
        there = msgspec.structs.replace(
            file.without_upload(), id=remote.id, sent=file.bytes, asked=file.asked or time.time()
        )
        self._ledger.put_file(there)
        if remote.bytes is not None and remote.bytes != file.bytes:
            self._throw_away(there)
            raise UserError(
                f"Of the {file.role} file {remote.bytes:,} bytes arrived at {self._service.name}; it has "
                f"{file.bytes:,}.",
                hint="It was deleted there. Resume the run to send it once more.",
                exit_code=1,
            )
        return there

    def _wait_until_read(self, file: SentFile) -> None:
        """UserError: the service cannot read it."""
        waited, pause = 0.0, self._patience.first
        while True:
            remote = self._patience.ask(
                lambda: self._service.file(file.id, "asking whether the file is read"), also=(Kind.MISSING,)
            )
            if remote.status in _BROKEN:
                self._throw_away(file)
                details = f": {remote.status_details}" if remote.status_details else ""
                raise UserError(
                    f"{self._service.name} cannot use the {file.role} file{details}.",
                    hint="It was deleted there. Mend the rows, and start a new run.",
                    exit_code=1,
                )
            if remote.status in _READY or not self._order.provider.waits_for_file:
                break
            if not waited:
                self._telling.note("service", f"{self._service.name} reads the {file.role} file.")
            self._telling.flush()
            waited += pause
            self._patience.wait(self._patience.jittered(pause))
            pause = min(pause * 1.5, self._patience.longest)
        size = f"{file.bytes:,} bytes"
        self._ledger.put_file(msgspec.structs.replace(file, is_ready=True))
        self._telling.note("service", f"The {file.role} file is at {self._service.name}, {size}.")

    def _throw_away(self, file: SentFile) -> None:
        """Of no use there; what cannot be deleted stays in the ledger."""
        self._patience.ask(lambda: self._service.delete_file(file.id, "deleting the file"))
        self._ledger.put_file(msgspec.structs.replace(file, is_deleted=True))

    def _progress(self, file: SentFile) -> Callable[[int], None]:
        """Tells how much is sent, at most about twenty times."""
        step, next_word = max(file.bytes // 20, 2 * MB), [0]

        def tell(sent: int) -> None:
            if sent >= next_word[0] and sent < file.bytes:
                next_word[0] = sent + step
                words = f"Sending the {file.role} file to {self._service.name}"
                done = f"{_size(sent)} of " if sent else ""
                self._telling.note("sending", f"{words}: {done}{_size(file.bytes)}.")

        return tell


def write_as_sent(source: Path, data: DataFile, target: str, into: Path) -> tuple[int, str]:
    """Unpack the run's rows as the service gets them; size in bytes and sha256 of what was written.

    UserError: they are not those of the run any more, or there is no room for them.
    """
    rows, whole = hashlib.sha256(), hashlib.sha256()
    mark = BOM if profile_named(target).bom else b""
    whole.update(mark)
    try:
        with gzip.open(source) as packed, open(into, "wb") as out:
            out.write(mark)
            while piece := packed.read(1 << 20):
                rows.update(piece)
                whole.update(piece)
                out.write(piece)
            size = out.tell()
    except (OSError, EOFError) as error:
        words = getattr(error, "strerror", None) or error
        message = f"{source} cannot be unpacked: {words}."
        raise UserError(message, hint="Check the disk, then resume.") from error
    if rows.hexdigest() != data.sha256:
        message = f"{source} is not what the run was made with."
        raise UserError(message, hint="Make a new run from the dataset.")
    return size, whole.hexdigest()


class _Watched(io.FileIO):
    """A file that tells how much of it was read, and that a stop ends in the middle."""

    def __init__(self, path: Path, tell: Callable[[int], None], wishes: Wishes) -> None:
        super().__init__(os.fspath(path), "rb")
        self._tell, self._wishes = tell, wishes

    def read(self, size: int | None = -1, /) -> bytes:
        self._wishes.look()
        self._tell(self.tell())
        return super().read(PIECE if size is None or size < 0 or size > PIECE else size) or b""


def cancel_uploads(service: Service, ledger: LedgerFile, patience: Patience, telling: Telling) -> None:
    """After a stop before there is a job: unfinished uploads are given up."""
    for file in ledger.now.files:
        if file.upload:
            try:
                patience.ask(partial(service.cancel_upload, file.upload, "cancelling the upload"))
            except (Refused, StopAsked) as trouble:
                reason = trouble.message if isinstance(trouble, Refused) else "It was not waited for."
                telling.warn("upload", f"An upload was not cancelled; it ends by itself. {reason}")
            ledger.put_file(file.without_upload())


def copies(service: Service, ledger: LedgerFile) -> list[str]:
    """Ids of files of this run that the ledger does not know: an upload was kept although the line broke, and
    the list did not show it yet. Refused: the list cannot be read.
    """
    names = {file.name for file in ledger.now.files}
    known = {file.id for file in ledger.now.files}
    found: list[str] = []
    after = ""
    for _ in range(LISTED_PAGES if names else 0):
        page = service.files(after, "looking for copies of the sent files")
        found += [one.id for one in page.data if one.filename in names and one.id not in known]
        if not page.has_more or not page.data:
            break
        after = page.data[-1].id
    return found


def _size(size: int) -> str:
    """In the unit that people read easily."""
    for unit, name in ((1_000_000_000, "GB"), (MB, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size} bytes"
