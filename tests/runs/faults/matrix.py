"""The table of what can go wrong between a run and its service, and what a person sees then."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.runs.faults.proxy import Answer, Fault, refuses

FILES, FILE = "/v1/files", r"/v1/files/file-[^/?]*"
FILE_LIST, CONTENT = r"/v1/files\?.*", r"/v1/files/file-[^/?]*/content"
JOBS, JOB_LIST = "/v1/fine_tuning/jobs", r"/v1/fine_tuning/jobs\?.*"
JOB, EVENTS = r"/v1/fine_tuning/jobs/ftjob-[^/?]*", r"/v1/fine_tuning/jobs/ftjob-[^/?]*/events.*"
CHECKPOINTS = r"/v1/fine_tuning/jobs/ftjob-[^/?]*/checkpoints.*"
UPLOADS, PARTS = "/v1/uploads", r"/v1/uploads/[^/]*/parts"
COMPLETE, CANCEL = r"/v1/uploads/[^/]*/complete", r"/v1/fine_tuning/jobs/ftjob-[^/?]*/cancel"
ALWAYS = 10_000
PLAIN_RESULTS = b"step,train_loss\n"
Outcome = Literal["job", "failed", "finished", "left"]


@dataclass(frozen=True)
class Row:
    """what: goes wrong, where. outcome: "job", it is made and followed; "failed", there is none; "finished",
    a job that had ended is told whole; "left", it goes on unwatched. sees: a person, among the run's words.
    asked: how often a job was asked for. provider: what the profile says otherwise. jobs: that there are; a
    run that failed is then resumed without the fault, and must have exactly one.
    """

    what: str
    faults: tuple[Fault, ...]
    outcome: Outcome
    sees: tuple[str, ...]
    asked: int | None = None
    provider: dict[str, Any] = field(default_factory=dict)
    jobs: int = 1


def rewritten(change: Callable[[Any], Any]) -> Callable[[Answer], Answer]:
    """Another JSON in place of the server's."""
    return lambda answer: Answer(
        answer.status, answer.headers, json.dumps(change(json.loads(answer.body))).encode()
    )


def with_bytes(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    return lambda answer: Answer(answer.status, answer.headers, change(answer.body))


def says(status: str, **more: Any) -> Callable[[Answer], Answer]:
    return rewritten(lambda job: {**job, "status": status, **more})


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def shuffled_and_repeated(page: dict[str, Any]) -> dict[str, Any]:
    events = page["data"] * 2
    random.Random(7).shuffle(events)
    return {**page, "data": events}


def forgetful(page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "data": [{**job, "metadata": None} for job in page["data"]]}


def with_fresh_ids(page: dict[str, Any]) -> dict[str, Any]:
    """As Azure does: another id for the same event in every answer, and pages of five."""
    events = [{**event, "id": f"ftevent-{random.getrandbits(64):x}"} for event in page["data"]]
    return {**page, "data": events[:5], "has_more": True}


MATRIX = (
    # Before there is a job
    # The line
    Row("the server takes the job and says nothing", (Fault("POST", JOBS, hang=True),), "job",
        ("had been created before the line broke",), asked=1, provider={"answer_seconds": 0.3}),
    Row("the same, and the list is a moment behind",
        (Fault("POST", JOBS, hang=True),
         Fault("GET", JOB_LIST, times=2, change=rewritten(lambda page: {**page, "data": []}))),
        "job", ("had been created before the line broke",), asked=1, provider={"answer_seconds": 0.3}),
    Row("the same, at a service whose jobs keep no metadata",
        (Fault("POST", JOBS, hang=True),), "job", ("had been created before the line broke",), asked=1,
        provider={"answer_seconds": 0.3, "metadata": False}),
    Row("the same, at a service that takes metadata and forgets it",
        (Fault("POST", JOBS, hang=True), Fault("GET", JOB_LIST, times=ALWAYS, change=rewritten(forgetful))),
        "job", ("had been created before the line broke",), asked=1, provider={"answer_seconds": 0.3}),
    Row("the same, at a service whose list cannot be asked for metadata",
        (Fault("POST", JOBS, hang=True), refuses("GET", JOB_LIST + "metadata.*", 400, times=ALWAYS)),
        "job", ("had been created before the line broke",), asked=1, provider={"answer_seconds": 0.3}),
    Row("the same, and the list does not answer at once either",
        (Fault("POST", JOBS, hang=True), Fault("GET", JOB_LIST, times=2, reset=True)), "job",
        ("while looking for the job", "had been created before the line broke"), asked=1,
        provider={"answer_seconds": 0.3}),
    Row("reset after the server took the job", (Fault("POST", JOBS, reset=True),), "job",
        ("had been created before the line broke",), asked=1),
    Row("reset before the server heard of the job",
        (Fault("POST", JOBS, reset=True, passes=False),), "failed",
        ("broke while creating the job", "not in its list so far", "Resume the run"), asked=1,
        jobs=0, provider={"answer_seconds": 1.5}),
    Row("the answer with the new job ends in the middle", (Fault("POST", JOBS, cut=True),), "job",
        ("had been created before the line broke",), asked=1),
    Row("the answer with the new job is half a JSON", (Fault("POST", JOBS, change=with_bytes(half)),), "job",
        ("had been created before the line broke",), asked=1),
    Row("reset while the file is sent, before it arrived",
        (Fault("POST", FILES, reset=True, passes=False),), "job",
        ("broke while sending the training file", "answers again"), asked=1),
    Row("reset after the file arrived", (Fault("POST", FILES, reset=True),), "job",
        ("The training file had arrived",), asked=1),
    Row("no answer after the file arrived", (Fault("POST", FILES, hang=True),), "job",
        ("did not answer in time while sending the training file", "The training file had arrived"), asked=1,
        provider={"answer_seconds": 0.1}),
    Row("reset while asking whether the file is read", (Fault("GET", FILE, reset=True),), "job",
        ("broke while asking whether the file is read", "answers again"), asked=1),
    Row("the line is gone for good",
        (Fault("POST", FILES, times=ALWAYS, reset=True, passes=False),), "failed",
        ("broke while sending the training file", "Resume the run later"), asked=0, jobs=0),
    # Refusals
    Row("401 at the first request", (refuses("POST", FILES, 401, code="invalid_api_key"),), "failed",
        ("does not take the key", "invalid_api_key", "Give a valid key"), asked=0, jobs=0),
    Row("403 for the job, after the files were sent",
        (refuses("POST", JOBS, 403, code="training_not_available", message="We are winding down."),),
        "failed",
        ("takes no training from this customer any more", "We are winding down", "training_not_available",
         "What was sent is still there"), asked=1, jobs=0),
    Row("403 of another kind", (refuses("POST", JOBS, 403, code="forbidden"),), "failed",
        ("forbids it while creating the job",), asked=1, jobs=0),
    Row("404 for the model", (refuses("POST", JOBS, 404, code="model_not_found", message="No such model"),),
        "failed", ("knows no such thing while creating the job", "No such model", "model_not_found"),
        asked=1, jobs=0),
    Row("409", (refuses("POST", JOBS, 409, message="Somebody holds the lock"),), "failed",
        ("Somebody holds the lock", "not in its list so far", "Resume the run"), asked=1,
        jobs=0, provider={"answer_seconds": 1.5}),
    Row("409, though the job was made", (refuses("POST", JOBS, 409, passes=True),), "job",
        ("had been created before the line broke",), asked=1),
    Row("422", (refuses("POST", JOBS, 422, message="n_epochs is a string"),), "failed",
        ("refuses the request while creating the job", "n_epochs is a string"), asked=1, jobs=0),
    Row("429, to be asked again in a second",
        (refuses("POST", JOBS, 429, code="rate_limit_exceeded", headers={"retry-after": "1"}),), "job",
        ("is busy or out of order while creating the job and asks to wait 1 second",), asked=2),
    Row("429, to be asked again in eleven days",
        (refuses("POST", JOBS, 429, code="rate_limit_exceeded", headers={"retry-after": "950400"}),),
        "failed",
        ("asks to wait 11 days", "Resume the run"), asked=1, jobs=0),
    Row("429 with a wait that is no number",
        (refuses("POST", JOBS, 429, headers={"retry-after": "soon"}),), "job", ("is busy",), asked=2),
    Row("429 for the file, too long to wait",
        (refuses("POST", FILES, 429, headers={"retry-after": "950400"}),), "failed",
        ("asks to wait 11 days",), asked=0, jobs=0),
    Row("429 insufficient_quota", (refuses("POST", JOBS, 429, code="insufficient_quota"),), "failed",
        ("the limit or the credit is used up", "insufficient_quota", "Raise it at the service"),
        asked=1, jobs=0),
    Row("429 daily_rate_limit_exceeded", (refuses("POST", JOBS, 429, code="daily_rate_limit_exceeded"),),
        "failed", ("used up", "daily_rate_limit_exceeded"), asked=1, jobs=0),
    Row("500 before the job was made", (refuses("POST", JOBS, 500),), "failed",
        ("out of order while creating the job", "not in its list so far", "Resume the run"), asked=1,
        jobs=0, provider={"answer_seconds": 1.5}),
    Row("500 after the job was made", (refuses("POST", JOBS, 500, passes=True),), "job",
        ("had been created before the line broke",), asked=1),
    Row("a redirect after the job was made",
        (refuses("POST", JOBS, 303, passes=True, headers={"location": "/v1/fine_tuning/jobs/new"}),), "job",
        ("had been created before the line broke",), asked=1),
    Row("503 with a wait, after the job was made",
        (refuses("POST", JOBS, 503, passes=True, headers={"retry-after": "1"}),), "job",
        ("had been created before the line broke",), asked=1),
    Row("500 for the file", (refuses("POST", FILES, 500),), "job",
        ("out of order while sending the training file", "answers again"), asked=1),
    Row("a redirect to elsewhere",
        (refuses("POST", FILES, 307, headers={"location": "http://127.0.0.1:9/v1/files"}),), "failed",
        ("points to another address", "nothing is sent there"), asked=0, jobs=0),
    # What a service says of the file
    Row("the file is not read at once", (Fault("GET", FILE, times=3, change=says("pending")),), "job",
        ("reads the training file",), asked=1),
    Row("the file cannot be read",
        (Fault("GET", FILE, times=ALWAYS, change=says("error", status_details="line 3 is no JSON")),),
        "failed",
        ("cannot use the training file: line 3 is no JSON", "It was deleted there"), asked=0, jobs=0),
    Row("bytes were lost on the way",
        (Fault("POST", FILES, change=rewritten(lambda file: {**file, "bytes": file["bytes"] - 1})),),
        "failed",
        ("bytes arrived at Our box", "It was deleted there", "Resume the run"), asked=0, jobs=0),
    # In parts
    Row("reset at a part", (Fault("POST", PARTS, after=1, reset=True),), "job",
        ("broke while sending part 2 of the training file",), asked=1, provider={"parts_from": 400}),
    Row("the upload is forgotten half way", (refuses("POST", PARTS, 404, after=1),), "job",
        ("The training file is at Our box",), asked=1, provider={"parts_from": 400}),
    Row("reset after the upload was completed", (Fault("POST", COMPLETE, reset=True),), "job",
        ("broke while completing the training file",), asked=1, provider={"parts_from": 400}),
    Row("500 at the beginning of an upload", (refuses("POST", UPLOADS, 500),), "job",
        ("out of order while beginning to send the training file",), asked=1, provider={"parts_from": 400}),
    # Following and cancelling
    Row("reset while asking how it stands", (Fault("GET", JOB, reset=True),), "job",
        ("broke while asking how the job stands", "answers again"), asked=1),
    Row("reset while cancelling", (Fault("POST", CANCEL, reset=True, passes=False),), "job",
        ("broke while cancelling the job",), asked=1),
    Row("cancelled, and no answer", (Fault("POST", CANCEL, reset=True),), "job",
        ("broke while cancelling the job",), asked=1),
    # While a job that has ended is told, as after days without a line
    Row("reset at the job", (Fault("GET", JOB, times=2, reset=True),), "finished",
        ("broke while asking how the job stands", "answers again")),
    Row("reset at the events", (Fault("GET", EVENTS, reset=True),), "finished",
        ("broke while asking for its events", "answers again")),
    Row("reset at the checkpoints", (Fault("GET", CHECKPOINTS, reset=True),), "finished",
        ("broke while asking for checkpoints",)),
    Row("reset at the result file", (Fault("GET", CONTENT, reset=True),), "finished",
        ("broke while fetching the result file",)),
    Row("reset at the weights", (Fault("GET", CONTENT, after=1, reset=True),), "finished",
        ("broke while fetching the adapter",)),
    Row("the weights end in the middle", (Fault("GET", CONTENT, after=2, cut=True),), "finished",
        ("broke while fetching the adapter",)),
    Row("500 for a while", (refuses("GET", JOB, 500, times=10),), "finished",
        ("out of order while asking how the job stands", "answers again")),
    Row("503 to be asked again later", (refuses("GET", JOB, 503, headers={"retry-after": "1"}),), "finished",
        ("asks to wait 1 second",)),
    Row("429 with an absurd wait", (refuses("GET", JOB, 429, headers={"retry-after": "950400"}),), "finished",
        ("asks to wait 11 days", "answers again")),
    Row("429 insufficient_quota", (refuses("GET", JOB, 429, code="insufficient_quota"),), "finished",
        ("insufficient_quota", "answers again")),
    Row("no answer", (Fault("GET", JOB, hang=True),), "finished",
        ("did not answer in time while asking how the job stands",), provider={"answer_seconds": 0.3}),
    Row("half a JSON", (Fault("GET", JOB, change=with_bytes(half)),), "finished",
        ("an answer that cannot be read while asking how the job stands",)),
    Row("a web page in place of JSON", (Fault("GET", EVENTS, change=with_bytes(lambda body: b"<html>")),),
        "finished", ("an answer that cannot be read while asking for its events",)),
    Row("404 for a moment", (refuses("GET", JOB, 404, times=3),), "finished", ("answers again",)),
    Row("404 for good", (refuses("GET", JOB, 404, times=ALWAYS),), "left",
        ("does not know the job", "Resume the run to ask again")),
    Row("401 in the middle", (refuses("GET", JOB, 401, times=ALWAYS, code="invalid_api_key"),), "left",
        ("does not take the key", "The job goes on at the service")),
    Row("403 in the middle", (refuses("GET", JOB, 403, times=ALWAYS),), "left",
        ("forbids it while asking how the job stands", "The job goes on at the service")),
    Row("401 for the events alone", (refuses("GET", EVENTS, 401, times=ALWAYS),), "left",
        ("does not take the key",)),
    # Azure
    Row("Azure's words for a queue", (
        Fault("GET", JOB, times=2, change=says("pending", fine_tuned_model=None, result_files=None)),
        Fault("GET", JOB, times=2, change=says("notRunning", fine_tuned_model=None)),
        Fault("GET", JOB, times=2, change=says("pausing", fine_tuned_model=None))), "finished",
        ("waits in the queue of Our box", "The job runs at Our box"),
        provider={"statuses": {"pending": "queued", "notRunning": "queued", "pausing": "running"}}),
    Row("a word that nobody knows", (Fault("GET", JOB, times=3, change=says("warming_up")),), "finished",
        ("'warming_up', which TuneDesk does not know",)),
    Row("paused, and going on", (Fault("GET", JOB, times=2, change=says("paused")),), "finished",
        ("is paused at Our box",)),
    Row("succeeded before the model has a name",
        (Fault("GET", JOB, times=3, change=says("succeeded", fine_tuned_model=None)),), "finished",
        ("The job succeeded",)),
    Row("ids of events that change with every call", (
        Fault("GET", EVENTS + "after=.*", times=ALWAYS, passes=False,
              change=lambda answer: Answer(400, {}, b'{"error": {"message": "after was not found"}}')),
        Fault("GET", EVENTS, times=ALWAYS, change=rewritten(with_fresh_ids))), "finished", ()),
    # Events and figures
    Row("events out of order and repeated",
        (Fault("GET", EVENTS, times=ALWAYS, change=rewritten(shuffled_and_repeated)),), "finished", ()),
    Row("pages of events that never end",
        (Fault("GET", EVENTS, times=ALWAYS, change=rewritten(lambda page: {**page, "has_more": True})),),
        "finished", ()),
    Row("no events at all", (refuses("GET", EVENTS, 404, times=ALWAYS),), "finished",
        ("The job is followed without its events",)),
    Row("events that are never in order", (refuses("GET", EVENTS, 501, times=ALWAYS),), "finished",
        ("The job is followed without its events",)),
    Row("events that are always nonsense",
        (Fault("GET", EVENTS, times=ALWAYS, change=with_bytes(lambda body: b"<html>")),), "finished",
        ("an answer that cannot be read while asking for its events",
         "The job is followed without its events")),
    Row("no events while a job waits that is then cancelled",
        (refuses("GET", EVENTS, 501, times=ALWAYS),), "job", ("The job is followed without its events",),
        asked=1),
    Row("no checkpoints", (refuses("GET", CHECKPOINTS, 501, times=ALWAYS),), "finished",
        ("The job is followed without its checkpoints", "names no files of the adapter")),
    Row("a service that has no checkpoints to ask for", (), "finished", ("names no files of the adapter",),
        provider={"has_checkpoints": False}),
    Row("figures that are null, or no numbers",
        (Fault("GET", EVENTS, times=ALWAYS, change=with_bytes(
            lambda body: body.replace(b'"total_steps":', b'"total_steps": null, "loss": NaN, "y":'))),),
        "finished", ()),
    Row("the result file is cut in half by the line", (Fault("GET", CONTENT, times=3, cut=True),), "finished",
        ("Only a part of the result file came",)),
    Row("the result file is cut in half by the service",
        (Fault("GET", CONTENT, times=3, change=with_bytes(half)),), "finished",
        ("Only a part of the result file came",)),
    Row("the result file is plain text",
        (Fault("GET", CONTENT, change=with_bytes(base64.b64decode)),
         Fault("GET", FILE, change=rewritten(lambda file: {**file, "bytes": None}))), "finished", ()),
    Row("the result file lies in a store elsewhere",
        (refuses("GET", CONTENT, 307, headers={"location": "/elsewhere"}),
         Fault("GET", "/elsewhere", passes=False, change=lambda answer: Answer(200, {}, PLAIN_RESULTS))),
        "finished", ()),
    Row("the store elsewhere has nothing",
        (refuses("GET", CONTENT, 307, times=3, headers={"location": "/elsewhere"}),
         refuses("GET", "/elsewhere", 404, times=3)),
        "finished", ("the store answers with 404",)),
    Row("more comes than was announced",
        (Fault("GET", CONTENT, after=2, times=ALWAYS, change=with_bytes(lambda body: body * 2)),), "finished",
        ("more of it than was announced", "The adapter was not fetched")),
    Row("the result file is gone", (refuses("GET", CONTENT, 404),), "finished",
        ("was not fetched; the curve shows what was told before",)),
    Row("the adapter is gone", (refuses("GET", CONTENT, 404, after=1, times=ALWAYS),), "finished",
        ("The adapter was not fetched",)),
    Row("a file cannot be deleted", (refuses("DELETE", FILE, 403, times=ALWAYS),), "finished",
        ("is still at Our box",)),
    Row("a file is deleted, and the line broke", (Fault("DELETE", FILE, reset=True),), "finished",
        ("The training file was deleted",)),
)  # fmt: skip
