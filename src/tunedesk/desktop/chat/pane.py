"""The Chat pane: chooses who answers, shows the conversation, and passes wishes to the chat session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton, QWidget

from tunedesk.chat.conversation import Conversation
from tunedesk.chat.hosted import Keys, no_keys
from tunedesk.chat.saved import ChatFile
from tunedesk.chat.session import ChatListener, ChatSession
from tunedesk.chat.voices import SpeakingRun, checkpoint_of, speaking_runs
from tunedesk.desktop.background import Background
from tunedesk.desktop.chat.chooser import PartnerChooser
from tunedesk.desktop.chat.composer import Composer
from tunedesk.desktop.chat.keeper import ChatKeeper
from tunedesk.desktop.chat.listener import SessionSignals
from tunedesk.desktop.chat.partners import Partner, partner_of, partners
from tunedesk.desktop.chat.settings_panel import SettingsPanel
from tunedesk.desktop.chat.transcript import Transcript
from tunedesk.desktop.widgets.buttons import action, tool_button
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import GRID, column, label, line, row
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
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
    key_wanted = Signal(str)
    """The name of an account without a key, whose model was chosen."""
    host_changed = Signal(str)
    """Messages go there from now on; "" when they stay on this computer."""

    def __init__(
        self,
        background: Background,
        base_models: Sequence[tuple[str, Path]] = (),
        make_session: Callable[[ChatListener], ChatSession] = ChatSession,
        keys: Keys = no_keys,
    ) -> None:
        super().__init__()
        self._background = background
        self._base_models = tuple(base_models)
        self._make_session = make_session
        self._keys = keys
        self._session: ChatSession | None = None
        self._signals = SessionSignals(self)
        self._keeper = ChatKeeper(background, self)
        self._runs_dir = Path()
        self._loaded: tuple[Partner, tuple[Voice, ...]] | None = None
        self._make_actions()
        self._make_widgets()
        self._connect()
        self._lay_out()

    # What the wiring says

    def show_project(self, runs_dir: Path, chats_dir: Path) -> None:
        """Forget the conversation of another project."""
        self._runs_dir = runs_dir
        self._chooser.forget()
        if self._session is not None:
            self.new_conversation()
        self._keeper.use_folder(chats_dir)
        self.refresh()

    def refresh(self) -> None:
        """Look for runs that have finished since."""
        folder = self._runs_dir
        self._background.run(lambda job: speaking_runs(folder), self._show_runs, owner=self)

    def choose_run(self, run: Path) -> None:
        """Talk to this run as soon as it is listed."""
        self._chooser.want(run)
        self.refresh()

    def choose_checkpoint(self, run: Path, name: str) -> None:
        """Talk to a checkpoint of a run. name: as its event has it, at the service or in the run's folder."""

        def failed(error: Exception) -> None:
            self.show_told(error.sentence if isinstance(error, UserError) else str(error), "error")

        self._background.run(lambda job: checkpoint_of(run, name), self._add_checkpoint, failed, owner=self)

    def try_again(self) -> None:
        """A key was given, perhaps the one that is missing, or another one than before."""
        if self.host_spoken_to and not (self._session and self._session.is_answering):
            self._loaded = None
            if self.isVisible():
                self._load_chosen()

    @property
    def host_spoken_to(self) -> str:
        """Where messages go; "" when they stay on this computer."""
        partner = self._chooser.partner
        return partner.host if partner else ""

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
        if session is None or not self._may_ask() or not self._try(lambda: session.send(text)):
            self._composer.give_back(text)

    def _resend(self, number: int, text: str) -> None:
        if (session := self._ready_session()) and self._may_ask():
            self._try(lambda: session.edit_and_resend(number, text))

    def _regenerate(self, number: int) -> None:
        if (session := self._ready_session()) and self._may_ask():
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

    def _show_runs(self, runs: tuple[SpeakingRun, ...]) -> None:
        everybody = partners(runs, self._base_models)
        self._chooser.offer(everybody)
        is_wanted = bool(runs or self._chooser.partner)
        self._stack.setCurrentIndex(1 if everybody and is_wanted else 0)
        if is_wanted:
            self._chooser.settle()

    def _add_checkpoint(self, run: SpeakingRun) -> None:
        self._stack.setCurrentIndex(1)
        self._chooser.add(partner_of(run))

    def _talk_to_base(self) -> None:
        """Without any tuned run: the first model as it is."""
        self._stack.setCurrentIndex(1)
        self._chooser.settle()

    def _choose(self, before: Partner | None, partner: Partner) -> None:
        self._offer_system(partner, before.system if before else "")
        self._compare.setEnabled(len(partner.voices) > 1)
        if (before.host if before else "") != partner.host:
            self.host_changed.emit(partner.host)
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
        partner = self._chooser.partner
        if partner is None or self._stack.currentIndex() == 0 or self._ready_session() is None:
            return
        if self._loaded == (partner, self._voices()):
            return
        account = partner.account
        if account is not None and account.auth == "key" and not self._is_open(partner):
            self._look_for_key(partner, account)
        else:
            self._load(partner)

    def _is_open(self, partner: Partner) -> bool:
        return self._loaded is not None and self._loaded[0] == partner

    def _may_ask(self) -> bool:
        """A service is asked only once its key is found: till then a message would go to who was chosen
        before.
        """
        partner = self._chooser.partner
        if partner is None or not partner.host or self._is_open(partner):
            return True
        self._load_chosen()
        return False

    def _load(self, partner: Partner) -> None:
        session = self._ready_session()
        if session is None or partner != self._chooser.partner:
            return  # somebody else was chosen meanwhile
        self._loaded = (partner, self._voices())
        self.show_told(f"Loading {partner.model}…")
        if self._try(lambda: session.choose(partner.request, self._voices())):
            self._composer.set_can_send(True)

    def _look_for_key(self, partner: Partner, account: Account) -> None:
        """The system's store may keep us waiting; nothing is sent by this."""
        keys = self._keys

        def found(there_is_one: bool) -> None:
            if there_is_one:
                self._load(partner)
            elif partner == self._chooser.partner:
                self.show_told(f"There is no key for {account.name}: add it to talk to this model.", "error")
                self.key_wanted.emit(account.name)

        def failed(error: Exception) -> None:
            self.show_told(error.sentence if isinstance(error, UserError) else str(error), "error")

        self._background.run(lambda job: bool(keys(account)), found, failed, owner=self)

    def _voices(self) -> tuple[Voice, ...]:
        partner = self._chooser.partner
        if partner is None:
            return ()
        return partner.voices if self._compare.isChecked() else partner.voices[-1:]

    def _ready_session(self) -> ChatSession | None:
        if self._session is None and self._chooser.partner is not None:
            self._session = self._make_session(self._signals)
        return self._session

    def _model_loaded(self, ready: Ready) -> None:
        if self.host_spoken_to:
            both = " Both models are asked, and the service may charge for both." * (len(self._voices()) > 1)
            self.show_told(f"What you write is sent to {self.host_spoken_to}.{both}")
            return
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
        if self._session is not None and not self._session.is_answering and not self.host_spoken_to:
            self._loaded = None  # the next wish loads again: the engine may be gone
        self._refresh_busy()

    def _refresh_busy(self) -> None:
        busy = self._session is not None and self._session.is_answering
        self._composer.set_busy(busy)
        partner = self._chooser.partner
        self._composer.set_can_send(partner is not None)
        self._transcript.set_busy(busy)
        self._settings.set_busy(busy)
        self._chooser.setEnabled(not busy)
        self._new.setEnabled(not busy)
        self._compare.setEnabled(not busy and partner is not None and len(partner.voices) > 1)

    # Saved conversations

    def _save(self) -> None:
        partner = self._chooser.partner
        if self._session is not None and partner is not None:
            run = partner.run.name if partner.run else ""
            self._keeper.save(self._session.conversation, run, partner.model)

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
        self._chooser = PartnerChooser()
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
        self._chooser.partner_chosen.connect(self._choose)
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
