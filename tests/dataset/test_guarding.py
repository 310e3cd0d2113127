"""Claims about off-topic guards."""

import json
from pathlib import Path

import pytest

from tunedesk.dataset.guarding import make_guards, questions_in, read_questions
from tunedesk.errors import UserError

QUESTIONS = [f"What is {number} plus one?" for number in range(30)]


def chat(system: str, question: str) -> str:
    turns = [("system", system), ("user", question), ("assistant", "x")]
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]})


@pytest.fixture
def snapshot(make):
    rows = [chat("Help with lamps.", f"Lamp {number}?") for number in range(44)]
    return make("\n".join([*rows, chat("Other.", "What is 3  plus ONE?")]).encode() + b"\n").snapshot()


def turns(raw: bytes) -> list[str]:
    return [turn["content"] for turn in json.loads(raw)["messages"]]


def test_guards_make_up_their_share_and_take_over_the_system_prompt(snapshot):
    guards = make_guards(snapshot, QUESTIONS, ["Sorry.", " ", "I only know lamps."], share=0.1)
    assert len(guards.raws) == 5 and guards.share == 0.1
    assert {turns(raw)[0] for raw in guards.raws} == {"Help with lamps."} == {guards.system}
    assert {turns(raw)[2] for raw in guards.raws} <= {"Sorry.", "I only know lamps."}
    assert guards.mark.source == "guard"


def test_every_question_is_used_or_told(snapshot):
    asked = [*QUESTIONS, "", QUESTIONS[4].upper()]
    guards = make_guards(snapshot, asked, ["No."], share=0.9)
    assert len(guards.raws) == 29
    assert [(left.row, left.reason) for left in guards.left_out] == [
        (4, "The dataset has this question already."),
        (32, "The question stands in the list twice."),
    ]
    few = make_guards(snapshot, QUESTIONS, ["No."], share=0.1)
    assert len(few.raws) + len(few.left_out) == 30


def test_the_choice_follows_from_the_seed(snapshot):
    def made(seed: int) -> tuple[bytes, ...]:
        return make_guards(snapshot, QUESTIONS, ["A", "B"], seed=seed).raws

    assert made(1) == made(1) != made(2)


def test_the_system_prompt_can_be_another_or_none(snapshot):
    assert turns(make_guards(snapshot, QUESTIONS, ["No."], system="S").raws[0])[0] == "S"
    assert len(turns(make_guards(snapshot, QUESTIONS, ["No."], system="").raws[0])) == 2


def test_guards_have_the_format_of_the_dataset(make):
    snapshot = make(b'{"prompt":"a","completion":"b"}\n' * 9).snapshot()
    assert make_guards(snapshot, ["Q?"], ["No."]).raws == (b'{"prompt":"Q?","completion":"No."}',)
    with pytest.raises(UserError, match="no place for a system prompt"):
        make_guards(snapshot, ["Q?"], ["No."], system="S")


def test_the_most_frequent_format_is_the_dataset_s(make):
    rows = [
        b'{"prompt": "only"}',
        b'{"instruction": "a", "output": "b"}',
        b'{"instruction": "c", "output": "d"}',
    ]
    (guard,) = make_guards(make(b"\n".join(rows)).snapshot(), ["Q?"], ["No."], system="S").raws
    assert json.loads(guard) == {"instruction": "Q?", "input": "", "output": "No.", "system": "S"}


def test_prompts_that_are_lists_of_turns_stay_so(make):
    asked, said = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
    row = json.dumps({"prompt": [asked], "completion": [said]}).encode()
    (guard,) = make_guards(make(row).snapshot(), ["Q?"], ["No."], system="S").raws
    assert [turn["content"] for turn in json.loads(guard)["prompt"]] == ["S", "Q?"]
    assert json.loads(guard)["completion"] == [{"role": "assistant", "content": "No."}]


def test_an_empty_dataset_gets_chat_rows(make):
    guards = make_guards(make(b"").snapshot(), ["Q?"], ["No."])
    assert turns(guards.raws[0]) == ["Q?", "No."] and guards.share == 1


def test_what_makes_no_sense_is_refused(snapshot):
    with pytest.raises(UserError, match="no sentence"):
        make_guards(snapshot, QUESTIONS, [" "])
    with pytest.raises(UserError, match="between 0 and 1"):
        make_guards(snapshot, QUESTIONS, ["No."], share=1)
    assert make_guards(snapshot, QUESTIONS, ["No."], cancelled=lambda: True) is None


def test_questions_come_from_lines_of_a_text_or_a_file(tmp_path: Path):
    assert questions_in("one\n\n two \r\n") == ("one", "", "two")
    path = tmp_path / "questions.txt"
    path.write_bytes("\ufeff日本語\r\nsecond\n".encode())
    assert read_questions(path) == ("日本語", "second")
    path.write_bytes(b"\xff\xfa\n")
    with pytest.raises(UserError, match="not UTF-8"):
        read_questions(path)
