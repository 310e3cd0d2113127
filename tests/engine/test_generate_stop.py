"""Texts that end an answer are found in parts too, and nothing that is no such text is lost."""

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.engine.generate_stop import StopWatch


def said(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    watch = StopWatch(stops)
    text = ""
    for piece in pieces:
        text += watch.add(piece)
        if watch.has_stopped:
            return text, True
    return text + watch.rest(), False


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=4), st.data())
def test_a_text_in_any_pieces_ends_before_the_stop_that_is_complete_first(
    text: str, stops: list[str], data: st.DataObject
) -> None:
    pieces, at = [], 0
    while at < len(text):
        size = data.draw(st.integers(1, 3))
        pieces.append(text[at : at + size])
        at += size
    whole, has_stopped = said(pieces, stops)
    assert has_stopped == any(stop in text for stop in stops)
    assert text.startswith(whole)
    if has_stopped:
        assert not any(stop in whole for stop in stops)
        assert any(text[len(whole) :].startswith(stop) for stop in stops)
    else:
        assert whole == text


def test_text_is_held_back_only_while_it_may_be_a_stop() -> None:
    watch = StopWatch(["STOP"])
    assert [watch.add(piece) for piece in ("a", "S", "T", "x", "ST", "OP more")] == [
        "a",
        "",
        "",
        "STx",
        "",
        "",
    ]
    assert watch.has_stopped and watch.rest() == ""


def test_what_was_held_back_is_said_when_the_answer_ends() -> None:
    watch = StopWatch(["\n\n"])
    assert (watch.add("done\n"), watch.rest(), watch.has_stopped) == ("done", "\n", False)
