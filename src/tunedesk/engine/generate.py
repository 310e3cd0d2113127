"""The generation engine: loads a model and answers prompts over its standard streams until they close."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyCommand,
    AnyMessage,
    Cancel,
    Generate,
    GenerationFailed,
    Load,
    LoadFailed,
    Quit,
    Ready,
    decode_command,
    encode_line,
)

if TYPE_CHECKING:
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
    """Serves requests in their order on one thread; another one reads, so that a cancel is seen at once."""

    def __init__(self, messages: BinaryIO) -> None:
        self._messages = messages
        self._commands: queue.SimpleQueue[Load | Generate | Quit] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._voices: Voices | None = None

    def read(self, commands: BinaryIO) -> None:
        """Take in commands until the input ends; then nobody listens and the process has nothing to save."""
        for line in commands:
            try:
                self._take(decode_command(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as trouble:
                print(f"not a command: {line[:200]!r}: {trouble}", file=sys.stderr)
        os._exit(0)

    def _take(self, command: AnyCommand) -> None:
        if isinstance(command, Cancel):
            self._cancelled.add(command.id)
        else:
            self._commands.put(command)

    def serve(self) -> None:
        while not isinstance(command := self._commands.get(), Quit):
            if isinstance(command, Load):
                self._load(command)
            else:
                self._answer(command)

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
        from tunedesk.engine.generate_voices import Voices

        # A failure leaves nothing loaded: an adapter that did not fit may have left parts in the model.
        # And old weights go before new ones come.
        voices, self._voices = self._voices, None
        if voices and voices.fits(request):
            voices.switch(request)
        else:
            voices = None
            voices = Voices(request)
        self._voices = voices
        return voices

    def _answer(self, request: Generate) -> None:
        from tunedesk.engine.generate_request import answer

        try:
            if self._voices is None:
                raise UserError("No model is loaded.", hint="Load a model first.")
            answer(self._voices, request, self.send, lambda: request.id in self._cancelled)
        except UserError as trouble:
            self.send(GenerationFailed(request.id, trouble.message, trouble.hint))
        except BrokenPipeError:
            raise
        except Exception as trouble:
            traceback.print_exc()
            self.send(GenerationFailed(request.id, f"The answer failed: {_reason(trouble)}", _hint(trouble)))
        finally:
            self._cancelled.discard(request.id)


def _reason(trouble: Exception) -> str:
    return (str(trouble).splitlines() or [type(trouble).__name__])[0]


def _hint(trouble: Exception) -> str:
    if type(trouble).__name__ == "OutOfMemoryError":
        return "The graphics card's memory is full: stop a run on it, or shorten the conversation."
    return ""
