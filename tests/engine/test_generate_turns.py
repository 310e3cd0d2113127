"""Several requests at once: all of them move, each gets what it gets alone, and memory bounds who begins."""

from collections import defaultdict

import pytest

from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_model import write_tiny_model
from tunedesk.engine import generate_turns
from tunedesk.engine.generate_turns import Turns
from tunedesk.engine.generate_voices import Voices
from tunedesk.errors import UserError
from tunedesk.runs.generation import (
    AnyMessage,
    ChatMessage,
    Done,
    Generate,
    GenerationFailed,
    Load,
    Piece,
    Question,
    Sampling,
    Voice,
    WrittenChance,
)

WORDS = ["red", "what is the cat of the dog", "hello blue bird says yes", "no", "one two three", "good bye"]


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Voices:
    model = write_tiny_model(tmp_path_factory.mktemp("model"))
    adapter = write_tiny_adapter(tmp_path_factory.mktemp("adapter"), model)
    return Voices(Load(str(model), str(adapter), "none", threads=1))


class Talk:
    def __init__(self, voices: Voices) -> None:
        self.told: list[AnyMessage] = []
        self.turns = Turns(voices, self.told.append)

    def finish(self) -> None:
        while not self.turns.is_idle:
            self.turns.step()

    def texts(self) -> dict[tuple[int, int, Voice], str]:
        texts: dict[tuple[int, int, Voice], str] = defaultdict(str)
        for message in self.told:
            if isinstance(message, Piece):
                texts[message.id, message.question, message.voice] += message.text
        return dict(texts)

    def ended(self) -> list[Done]:
        return [message for message in self.told if isinstance(message, Done)]


def asks(number: int, text: str = "red", *who: Voice, most: int = 12, **more: object) -> Generate:
    question = Question((ChatMessage("user", text),), who or ("tuned",))
    settings = Sampling(temperature=1.2, max_tokens=most, seed=number)
    return Generate(number, (question,), settings, **more)  # type: ignore[arg-type]


def alone(voices: Voices, asked: Generate) -> dict[tuple[int, int, Voice], str]:
    talk = Talk(voices)
    talk.turns.begin(asked)
    talk.finish()
    return talk.texts()


def test_requests_that_come_at_any_time_get_what_they_get_alone(voices: Voices) -> None:
    requests = [asks(number, text, "base", "tuned") for number, text in enumerate(WORDS)]
    talk = Talk(voices)
    for number, asked in enumerate(requests):
        talk.turns.begin(asked)
        for _ in range(number % 3):
            talk.turns.step()
    talk.finish()
    expected = {key: text for asked in requests for key, text in alone(voices, asked).items()}
    assert talk.texts() == expected
    assert sorted(done.id for done in talk.ended()) == sorted(2 * list(range(len(WORDS))))


def test_a_request_that_comes_late_does_not_wait_for_a_long_one(voices: Voices) -> None:
    talk = Talk(voices)
    talk.turns.begin(asks(1, most=200))
    for _ in range(5):
        talk.turns.step()
    talk.turns.begin(asks(2, most=2))
    while not talk.ended():
        talk.turns.step()
    assert talk.ended()[0].id == 2
    talk.finish()
    assert [done.id for done in talk.ended()] == [2, 1]


def test_what_does_not_fit_into_memory_waits_and_is_answered(
    voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asks(number, text) for number, text in enumerate(WORDS)]
    expected = {key: text for asked in requests for key, text in alone(voices, asked).items()}
    monkeypatch.setattr(generate_turns, "MOST_ROWS", 2)
    talk = Talk(voices)
    for asked in requests:
        talk.turns.begin(asked)
    open_at_once = []
    while not talk.turns.is_idle:
        talk.turns.step()
        begun = {message.id for message in talk.told if isinstance(message, Piece | Done)}
        open_at_once.append(len(begun) - len(talk.ended()))
    assert max(open_at_once) <= 2
    assert talk.texts() == expected


def test_a_request_of_several_batches_is_answered_whole_beside_others(
    voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate_turns, "MOST_ROWS", 4)
    questions = tuple(Question((ChatMessage("user", text),), ("base", "tuned")) for text in WORDS)
    talk = Talk(voices)
    talk.turns.begin(Generate(1, questions, Sampling(max_tokens=5)))
    talk.turns.begin(asks(2))
    talk.finish()
    assert sum(done.id == 1 for done in talk.ended()) == 12
    assert sum(done.id == 2 for done in talk.ended()) == 1


def test_a_cancel_ends_one_request_and_leaves_the_others(voices: Voices) -> None:
    talk = Talk(voices)
    for number in (1, 2):
        talk.turns.begin(asks(number, most=40))
    talk.turns.step()
    talk.turns.cancel(1)
    talk.turns.cancel(7)
    assert [(done.id, done.reason, done.tokens) for done in talk.ended()] == [(1, "cancelled", 1)]
    talk.finish()
    assert talk.ended()[-1].id == 2 and talk.ended()[-1].reason != "cancelled"
    assert talk.texts()[2, 0, "tuned"] == alone(voices, asks(2, most=40))[2, 0, "tuned"]


def test_a_text_to_stop_at_ends_the_answer_and_is_not_said(voices: Voices) -> None:
    whole = alone(voices, asks(3, most=30))[3, 0, "tuned"]
    stop = whole[10:13]
    for stream in (True, False):
        talk = Talk(voices)
        talk.turns.begin(asks(3, most=30, stop=(stop,), stream=stream))
        talk.finish()
        assert talk.texts()[3, 0, "tuned"] == whole[: whole.index(stop)]
        assert talk.ended()[0].reason == "end" and talk.ended()[0].tokens < 30


def test_chances_come_with_the_text_of_their_tokens(voices: Voices) -> None:
    for stream in (True, False):
        talk = Talk(voices)
        talk.turns.begin(asks(4, most=20, likeliest=2, stream=stream))
        talk.finish()
        pieces = [message for message in talk.told if isinstance(message, Piece)]
        chances = [chance for piece in pieces for chance in piece.chances]
        assert len(chances) == talk.ended()[0].tokens
        assert all(len(each.likeliest) == 2 and each.chosen.logprob <= 0 for each in chances)
        if stream:  # a piece is told as soon as its tokens are whole characters
            whole = [piece for piece in pieces if "\ufffd" not in "".join(map(_token, piece.chances))]
            assert whole and all("".join(map(_token, each.chances)) == each.text for each in whole)


def _token(chance: WrittenChance) -> str:
    return chance.chosen.token


def test_tokens_behind_a_stop_have_no_chances(voices: Voices) -> None:
    whole = alone(voices, asks(3, most=30))[3, 0, "tuned"]
    talk = Talk(voices)
    talk.turns.begin(asks(3, most=30, stop=(whole[10:13],), likeliest=0))
    talk.finish()
    (done,) = talk.ended()
    chances = [each for message in talk.told if isinstance(message, Piece) for each in message.chances]
    assert 0 < len(chances) < done.tokens


def test_a_row_with_tools_goes_through_the_code_of_training(voices: Voices) -> None:
    plain = alone(voices, asks(5, "red"))
    row = '{"messages": [{"role": "user", "content": [{"type": "text", "text": "red"}]}]}'
    asked = Generate(5, (Question((), ("tuned",), row),), asks(5).settings)
    assert alone(voices, asked) == plain
    tools = row[:-1] + ', "tools": [{"type": "function", "function": {"name": "f"}}]}'
    with pytest.raises(UserError, match="which tools there are"):
        Talk(voices).turns.begin(Generate(6, (Question((), ("tuned",), tools),)))


def test_a_pass_that_fails_is_told_to_whoever_it_concerns_and_the_next_request_works(
    voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk(voices)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such kernel\nand more")

    with monkeypatch.context() as patch:
        patch.setattr(voices, "forward", broken)
        talk.turns.begin(asks(1))
        talk.finish()
    assert talk.told == [GenerationFailed(1, "The answer failed: no such kernel", is_fault=True)]
    talk.turns.begin(asks(2))
    talk.finish()
    assert [done.id for done in talk.ended()] == [2]


def test_bounds_are_checked_before_anything_is_written(voices: Voices) -> None:
    talk = Talk(voices)
    with pytest.raises(UserError, match="At most 20"):
        talk.turns.begin(asks(1, likeliest=21))
    assert talk.turns.is_idle and not talk.told
