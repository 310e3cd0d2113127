"""The starter model's template as lint target, and short ways to make rows."""

import json
from collections.abc import Callable

import pytest

from tunedesk import paths
from tunedesk.lint.targets import Target
from tunedesk.template.chat_template import ChatTemplate

LIMIT = 128  # tokens; short, so that a readable row can be too long


@pytest.fixture(scope="session")
def template() -> ChatTemplate:
    return ChatTemplate.load(paths.starter_model())


@pytest.fixture(scope="session")
def local(template: ChatTemplate) -> Target:
    return Target("local", template, LIMIT)


def row(*turns: tuple[str, object], **keys: object) -> bytes:
    """row(("user", "Hi"), ("assistant", "Hello")) -> one line of chat JSON."""
    return json.dumps(
        {"messages": [{"role": role, "content": text} for role, text in turns], **keys}
    ).encode()


@pytest.fixture
def make_row() -> Callable[..., bytes]:
    return row
