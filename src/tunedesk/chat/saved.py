"""Conversations as files of the project's chats folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tunedesk import paths
from tunedesk.chat.conversation import Conversation
from tunedesk.errors import UserError

SUFFIX = ".chat.json"


class SavedChat(Struct, frozen=True):
    """A conversation, the run or model it was held with, and when it was saved (ISO 8601, UTC)."""

    conversation: Conversation
    run: str = ""
    model: str = ""
    saved: str = ""
    version: int = 1

    @property
    def title(self) -> str:
        """The first words of the user."""
        exchanges = self.conversation.exchanges
        words = " ".join(exchanges[0].user.split()) if exchanges else ""
        return words if len(words) <= 60 else f"{words[:59]}…"


@dataclass(frozen=True, slots=True)
class ChatFile:
    path: Path
    chat: SavedChat


def save_chat(
    folder: Path, conversation: Conversation, *, run: str = "", model: str = "", path: Path | None = None
) -> Path:
    """Write the conversation as a new file, or over `path`; returns where it is."""
    now = datetime.now(UTC)
    chat = SavedChat(conversation, run, model, now.isoformat(timespec="seconds"))
    folder.mkdir(parents=True, exist_ok=True)
    target = path or _free_path(folder, f"{now:%Y-%m-%d-%H%M}-{_slug(chat.title)}")
    paths.write_atomically(target, msgspec.json.format(msgspec.json.encode(chat), indent=2) + b"\n")
    return target


def load_chat(path: Path) -> SavedChat:
    """UserError: missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SavedChat)
    except OSError as trouble:
        raise UserError(
            f"The chat {path} cannot be read: {trouble.strerror}.", hint="Check the path."
        ) from trouble
    except (msgspec.MsgspecError, UnicodeDecodeError) as trouble:
        raise UserError(f"The chat {path} is damaged: {trouble}", hint="Choose another one.") from trouble


def list_chats(folder: Path) -> tuple[ChatFile, ...]:
    """Readable chats, the one saved last first; damaged files are left out."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            found.append(ChatFile(path, load_chat(path)))
        except UserError:
            continue  # opening it by name tells what is wrong with it
    return tuple(sorted(found, key=lambda file: file.chat.saved, reverse=True))


def _slug(title: str) -> str:
    """A short name that every file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:32].strip("-") or "chat"


def _free_path(folder: Path, name: str) -> Path:
    number = 1
    while (path := folder / f"{name}{'' if number == 1 else f'-{number}'}{SUFFIX}").exists():
        number += 1
    return path
