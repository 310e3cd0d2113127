"""OpenAI's token counts without a network: the right tables, the documented framing, nothing that ends the
program.
"""

import hashlib
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from tiktoken_ext import openai_public

from tunedesk import paths
from tunedesk.dataset.example import Example, Message, RowFormat, Tool, ToolCall, example_of
from tunedesk.errors import UserError
from tunedesk.template import openai_tokens
from tunedesk.template.openai_tokens import (
    ENCODINGS,
    ExampleTokens,
    count_text,
    encoding_for_model,
    load_encoding,
    tokens_of_example,
    training_context,
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def o200k() -> tiktoken.Encoding:
    return load_encoding("o200k_base")


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """tiktoken's own constructors over our files: what it asks to download is read from the resources."""

    def read(address: str, expected_hash: str) -> dict[bytes, int]:
        data = (paths.resources() / "tokenizers" / address.rpartition("/")[2]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == expected_hash
        return load_encoding(address.rpartition("/")[2].removesuffix(".tiktoken"))._mergeable_ranks

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", read)


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.usefixtures("theirs")
def test_an_encoding_is_what_tiktoken_itself_would_build(name: str) -> None:
    plan = openai_public.ENCODING_CONSTRUCTORS[name]()
    ours = load_encoding(name)
    assert ours._pat_str == plan["pat_str"]
    assert ours._special_tokens == plan["special_tokens"]
    assert ours.n_vocab == max(*plan["mergeable_ranks"].values(), *plan["special_tokens"].values()) + 1


def test_known_ids(o200k: tiktoken.Encoding) -> None:
    """The examples of tiktoken's README and tests."""
    assert o200k.encode_ordinary("hello world") == [24912, 2375]
    assert load_encoding("cl100k_base").encode_ordinary("hello world") == [15339, 1917]
    assert load_encoding("p50k_base").encode_ordinary("hello world") == [31373, 995]


def test_a_damaged_or_missing_table_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(paths.resources() / "tokenizers", tmp_path / "tokenizers")
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    table = tmp_path / "tokenizers" / "p50k_base.tiktoken"
    table.write_bytes(table.read_bytes().replace(b"IQ== 0", b"IQ== 1"))
    with pytest.raises(UserError, match="damaged"):
        load_encoding.__wrapped__("p50k_base")
    table.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        load_encoding.__wrapped__("p50k_base")


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-4.1-nano", "o200k_base"),
        ("o4-mini-2025-04-16", "o200k_base"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo-0125", "cl100k_base"),
        ("babbage-002", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("Qwen3-8B", None),
    ],
)
def test_which_model_has_which_encoding(model: str, encoding: str | None) -> None:
    assert encoding_for_model(model) == encoding


def test_where_a_model_cuts_an_example() -> None:
    asked = ("gpt-4.1-nano-2025-04-14", "gpt-4.1-mini", "gpt-35-turbo-0125", "Qwen3-8B")
    assert [training_context(name) for name in asked] == [32_768, 65_536, 16_385, None]


def test_a_chat_is_counted_as_the_cookbook_does(o200k: tiktoken.Encoding) -> None:
    """3 for each message, 1 for a name, 3 for the reply, and the tokens of every value."""
    row = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "name": "ann", "content": "What is the capital of France?"},
            {"role": "assistant", "content": "Paris."},
        ]
    }
    size = {text: len(o200k.encode_ordinary(text)) for turn in row["messages"] for text in turn.values()}
    expected = 3 * 3 + 1 + 3 + sum(size[text] for turn in row["messages"] for text in turn.values())
    example = example_of(row)
    example = Example(
        example.format,
        tuple(
            Message(m.role, m.content, m.weight, m.pointer, name="ann" if m.role == "user" else None)
            for m in example.messages
        ),
    )
    assert tokens_of_example(example, o200k) == ExampleTokens(expected, size["Paris."])


def test_an_answer_of_weight_0_counts_but_is_not_trained(o200k: tiktoken.Encoding) -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    whole = tokens_of_example(example_of({"messages": turns}), o200k)
    turns[1] = {**turns[1], "weight": 0}  # type: ignore[dict-item]
    assert tokens_of_example(example_of({"messages": turns}), o200k) == ExampleTokens(whole.total, 0)


def test_prompt_and_completion_have_no_framing(o200k: tiktoken.Encoding) -> None:
    row = example_of({"prompt": "The capital of France:", "completion": " Paris"})
    assert tokens_of_example(row, o200k) == ExampleTokens(5 + 1, 1)


def test_calls_and_tools_are_counted_too(o200k: tiktoken.Encoding) -> None:
    schema = {"type": "object", "properties": {"unit": {"type": "string", "enum": ["C", "F"]}}}
    tool = Tool("get_weather", "Weather of a town.", schema, "/tools/0")
    call = ToolCall("c1", "get_weather", '{"unit": "C"}', True, "/messages/0/tool_calls/0")
    turn = Message("assistant", None, None, "/messages/0", tool_calls=(call,))
    bare = tokens_of_example(Example(RowFormat.CHAT, (turn,)), o200k)
    both = tokens_of_example(Example(RowFormat.CHAT, (turn,), (tool,)), o200k)
    said = count_text("get_weather", o200k) + count_text('{"unit": "C"}', o200k)
    assert bare == ExampleTokens(3 + 1 + said + 3 + 3, said + 3)
    lines = count_text("get_weather:Weather of a town", o200k) + count_text("unit:string:", o200k)
    assert both.total - bare.total == 7 + 3 + 3 - 3 + (3 + 1) * 2 + 12 + lines


def test_an_empty_row_counts_nothing(o200k: tiktoken.Encoding) -> None:
    assert tokens_of_example(example_of({"messages": []}), o200k) == ExampleTokens(0, 0)
    assert tokens_of_example(example_of({"x": 1}), o200k) == ExampleTokens(0, 0)


@pytest.mark.parametrize("sign", [" ", "\t", "\u00a0"])
def test_a_million_blanks_are_counted_and_end_nothing(o200k: tiktoken.Encoding, sign: str) -> None:
    """tiktoken's own call panics on these. In pieces the sum may differ by a token."""
    tenth = len(o200k.encode_ordinary(sign * openai_tokens.LONGEST_RUN))
    assert abs(count_text(sign * 1_000_000, o200k) - 10 * tenth) <= 1
    text = "a" + sign * 250_000 + "b"
    assert abs(count_text(text, o200k) - len(o200k.encode_ordinary(text))) <= 3


def test_a_long_text_without_such_a_run_is_counted_exactly(o200k: tiktoken.Encoding) -> None:
    text = "The parcel has not arrived. " * 8_000
    assert count_text(text, o200k) == len(o200k.encode_ordinary(text))


def test_control_words_and_half_characters_are_text(o200k: tiktoken.Encoding) -> None:
    assert count_text("<|endoftext|>", o200k) > 1
    assert count_text("a\ud83db", o200k) == count_text("a\ufffdb", o200k)
