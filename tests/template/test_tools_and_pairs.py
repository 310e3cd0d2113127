"""Tool calls, developer turns, bare texts and preference pairs: what is shown, and what of it is trained."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from tunedesk.dataset.example import Example, Message, RowFormat, Tool, ToolCall, example_of
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered, Span

Family = Callable[[str], Path]
MakeFolder = Callable[..., Path]
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a town <now> & later.",
        "strict": True,
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
ARGUMENTS = {"town": "Zürich", "days": 2, "exact": None}


def turn(role: str, content: str | None, index: int, **more: Any) -> Message:
    return Message(role, content, more.pop("weight", None), f"/messages/{index}", **more)


def call(name: str = "get_weather", arguments: str = json.dumps(ARGUMENTS)) -> ToolCall:
    return ToolCall("call_1", name, arguments, True, "/messages/1/tool_calls/0")


def with_tools(*after: Message) -> Example:
    tool = Tool("get_weather", "", None, "/tools/0", WEATHER)
    messages = (
        turn("user", "What is the weather in Zürich?", 0),
        turn("assistant", None, 1, tool_calls=(call(),)),
        turn("tool", '{"degrees": 21}', 2, tool_call_id="call_1", name="get_weather"),
        turn("assistant", "It is 21 degrees.", 3),
        *after,
    )
    return Example(RowFormat.CHAT, messages, (tool,))


def as_transformers_wants(example: Example) -> list[dict[str, Any]]:
    found = []
    for message in example.messages:
        made: dict[str, Any] = {"role": message.role, "content": message.content or ""}
        if message.tool_calls:
            made["tool_calls"] = [
                {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": ARGUMENTS}}
                for one in message.tool_calls
            ]
        if message.tool_call_id:
            made |= {"tool_call_id": message.tool_call_id, "name": message.name}
        found.append(made)
    return found


def trained(rendered: Rendered) -> list[str]:
    return [span.text for span in rendered.spans if span.trained]


@pytest.mark.parametrize("name", ["chatml_tools", "llama3_tools"])
@pytest.mark.parametrize("more", [(), (turn("user", "Thanks", 4), turn("assistant", "Welcome.", 5))])
def test_tools_and_calls_read_as_in_transformers(
    family: Family, name: str, more: tuple[Message, ...]
) -> None:
    theirs = AutoTokenizer.from_pretrained(family(name))
    example = with_tools(*more)
    rendered = ChatTemplate.load(family(name)).render(example)
    messages = as_transformers_wants(example)
    assert rendered.text == theirs.apply_chat_template(messages, tools=[WEATHER], tokenize=False)
    ids = theirs.apply_chat_template(messages, tools=[WEATHER], return_dict=True)["input_ids"]
    assert list(rendered.ids) == ids


@pytest.mark.parametrize("name", ["chatml_tools", "llama3_tools"])
def test_a_row_that_waits_for_its_answer_is_asked_with_its_tools_and_calls(family: Family, name: str) -> None:
    theirs = AutoTokenizer.from_pretrained(family(name))
    waiting = replace(with_tools(), messages=with_tools().messages[:-1])
    prompt = ChatTemplate.load(family(name)).prompt_of(waiting)
    assert prompt.text == theirs.apply_chat_template(
        as_transformers_wants(waiting), tools=[WEATHER], tokenize=False, add_generation_prompt=True
    )
    assert list(prompt.ids) == theirs(prompt.text, add_special_tokens=False)["input_ids"]


def test_a_developer_is_asked_as_system_where_the_template_knows_none(family: Family) -> None:
    def asked(role: str, name: str = "mistral") -> str:
        turns = [{"role": role, "content": "Brief."}, {"role": "user", "content": "Hi"}]
        return ChatTemplate.load(family(name)).prompt_of(example_of({"messages": turns})).text

    assert asked("developer") == asked("system")
    assert "Brief." in asked("system")
    with pytest.raises(TemplateError):
        asked("system", "gemma")


def test_a_row_of_texts_is_asked_as_the_chat_asks_it(family: Family) -> None:
    row = example_of({"messages": [{"role": "user", "content": "Hi"}]})
    for name in ("chatml", "gemma", "mistral", "qwen3"):
        template = ChatTemplate.load(family(name))
        assert template.prompt_of(row) == template.prompt(row.messages)


def test_a_call_is_trained_with_its_end_and_its_result_is_context(family: Family) -> None:
    written = json.dumps(ARGUMENTS, ensure_ascii=False)
    qwen = ChatTemplate.load(family("chatml_tools")).render(with_tools())
    assert "".join(trained(qwen)) == (
        f'<tool_call>\n{{"name": "get_weather", "arguments": {written}}}\n</tool_call><|im_end|>'
        "It is 21 degrees.<|im_end|>"
    )
    llama = ChatTemplate.load(family("llama3_tools")).render(with_tools())
    assert trained(llama) == [
        f'{{"name": "get_weather", "parameters": {written}}}<|eot|>',
        "It is 21 degrees.<|eot|>",
    ]


def test_a_call_of_weight_0_is_context(family: Family) -> None:
    example = with_tools()
    silent = replace(example.messages[1], weight=0)
    example = replace(example, messages=(example.messages[0], silent, *example.messages[2:]))
    assert trained(ChatTemplate.load(family("chatml_tools")).render(example)) == [
        "It is 21 degrees.<|im_end|>"
    ]


def test_marks_around_the_text_alone_do_not_leave_the_call_untrained(make_folder: MakeFolder) -> None:
    source = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
        "{% generation %}{{ m.content }}{% endgeneration %}"
        "{% for c in m.tool_calls or [] %}[{{ c.function | tojson }}]{% endfor %}{% else %}{{ m.content }}"
        "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    example = replace(with_tools(), tools=())
    rendered = ChatTemplate.load(make_folder(source)).render(example)
    called = json.dumps({"name": "get_weather", "arguments": ARGUMENTS}, ensure_ascii=False)
    assert trained(rendered) == [f"[{called}]<|im_end|>", "It is 21 degrees.<|im_end|>"]


def test_a_template_without_tools_refuses_them_in_words(family: Family) -> None:
    template = ChatTemplate.load(family("phi3"))
    with pytest.raises(TemplateError, match="leaves out tool calls"):
        template.render(with_tools())
    asked = with_tools()
    with pytest.raises(TemplateError, match="which tools there are"):
        template.render(replace(asked, messages=(asked.messages[0], asked.messages[3])))


def test_arguments_that_are_no_json_name_the_turn(family: Family) -> None:
    example = with_tools()
    broken = replace(example.messages[1], tool_calls=(call(arguments='{"town": '),))
    example = replace(example, messages=(example.messages[0], broken))
    with pytest.raises(TemplateError, match="Turn 2: the arguments of get_weather"):
        ChatTemplate.load(family("chatml_tools")).render(example)


def test_a_tool_without_its_whole_object_is_shown_by_name_and_schema(family: Family) -> None:
    tool = Tool("get_weather", "Weather", {"type": "object"}, "/tools/0")
    text = ChatTemplate.load(family("chatml_tools")).render(replace(with_tools(), tools=(tool,))).text
    assert (
        '{"type": "function", "function": {"name": "get_weather", "description": "Weather", '
        '"parameters": {"type": "object"}}}' in text
    )


@pytest.mark.parametrize(("name", "is_renamed"), [("chatml", False), ("llama3", False), ("phi3", True)])
def test_developer_is_called_system_only_where_the_template_drops_it(
    family: Family, name: str, is_renamed: bool
) -> None:
    turns = (turn("developer", "Be short.", 0), turn("user", "Hi", 1), turn("assistant", "Hello", 2))
    template = ChatTemplate.load(family(name))
    rendered = template.render(Example(RowFormat.CHAT, turns))
    as_system = template.render(Example(RowFormat.CHAT, (replace(turns[0], role="system"), *turns[1:])))
    assert "Be short." in rendered.text
    assert (rendered.text == as_system.text) is is_renamed
    assert any("shown as system" in note for note in rendered.notes) is is_renamed


def test_a_text_is_trained_whole_and_gets_an_end_where_it_has_none(make_folder: MakeFolder) -> None:
    template = ChatTemplate.load(make_folder(None))
    for body in ("Paris is a town.", "Paris is a town.</s>", "<s>Paris is a town."):
        row = Example("text", (Message("assistant", body, None, "/text", "/text"),))  # type: ignore[arg-type]
        rendered = template.render(row)
        assert rendered.text == "<s>Paris is a town.</s>"
        assert trained(rendered) == ["Paris is a town.</s>"]


def test_of_a_prompt_made_of_turns_only_the_completion_is_trained(family: Family) -> None:
    messages = (
        Message("user", "One?", None, "/prompt/0"),
        Message("assistant", "Yes.", None, "/prompt/1"),
        Message("user", "Two?", None, "/prompt/2"),
        Message("assistant", "No.", None, "/completion/0"),
    )
    rendered = ChatTemplate.load(family("chatml")).render(Example(RowFormat.PROMPT_COMPLETION, messages))
    assert trained(rendered) == ["No.<|im_end|>"]


def pair(*, prompt: tuple[Message, ...], chosen: str, rejected: str) -> Example:
    answers = (
        (Message("assistant", text, None, f"/{key}/0"),)
        for key, text in (("chosen", chosen), ("rejected", rejected))
    )
    return Example("preference", prompt, (), *answers)  # type: ignore[arg-type]


def test_both_answers_of_a_preference_stand_behind_the_same_untrained_prompt(family: Family) -> None:
    prompt = (turn("user", "One?", 0), turn("assistant", "Yes.", 1), turn("user", "Two?", 2))
    template = ChatTemplate.load(family("chatml"))
    chosen, rejected = template.render_preference(pair(prompt=prompt, chosen="Two.", rejected="Go away."), 12)
    assert (trained(chosen), trained(rejected)) == (["Two.<|im_end|>"], ["Go away.<|im_end|>"])
    begin = template.prompt(prompt).ids
    assert chosen.ids[: len(begin)] == rejected.ids[: len(begin)] == begin
    assert chosen.cut_at == 12


def test_without_a_prompt_the_turns_that_both_answers_share_are_it(family: Family) -> None:
    chosen = (turn("user", "One?", 0), turn("assistant", "Yes.", 1))
    rejected = (turn("user", "One?", 0), turn("assistant", "Yes.", 1), turn("assistant", "Yes!", 2))
    template = ChatTemplate.load(family("chatml"))
    row = Example("trl-preference", (), (), chosen, rejected)  # type: ignore[arg-type]
    good, bad = template.render_preference(row)
    assert trained(good) == ["Yes.<|im_end|>"]
    assert trained(bad) == ["Yes.<|im_end|>", "Yes!<|im_end|>"]


def test_what_is_not_trained_as_it_stands_is_refused_in_words(family: Family) -> None:
    template = ChatTemplate.load(family("chatml"))
    with pytest.raises(TemplateError, match=r"format preference .*is not trained"):
        template.render(pair(prompt=(turn("user", "One?", 0),), chosen="a", rejected="b"))
    with pytest.raises(TemplateError, match="no pair of answers"):
        template.render_preference(with_tools())


def test_a_rendering_without_tokens_has_spans() -> None:
    assert Rendered("", (), (), ()).spans == ()
    assert Rendered("x", (), (), ()).spans == (Span("x", 0, 1, False),)


def tool_row(arguments: object, tools: object) -> dict[str, Any]:
    called = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": "What is the weather in Zürich?"},
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "content": "21", "tool_call_id": "c1"},
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "21 "}, {"type": "text", "text": "C."}],
            },
        ],
        "tools": tools,
    }


@pytest.mark.parametrize("name", ["chatml_tools", "llama3_tools"])
def test_openais_arguments_as_text_read_like_trls_as_an_object(family: Family, name: str) -> None:
    """And a column of tools as JSON text like the list; parts of a text like the whole."""
    template = ChatTemplate.load(family(name))
    theirs = AutoTokenizer.from_pretrained(family(name))
    wanted = tool_row(ARGUMENTS, [WEATHER])["messages"]
    wanted = [{**turn, "content": turn["content"] or ""} for turn in wanted[:3]]
    wanted.append({"role": "assistant", "content": "21 C."})
    text = theirs.apply_chat_template(wanted, tools=[WEATHER], tokenize=False)
    for arguments in (ARGUMENTS, json.dumps(ARGUMENTS)):
        for tools in ([WEATHER], json.dumps([WEATHER])):
            assert template.render(example_of(tool_row(arguments, tools))).text == text


def test_pairs_are_read_from_every_format_of_pairs(family: Family) -> None:
    asked = [{"role": "user", "content": "One?"}]
    good, bad = [{"role": "assistant", "content": "Yes."}], [{"role": "assistant", "content": "No."}]
    rows = [
        {"input": {"messages": asked}, "preferred_output": good, "non_preferred_output": bad},
        {"prompt": asked, "chosen": good, "rejected": bad},
        {"chosen": asked + good, "rejected": asked + bad},
        {"prompt": "One?", "chosen": "Yes.", "rejected": "No."},
    ]
    template = ChatTemplate.load(family("chatml"))
    for row in rows:
        chosen, rejected = template.render_preference(example_of(row))
        assert (trained(chosen), trained(rejected)) == (["Yes.<|im_end|>"], ["No.<|im_end|>"])
        with pytest.raises(TemplateError, match="is not trained"):
            template.render(example_of(row))


def test_a_model_without_template_takes_pairs_of_bare_texts(make_folder: MakeFolder) -> None:
    row = example_of({"prompt": "One?", "chosen": " Yes", "rejected": " No"})
    chosen, rejected = ChatTemplate.load(make_folder(None)).render_preference(row)
    assert (chosen.text, rejected.text) == ("<s>One? Yes</s>", "<s>One? No</s>")
    assert trained(rejected) == [" No</s>"]
