"""The generation engine: loads a model and answers prompts over its standard streams until they close."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyCommand,
    AnyMessage,
    Cancel,
    Generate,
    Load,
    LoadFailed,
    Quit,
    Ready,
    decode_command,
    encode_line,
)

if TYPE_CHECKING:
    from tunedesk.engine.generate_turns import Turns
    from tunedesk.engine.generate_voices import Voices


def main() -> int:
    """Serve until `Quit` or the end of the input; torch is imported only after the streams are safe."""
    # Ctrl+C in a terminal reaches the child too; there it means "stop this answer": the client asks for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, messages = take_streams()
    engine = GenerationEngine(messages)
    threading.Thread(target=engine.read, args=(commands,), daemon=True).start()
    try:
        engine.serve()
    except BrokenPipeError:
        return 0  # whoever asked is gone, and so is the reason to go on
    return 0


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Private duplicates of standard input and output for the protocol.

    Libraries print to standard output and may even ask on standard input; both must not meet the protocol.
    """
    commands = os.fdopen(os.dup(0), "rb")
    messages = os.fdopen(os.dup(1), "wb")
    sys.stdout.flush()
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return commands, messages


class GenerationEngine:
    """Answers requests in turns on one thread; another one reads.

    A model is loaded when the answers of the one before are complete; what comes after it waits.
    """

    def __init__(self, messages: BinaryIO) -> None:
        self._messages = messages
        self._commands: queue.SimpleQueue[AnyCommand] = queue.SimpleQueue()
        self._waiting: deque[Load | Generate] = deque()
        self._cancelled: set[int] = set()
        """Requests that were cancelled while they wait."""
        self._voices: Voices | None = None
        self._turns: Turns | None = None

    def read(self, commands: BinaryIO) -> None:
        """Take in commands until the input ends; then nobody listens and the process has nothing to save."""
        for line in commands:
            try:
                self._commands.put(decode_command(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as trouble:
                print(f"not a command: {line[:200]!r}: {trouble}", file=sys.stderr)
        os._exit(0)

    def serve(self) -> None:
        while self._take_commands():
            self._begin_waiting()
            if self._turns is not None:
                self._turns.step()

    @property
    def _is_idle(self) -> bool:
        return self._turns is None or self._turns.is_idle

    def _take_commands(self) -> bool:
        """Take in what was asked since, waiting for it when there is nothing else to do; False: end."""
        wait = self._is_idle and not self._waiting
        while wait or not self._commands.empty():
            command = self._commands.get()
            wait = False
            if isinstance(command, Quit):
                return False
            if isinstance(command, Cancel):
                self._cancel(command.id)
            else:
                self._waiting.append(command)
        return True

    def _cancel(self, number: int) -> None:
        if any(isinstance(command, Generate) and command.id == number for command in self._waiting):
            self._cancelled.add(number)
        elif self._turns is not None:
            self._turns.cancel(number)

    def _begin_waiting(self) -> None:
        """Begin what was asked, up to a model that must wait for the answers of the one before."""
        while self._waiting:
            command = self._waiting[0]
            if isinstance(command, Load) and not self._is_idle:
                return
            self._waiting.popleft()
            if isinstance(command, Load):
                self._load(command)
            else:
                self._begin(command)

    def send(self, message: AnyMessage) -> None:
        self._messages.write(encode_line(message))
        self._messages.flush()

    def _load(self, request: Load) -> None:
        started = time.monotonic()
        try:
            voices = self._voices_for(request)
        except UserError as trouble:
            self.send(LoadFailed(trouble.message, trouble.hint))
        except Exception as trouble:
            traceback.print_exc()
            self.send(LoadFailed(f"{request.model} could not be loaded: {_reason(trouble)}"))
        else:
            seconds = time.monotonic() - started
            place = str(voices.device)
            self.send(Ready(request.model, request.adapter, place, seconds, voices.folder.context))

    def _voices_for(self, request: Load) -> Voices:
        from tunedesk.engine.generate_turns import Turns
        from tunedesk.engine.generate_voices import Voices

        # A failure leaves nothing loaded: an adapter that did not fit may have left parts in the model.
        # And old weights go before new ones come.
        voices, self._voices, self._turns = self._voices, None, None
        if voices and voices.fits(request):
            voices.switch(request)
        else:
            voices = None
            voices = Voices(request)
        self._voices, self._turns = voices, Turns(voices, self.send)
        return voices

    def _begin(self, request: Generate) -> None:
        from tunedesk.engine.generate_turns import failure_of

        try:
            if self._turns is None:
                raise UserError("No model is loaded.", hint="Load a model first.")
            self._turns.begin(request)
        except BrokenPipeError:
            raise
        except Exception as trouble:
            if not isinstance(trouble, UserError):
                traceback.print_exc()
            self.send(failure_of(request.id, trouble))
        if request.id in self._cancelled:
            self._cancelled.discard(request.id)
            self._cancel(request.id)


def _reason(trouble: Exception) -> str:
    return (str(trouble).splitlines() or [type(trouble).__name__])[0]
