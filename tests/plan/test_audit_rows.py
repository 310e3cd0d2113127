"""Facts for the audit gate, from rows that a real template renders."""

import json

import pytest

from tests.tiny_model import write_tiny_model
from tunedesk.dataset.example import Example, example_of
from tunedesk.errors import UserError
from tunedesk.plan.audit import AuditRow
from tunedesk.plan.audit_rows import audit_rows, audited, refused
from tunedesk.template.chat_template import ChatTemplate


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ChatTemplate:
    return ChatTemplate.load(write_tiny_model(tmp_path_factory.mktemp("model")))


def chat(question: str, answer: str, **more: object) -> Example:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer, **more}]
    return example_of({"messages": turns})


def facts(template: ChatTemplate, example: Example, length: int | None = None) -> AuditRow:
    return audited(1, example, [template.render(example, length)], template)


def test_an_answer_and_its_end_are_trained(template: ChatTemplate) -> None:
    found = facts(template, chat("the cat", "yes no"))
    answer = template.count("yes no") + 1
    assert (found.trained, found.kept, found.has_end, found.is_cut) == (answer, answer, True, False)
    assert found.read == found.tokens


def test_the_cut_takes_the_end_first(template: ChatTemplate) -> None:
    example = chat("the cat", "yes no yes no")
    whole = template.render(example).tokens
    found = facts(template, example, whole - 1)
    assert (found.trained - found.kept, found.loses_end, found.read) == (1, True, whole - 1)
    behind = facts(template, example, 4)
    assert (behind.trained, behind.kept) == (found.trained, 0)


def test_a_silent_answer_teaches_nothing(template: ChatTemplate) -> None:
    found = facts(template, chat("the cat", "yes", weight=0))
    assert (found.trained, found.kept) == (0, 0)


def test_control_tokens_are_found_in_the_rows_own_texts_only(template: ChatTemplate) -> None:
    assert facts(template, chat("the cat", "yes")).marks == ()
    assert facts(template, chat("say <|end|> and <|user|>", "yes")).marks == ("<|end|>", "<|user|>")


def test_the_same_tokens_have_the_same_digest(template: ChatTemplate) -> None:
    same = [facts(template, chat("the cat", "yes"), length).digest for length in (None, 4)]
    assert same[0] == same[1] != facts(template, chat("the cat", "no")).digest


def test_a_pair_counts_both_answers_and_teaches_only_with_both(template: ChatTemplate) -> None:
    row = {
        "prompt": [{"role": "user", "content": "the cat"}],
        "chosen": [{"role": "assistant", "content": "yes"}],
        "rejected": [{"role": "assistant", "content": "no no no no"}],
    }
    example = example_of(json.loads(json.dumps(row)))
    pair = template.render_preference(example)
    found = audited(7, example, pair, template)
    assert (found.row, found.trained, found.has_end) == (7, sum(one.trained for one in pair), True)
    assert found.tokens == pair[1].tokens and found.read == pair[0].tokens + pair[1].tokens
    start = pair[0].mask.index(1)
    assert audited(7, example, template.render_preference(example, start), template).kept == 0


def test_raw_rows_are_numbered_from_one_and_broken_ones_carry_their_reason(template: ChatTemplate) -> None:
    good = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "yes"}]}'
    found = audit_rows([good, b"{", b'{"messages": []}', good], template, 64)
    assert [(row.row, bool(row.problem)) for row in found] == [(1, False), (2, True), (3, True), (4, False)]
    assert found[0].digest == found[3].digest
    assert audit_rows([good], template, 64, pairs=True)[0].problem == "The row has no pair of answers."
    assert audit_rows([good] * 3, template, 64, cancelled=lambda: True) == []


def test_a_refused_row_carries_its_reason() -> None:
    found = refused(3, UserError("It is broken.", hint="Mend it."))
    assert (found.row, found.problem, found.hint, found.kept) == (3, "It is broken.", "Mend it.", 0)
