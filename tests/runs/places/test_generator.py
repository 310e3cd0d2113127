"""The client against a real engine, and against engines that crash, chatter or never answer."""

import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_model import write_tiny_model
from tunedesk.runs.generation import (
    AnyMessage,
    Cancel,
    ChatMessage,
    Done,
    EngineLost,
    Generate,
    GenerationFailed,
    Load,
    LoadFailed,
    Piece,
    Question,
    Ready,
    Sampling,
    Voice,
    encode_line,
)
from tunedesk.runs.places.engine_command import engine_command
from tunedesk.runs.places.generator import Generator

PATIENCE = 60
Messages = queue.SimpleQueue[AnyMessage]


def asked(text: str, *voices: Voice) -> Question:
    return Question((ChatMessage("user", text),), voices)


def scripted(body: str) -> list[str]:
    """An engine of a few lines: `commands` iterates over the client's lines, `say` answers."""
    head = (
        "import sys, json\n"
        "commands = (json.loads(line) for line in sys.stdin)\n"
        "def say(**message): print(json.dumps(message), flush=True)\n"
    )
    return [sys.executable, "-c", head + body]


DONE = "say(type='done', id=command['id'], question=0, voice='base', reason='end', tokens=0, seconds=0)\n"
READY = 'say(type="ready", model="m", adapter=None, device="cpu", seconds=0, context=8)\n'


class Talk:
    """A generator and the messages it has told, in order."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.messages: Messages = queue.SimpleQueue()
        self.generator = Generator(self.messages.put, command)

    def next(self) -> AnyMessage:
        return self.messages.get(timeout=PATIENCE)

    def until_done(self) -> tuple[str, AnyMessage]:
        """The pieces of one answer and the message that ends it."""
        text = ""
        while isinstance(message := self.next(), Piece):
            text += message.text
        return text, message


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    model = write_tiny_model(tmp_path_factory.mktemp("model"))
    return model, write_tiny_adapter(tmp_path_factory.mktemp("adapter"), model)


@pytest.fixture(scope="module")
def talk(folders: tuple[Path, Path]) -> Iterator[Talk]:
    """A real engine with both voices loaded; the tests of this module share it."""
    talk = Talk()
    talk.generator.load(Load(str(folders[0]), str(folders[1]), threads=1))
    ready = talk.next()
    assert isinstance(ready, Ready) and (ready.context, ready.device) == (256, "cpu")
    yield talk
    talk.generator.close()


def test_both_voices_answer_one_prompt_with_pieces(talk: Talk) -> None:
    request = talk.generator.generate([asked("hello", "base", "tuned")], Sampling(max_tokens=12))
    ended = []
    while len(ended) < 2:
        message = talk.next()
        assert isinstance(message, Piece | Done) and message.id == request
        if isinstance(message, Done):
            ended.append((message.voice, message.tokens <= 12, message.prompt_tokens > 0))
    assert sorted(ended) == [("base", True, True), ("tuned", True, True)]


def test_streamed_pieces_add_up_to_the_whole_answer(talk: Talk) -> None:
    texts = []
    for stream in (True, False):
        talk.generator.generate([asked("one two", "tuned")], Sampling(max_tokens=30), stream=stream)
        texts.append(talk.until_done()[0])
    assert texts[0] == texts[1] != ""


def test_a_prompt_longer_than_the_context_is_told_and_the_others_are_answered(talk: Talk) -> None:
    questions = [asked("red", "base"), asked("blue " * 300, "base")]
    talk.generator.generate(questions, Sampling(max_tokens=2))
    messages = []
    while len(messages) < 2:
        if not isinstance(message := talk.next(), Piece):
            messages.append(message)
    failed = next(message for message in messages if isinstance(message, GenerationFailed))
    assert failed.question == 1
    assert "reads at most 256" in failed.message
    assert any(isinstance(message, Done) and message.question == 0 for message in messages)


def test_an_answer_ends_where_the_context_ends(talk: Talk) -> None:
    talk.generator.generate([asked("blue " * 115, "tuned")], Sampling(max_tokens=10_000))
    _, done = talk.until_done()
    assert isinstance(done, Done)
    assert done.reason == "end" or (done.reason, done.tokens + done.prompt_tokens) == ("context", 256)


def test_settings_out_of_bounds_are_refused_with_a_sentence(talk: Talk) -> None:
    talk.generator.generate([asked("red", "base")], Sampling(temperature=-1))
    _, message = talk.until_done()
    assert isinstance(message, GenerationFailed) and "temperature is -1" in message.message


def test_a_cancelled_request_ends_and_the_next_one_is_answered(talk: Talk) -> None:
    # A long batch that cannot be finished before the cancel behind it is read.
    first = talk.generator.generate(
        [asked("red", "base", "tuned")] * 64, Sampling(max_tokens=240, temperature=2.0)
    )
    talk.generator.cancel(first)
    reasons = []
    while len(reasons) < 128:
        message = talk.next()
        if isinstance(message, Done):
            reasons.append(message.reason)
    assert "cancelled" in reasons
    talk.generator.generate([asked("red", "base")], Sampling(max_tokens=1))
    assert isinstance(talk.until_done()[1], Done)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_ctrl_c_in_the_terminal_does_not_end_the_engine(talk: Talk) -> None:
    (engine,) = [each for each in psutil.Process().children() if "tunedesk.engine" in each.cmdline()]
    engine.send_signal(signal.SIGINT)
    talk.generator.generate([asked("red", "base")], Sampling(max_tokens=1))
    assert isinstance(talk.until_done()[1], Done)


def test_a_folder_that_is_no_model_is_refused_and_a_good_one_loads_after_it(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    talk = Talk()
    with talk.generator:
        talk.generator.load(Load(str(tmp_path)))
        refused = talk.next()
        assert isinstance(refused, LoadFailed) and str(tmp_path) in refused.message
        talk.generator.generate([asked("red", "base")], Sampling())
        none = talk.next()
        assert isinstance(none, GenerationFailed) and none.message == "No model is loaded."
        talk.generator.load(Load(str(folders[0]), threads=1))
        assert isinstance(talk.next(), Ready)
        talk.generator.generate([asked("red", "tuned")], Sampling())
        voiceless = talk.next()
        assert isinstance(voiceless, GenerationFailed) and "no adapter" in voiceless.message


def test_the_engine_ends_when_its_parent_is_gone() -> None:
    engine = subprocess.Popen([*engine_command(), "generate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert engine.stdin is not None and engine.stdout is not None
    engine.stdin.close()  # what the system does when a parent dies
    assert engine.wait(PATIENCE) == 0
    assert engine.stdout.read() == b""


def test_a_crash_is_told_with_the_log_and_the_next_request_gets_a_new_engine_with_the_model() -> None:
    talk = Talk(
        scripted(
            "for command in commands:\n"
            "    if command['type'] == 'load': "
            + READY
            + "    elif command['questions'][0]['prompt'][0]['content'] == 'die':\n"
            "        print('the last words', file=sys.stderr); sys.exit(3)\n"
            "    else: " + DONE
        )
    )
    with talk.generator:
        talk.generator.load(Load("m"))
        assert isinstance(talk.next(), Ready)
        talk.generator.generate([asked("die", "base")], Sampling())
        lost = talk.next()
        assert isinstance(lost, EngineLost)
        assert "exit code 3" in lost.message and "the last words" in lost.log
        assert not talk.generator.is_running
        talk.generator.generate([asked("live", "base")], Sampling())
        assert isinstance(talk.next(), Ready)
        assert isinstance(talk.next(), Done)


def test_noise_between_the_messages_is_skipped() -> None:
    talk = Talk(
        scripted(
            "print('Loading weights: 100%'); print('{\"type\": \"step\"}')\n" + READY + "sys.stdin.read()"
        )
    )
    with talk.generator:
        talk.generator.load(Load("m"))
        assert isinstance(talk.next(), Ready)


def test_closing_kills_an_engine_that_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunedesk.runs.places.generator.PATIENCE", 0.01)
    talk = Talk(scripted(READY + "import threading; threading.Event().wait()"))
    talk.generator.load(Load("m"))
    assert isinstance(talk.next(), Ready)
    (child,) = [each for each in psutil.Process().children() if "threading.Event" in " ".join(each.cmdline())]
    talk.generator.close()
    assert not child.is_running()
    assert talk.messages.empty()


def test_requests_have_numbers_of_their_own_and_lines_are_one_line() -> None:
    line = encode_line(Generate(3, (asked("a\nb", "base"),)))
    assert line.count(b"\n") == 1
    assert encode_line(Cancel(3)) == b'{"type":"cancel","id":3}\n'
