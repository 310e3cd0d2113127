"""A frame says what the template says, for every text that it is used for, and steps back where it cannot."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from tunedesk.dataset.example import Example, example_of
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.frames import Frames, WatchedEnvironment
from tunedesk.template.sandbox import CompiledTemplate

Family = Callable[[str], Path]
FAMILIES = (
    "chatml", "chatml_marked", "llama3", "gemma", "mistral", "qwen3", "phi3", "chatml_tools", "llama3_tools",
)  # fmt: skip
SHAPE = (("user", False), ("assistant", True))
TEXTS = st.text(alphabet=st.sampled_from("aé \n\t<>|/{}%'\"\ue0f3\ue0f1漢"), max_size=12) | st.sampled_from(
    ["</think>", "<think>x</think>\n\ny", "a<|im_end|>", " <|eot|>\n", "</s>", "", " ", "[INST]", "Paris."]
)


def chat(texts: list[str]) -> Example:
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return example_of({"messages": turns})


@pytest.mark.parametrize("name", FAMILIES)
def test_whatever_the_texts_are_the_frame_says_what_the_template_says(family: Family, name: str) -> None:
    """A template that was loaded just now has no frames yet, so that it asks the template itself."""
    seasoned = ChatTemplate.load(family(name))
    for count in (2, 4):
        for _ in range(2):
            seasoned.render(chat(["Hello"] * count))
    theirs = AutoTokenizer.from_pretrained(family(name))

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(TEXTS, min_size=2, max_size=2) | st.lists(TEXTS, min_size=4, max_size=4))
    def check(texts: list[str]) -> None:
        example = chat(texts)
        framed = outcome(seasoned, example)
        assert framed == outcome(ChatTemplate.load(family(name)), example)
        if not isinstance(framed, str):
            messages = [{"role": turn.role, "content": turn.content} for turn in example.messages]
            assert framed.text == theirs.apply_chat_template(messages, tokenize=False)

    check()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_template_is_not_asked_again_about_turns_in_the_same_order(
    family: Family, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = ChatTemplate.load(family(name))
    before = [template.render(chat(["One?", "Two.", "Three?", f"Four{number}."])) for number in range(2)]
    asked: list[object] = []
    monkeypatch.setattr(CompiledTemplate, "render", lambda *given, **named: asked.append(given) or "")
    again = [template.render(chat(["One?", "Two.", "Three?", f"Four{number}."])) for number in range(2)]
    assert again == before
    assert asked == []


def outcome(template: ChatTemplate, example: Example) -> object:
    try:
        return template.render(example)
    except Exception as error:
        return str(error)


def frames_of(source: str) -> Frames:
    """Frames of a template, without loss marks."""
    template = CompiledTemplate(source, WatchedEnvironment)

    def lay_out(shape: tuple[tuple[str, bool], ...], texts: list[str]) -> tuple[str, list[tuple[int, int]]]:
        messages = [{"role": role, "content": text} for (role, _), text in zip(shape, texts, strict=True)]
        return template.render(messages, {}, add_prompt=False), []

    return Frames(lay_out, frozenset({"<end>"}))


def fill(source: str, *texts: str) -> str | None:
    frames = frames_of(source)
    assert frames.fill(SHAPE, ["first", "time"]) is None, "a shape that is seen once gets no frame"
    filled = frames.fill(SHAPE, list(texts))
    return None if filled is None else filled[0]


@pytest.mark.parametrize(
    "body",
    [
        "{{ content }}",
        "{{ content + '!' }}",
        "{{ '<' ~ content ~ '>' }}",
        "{{ content | trim }}",
        "{{ content.strip('x').lstrip() }}",
        "{% if content %}{{ content }}{% else %}nothing{% endif %}",
        "{% if content is string and content is not none %}{{ content }}{% endif %}",
        "{% if '</think>' in content %}thought{% endif %}{{ content }}",
        "{% if content.startswith('<') and content.endswith('>') %}tag{% endif %}{{ content }}",
        "{% if content == '' %}nothing{% endif %}{{ content }}",
        "{% set x %}<{{ content }}>{% endset %}{{ x + '!' }}",
        "{% macro say(t) %}<{{ t }}>{% endmacro %}{{ say(content) + '!' }}",
        "{% set ns = namespace(t='') %}{% set ns.t = ns.t + content %}{{ ns.t }}",
        "{{ messages | length }}{{ content }}",
        "{{ content | default('x') | string }}",
    ],
)
@pytest.mark.parametrize(
    ("question", "answer"),
    [("Hi", "Hello"), (" x a x\n", "b"), ("", " "), ("<think></think>", "<a>"), ("a<end>", "b")],
)
def test_what_is_followed_gives_the_same_text(body: str, question: str, answer: str) -> None:
    source = "{% for m in messages %}{% set content = m.content %}[" + body + "]{% endfor %}"
    plain = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    expected = CompiledTemplate(source).render(plain, {}, add_prompt=False)
    assert fill(source, question, answer) in (expected, None)
    simple = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    assert fill(source, "Hi", "Hello") == CompiledTemplate(source).render(simple, {}, add_prompt=False)


@pytest.mark.parametrize(
    "body",
    [
        "{{ content | upper }}",
        "{{ content | length }}",
        "{{ content[0] }}",
        "{{ content[1:] }}",
        "{{ content.split(' ')[0] }}",
        "{{ content.upper() }}",
        "{{ content | tojson }}",
        "{{ messages | tojson }}",
        "{{ messages | map(attribute='content') | join(' ') }}",
        "{{ content in 'Hi Hello' }}",
        "{{ content == 'Hi' }}",
        "{{ content < 'Hi' }}",
        "{{ content * 2 }}",
        "{{ '%s' % content }}",
        "{{ '{}'.format(content) | upper }}",
        "{{ 'Hi Hello'.startswith(content) }}",
        "{{ {'Hi': 1}[content] }}",
        "{% for c in content %}{{ c }}-{% endfor %}",
        "{{ (content ~ '') | upper }}",
        "{{ (content + '!').split('!')[0] }}",
        "{% set x %}{{ content }}{% endset %}{{ x | upper }}",
        "{% set x %}{{ content }}{% endset %}{{ x.split('l')[0] }}",
        "{% filter upper %}{{ content }}{% endfilter %}",
        "{% macro say(t) %}{{ t }}{% endmacro %}{{ say(content) | upper }}",
        "{% macro say(t) %}{{ t }}{% endmacro %}{{ say(content)[:2] }}",
        "{{ content is in ['Hi'] }}",
        "{{ content is lower }}",
        "{{ content is sequence }}",
        "{{ strftime_now('%S') }}{{ content }}",
        "{{ raise_exception(content) }}",
    ],
)
def test_what_looks_at_a_text_is_left_to_the_template(body: str) -> None:
    source = "{% for m in messages %}{% set content = m.content %}" + body + "{% endfor %}"
    assert fill(source, "Hi", "Hello") is None


def test_a_text_that_holds_the_end_of_a_turn_is_left_to_the_template() -> None:
    source = "{% for m in messages %}{{ m.content }}<end>{% endfor %}"
    assert fill(source, "Hi", "Hello") == "Hi<end>Hello<end>"
    assert fill(source, "Hi", "a<end>b") is None
