"""The Chat pane: chooses who answers, shows the conversation, and passes wishes to the chat session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QStackedWidget, QToolButton, QWidget

from tunedesk.chat.conversation import Conversation
from tunedesk.chat.saved import ChatFile
from tunedesk.chat.session import ChatListener, ChatSession
from tunedesk.chat.voices import TunedRun, tunable_runs
from tunedesk.desktop.background import Background
from tunedesk.desktop.chat.composer import Composer
from tunedesk.desktop.chat.keeper import ChatKeeper
from tunedesk.desktop.chat.listener import SessionSignals
from tunedesk.desktop.chat.partners import Partner, partners
from tunedesk.desktop.chat.settings_panel import SettingsPanel
from tunedesk.desktop.chat.transcript import Transcript
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row
from tunedesk.errors import UserError
from tunedesk.runs.generation import Ready, Sampling, Voice

RECENT_CHATS = 15


@dataclass(frozen=True, slots=True)
class WantedExample:
    """An answer that shall become a row of the dataset, with what was said before it."""

    conversation: Conversation
    number: int
    voice: Voice


class ChatPane(QWidget):
    """`show_project` gives it its folders; `close_engine` must be called before the window goes."""

    example_wanted = Signal(object)
    """A `WantedExample`; the wiring puts it into the dataset."""
    link_clicked = Signal(str)
    training_wanted = Signal()

    def __init__(
        self,
        background: Background,
        base_models: Sequence[tuple[str, Path]] = (),
        make_session: Callable[[ChatListener], ChatSession] = ChatSession,
    ) -> None:
        super().__init__()
        self._background = background
        self._base_models = tuple(base_models)
        self._make_session = make_session
        self._session: ChatSession | None = None
        self._signals = SessionSignals(self)
        self._keeper = ChatKeeper(background, self)
        self._runs_dir = Path()
        self._partners: tuple[Partner, ...] = ()
        self._chosen: Partner | None = None
        self._wanted_run: Path | None = None
        self._loaded: tuple[Partner, tuple[Voice, ...]] | None = None
        self._make_actions()
        self._make_widgets()
        self._connect()
        self._lay_out()

    # What the wiring says

    def show_project(self, runs_dir: Path, chats_dir: Path) -> None:
        """Forget the conversation of another project."""
        self._runs_dir = runs_dir
        self._chosen = self._wanted_run = None
        if self._session is not None:
            self.new_conversation()
        self._keeper.use_folder(chats_dir)
        self.refresh()

    def refresh(self) -> None:
        """Look for runs that have finished since."""
        folder = self._runs_dir
        self._background.run(lambda job: tunable_runs(folder), self._show_runs, owner=self)

    def choose_run(self, run: Path) -> None:
        """Talk to this run as soon as it is listed."""
        self._wanted_run = run
        self.refresh()

    def show_told(self, words: str, look: str = "muted") -> None:
        """A sentence above the message field, such as that an example was added."""
        self._composer.show_state(words, look)

    def close_engine(self) -> None:
        """End the engine and wait for it, at most a few seconds."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def told(self) -> str:
        """The sentence above the message field."""
        return self._composer.state

    @property
    def saved_actions(self) -> list[QAction]:
        """The menu of saved conversations, newest first."""
        return self._chats_menu.actions()

    # Actions of the user

    def new_conversation(self) -> None:
        session = self._session
        if session is None:
            return
        now = session.conversation
        if self._try(lambda: session.open(Conversation(system=now.system, settings=now.settings))):
            self._keeper.go_on_with(None)
            self._composer.take_focus()

    def _send(self, text: str) -> None:
        session = self._ready_session()
        self._settings.flush()
        if session is None or not self._try(lambda: session.send(text)):
            self._composer.give_back(text)

    def _resend(self, number: int, text: str) -> None:
        if session := self._ready_session():
            self._try(lambda: session.edit_and_resend(number, text))

    def _regenerate(self, number: int) -> None:
        if session := self._ready_session():
            self._try(lambda: session.regenerate(number))

    def _stop(self) -> None:
        if self._session is not None:
            self._session.stop()

    def _correct(self, number: int, voice: Voice, text: str) -> None:
        session = self._session
        if session is not None and self._try(lambda: session.correct(number, voice, text)):
            self._save()
            self.show_told("Corrected. “Add to dataset” makes it an example.")

    def _want_example(self, number: int, voice: Voice) -> None:
        if self._session is not None:
            self.example_wanted.emit(WantedExample(self._session.conversation, number, voice))

    def _set_system(self, system: str) -> None:
        if session := self._ready_session():
            self._try(lambda: session.set_system(system))

    def _set_sampling(self, sampling: Sampling) -> None:
        if session := self._ready_session():
            self._try(lambda: session.set_settings(sampling))

    def _open_chat(self, file: ChatFile) -> None:
        session = self._ready_session()
        if session and self._try(lambda: session.open(file.chat.conversation)):
            self._keeper.go_on_with(file.path)
            self._settings.show_settings(file.chat.conversation.settings)
            self._settings.show_system(file.chat.conversation.system)

    def _try(self, wish: Callable[[], None]) -> bool:
        try:
            wish()
        except UserError as error:
            self.show_told(error.sentence, "error")
            return False
        self._refresh_busy()
        return True

    # Who answers

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._load_chosen()

    def _show_runs(self, runs: tuple[TunedRun, ...]) -> None:
        self._partners = partners(runs, self._base_models)
        self._chooser.blockSignals(True)
        self._chooser.clear()
        for partner in self._partners:
            self._chooser.addItem(partner.title)
        index = self._index_to_choose()
        self._chooser.setCurrentIndex(index)
        self._chooser.blockSignals(False)
        self._stack.setCurrentIndex(1 if self._partners and (runs or self._chosen) else 0)
        if index >= 0 and (runs or self._chosen):
            self._choose(index)

    def _index_to_choose(self) -> int:
        """The run that was asked for, else the one that is talked to, else the newest."""
        wanted = self._wanted_run
        for index, partner in enumerate(self._partners):
            if wanted is not None and partner.run == wanted:
                self._wanted_run = None
                return index
        if self._chosen in self._partners:
            return self._partners.index(self._chosen)
        return 0 if self._partners else -1

    def _talk_to_base(self) -> None:
        """Without any tuned run: the first model as it is."""
        self._stack.setCurrentIndex(1)
        self._choose(max(0, self._chooser.currentIndex()))

    def _choose(self, index: int) -> None:
        if not 0 <= index < len(self._partners):
            return
        partner = self._partners[index]
        if partner == self._chosen:
            return
        before, self._chosen = self._chosen, partner
        self._offer_system(partner, before.system if before else "")
        self._compare.setEnabled(len(partner.voices) > 1)
        if self.isVisible():
            self._load_chosen()
        self._show_conversation()

    def _offer_system(self, partner: Partner, offered_before: str) -> None:
        """Begin with the system prompt of the training, unless the user wrote another or has begun."""
        session = self._ready_session()
        if session is None or session.conversation.exchanges:
            return
        if session.conversation.system in ("", offered_before):
            self._try(lambda: session.set_system(partner.system))
            self._settings.show_system(partner.system)

    def _load_chosen(self) -> None:
        partner = self._chosen
        if partner is None or self._stack.currentIndex() == 0:
            return
        session = self._ready_session()
        if session is None or self._loaded == (partner, self._voices()):
            return
        self._loaded = (partner, self._voices())
        self.show_told(f"Loading {partner.model}…")
        if self._try(lambda: session.choose(partner.request, self._voices())):
            self._composer.set_can_send(True)

    def _voices(self) -> tuple[Voice, ...]:
        if self._chosen is None:
            return ()
        return self._chosen.voices if self._compare.isChecked() else self._chosen.voices[-1:]

    def _ready_session(self) -> ChatSession | None:
        if self._session is None and self._chosen is not None:
            self._session = self._make_session(self._signals)
        return self._session

    def _model_loaded(self, ready: Ready) -> None:
        self.show_told(
            f"Ready on {ready.device}: {ready.context:,} tokens of context, loaded in {ready.seconds:.1f} s."
        )

    # The conversation

    def _show_conversation(self, *_: object) -> None:
        if self._session is not None:
            self._transcript.show_conversation(self._session.conversation, self._voices())
        self._refresh_busy()

    def _show_text(self) -> None:
        if self._session is not None:
            self._transcript.show_conversation(self._session.conversation, self._voices())

    def _became_idle(self) -> None:
        self._refresh_busy()
        self._save()

    def _request_failed(self, message: str, hint: str) -> None:
        self.show_told(f"{message} {hint}".strip(), "error")
        if self._session is not None and not self._session.is_answering:
            self._loaded = None  # the next wish loads again: the engine may be gone
        self._refresh_busy()

    def _refresh_busy(self) -> None:
        busy = self._session is not None and self._session.is_answering
        self._composer.set_busy(busy)
        self._composer.set_can_send(self._chosen is not None)
        self._transcript.set_busy(busy)
        self._settings.set_busy(busy)
        self._chooser.setEnabled(not busy)
        self._new.setEnabled(not busy)
        self._compare.setEnabled(not busy and self._chosen is not None and len(self._chosen.voices) > 1)

    # Saved conversations

    def _save(self) -> None:
        if self._session is not None and self._chosen is not None:
            run = self._chosen.run.name if self._chosen.run else ""
            self._keeper.save(self._session.conversation, run, self._chosen.model)

    def _show_chats(self, files: tuple[ChatFile, ...]) -> None:
        self._chats_menu.clear()
        for file in files[:RECENT_CHATS]:
            entry = self._chats_menu.addAction(file.chat.title.replace("&", "&&") or file.path.name)
            entry.triggered.connect(lambda _=False, file=file: self._open_chat(file))
        if not files:
            self._chats_menu.addAction("No saved conversation yet").setEnabled(False)

    # Building

    def _make_actions(self) -> None:
        self._new = action(self, "New conversation", "plus", "Ctrl+Shift+N")
        self._compare = action(
            self, "Compare with the base model", "model", tip="Let the base model answer beside the tuned one"
        )
        self._compare.setCheckable(True)
        self._compare.setChecked(True)
        self._exact = action(
            self, "Show exact text", "braces", tip="Show each character of an answer instead of Markdown"
        )
        self._exact.setCheckable(True)
        self._show_settings = action(self, "Settings of the conversation", "settings")
        self._show_settings.setCheckable(True)
        self._show_settings.setChecked(True)
        self._train = action(self, "Train a model", "train")
        self._talk = action(self, "Talk to the practice model", "chat")

    @property
    def menu_actions(self) -> tuple[QAction, ...]:
        """For the window's menus."""
        return (self._new, self._compare, self._exact, self._show_settings)

    def _make_widgets(self) -> None:
        self._stack = QStackedWidget()
        self._chooser = QComboBox()
        self._chooser.setAccessibleName("Who answers")
        self._chooser.setMinimumWidth(320)
        self._chats_menu = QMenu(self)
        self._chats = QToolButton()
        self._chats.setDefaultAction(action(self, "Saved conversations", "history"))
        self._chats.setMenu(self._chats_menu)
        self._chats.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._transcript = Transcript()
        self._composer = Composer()
        self._settings = SettingsPanel()
        others = (self._talk,) if self._base_models else ()
        self._empty = EmptyState(
            "chat",
            "Talk to your tuned model",
            "When a run has finished, its model answers here beside the base model, so that you see what the "
            "training changed. A bad answer can be corrected and added to the dataset.",
            self._train,
            others,
        )

    def _connect(self) -> None:
        self._chooser.currentIndexChanged.connect(self._choose)
        self._new.triggered.connect(self.new_conversation)
        self._compare.toggled.connect(self._compare_changed)
        self._exact.toggled.connect(self._transcript.show_exact)
        self._show_settings.toggled.connect(self._settings.setVisible)
        self._train.triggered.connect(self.training_wanted)
        self._talk.triggered.connect(self._talk_to_base)
        self._composer.message_sent.connect(self._send)
        self._composer.stop_wanted.connect(self._stop)
        self._settings.settings_changed.connect(self._set_sampling)
        self._settings.system_changed.connect(self._set_system)
        transcript = self._transcript
        transcript.resend_wanted.connect(self._resend)
        transcript.regenerate_wanted.connect(self._regenerate)
        transcript.correction_accepted.connect(self._correct)
        transcript.example_wanted.connect(self._want_example)
        transcript.copy_wanted.connect(lambda text: QGuiApplication.clipboard().setText(text))
        transcript.link_clicked.connect(self.link_clicked)
        told = self._signals
        told.conversation_changed.connect(self._show_conversation)
        # The whole state is shown each time, not the piece: pieces that wait in the queue are already in it.
        told.text_came.connect(self._show_text)
        told.answer_ended.connect(self._show_conversation)
        told.model_loaded.connect(self._model_loaded)
        told.became_idle.connect(self._became_idle)
        self._keeper.chats_listed.connect(self._show_chats)
        self._keeper.save_failed.connect(lambda words: self.show_told(words, "error"))
        told.request_failed.connect(self._request_failed)

    def _compare_changed(self) -> None:
        self._load_chosen()
        self._show_conversation()

    def _lay_out(self) -> None:
        head = row(label("Talk to", "muted"), self._chooser, None, spacing=GRID)
        for each in (self._compare, self._exact):
            head.addWidget(tool_button(each, with_text=True))
        head.addWidget(tool_button(self._new))
        head.addWidget(self._chats)
        head.addWidget(tool_button(self._show_settings))
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        composing = column(self._composer, margin=0)
        composing.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID + 4)
        talk = column(self._transcript, line(), composing, spacing=0)
        talk.setStretch(0, 1)
        body = row(talk, line(vertical=True), self._settings, spacing=0)
        body.setStretch(0, 1)
        chat = QWidget()
        whole = column(head, line(), body, spacing=0)
        whole.setStretch(2, 1)
        chat.setLayout(whole)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(chat)
        self.setLayout(column(self._stack, spacing=0))
