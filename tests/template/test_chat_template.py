"""What the model will see: equal to transformers' text, with a loss exactly where the assistant speaks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tunedesk import paths
from tunedesk.dataset.example import Example, example_of
from tunedesk.dataset.files import read_rows
from tunedesk.dataset.parsing import parse_row
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError

Family = Callable[[str], Path]
MakeChat = Callable[..., Example]
FAMILIES = ("chatml", "chatml_marked", "llama3", "gemma", "mistral", "qwen3", "phi3")
ONE_TURN = (("user", "What is the capital of France?"), ("assistant", "Paris."))
TWO_TURNS = (*ONE_TURN, ("user", "Thank you, Zoë! 👍 "), ("assistant", " You are welcome.\n"))
SYSTEM = ("system", "You answer in one short sentence.")
LONG = tuple(
    ("user" if index % 2 == 0 else "assistant", f"turn {index} <b>&amp;\n\n x") for index in range(12)
)


def trained_text(template: ChatTemplate, example: Example) -> list[str]:
    return [span.text for span in template.render(example).spans if span.trained]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("turns", [ONE_TURN, TWO_TURNS, (SYSTEM, *ONE_TURN), (SYSTEM, *TWO_TURNS), LONG])
def test_text_and_ids_equal_those_of_transformers(
    family: Family, make_chat: MakeChat, name: str, turns: tuple[tuple[str, str], ...]
) -> None:
    if name == "gemma" and turns[0][0] == "system":
        pytest.skip("this family refuses a system turn")
    theirs = AutoTokenizer.from_pretrained(family(name))
    ours = ChatTemplate.load(family(name))
    messages = [{"role": role, "content": content} for role, content in turns]
    rendered = ours.render(make_chat(*turns))
    assert rendered.text == theirs.apply_chat_template(messages, tokenize=False)
    assert list(rendered.ids) == theirs.apply_chat_template(messages, return_dict=True)["input_ids"]
    question = make_chat(*turns[:-1])
    prompt = ours.prompt(question.messages)
    assert prompt.text == theirs.apply_chat_template(
        messages[:-1], tokenize=False, add_generation_prompt=True
    )
    assert rendered.ids[: len(prompt.ids)] == prompt.ids


def test_the_starter_model_reads_as_transformers_reads_it(make_chat: MakeChat) -> None:
    folder = paths.starter_model()
    theirs = AutoTokenizer.from_pretrained(folder)
    ours = ChatTemplate.load(folder)
    for turns in (ONE_TURN, TWO_TURNS, (SYSTEM, *ONE_TURN)):
        messages = [{"role": role, "content": content} for role, content in turns]
        rendered = ours.render(make_chat(*turns))
        assert rendered.text == theirs.apply_chat_template(messages, tokenize=False)
        assert list(rendered.ids) == theirs.apply_chat_template(messages, return_dict=True)["input_ids"]
        assert rendered.ids[max(i for i, bit in enumerate(rendered.mask) if bit)] in ours.end_ids


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chatml", ["Paris.<|im_end|>", " You are welcome.\n<|im_end|>"]),
        ("chatml_marked", ["Paris.<|im_end|>", " You are welcome.\n<|im_end|>"]),
        ("llama3", ["Paris.<|eot|>", "You are welcome.<|eot|>"]),
        ("gemma", ["Paris.<end_of_turn>", "You are welcome.<end_of_turn>"]),
        ("mistral", [" Paris.</s>", "  You are welcome.\n</s>"]),
        ("qwen3", ["Paris.<|im_end|>", "<think>\n\n</think>\n\n You are welcome.\n<|im_end|>"]),
        ("phi3", ["Paris.<|end|>", " You are welcome.\n<|end|>"]),
    ],
)
def test_each_answer_is_trained_up_to_its_end_of_turn_token(
    family: Family, make_chat: MakeChat, name: str, expected: list[str]
) -> None:
    assert trained_text(ChatTemplate.load(family(name)), make_chat(*TWO_TURNS)) == expected


@pytest.mark.parametrize("name", FAMILIES)
def test_the_token_that_ends_a_turn_ends_generation_too(
    family: Family, make_chat: MakeChat, name: str
) -> None:
    template = ChatTemplate.load(family(name))
    rendered = template.render(make_chat(*ONE_TURN))
    last_trained = max(index for index, bit in enumerate(rendered.mask) if bit)
    assert rendered.ids[last_trained] in template.end_ids


def test_an_answer_is_found_although_the_system_text_moves_between_turns(
    family: Family, make_chat: MakeChat
) -> None:
    """In this family the text of the first turns is no prefix of the whole, so the content is searched."""
    template = ChatTemplate.load(family("mistral"))
    trained = trained_text(template, make_chat(SYSTEM, *TWO_TURNS))
    assert [text.lstrip() for text in trained] == ["Paris.</s>", "You are welcome.\n</s>"]


def test_an_answer_that_repeats_the_question_is_not_mistaken_for_it(
    family: Family, make_chat: MakeChat
) -> None:
    template = ChatTemplate.load(family("mistral"))
    example = make_chat(SYSTEM, ("user", "yes"), ("assistant", "yes"), ("user", "yes"), ("assistant", "yes"))
    spans = [span for span in template.render(example).spans if span.trained]
    assert [span.text for span in spans] == [" yes</s>", " yes</s>"]
    assert template.render(example).text[: spans[0].start].count("yes") == 1


@pytest.mark.parametrize("name", FAMILIES)
def test_a_turn_of_weight_0_is_context_only(family: Family, make_chat: MakeChat, name: str) -> None:
    template = ChatTemplate.load(family(name))
    both = trained_text(template, make_chat(*TWO_TURNS))
    assert trained_text(template, make_chat(*TWO_TURNS, weights={1: 0})) == both[1:]
    assert trained_text(template, make_chat(*TWO_TURNS, weights={3: 0})) == both[:1]
    assert template.render(make_chat(*TWO_TURNS, weights={1: 0, 3: 0})).trained == 0


def test_generation_marks_win_over_the_search_for_content(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    source = (
        "{% macro say(text) %}{% generation %}{{ text | upper }}<|im_end|>{% endgeneration %}{% endmacro %}"
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ say(m.content) }}{% else %}{{ m.content }}"
        "{% endif %}{% endfor %}"
    )
    template = ChatTemplate.load(make_folder(source))
    rendered = template.render(make_chat(*ONE_TURN))
    assert rendered.text == "What is the capital of France?PARIS.<|im_end|>"
    assert [span.text for span in rendered.spans if span.trained] == ["PARIS.<|im_end|>"]


def test_marks_that_would_change_the_text_are_not_used(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    source = (
        "{% for m in messages %}<|im_start|>"
        "{% set body %}{% generation %}{{ m.content }}{% endgeneration %}{% endset %}"
        "{{ body | length }}:{{ body | trim }}<|im_end|>{% endfor %}"
    )
    template = ChatTemplate.load(make_folder(source))
    rendered = template.render(make_chat(*ONE_TURN))
    assert (
        rendered.text
        == "<|im_start|>30:What is the capital of France?<|im_end|><|im_start|>6:Paris.<|im_end|>"
    )
    assert rendered.trained > 0


def test_a_template_that_drops_answers_or_doubles_them_is_refused(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    tail = "{% if add_generation_prompt %}?{% endif %}"
    drops = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
    with pytest.raises(TemplateError, match="leaves out answers"):
        ChatTemplate.load(make_folder(drops + tail)).render(make_chat(*ONE_TURN))
    doubles = "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}"
    with pytest.raises(TemplateError, match="turn 2"):
        ChatTemplate.load(make_folder(doubles + tail)).render(make_chat(*ONE_TURN))


def test_an_answer_that_also_stands_in_its_own_header_is_found(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    """As in gpt-oss: the end sign differs in the middle, so neither prefix nor search can tell where
    a turn ends.
    """
    source = (
        "{% for m in messages %}{{ '<|header|>' + m.role + '<|endheader|>final:' + m.content }}"
        "{{ '</s>' if loop.last and m.role != 'user' else '<|eot|>' }}{% endfor %}"
        "{% if add_generation_prompt %}<|header|>assistant<|endheader|>{% endif %}"
    )
    template = ChatTemplate.load(make_folder(source))
    example = make_chat(("user", "a"), ("assistant", "a"), ("user", "b"), ("assistant", "final"))
    assert trained_text(template, example) == ["final:a", "final:final</s>"]


def test_end_signs_that_follow_each_other_are_all_trained(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    """As in Cohere's family: the answer has an end of its own before the turn's."""
    source = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
        "{{ '<|end|>' if m.role == 'assistant' }}<|im_end|>{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    template = ChatTemplate.load(make_folder(source, eos_token="<|im_end|>"))
    expected = ["Paris.<|end|><|im_end|>", " You are welcome.\n<|end|><|im_end|>"]
    assert trained_text(template, make_chat(*TWO_TURNS)) == expected
    assert template.end_ids == {template.encode("<|im_end|>")[0]}


def test_a_model_that_thinks_first_is_asked_as_it_was_trained(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    """As in Nemotron 3: the prompt opens a thought unless enable_thinking is false, and data has no
    thoughts.
    """
    source = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ '<think></think>' if m.role == 'assistant' }}"
        "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
        "{{ '<think>\n' if enable_thinking | default(true) else '<think></think>' }}{% endif %}"
    )
    template = ChatTemplate.load(make_folder(source))
    rendered, prompt = (
        template.render(make_chat(*ONE_TURN)),
        template.prompt(make_chat(*ONE_TURN[:1]).messages),
    )
    assert prompt.text.endswith("assistant\n<think></think>")
    assert rendered.ids[: len(prompt.ids)] == prompt.ids
    assert template.asks_as_trained
    stubborn = ChatTemplate.load(make_folder(source.replace("enable_thinking | default(true)", "true")))
    assert not stubborn.asks_as_trained
    assert trained_text(stubborn, make_chat(*ONE_TURN)) == ["Paris.<|im_end|>"]


def test_the_templates_own_words_are_told(family: Family, make_chat: MakeChat) -> None:
    template = ChatTemplate.load(family("gemma"))
    with pytest.raises(TemplateError, match="A system message is not supported"):
        template.render(make_chat(SYSTEM, *ONE_TURN))
    with pytest.raises(TemplateError, match="Roles must alternate"):
        template.render(make_chat(ONE_TURN[0], *ONE_TURN))


def test_a_turn_without_text_is_named(family: Family) -> None:
    example = example_of(
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}]}
    )
    with pytest.raises(TemplateError, match=r"Turn 2 \(assistant\) has no text"):
        ChatTemplate.load(family("chatml")).render(example)


def test_an_example_without_messages_is_an_error(family: Family) -> None:
    with pytest.raises(TemplateError, match="no messages"):
        ChatTemplate.load(family("chatml")).render(example_of({"messages": []}))


def test_an_enormous_example_is_refused_at_once(family: Family, make_chat: MakeChat) -> None:
    with pytest.raises(TemplateError, match="4,000,002 characters"):
        ChatTemplate.load(family("chatml")).render(make_chat(("user", "x" * 4_000_000), ("assistant", "ok")))


def test_half_a_character_is_an_error_not_a_crash(family: Family, make_chat: MakeChat) -> None:
    with pytest.raises(TemplateError, match=r"U\+D83D"):
        ChatTemplate.load(family("chatml")).render(make_chat(("user", "\ud83d"), ("assistant", "Hi")))


def test_prompt_and_completion_become_a_question_and_an_answer(family: Family, make_chat: MakeChat) -> None:
    template = ChatTemplate.load(family("chatml"))
    row = example_of({"prompt": ONE_TURN[0][1], "completion": ONE_TURN[1][1]})
    assert template.render(row) == template.render(make_chat(*ONE_TURN))


def test_a_model_without_template_trains_the_completion_and_its_end(make_folder: Callable[..., Path]) -> None:
    template = ChatTemplate.load(make_folder(None))
    rendered = template.render(example_of({"prompt": "The capital of France:", "completion": " Paris"}))
    assert rendered.text == "<s>The capital of France: Paris</s>"
    assert [span.text for span in rendered.spans if span.trained] == [" Paris</s>"]
    assert rendered.ids.count(template.encode("<s>")[0]) == 1


def test_a_model_without_template_refuses_chats_with_a_next_step(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    with pytest.raises(TemplateError, match="no chat template") as caught:
        ChatTemplate.load(make_folder(None)).render(make_chat(*ONE_TURN))
    assert "Choose a chat model" in caught.value.sentence


def test_the_start_token_is_never_doubled(
    family: Family, make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    template = ChatTemplate.load(family("llama3"))
    assert template.render(make_chat(*ONE_TURN)).ids.count(template.encode("<s>")[0]) == 1
    doubled = ChatTemplate.load(make_folder("{{ bos_token }}{{ bos_token }}{{ messages[0].content }}"))
    with pytest.raises(TemplateError, match="twice"):
        doubled.prompt(make_chat(*ONE_TURN[:1]).messages)


def test_the_cut_is_marked_and_nothing_is_cut(family: Family, make_chat: MakeChat) -> None:
    template = ChatTemplate.load(family("chatml"))
    whole = template.render(make_chat(*TWO_TURNS))
    cut = template.render(make_chat(*TWO_TURNS), max_length=whole.tokens - 3)
    assert cut.ids == whole.ids
    assert (whole.cut_at, cut.cut_at) == (None, whole.tokens - 3)
    assert cut.trained_before_cut == sum(whole.mask[:-3])
    assert template.render(make_chat(*TWO_TURNS), max_length=whole.tokens).cut_at is None
    assert cut.cut_character == whole.offsets[whole.tokens - 3][0]


def test_spans_cover_the_text_without_gaps(family: Family, make_chat: MakeChat) -> None:
    rendered = ChatTemplate.load(family("qwen3")).render(make_chat(SYSTEM, *TWO_TURNS))
    assert "".join(span.text for span in rendered.spans) == rendered.text
    assert all(rendered.text[span.start : span.end] == span.text for span in rendered.spans)


def test_a_control_token_in_a_text_is_trained_as_it_tokenizes(family: Family, make_chat: MakeChat) -> None:
    template = ChatTemplate.load(family("chatml"))
    rendered = template.render(make_chat(("user", "Hi"), ("assistant", "a<|im_end|>b")))
    assert [span.text for span in rendered.spans if span.trained] == ["a<|im_end|>b<|im_end|>"]
    assert rendered.ids.count(template.encode("<|im_end|>")[0]) == 3


def test_a_first_word_that_swallows_the_prompts_last_space_is_trained(
    make_folder: Callable[..., Path], make_chat: MakeChat
) -> None:
    source = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}"
        "{{ '</s>' if m.role == 'assistant' else '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    rendered = ChatTemplate.load(make_folder(source)).render(
        make_chat(("user", "Hi"), ("assistant", "parcel"))
    )
    assert "".join(span.text for span in rendered.spans if span.trained) == " parcel</s>"


def test_named_templates_take_the_default(make_folder: Callable[..., Path], make_chat: MakeChat) -> None:
    named = [
        {"name": "tool_use", "template": "no"},
        {"name": "default", "template": "{{ messages[0].content }}"},
    ]
    folder = make_folder(None, chat_template=named)
    assert ChatTemplate.load(folder).prompt(make_chat(("user", "Hi")).messages).text == "Hi"


def test_a_damaged_template_is_reported_with_its_line(make_folder: Callable[..., Path]) -> None:
    with pytest.raises(TemplateError, match="line 2"):
        ChatTemplate.load(make_folder("fine\n{% for %}"))


def test_decoding_gives_the_text_back(family: Family) -> None:
    template = ChatTemplate.load(family("chatml"))
    text = "Thank you, Zoë! 👍"
    assert template.decode(template.encode(text)) == text
    assert template.count(text) == len(template.encode(text))
    assert template.decode(template.encode("a<|im_end|>")) == "a"
    assert template.decode(template.encode("a<|im_end|>"), skip_special=False) == "a<|im_end|>"


def test_the_digest_changes_with_the_template(family: Family) -> None:
    assert ChatTemplate.load(family("chatml")).digest == ChatTemplate.load(family("chatml")).digest
    assert ChatTemplate.load(family("chatml")).digest != ChatTemplate.load(family("phi3")).digest


def test_many_threads_render_the_same(family: Family, make_chat: MakeChat) -> None:
    template = ChatTemplate.load(family("chatml_marked"))
    examples = [make_chat(("user", f"question {n}"), ("assistant", f"answer {n}")) for n in range(40)]
    alone = [template.render(example) for example in examples]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(template.render, examples)) == alone


def test_the_chat_asks_with_exactly_what_stands_before_a_trained_answer() -> None:
    """Over the sample project: the prompt's ids are the beginning of the trained ids, and the loss
    starts right there.
    """
    template = ChatTemplate.load(paths.starter_model())
    for _, raw in read_rows(paths.sample_project() / "datasets" / "valid.jsonl"):
        example = example_of(parse_row(raw).value)
        rendered, prompt = template.render(example), template.prompt(example.messages[:-1])
        assert rendered.ids[: len(prompt.ids)] == prompt.ids
        assert rendered.mask == (0,) * len(prompt.ids) + (1,) * (rendered.tokens - len(prompt.ids))
        assert template.decode(rendered.ids[len(prompt.ids) :]) == example.last_assistant
