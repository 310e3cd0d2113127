"""Text comes out as soon as it is certain, and never in halves of a character."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.engine.generate_text import TextStream


def bytes_as_tokens(ids: Sequence[int]) -> str:
    return bytes(ids).decode("utf-8", "replace")


def words_as_tokens(ids: Sequence[int]) -> str:
    """Like SentencePiece: every word brings its space, and the first one loses it."""
    return " ".join(f"w{token}" for token in ids)


@given(st.text(alphabet="aé語🙂\n", max_size=40))
def test_the_pieces_add_up_to_the_text_and_hold_whole_characters(text: str) -> None:
    stream = TextStream(bytes_as_tokens)
    pieces = [stream.add(byte) for byte in text.encode()]
    assert "".join([*pieces, stream.rest()]) == text
    assert all("\ufffd" not in piece for piece in pieces)


def test_a_character_of_four_bytes_comes_with_its_last_byte() -> None:
    stream = TextStream(bytes_as_tokens)
    assert [stream.add(byte) for byte in "🙂".encode()] == ["", "", "", "🙂"]


def test_a_character_that_is_never_finished_is_shown_as_broken_at_the_end() -> None:
    stream = TextStream(bytes_as_tokens)
    assert stream.add("é".encode()[0]) == ""
    assert stream.rest() == "\ufffd"
    assert stream.rest() == ""


@pytest.mark.parametrize("count", [1, 2, 5])
def test_spaces_between_words_survive_a_decoder_that_drops_the_first_one(count: int) -> None:
    stream = TextStream(words_as_tokens)
    told = "".join(stream.add(token) for token in range(count)) + stream.rest()
    assert told == words_as_tokens(range(count))
