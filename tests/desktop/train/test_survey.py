"""What the wizard sees in the rows, and what a model reads of them."""

import json
from pathlib import Path

import pytest

from tunedesk import paths
from tunedesk.dataset.document import Document
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.desktop.train.survey import SplitSource, look_at
from tunedesk.errors import UserError


def chat(question, answer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}).encode()


@pytest.fixture
def source(tmp_path):
    def make(role, *rows):
        path = tmp_path / f"{role}.jsonl"
        path.write_bytes(b"".join(row + b"\n" for row in rows))
        document = Document.open(path, tmp_path / f"{role}.db")
        return SplitSource(role, path, document.snapshot)

    return make


def pair(question, better, worse):
    return json.dumps(
        {
            "input": {"messages": [{"role": "user", "content": question}]},
            "preferred_output": [{"role": "assistant", "content": better}],
            "non_preferred_output": [{"role": "assistant", "content": worse}],
        }
    ).encode()


def look(*sources, model=None, method="sft", is_cancelled=lambda: False):
    reports = []
    seen = look_at(sources, model, method, lambda done, total: reports.append((done, total)), is_cancelled)
    return seen, reports


def test_rows_with_errors_are_counted_and_the_first_is_named(source):
    train = source("train", chat("one", "yes"), b"{", b'{"messages": []}')
    seen, _ = look(train)
    (facts,) = seen.splits
    assert (facts.rows, facts.error_rows, facts.first_error_row) == (3, 2, 2)
    assert facts.first_error


def test_a_prompt_that_stands_in_two_splits_is_a_finding_of_the_training_rows(source):
    same = chat("Which city is the capital of France, please?", "It is Paris, as far as I know.")
    seen, _ = look(source("train", same), source("heldout", same))
    train, heldout = seen.splits
    assert train.error_rows + train.warning_rows == 1
    assert heldout.error_rows + heldout.warning_rows == 0


def test_tokens_are_counted_with_the_models_own_template(source):
    seen, _ = look(
        source("train", chat("hello", "yes")), source("valid", chat("bye", "no")), model=_starter()
    )
    reading = seen.reading
    assert (reading.facts.rows, reading.facts.valid_rows) == (1, 1)
    assert 0 < reading.facts.trained_tokens < reading.facts.total_tokens
    assert reading.answer_starts[0] == reading.facts.total_tokens - reading.facts.trained_tokens
    assert reading.example.tokens == reading.facts.total_tokens


def test_without_a_model_nothing_is_read(source):
    seen, _ = look(source("train", chat("hello", "yes")))
    assert seen.reading is None


def test_the_heldout_split_is_not_read(source):
    seen, _ = look(
        source("train", chat("hello", "yes")), source("heldout", chat("bye", "no")), model=_starter()
    )
    assert (seen.reading.facts.rows, seen.reading.facts.valid_rows) == (1, 0)


def test_a_split_that_cannot_be_read_is_told_with_its_reason(source, tmp_path):
    def gone():
        raise UserError("valid.jsonl is not there any more.")

    seen, _ = look(source("train", chat("a", "b")), SplitSource("valid", tmp_path / "valid.jsonl", gone))
    assert seen.splits[1].trouble == "valid.jsonl is not there any more."
    assert set(seen.snapshots) == {"train"}


def test_progress_rises_to_the_whole(source):
    train = source("train", *(chat(f"question number {number}", "yes") for number in range(450)))
    _, reports = look(train, model=_starter())
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert all(done <= total for done, total in reports)


def _starter() -> Path:
    return paths.starter_model()


def test_a_table_is_read_through_what_its_columns_mean(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b'{"ask": "Is the sky blue today?", "reply": "yes"}\n')
    document = Document.open(path, tmp_path / "state.db")
    document.mapping = ColumnMapping(user="ask", assistant="reply")
    seen, _ = look(SplitSource("train", path, document.snapshot), model=_starter())
    assert (seen.reading.facts.rows, seen.splits[0].error_rows) == (1, 0)
    document.mapping = None
    seen, _ = look(SplitSource("train", path, document.snapshot), model=_starter())
    assert (seen.reading.facts.rows, seen.splits[0].error_rows) == (0, 1)


@pytest.mark.parametrize(
    ("rows", "method"),
    [
        ([pair("a", "yes", "no"), pair("b", "yes", "no"), chat("c", "yes")], "dpo"),
        ([chat("a", "yes"), pair("b", "yes", "no")], "sft"),
        ([b"{", b""], "sft"),
    ],
)
def test_the_method_fits_most_of_the_rows_where_nobody_chose_one(source, rows, method):
    seen, _ = look(source("train", *rows), method=None)
    assert seen.method == method


def test_pairs_are_no_errors_and_are_read_as_pairs(source):
    seen, _ = look(source("train", pair("hello", "yes", "no")), model=_starter(), method=None)
    assert seen.splits[0].error_rows == 0
    assert seen.reading.facts.rows == 1
