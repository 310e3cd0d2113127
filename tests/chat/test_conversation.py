"""A conversation as a value: what each wish of a person makes of it."""

import json

import pytest

from tunedesk.chat.conversation import (
    Conversation,
    corrected,
    decode_conversation,
    edit_and_resend,
    encode_conversation,
    regenerate,
    send,
    to_example,
    with_end,
    with_piece,
    with_settings,
    with_system,
)
from tunedesk.dataset.example import RowFormat
from tunedesk.errors import UserError
from tunedesk.runs.generation import ChatMessage, Sampling


def talked() -> Conversation:
    """Two exchanges; the base and the tuned voice said different things."""
    conversation = send(with_system(Conversation(), "Be kind."), "Hello")
    for voice in ("tuned", "base"):
        conversation = with_piece(conversation, 0, voice, f"{voice} ")
        conversation = with_piece(conversation, 0, voice, "says hello")
        conversation = with_end(conversation, 0, voice, "end", 4, 0.5)
    conversation = send(conversation, "And now?")
    conversation = with_piece(conversation, 1, "tuned", "Bye")
    return with_end(conversation, 1, "tuned", "length", 1, 0.1)


def test_each_voice_remembers_its_own_answers() -> None:
    assert talked().messages("base") == (
        ChatMessage("system", "Be kind."),
        ChatMessage("user", "Hello"),
        ChatMessage("assistant", "base says hello"),
        ChatMessage("user", "And now?"),
    )


def test_the_prompt_of_an_earlier_exchange_ends_with_its_question() -> None:
    assert talked().messages("tuned", 0)[-1] == ChatMessage("user", "Hello")


def test_pieces_add_up_and_the_base_stands_before_the_tuned() -> None:
    answers = talked().exchanges[0].answers
    assert [answer.voice for answer in answers] == ["base", "tuned"]
    assert answers[1].text == "tuned says hello" and answers[1].reason == "end"


def test_editing_drops_what_came_after() -> None:
    edited = edit_and_resend(talked(), 0, "Good evening")
    assert [exchange.user for exchange in edited.exchanges] == ["Good evening"]
    assert edited.exchanges[0].answers == ()


def test_a_new_attempt_keeps_the_question_and_draws_with_another_seed() -> None:
    again = regenerate(talked())
    assert again.exchanges[1].user == "And now?"
    assert again.exchanges[1].answers == ()
    assert again.sampling().seed == talked().sampling().seed + 1
    assert regenerate(talked(), 0).exchanges[0].attempt == 1


def test_the_functions_leave_their_argument_alone() -> None:
    before = talked()
    regenerate(before)
    edit_and_resend(before, 0, "x")
    corrected(before, 0, "base", "x")
    assert before == talked()


def test_an_empty_message_is_not_sent() -> None:
    with pytest.raises(UserError, match="nothing to send"):
        send(Conversation(), " \n")


def test_settings_out_of_bounds_are_named() -> None:
    with pytest.raises(UserError, match=r"top_p is 0; it must be above 0"):
        with_settings(Conversation(), Sampling(top_p=0.0))


def test_a_corrected_answer_becomes_a_row_in_the_spacing_of_the_dataset() -> None:
    conversation = corrected(talked(), 1, "tuned", "Good bye, ünd 1")
    row = to_example(conversation, 1, "tuned", RowFormat.CHAT, like=b'{"messages":[]}')
    assert b'{"messages":[{"role":"system",' in row
    assert [turn["content"] for turn in json.loads(row)["messages"]] == [
        "Be kind.",
        "Hello",
        "tuned says hello",
        "And now?",
        "Good bye, ünd 1",
    ]


def test_a_single_exchange_fits_prompt_and_completion() -> None:
    conversation = with_end(with_piece(send(Conversation(), "Hi"), 0, "base", "Yes"), 0, "base", "end", 1, 0)
    row = to_example(conversation, 0, "base", RowFormat.PROMPT_COMPLETION)
    assert json.loads(row) == {"prompt": "Hi", "completion": "Yes"}


def test_earlier_turns_do_not_fit_prompt_and_completion() -> None:
    with pytest.raises(UserError, match="no place for a system prompt or earlier turns"):
        to_example(talked(), 1, "tuned", RowFormat.PROMPT_COMPLETION)


def test_a_conversation_becomes_a_row_of_the_dataset_s_own_format() -> None:
    row = json.loads(to_example(talked(), 1, "tuned", RowFormat.SHAREGPT))
    assert [turn["from"] for turn in row["conversations"]] == ["system", "human", "gpt", "human", "gpt"]
    row = json.loads(to_example(talked(), 1, "tuned", RowFormat.ALPACA))
    assert (row["system"], row["history"]) == ("Be kind.", [["Hello", "tuned says hello"]])


@pytest.mark.parametrize("kind", [RowFormat.PREFERENCE, RowFormat.TEXT, RowFormat.MAPPED])
def test_a_format_without_a_place_for_it_says_so(kind: RowFormat) -> None:
    with pytest.raises(UserError, match="cannot become a row"):
        to_example(talked(), 1, "tuned", kind)


def test_an_exchange_without_answer_is_no_example() -> None:
    with pytest.raises(UserError, match="Message 2 has no answer"):
        to_example(talked(), 1, "base", RowFormat.CHAT)


def test_a_conversation_survives_being_written_down() -> None:
    assert decode_conversation(encode_conversation(talked())) == talked()
