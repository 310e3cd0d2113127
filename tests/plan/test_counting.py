"""Counting tokens with a real template."""

import pytest

from tests.tiny_model import write_tiny_model
from tunedesk.plan.counting import count_rows
from tunedesk.template.chat_template import ChatTemplate

GOOD = b'{"messages": [{"role": "user", "content": "red"}, {"role": "assistant", "content": "blue"}]}'
UNTRAINED = (
    b'{"messages": [{"role": "user", "content": "red"}, {"role": "assistant", "content": "x", "weight": 0}]}'
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ChatTemplate:
    return ChatTemplate.load(write_tiny_model(tmp_path_factory.mktemp("model")))


def test_only_rows_that_teach_something_are_counted(template: ChatTemplate) -> None:
    facts = count_rows([GOOD, b"{", b"", UNTRAINED, b'{"messages": []}', GOOD], 3, template)
    assert (facts.rows, facts.valid_rows, len(facts.tokens)) == (2, 3, 2)
    assert 0 < facts.trained_tokens < facts.total_tokens


def test_a_cancelled_count_stops(template: ChatTemplate) -> None:
    assert count_rows([GOOD] * 9, 0, template, cancelled=lambda: True).rows == 0
