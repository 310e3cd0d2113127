"""`tunedesk chat`: one prompt or a conversation with a run or a model, in the terminal."""

from __future__ import annotations

import argparse
import queue
import sys
from pathlib import Path

from tunedesk.chat.any_voice import AnyVoice
from tunedesk.chat.conversation import Conversation, with_settings, with_system
from tunedesk.chat.hosted import HostedModels, Wanted
from tunedesk.chat.session import ChatSession
from tunedesk.chat.voices import HostedRun, tuned_run, voices_of_run
from tunedesk.cli.cloud_keys import KeyFinder
from tunedesk.cli.output import progress
from tunedesk.cli.projects import find_model
from tunedesk.errors import UserError
from tunedesk.runs.generation import Load, Ready, Sampling, Voice
from tunedesk.template.model_folder import read_model_folder

HELP = "Type a message; /again answers anew, /new starts over, an empty line ends."


def chat(arguments: argparse.Namespace) -> int:
    """UserError: no such run or model, bad settings, or a lost engine."""
    request, voices, system = chosen_voices(arguments.model, base_too=arguments.base)
    settings = Sampling(arguments.temperature, arguments.top_p, arguments.max_tokens, arguments.seed)
    start = with_system(
        with_settings(Conversation(), settings), system if arguments.system is None else arguments.system
    )
    if isinstance(request, HostedModels):
        progress(f"what you write goes to {request.host}")
    face, keys = TerminalFace(several=len(voices) > 1), KeyFinder(arguments.key_env)
    session = ChatSession(face, lambda tell: AnyVoice(tell, keys), start)
    try:
        session.choose(request, voices)
        face.wait_until_ready()
        if arguments.prompt is not None:
            session.send(sys.stdin.read() if arguments.prompt == "-" else arguments.prompt)
            face.wait_for_answers(session)
        else:
            talk(session, face, start)
    finally:
        session.close()
    return 0


def chosen_voices(name: str, *, base_too: bool) -> tuple[Wanted, tuple[Voice, ...], str]:
    """What to talk to for a run's folder, or for a model by path or name; and the run's system prompt.

    A run whose weights are here speaks here, else at its service.
    """
    path = Path(name).expanduser()
    if not (path / "job.json").is_file():
        model = read_model_folder(find_model(name))
        return Load(str(model.path.absolute()), quantization="none"), ("base",), ""
    found = voices_of_run(path.absolute())
    hosted = next((run for run in found if isinstance(run, HostedRun)), None)
    if hosted is None or len(found) > 1:
        run = tuned_run(path.absolute())
        return run.load_request(), ("base", "tuned") if base_too else ("tuned",), run.system
    return hosted.models, hosted.models.voices if base_too else ("tuned",), hosted.system


def talk(session: ChatSession, face: TerminalFace, start: Conversation) -> None:
    """Read messages until an empty line or the end of the input."""
    progress(HELP)
    while text := read_message():
        try:
            if text == "/again":
                session.regenerate()
            elif text == "/new":
                session.open(start)
                continue
            else:
                session.send(text)
        except UserError as trouble:
            progress(trouble.sentence)
            continue
        face.wait_for_answers(session)


def read_message() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""


def wait_for(told: queue.SimpleQueue[UserError | None]) -> UserError | None:
    """The next entry. Windows sees Ctrl+C only between two waits."""
    while True:
        try:
            return told.get(timeout=0.2)
        except queue.Empty:
            continue


class TerminalFace:
    """Prints one voice as it speaks, and two voices one after the other."""

    def __init__(self, *, several: bool) -> None:
        self._several = several
        self._idle: queue.SimpleQueue[UserError | None] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[UserError | None] = queue.SimpleQueue()
        self._trouble: UserError | None = None
        self._is_ready = False

    def changed(self, conversation: Conversation) -> None:
        """The terminal shows what was typed already."""

    def said(self, number: int, voice: Voice, text: str) -> None:
        if not self._several:
            print(text, end="", flush=True)

    def answered(self, number: int, voice: Voice) -> None:
        if not self._several:
            print(flush=True)

    def ready(self, model: Ready) -> None:
        self._is_ready = True
        self._ready.put(None)

    def idle(self) -> None:
        self._idle.put(self._trouble)
        self._trouble = None

    def failed(self, message: str, hint: str) -> None:
        self._trouble = UserError(message, hint=hint)
        if not self._is_ready:
            self._ready.put(self._trouble)

    def wait_until_ready(self) -> None:
        """UserError: the model cannot be loaded."""
        if trouble := wait_for(self._ready):
            raise trouble

    def wait_for_answers(self, session: ChatSession) -> None:
        """Until the answers are complete; Ctrl+C ends them where they are. UserError: there are none."""
        try:
            trouble = wait_for(self._idle)
        except KeyboardInterrupt:
            session.stop()
            trouble = wait_for(self._idle)
        if trouble:
            raise trouble
        if self._several:
            for answer in session.conversation.exchanges[-1].answers:
                print(f"{answer.voice}: {answer.text}", flush=True)
