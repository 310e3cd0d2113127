"""A server under load: many streaming chats and queued jobs on the tiny model, and kill -9 in the middle.

python tests/benchmarks/serve_load.py [--chats 50] [--jobs 20] [--threads 1] [--json]

It asserts that nothing is lost: each stream that was not cut by the kill is whole and says what it says
alone, each job that was accepted succeeds once. It prints times, and how memory grew.
"""

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import openai
import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.serve.clients import chat_rows, client_of, send  # noqa: E402
from tests.serve.running import RunningServer, wait_until  # noqa: E402
from tests.tiny_model import write_tiny_model  # noqa: E402

MODEL = "tiny"
TOKENS = 40
PATIENCE = 1800.0
SAMPLE = 60
"""Streams whose text is compared with what the same seed says alone."""


@dataclass
class Tally:
    """What the chats saw. texts: by seed; cut: streams that broke, or were not begun, while it was dead."""

    texts: dict[int, str] = field(default_factory=dict)
    firsts: list[float] = field(default_factory=list)
    whole_seconds: list[float] = field(default_factory=list)
    cut: int = 0
    wrong: list[str] = field(default_factory=list)


class Memory:
    """Samples of resident memory of the server and its chat engine, by process."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._end = threading.Event()
        self.samples: dict[tuple[str, int], list[float]] = {}
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._end.wait(1.0):
            try:
                server = psutil.Process(self._server.pid)
                self._note("server", server)
                for child in server.children():
                    if "generate" in child.cmdline():
                        self._note("chat engine", child)
            except (psutil.Error, AssertionError):
                continue  # it was killed just now

    def _note(self, name: str, process: psutil.Process) -> None:
        megabytes = process.memory_info().rss / 1e6
        self.samples.setdefault((name, process.pid), []).append(megabytes)

    def growth(self) -> dict[str, tuple[float, float]]:
        """Median megabytes, and how many more the last quarter has than the second, of the longest life."""
        found: dict[str, tuple[float, float]] = {}
        for (name, _), samples in sorted(self.samples.items(), key=lambda item: len(item[1])):
            quarter = len(samples) // 4
            if quarter:
                more = median(samples[-quarter:]) - median(samples[quarter : 2 * quarter])
                found[name] = (median(samples), more)
        return found


def ask(client: openai.OpenAI, seed: int) -> tuple[str, float]:
    """The text of one stream, and the seconds to its first word. AssertionError: it is not whole."""
    began = time.perf_counter()
    first = 0.0
    text, finish = "", None
    messages: Any = [{"role": "user", "content": f"hello {seed % 97}"}]
    stream = client.chat.completions.create(
        model=MODEL, messages=messages, stream=True, seed=seed, temperature=1.0, max_tokens=TOKENS
    )
    for chunk in stream:
        first = first or time.perf_counter() - began
        text += chunk.choices[0].delta.content or ""
        finish = chunk.choices[0].finish_reason or finish
    assert finish in ("stop", "length"), f"the stream of seed {seed} ended without a reason"
    return text, first


class Chats:
    """So many threads, each of which asks again and again, also what was cut by the kill."""

    def __init__(self, server: RunningServer, count: int) -> None:
        self._server = server
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._seeds = itertools.count(1)
        self.is_dead = threading.Event()
        """The server was killed, and is not back yet."""
        self.kills = 0
        self.tally = Tally()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        client = client_of(self._server)
        while not self._end.is_set():
            with self._lock:
                seed = next(self._seeds)
            self._until_told(client, seed)

    def _until_told(self, client: openai.OpenAI, seed: int) -> None:
        while not self._end.is_set():
            kills, began = self.kills, time.perf_counter()
            try:
                text, first = ask(client, seed)
            except Exception as trouble:
                if kills == self.kills and not self.is_dead.is_set():
                    with self._lock:
                        self.tally.wrong.append(f"{type(trouble).__name__}: {trouble}")
                    return
                with self._lock:
                    self.tally.cut += 1
                self._end.wait(0.5)
                continue
            with self._lock:
                self.tally.texts[seed] = text
                self.tally.firsts.append(first)
                self.tally.whole_seconds.append(time.perf_counter() - began)
            return


def queue_jobs(client: openai.OpenAI, count: int) -> list[str]:
    file = send(client, chat_rows(10))
    jobs = client.fine_tuning.jobs
    # So much that it learns to end its answers: a job whose model does not is failed by the engine.
    hyperparameters: Any = {"n_epochs": 30, "batch_size": 2, "learning_rate_multiplier": 10}
    return [
        jobs.create(
            model=MODEL,
            training_file=file.id,
            seed=1,
            metadata={"number": str(number)},
            method={"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        ).id
        for number in range(count)
    ]


def statuses(client: openai.OpenAI, jobs: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    listed = {job.id: job.status for job in client.fine_tuning.jobs.list(limit=100)}
    for job in jobs:
        assert listed[job] != "failed", client.fine_tuning.jobs.retrieve(job).error
        found[listed[job]] = found.get(listed[job], 0) + 1
    return found


def run(chats: int, jobs: int, threads: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as scratch:
        tiny = write_tiny_model(Path(scratch) / MODEL)
        data = Path(scratch) / "served"
        environment = {"OMP_NUM_THREADS": str(threads)}
        more = ("--model", tiny, "--rate", "0", "--log", "warning")
        with RunningServer(data, *more, environment=environment) as server:
            return loaded(server, chats, jobs)


def loaded(server: RunningServer, chats: int, jobs: int) -> dict[str, float]:
    client = client_of(server)
    ask(client, 0)  # the engine is started
    memory = Memory(server)
    talking = Chats(server, chats)
    began = time.perf_counter()
    made = queue_jobs(client, jobs)
    assert len(set(made)) == jobs

    def succeeded() -> int:
        return statuses(client, made).get("succeeded", 0)

    wait_until(lambda: succeeded() >= jobs // 2, "half of the jobs", PATIENCE)
    before = time.perf_counter()
    talking.is_dead.set()
    talking.kills += 1
    server.kill()
    server.restart()
    talking.is_dead.clear()
    dead = time.perf_counter() - before
    wait_until(lambda: succeeded() == jobs, "all jobs", PATIENCE)
    seconds = time.perf_counter() - began
    talking.close()
    memory.close()
    listed = [job.id for job in client.fine_tuning.jobs.list(limit=100)]
    assert sorted(listed) == sorted(made), "no job was lost or made twice"
    assert all(client.fine_tuning.jobs.retrieve(job).fine_tuned_model for job in made)
    tally = talking.tally
    assert not tally.wrong, tally.wrong[:5]
    some = sorted(tally.texts)[:: max(1, len(tally.texts) // SAMPLE)]
    alike = sum(ask(client, seed)[0] == tally.texts[seed] for seed in some)
    grown = memory.growth()
    return {
        "chats_at_once": float(chats),
        "streams_whole": float(len(tally.texts)),
        "tries_while_it_was_dead": float(tally.cut),
        "streams_wrong": float(len(tally.wrong)),
        "alike_alone_percent": 100 * alike / len(some),
        "first_word_seconds": median(tally.firsts),
        "stream_seconds": median(tally.whole_seconds),
        "streams_a_second": len(tally.texts) / seconds,
        "jobs": float(jobs),
        "jobs_succeeded": float(len(made)),
        "jobs_seconds": seconds,
        "dead_seconds": dead,
        "server_megabytes": grown["server"][0],
        "server_growth_megabytes": grown["server"][1],
        "engine_megabytes": grown["chat engine"][0],
        "engine_growth_megabytes": grown["chat engine"][1],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = run(chosen.chats, chosen.jobs, chosen.threads)
    if chosen.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):<28}{value:>10,.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
