"""Keeps the conversation on disk: after each answer, one write at a time, the newest state last."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tunedesk.chat.conversation import Conversation
from tunedesk.chat.saved import ChatFile, list_chats, save_chat
from tunedesk.desktop.background import Background


@dataclass(frozen=True, slots=True)
class _State:
    conversation: Conversation
    run: str
    model: str


class ChatKeeper(QObject):
    chats_listed = Signal(object)
    """A tuple of `ChatFile`, newest first."""
    save_failed = Signal(str)

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._folder = Path()
        self._file: Path | None = None
        self._conversation_number = 0
        """Rises with each conversation, so that a late answer about the last one's file is not taken."""
        self._is_saving = False
        self._waiting: _State | None = None

    def use_folder(self, folder: Path) -> None:
        self._folder = folder
        self.go_on_with(None)
        self.list_again()

    def go_on_with(self, file: Path | None) -> None:
        """What is saved from now on belongs in this file; None: in a new one."""
        self._conversation_number += 1
        self._file = file

    def save(self, conversation: Conversation, run: str, model: str) -> None:
        """Write the conversation in the background; an empty one is not kept."""
        if not conversation.exchanges:
            return
        state = _State(conversation, run, model)
        if self._is_saving:
            self._waiting = state
        else:
            self._write(state)

    def list_again(self) -> None:
        folder = self._folder
        self._background.run(lambda job: list_chats(folder), self._listed, owner=self)

    def _listed(self, files: tuple[ChatFile, ...]) -> None:
        self.chats_listed.emit(files)

    def _write(self, state: _State) -> None:
        self._is_saving = True
        folder, file, number = self._folder, self._file, self._conversation_number
        self._background.run(
            lambda job: save_chat(folder, state.conversation, run=state.run, model=state.model, path=file),
            lambda path: self._written(number, path),
            self._not_written,
            owner=self,
        )

    def _written(self, number: int, path: Path) -> None:
        self._is_saving = False
        if number == self._conversation_number:
            self._file = path
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._write(waiting)
        else:
            self.list_again()

    def _not_written(self, error: Exception) -> None:
        self._is_saving, self._waiting = False, None
        self.save_failed.emit(f"The conversation could not be saved: {error}")
