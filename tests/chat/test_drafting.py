"""Claims about drafts made by a model."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.chat.test_endpoint import KEY, Server, completion, server, writer_of
from tunedesk.chat.draft_text import read_example
from tunedesk.chat.drafting import Consent, DraftRequest, Drafts, draft, messages_for
from tunedesk.chat.endpoint import Cancelled
from tunedesk.chat.local_writer import LocalWriter
from tunedesk.dataset.document import Document
from tunedesk.dataset.state_db import StateDb
from tunedesk.errors import UserError
from tunedesk.paths import starter_model
from tunedesk.runs.generation import AnyMessage, ChatMessage, Load, LoadFailed, Question, Sampling

__all__ = ["server"]  # a fixture of its own right
TODAY = date(2026, 11, 21)


class Scripted:
    """A writer that says what a test wants."""

    host = "there"
    name = "scripted"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[Sequence[ChatMessage], Sampling]] = []

    def ask(self, messages: Sequence[ChatMessage], sampling: Sampling, cancelled: Callable[[], bool]) -> str:
        if cancelled():
            raise Cancelled
        self.heard.append((messages, sampling))
        if not self.answers:
            raise UserError("It broke.")
        return self.answers.pop(0)


def pair(question: str, answer: str) -> str:
    return json.dumps({"question": question, "answer": answer})


def chat(*turns: tuple[str, str], **more: object) -> bytes:
    return json.dumps(
        {"messages": [{"role": role, "content": text} for role, text in turns], **more}
    ).encode()


SEED = chat(("system", "S"), ("user", "Where is my lamp?"), ("assistant", "On its way."), id=1)


@pytest.fixture
def document(tmp_path: Path) -> Document:
    (tmp_path / "rows.jsonl").write_bytes(SEED + b"\n" + b"oops\n")
    return Document.open(tmp_path / "rows.jsonl", StateDb.open(tmp_path / "state.db"))


def drafted(document: Document, writer: object, wanted: int = 2, **how: object) -> Drafts:
    snapshot = document.snapshot()
    seeds = tuple(snapshot.rows())
    request = DraftRequest(seeds, wanted, **how)  # type: ignore[arg-type]
    consent = Consent(writer.host, tuple(row for row, _ in seeds))  # type: ignore[attr-defined]
    made = draft(writer, request, snapshot, consent, today=TODAY)  # type: ignore[arg-type]
    assert made is not None
    return made


def said(raw: bytes) -> list[str]:
    return [turn["content"] for turn in json.loads(raw)["messages"]]


def test_new_examples_have_the_seeds_format_and_are_marked_as_drafts(document: Document):
    made = drafted(document, Scripted(pair("Q1", "A1"), pair("Q2", "A2")))
    assert [said(raw) for raw in made.raws] == [["S", "Q1", "A1"], ["S", "Q2", "A2"]]
    assert made.mark.draft and made.mark.source == "model scripted, 2026-11-21"
    assert not made.mark.reviewed and made.problem == ""
    change = document.insert(2, made.raws, "Draft", marks=made.mark)
    assert all(document.snapshot().marks(row).draft for row in change.inserted)


def test_duplicates_and_unreadable_answers_are_left_out_and_counted(document: Document):
    writer = Scripted(pair("where is MY  lamp?", "x"), "No.", pair("Q", "A"), pair("Q", "B"), pair("Q2", "A"))
    made = drafted(document, writer)
    assert (len(made.raws), made.asked, made.duplicates, made.unreadable) == (2, 5, 2, 1)


def test_a_model_that_writes_nothing_of_use_is_given_up(document: Document):
    writer = Scripted(*["No."] * 50)
    made = drafted(document, writer, wanted=4)
    assert made.raws == () and made.asked == made.unreadable == 12


def test_a_failure_on_the_way_keeps_what_there_is_and_one_at_the_start_is_told(document: Document):
    made = drafted(document, Scripted(pair("Q", "A")), wanted=5)
    assert len(made.raws) == 1 and made.problem == "It broke."
    with pytest.raises(UserError, match="It broke"):
        drafted(document, Scripted())


def test_rows_that_a_model_cannot_learn_from_are_told(document: Document):
    made = drafted(document, Scripted(pair("Q", "A")), wanted=1)
    assert [left.row for left in made.left_out] == [document.id_at(1)]


def test_other_answers_keep_the_seed_s_conversation(document: Document):
    writer = Scripted("On its way.", "Let me look.")
    made = drafted(document, writer, wanted=1, task="answers", wish="Be kind.")
    assert [said(raw) for raw in made.raws] == [["S", "Where is my lamp?", "Let me look."]]
    assert made.duplicates == 1
    messages, _ = writer.heard[0]
    assert [(turn.role, turn.content) for turn in messages] == [
        ("system", "S\n\nBe kind."),
        ("user", "Where is my lamp?"),
    ]


def test_thoughts_are_no_part_of_an_answer(document: Document):
    writer = Scripted("<think>Hm, {a}</think>\nSure.", "<think>Never at an end", "<think></think>Yes.")
    made = drafted(document, writer, task="answers")
    assert [said(raw)[2] for raw in made.raws] == ["Sure.", "Yes."] and made.unreadable == 1


def test_nothing_is_sent_without_consent_to_this_host_and_these_rows(document: Document):
    snapshot = document.snapshot()
    request = DraftRequest(tuple(snapshot.rows()), 1)
    writer = Scripted(pair("Q", "A"))
    rows = tuple(snapshot.ids)
    for consent in (Consent("elsewhere", rows), Consent("there", rows[:1]), Consent("", ())):
        with pytest.raises(UserError, match="Nobody has agreed"):
            draft(writer, request, snapshot, consent)
    assert writer.heard == []


def test_what_will_be_sent_can_be_shown_before(document: Document):
    writer = Scripted(pair("Q", "A"))
    snapshot = document.snapshot()
    request = DraftRequest(tuple(snapshot.rows()), 1, wish="Short ones.")
    (shown,) = messages_for(request)
    drafted(document, writer, wanted=1, wish="Short ones.")
    assert writer.heard[0][0] == shown
    assert "Where is my lamp?" in shown[1].content and "Short ones." in shown[0].content


def test_each_question_draws_anew(document: Document):
    writer = Scripted(pair("Q1", "A1"), pair("Q2", "A2"))
    drafted(document, writer)
    assert [sampling.seed for _, sampling in writer.heard] == [1, 2]


def test_drafting_can_be_cancelled(document: Document):
    snapshot = document.snapshot()
    request = DraftRequest(tuple(snapshot.rows()), 1)
    consent = Consent("there", tuple(snapshot.ids))
    assert draft(Scripted(), request, snapshot, consent, cancelled=lambda: True) is None


def test_a_format_without_a_place_for_an_answer_is_refused_before_anything_is_sent(tmp_path: Path):
    (tmp_path / "rows.jsonl").write_bytes(b'{"text": "just text"}\n')
    writer = Scripted(pair("Q", "A"))
    with pytest.raises(UserError, match="None of the chosen rows"):
        drafted(Document.open(tmp_path / "rows.jsonl", tmp_path / "state.db"), writer)
    assert writer.heard == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (pair("Q", "A"), ("Q", "A")),
        ('Sure! ```json\n{"Question": "Q", "Answer": {"a": 1}}\n```', ("Q", '{"a": 1}')),
        ('{"x": 1} {"prompt": "Q", "completion": "A"}', ("Q", "A")),
        ("Question: Q?\nAnswer: A\nmore", ("Q?", "A\nmore")),
        ("{" * 5000, None),
        ('{"question": "Q"}', None),
        ("", None),
    ],
)
def test_examples_are_read_from_what_models_write(text: str, read: tuple[str, str] | None):
    assert read_example(text) == read


def test_drafts_come_over_the_network(document: Document, server: Server):
    server.answer = lambda number: completion(pair(f"Q{number}", "A"))
    made = drafted(document, writer_of(server), wanted=3)
    assert [said(raw)[1] for raw in made.raws] == ["Q1", "Q2", "Q3"]
    assert made.mark.source == f"model small at {server.host}, 2026-11-21" and KEY not in made.mark.source


def test_the_starter_model_drafts_on_this_computer(document: Document):
    writer = LocalWriter(Load(str(starter_model()), quantization="none", threads=1), "starter")
    try:
        short = Sampling(temperature=0.9, max_tokens=12)
        made = drafted(document, writer, wanted=1, task="answers", sampling=short)
        assert len(made.raws) == 1 and made.mark.source == "model starter, 2026-11-21"
        assert said(made.raws[0])[:2] == ["S", "Where is my lamp?"]
        asked: list[bool] = []
        snapshot = document.snapshot()
        again = DraftRequest(tuple(snapshot.rows()), 1, "answers", sampling=Sampling(max_tokens=500))
        consent = Consent(writer.host, tuple(snapshot.ids))
        late = lambda: len(asked) > 5 or asked.append(True) is not None  # noqa: E731
        assert draft(writer, again, snapshot, consent, cancelled=late) is None
    finally:
        writer.close()


class Absent:
    """Stands where an engine stands whose model cannot be loaded."""

    def __init__(self, tell: Callable[[AnyMessage], None]) -> None:
        self._tell = tell

    def load(self, request: Load) -> None:
        self._tell(LoadFailed(f"{request.model} is not there.", "Choose another."))

    def generate(self, questions: Sequence[Question], settings: Sampling) -> int:
        return 1

    def cancel(self, request: int) -> None: ...

    def close(self) -> None: ...


def test_a_model_that_is_not_there_is_told(document: Document):
    with pytest.raises(UserError, match="/none is not there"):
        drafted(document, LocalWriter(Load("/none"), "none", make_generator=Absent))
    with pytest.raises(UserError, match="no adapter"):
        LocalWriter(Load("x"), "x", "tuned")
