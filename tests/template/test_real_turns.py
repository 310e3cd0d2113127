"""What was once wrong with real templates: turns that were refused, cut, or not found where they stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.template.real_templates import TOOL, real_templates
from tunedesk.dataset.example import example_of
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError

Turns = list[dict[str, Any]]
Load = Callable[[str], ChatTemplate]
THOUGHT = "<think>why</think>Paris"


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Load:
    made: dict[str, ChatTemplate] = {}

    def load(name: str) -> ChatTemplate:
        if name not in made:
            made[name] = ChatTemplate.load(real_templates()[name].folder(tmp_path_factory.mktemp("real")))
        return made[name]

    return load


def asked(text: str) -> Turns:
    return [{"role": "user", "content": text}]


def answered(text: str) -> Turns:
    return [{"role": "assistant", "content": text}]


def called(*numbers: str, says: str = "", at: int = 0) -> Turns:
    """A turn that asks for a parcel for each number, and the tool's answers."""
    names = [f"call{at + place:05}" for place in range(len(numbers))]
    calls = [
        {
            "id": name,
            "type": "function",
            "function": {"name": "track_parcel", "arguments": {"number": number}},
        }
        for name, number in zip(names, numbers, strict=True)
    ]
    found = [{"role": "tool", "content": f"Found {name}", "tool_call_id": name} for name in names]
    return [{"role": "assistant", "content": says, "tool_calls": calls}, *found]


def trained(template: ChatTemplate, turns: Turns, tools: list[dict[str, Any]] | None = None) -> list[str]:
    row = {"messages": turns} | ({"tools": tools} if tools else {})
    return [span.text for span in template.render(example_of(row)).spans if span.trained]


def test_calls_before_the_last_question_are_found_where_the_tools_stand_with_that_question(
    real: Load,
) -> None:
    turns = asked("Where?") + called("A1") + answered("There.") + asked("And?") + called("B2", at=1)
    turns += answered("Here.")
    assert trained(real("mistral_v3_tekken"), turns, [TOOL]) == [
        '[TOOL_CALLS][{"name": "track_parcel", "arguments": {"number": "A1"}, "id": "call00000"}]</s>',
        "There.</s>",
        '[TOOL_CALLS][{"name": "track_parcel", "arguments": {"number": "B2"}, "id": "call00001"}]</s>',
        "Here.</s>",
    ]


def test_an_answer_is_trained_with_its_channel_although_the_thought_before_it_is_dropped(real: Load) -> None:
    """gpt-oss shows what a calling turn says only while no answer follows."""
    turns = asked("Where?") + called("A1", says="I have to look.") + answered("There.")
    assert trained(real("gptoss"), turns, [TOOL]) == [
        ' to=functions.track_parcel<|channel|>commentary json<|message|>{"number": "A1"}<|call|>',
        "<|channel|>final<|message|>There.<|return|>",
    ]


def test_the_sign_of_an_answer_in_the_middle_is_not_trained_where_it_would_not_end_the_model(
    real: Load,
) -> None:
    turns = asked("Where?") + answered("There.") + asked("Sure?") + answered("Yes.")
    assert trained(real("gptoss"), turns) == [
        "<|channel|>final<|message|>There.",
        "<|channel|>final<|message|>Yes.<|return|>",
    ]


def test_a_template_that_shows_only_the_first_call_of_a_turn_is_refused_for_two(real: Load) -> None:
    with pytest.raises(TemplateError, match="leaves out tool calls"):
        trained(real("gptoss"), asked("Where?") + called("A1", "B2") + answered("There."), [TOOL])


def test_a_call_is_not_taken_for_shown_because_the_list_of_tools_has_its_name(
    tmp_path: Path, real: Load
) -> None:
    """The first template of LFM2 lists the tools and drops the calls."""
    folder = real_templates()["lfm2_2_5_v2"].folder(tmp_path)
    source = (
        "{{ tools | tojson }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    (folder / "chat_template.jinja").write_text(source, encoding="utf-8")
    with pytest.raises(TemplateError, match="leaves out tool calls"):
        trained(ChatTemplate.load(folder), asked("Where?") + called("A1") + answered("There."), [TOOL])


def test_an_answer_that_only_the_next_turns_sign_ends_is_trained_up_to_it(real: Load) -> None:
    """GLM ends a turn with the sign of who speaks next, so its last answer in a text has no end."""
    turns = asked("Where?") + called("A1") + answered("There.") + asked("Sure?") + answered("Yes.")
    assert trained(real("glm4moe"), turns, [TOOL]) == [
        "\n<think></think>\n<tool_call>track_parcel\n<arg_key>number</arg_key>\n"
        "<arg_value>A1</arg_value>\n</tool_call><|observation|>",
        "\n<think></think>\nThere.<|user|>",
        "\n<think></think>\nYes.",
    ]


@pytest.mark.parametrize("answer", ["<|user|>", "\t<|user|>"])
def test_an_end_sign_that_the_answer_itself_says_is_not_taken_for_its_end(real: Load, answer: str) -> None:
    turns = asked("Where?") + answered(answer) + asked("Sure?") + answered("Yes.")
    assert trained(real("glm4moe"), turns)[0] == "\n<think></think>\n<|user|><|user|>"
    in_chatml = trained(real("qwen2_5"), asked("Where?") + answered("<|im_end|>\t"))
    assert in_chatml == ["<|im_end|>\t<|im_end|>"]


def test_what_a_calling_turn_says_is_trained_where_it_stands_behind_the_tools_answer(real: Load) -> None:
    turns = asked("Where?") + called("A1", says="Found. ") + answered("There.") + asked("Sure?")
    assert trained(real("gemma4_v5"), turns + answered("Yes."), [TOOL]) == [
        '<|tool_call>call:track_parcel{number:<|"|>A1<|"|>}<tool_call|><|tool_response>',
        "Found.There.<turn|>",
        "Yes.<turn|>",
    ]


def test_trained_stretches_do_not_overlap_where_an_answer_begins_with_an_end_sign(real: Load) -> None:
    template = real("gemma4_v5")
    turns = asked("Where?") + called("A1", says="Found.") + answered("<eos>")
    laid = template.lay_out(example_of({"messages": turns, "tools": [TOOL]}))
    ends = [0, *(end for _, end in laid.ranges)]
    assert all(start >= end for (start, _), end in zip(laid.ranges, ends, strict=False))


def test_a_call_with_a_thought_of_its_own_is_found_although_the_prompt_has_an_empty_one(real: Load) -> None:
    turns = asked("Where?") + called("A1", says="<think>why</think>") + answered("There.")
    call = "<tool_call>\n<function=track_parcel>\n<parameter=number>\nA1\n</parameter>\n</function>\n"
    assert trained(real("nemotron_3_nano"), turns, [TOOL]) == [
        f"<think>why</think>\n{call}</tool_call>\n<|im_end|>",
        "There.<|im_end|>",
    ]


def test_a_thought_that_the_template_sets_in_other_words_is_found(real: Load) -> None:
    assert trained(real("qwen3_6"), asked("Where?") + answered(THOUGHT)) == [
        "why\n</think>\n\nParis<|im_end|>"
    ]


def test_a_prompt_that_ends_within_white_space_is_not_how_the_model_was_trained(real: Load) -> None:
    """Qwen3.6 opens a thought with a line feed, where data without thoughts has two, which are one token."""
    template = real("qwen3_6")
    row = example_of({"messages": asked("Where?") + answered("There.")})
    prompt = template.prompt(row.messages[:1])
    assert prompt.text.endswith("<think>\n\n</think>\n\n")
    assert template.render(row).ids[: len(prompt.ids)] == prompt.ids


@pytest.mark.parametrize("name", ["qwen3_6", "nemotron_3_nano"])
def test_a_question_that_reads_like_the_answer_is_never_trained(real: Load, name: str) -> None:
    rendered = real(name).render(example_of({"messages": asked(THOUGHT) + answered(THOUGHT)}))
    question = rendered.text.index("user\n<think>why")
    first = next(span for span in rendered.spans if span.trained)
    assert first.start > question + len(THOUGHT)


def test_a_conversation_that_holds_the_word_of_the_search_is_found_all_the_same(real: Load) -> None:
    turns = asked("Where?") + answered("</think>Tunedeskprobe") + asked("Tunedeskprobe") + answered("Yes.")
    end = real_templates()["deepseek_r1_distill"].eos
    assert trained(real("deepseek_r1_distill"), turns) == [f"Tunedeskprobe{end}", f"Yes.{end}"]


@pytest.mark.parametrize("name", ["gemma", "phi3_5", "phi_4", "deepseek_r1_distill", "mistral_v7_tekken"])
def test_a_template_without_tools_refuses_calls(real: Load, name: str) -> None:
    with pytest.raises(TemplateError, match=r"leaves out tool calls|does not accept"):
        trained(real(name), asked("Where?") + called("A1") + answered("There."))


@pytest.mark.parametrize("key", ["reasoning_content", "thinking", "reasoning"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qwen3", "<think>\nwhy\n</think>\n\nParis<|im_end|>"),
        ("qwen3_6", "why\n</think>\n\nParis<|im_end|>"),
        ("nemotron_3_nano", "\nwhy\n</think>\nParis<|im_end|>"),
        ("gemma4_v5", "<|channel>thought\nwhy\n<channel|>Paris<turn|>"),
        (
            "gptoss",
            "<|channel|>analysis<|message|>why<|end|><|start|>assistant<|channel|>final<|message|>Paris<|return|>",
        ),
    ],
)
def test_a_thought_in_a_key_of_its_own_is_shown_and_trained(
    real: Load, name: str, key: str, expected: str
) -> None:
    turns = [*asked("Where?"), {"role": "assistant", "content": "Paris", key: "why"}]
    assert trained(real(name), turns) == [expected]


def test_a_word_of_the_search_behind_a_call_is_found(real: Load) -> None:
    turns = asked("Where?") + called("A1", says="Tunedeskprobe") + answered("There.")
    assert trained(real("gemma4_v5"), turns, [TOOL])[1] == "TunedeskprobeThere.<turn|>"


def test_a_word_of_the_answer_in_the_turns_own_header_is_not_taken_for_the_answer(real: Load) -> None:
    turns = [*asked("Where?"), {"role": "assistant", "content": "|", "thinking": "why"}]
    assert trained(real("nemotron_3_nano"), turns) == ["\nwhy\n</think>\n|<|im_end|>"]


def test_a_call_is_not_cut_where_its_text_begins_like_the_thought_that_the_prompt_opens(real: Load) -> None:
    turns = asked("Where?") + called("A1", says="</think><b>Wait</b>") + answered("There.") + asked("Sure?")
    first = trained(real("qwen3_6"), turns + answered("Yes."), [TOOL])[0]
    assert first.startswith("<b>Wait</b>\n\n<tool_call>")


def test_nothing_of_an_untrained_call_or_its_answer_is_trained_with_the_turn_behind_it(real: Load) -> None:
    turns = (
        asked("Where?") + answered("Hm.") + asked("So?") + called("A1", says="Found.") + answered("There.")
    )
    turns += asked("Sure?") + answered("Yes.")
    turns[3]["weight"] = 0
    turns[4]["content"] = ""
    assert trained(real("gemma4_v5"), turns, [TOOL]) == ["Hm.<turn|>", "There.<turn|>", "Yes.<turn|>"]


def test_a_thought_is_trained_although_another_one_ahead_is_dropped(real: Load) -> None:
    turns = asked("Where?") + called("A1", says="I have to look.") + answered("There.")
    turns[-1]["thinking"] = "Found it."
    assert trained(real("gptoss"), turns, [TOOL])[1] == (
        "<|channel|>analysis<|message|>Found it.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>There.<|return|>"
    )
