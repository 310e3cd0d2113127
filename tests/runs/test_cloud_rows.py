"""What a service gets of a dataset: its own form, nothing silently left out."""

import json

import pytest

from tunedesk.errors import UserError
from tunedesk.runs.cloud_rows import rows_for


class Rows:
    """Rows in memory, as a snapshot gives them."""

    mapping = None

    def __init__(self, *values):
        self.raws = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]

    def __len__(self):
        return len(self.raws)

    def rows(self):
        return iter(enumerate(self.raws))


def chat(question="Hi", answer="Hello"):
    return {
        "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}],
    }


def test_a_row_that_the_service_takes_goes_as_it_is_byte_for_byte():
    source = Rows(*(chat(str(number)) for number in range(12)))
    sent = rows_for(source, "openai")
    assert list(sent.rows) == source.raws
    assert sent.bytes == sum(len(raw) + 1 for raw in source.raws)
    assert sent.refusals == sent.problems == ()


def test_the_users_own_keys_are_not_sent_and_that_is_told():
    sent = rows_for(Rows(*({**chat(), "ticket": 7} for _ in range(12))), "openai")
    assert b"ticket" not in b"".join(sent.rows)
    assert any("ticket" in loss.what for loss in sent.losses)


def test_a_row_that_cannot_be_written_is_counted_and_named():
    sent = rows_for(Rows(*(chat() for _ in range(12)), b"{"), "openai")
    assert len(sent.rows) == 12
    assert sent.refusals[0].rows == (13,)


def test_too_few_rows_for_the_service_are_a_problem():
    assert "at least 10 rows" in rows_for(Rows(chat()), "openai").problems[0]


def test_blank_lines_are_no_rows():
    assert len(rows_for(Rows(*(chat() for _ in range(10)), b"  "), "openai").rows) == 10


def test_a_cancelled_look_gives_nothing():
    assert rows_for(Rows(*(chat() for _ in range(600))), "openai", cancelled=lambda: True) is None


def test_an_unknown_target_is_refused():
    with pytest.raises(UserError, match="no target"):
        rows_for(Rows(chat()), "nowhere")
