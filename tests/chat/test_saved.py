"""Conversations as files."""

from pathlib import Path

import pytest

from tunedesk.chat.conversation import Conversation, send
from tunedesk.chat.saved import list_chats, load_chat, save_chat
from tunedesk.errors import UserError

TALK = send(
    Conversation(), "Where is my parcel? It should have come on Monday, and today it is Friday already."
)


def test_a_chat_is_found_again_with_its_run(tmp_path: Path) -> None:
    path = save_chat(tmp_path / "chats", TALK, run="2026-11-20-1432-a7", model="starter")
    chat = load_chat(path)
    assert (chat.conversation, chat.run, chat.model) == (TALK, "2026-11-20-1432-a7", "starter")
    assert [file.path for file in list_chats(tmp_path / "chats")] == [path]


def test_two_chats_with_the_same_words_are_two_files(tmp_path: Path) -> None:
    assert save_chat(tmp_path, TALK) != save_chat(tmp_path, TALK)


def test_a_chat_is_written_over_when_its_file_is_named(tmp_path: Path) -> None:
    path = save_chat(tmp_path, TALK)
    longer = send(TALK, "Hello?")
    assert save_chat(tmp_path, longer, path=path) == path
    assert load_chat(path).conversation == longer


def test_the_title_is_the_first_words_of_the_user(tmp_path: Path) -> None:
    title = load_chat(save_chat(tmp_path, TALK)).title
    assert title.startswith("Where is my parcel?") and len(title) == 60 and title.endswith("…")


def test_a_name_without_letters_still_makes_a_file(tmp_path: Path) -> None:
    assert save_chat(tmp_path, send(Conversation(), "???")).name.endswith("-chat.chat.json")


def test_a_damaged_chat_is_left_out_of_the_list_and_told_when_opened(tmp_path: Path) -> None:
    broken = tmp_path / "x.chat.json"
    broken.write_text("{", encoding="utf-8")
    assert list_chats(tmp_path) == ()
    with pytest.raises(UserError, match="is damaged"):
        load_chat(broken)


def test_a_missing_chat_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_chat(tmp_path / "none.chat.json")
