"""An engine that notes what it is asked and says what a test wants."""

from collections.abc import Callable, Sequence

from tunedesk.runs.generation import AnyMessage, Done, Load, Piece, Question, Ready, Sampling


class ScriptedEngine:
    def __init__(self, tell: Callable[[AnyMessage], None]) -> None:
        self.tell = tell
        self.loads: list[Load] = []
        self.asked: list[Question] = []
        self.cancelled: list[int] = []
        self.is_closed = False

    def load(self, request: Load) -> None:
        self.loads.append(request)

    def generate(
        self,
        questions: Sequence[Question],
        settings: Sampling,
        *,
        stream: bool = True,
        stop: Sequence[str] = (),
        likeliest: int | None = None,
    ) -> int:
        self.asked += questions
        return len(self.asked)

    def cancel(self, request: int) -> None:
        self.cancelled.append(request)

    def close(self) -> None:
        self.is_closed = True

    def ready(self) -> None:
        self.tell(Ready("m", None, "cpu", 0.1, 64))

    def say(self, request: int, text: str) -> None:
        self.tell(Piece(request, 0, "base", text))

    def answer(self, request: int) -> None:
        self.say(request, "hi")
        self.tell(Done(request, 0, "base", "end", 1, 0.1, 3))
