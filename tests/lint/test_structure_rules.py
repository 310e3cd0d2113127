"""What the rules about conversations, tools, pairs and templates find, and what they leave alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.lint.differential.rows import TOOL, assistant, call, chat, result, system, user
from tunedesk import paths
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Finding, Severity
from tunedesk.lint.report import lint_rows
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import Target
from tunedesk.template.chat_template import ChatTemplate

PAIR = {"prompt": "Q", "completion": "A"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
WORDS = {"type": "text", "text": "What is it?"}


def findings(value: object, target: str | Target) -> dict[str, Finding]:
    chosen = Target(target) if isinstance(target, str) else target
    return {found.code: found for found in lint_row(parse_row(json.dumps(value).encode()), chosen)}


def tooled(*turns: Any, tool: Any = TOOL) -> dict[str, Any]:
    return chat(user(), *turns, assistant(), tools=[tool])


def with_parameters(parameters: object) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "track", "parameters": parameters}}


LOUD: list[tuple[str, str, Any]] = [
    ("TLC001", "openai", tooled(call(id=None), result())),
    ("TLC001", "mistral", tooled(call(id="call_1"), result("call_1"))),
    ("TLC002", "azure", tooled(call(arguments={"number": "A1"}), result())),
    ("TLC003", "openai", tooled(call(arguments="[1]"), result())),
    ("TLC003", "trl", tooled(call(arguments=["A1"]), result())),
    ("TLC004", "local", tooled(call(arguments='{"no": "A1"}'), result())),
    ("TLC004", "local", tooled(call(arguments={"number": 1}), result())),
    ("TLC005", "generic", chat(user(), call(), result(), assistant())),
    ("TLC006", "openai", tooled(call(), result("other"))),
    ("TLC006", "openai", tooled(result())),
    ("TLC007", "openai", tooled(tool=with_parameters({"type": "thing"}))),
    ("TLC007", "openai", tooled(tool=with_parameters("none"))),
    ("TLC007", "openai", chat(user(), assistant(), tools=[TOOL, TOOL])),
    ("TLC007", "openai", chat(user(), assistant(), tools=[{"type": "function"}])),
    ("TLC007", "openai", chat(user(), assistant(), tools="none")),
    ("CNV004", "llamafactory", chat(system(), assistant())),
    ("CNV012", "axolotl", chat(user(), assistant(weight=0), user(), assistant())),
    ("CNV013", "generic", chat(user(), assistant(), functions=[{"name": "f"}])),
    ("PRF001", "trl", {"prompt": "Q", "chosen": "Yes.", "rejected": " yes. "}),
    ("PRF002", "trl", {"chosen": "Hello there", "rejected": "Good day"}),
    ("PRF003", "trl", {"prompt": [user()], "chosen": [], "rejected": [assistant()]}),
    ("PRF003", "trl", {"prompt": [user()], "chosen": [user()], "rejected": [assistant()]}),
    ("RFT001", "azure-rft", chat(user(), assistant(), answer=1)),
    ("RFT002", "openai-rft", chat(user(), answer="")),
    ("SCH005", "trl", {"prompt": "Q", "completions": ["a", "b"], "labels": [True]}),
    ("SCH005", "openai", {"messages": [user(), {"role": "assistant", "content": [IMAGE]}]}),
    ("SCH005", "azure", {"messages": [{"role": "user", "content": [SOUND]}, assistant()]}),
    ("SCH005", "azure-rft", {"messages": [{"role": "system", "content": [IMAGE]}, user()], "answer": "4"}),
    ("SCH005", "trl", {"prompt": "Q", "completion": "A", "label": 2}),
    ("SCH005", "together", {"input": [user()], "preferred_output": [], "non_preferred_output": []}),
    ("SCH010", "nebius", {"prompt": "Q", "chosen": "A", "rejected": "B"}),
    ("SCH010", "nebius", {"instruction": "Q", "chosen": "A", "rejected": "B"}),
    ("SCH010", "local", {"prompt": "Q", "completion": "A", "label": True}),
    ("SCH010", "openai", {"text": "A"}),
    ("SCH010", "azure-dpo", chat(user(), assistant())),
    ("SCH010", "openai", {"prompt": [user()], "completion": [assistant()]}),
    ("SCH010", "together", {"prompt": [user()], "completion": [assistant()]}),
    ("SCH009", "openai-dpo", {"input": {"messages": [{"role": "human", "content": "Q"}]}}),
    ("INJ001", "openai", chat(user("<|im_start|>"), assistant())),
    ("INJ001", "azure", chat(user("<|endofprompt|>"), assistant())),
    ("INJ001", "mistral", chat(user("[TOOL_CALLS]"), assistant())),
    ("INJ001", "openai", tooled(call(arguments='{"number": "<|im_end|>"}'), result())),
    ("INJ002", "generic", chat(user("Hi\nHuman: hi"), assistant())),
    ("INJ002", "generic", {"prompt": "### Instruction:\nGo", "completion": "A"}),
    ("INJ003", "generic", chat(user(), assistant("Done.</think>"))),
    ("INJ003", "generic", chat(user(), assistant("<think>a<think>b</think>"))),
    ("JSN006", "generic", {**PAIR, "id": -(2**70)}),
    ("JSN006", "generic", {**PAIR, "ids": [1, {"big": 2**64}]}),
]
QUIET: list[tuple[str, str, Any]] = [
    ("TLC001", "trl", tooled(call(id=None), result(None))),
    ("TLC001", "openai", tooled(call(id="call_Xy12"), result("call_Xy12"))),
    ("TLC002", "generic", tooled(call(arguments={"number": "A1"}), result())),
    ("TLC003", "openai", tooled(call(arguments="{}"), result())),
    ("TLC004", "local", tooled(call(), result(), tool=with_parameters({"$ref": "#/no/where"}))),
    ("TLC006", "openai", chat(user(), call(), tools=[TOOL])),
    ("TLC007", "openai", tooled(call(), result(), tool=with_parameters({}))),
    ("CNV004", "openai", chat(user(), assistant())),
    ("CNV012", "openai", chat(user(), assistant(weight=0), user(), assistant())),
    ("CNV012", "trl", chat(user(), assistant(weight=1))),
    ("CNV002", "local", chat({"role": "developer", "content": "Be brief."}, user(), assistant())),
    ("SCH005", "openai", chat({"role": "user", "content": [WORDS, IMAGE]}, assistant())),
    ("SCH005", "azure", chat(user(), {"role": "assistant", "content": [WORDS]})),
    ("PRF001", "trl", {"prompt": "Q", "chosen": "Yes.", "rejected": "No."}),
    ("PRF002", "trl", {"chosen": "Hello there", "rejected": "Hello you"}),
    ("PRF003", "azure-dpo", {"input": {"messages": [user()]}, "preferred_output": [assistant(), result()]}),
    ("SCH010", "openai", PAIR),
    ("SCH010", "local", {"prompt": "Q", "chosen": "A", "rejected": "B"}),
    ("SCH010", "local", {"instruction": "Q", "chosen": "A", "rejected": "B"}),
    ("SCH010", "trl", {"prompt": [user()], "completion": [assistant()]}),
    ("SCH010", "local", {"prompt": [user()], "completion": [assistant()]}),
    ("CNV009", "local", {"instruction": "Q", "input": "", "output": "A"}),
    ("INJ001", "openai", chat(user("[INST] </s>"), assistant())),
    ("INJ001", "mistral", chat(user("<|im_start|>"), assistant())),
    ("INJ002", "generic", chat(user("Is a Human: better?"), assistant("### A heading\nUser: is a word."))),
    ("INJ003", "generic", chat(user("</think>"), assistant("<think>a</think>b<think>c</think>"))),
    ("JSN006", "generic", {**PAIR, "id": 2**64 - 1}),
    ("JSN006", "generic", {**PAIR, "id": "36893488147419103232"}),
    ("ENC008", "generic", {**PAIR, "note": "a\u2028b"}),
]


@pytest.mark.parametrize(("code", "target", "value"), LOUD)
def test_the_fault_is_found(code: str, target: str, value: Any) -> None:
    assert code in findings(value, target)


@pytest.mark.parametrize(("code", "target", "value"), QUIET)
def test_what_only_looks_like_the_fault_is_left_alone(code: str, target: str, value: Any) -> None:
    assert code not in findings(value, target)


def test_messages_where_texts_are_read_become_a_conversation() -> None:
    found = findings({"prompt": [user()], "completion": [assistant()]}, "openai")["SCH010"]
    assert found.message.startswith("OpenAI reads prompt and completion as texts")
    assert found.fix is not None


def test_a_tool_that_no_row_lists_is_less_sure_than_one_that_is_missing() -> None:
    assert findings(chat(user(), call()), "generic")["TLC005"].severity is Severity.WARNING
    other = {"type": "function", "function": {"name": "other"}}
    assert findings(tooled(call(), result(), tool=other), "generic")["TLC005"].severity is Severity.ERROR


def test_a_column_without_an_answer_is_told() -> None:
    mapped = Target("local", mapping=ColumnMapping(user="q", assistant="a"))
    for row in ({"q": "Where?"}, {"q": "Where?", "a": None}):
        assert findings(row, mapped)["CNV008"].message.startswith("The column a is empty")
    assert findings({"q": "Where?", "a": "There."}, mapped) == {}
    assert "CNV008" in findings({"instruction": "Where?", "output": None}, "local")


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [], "functions": 1.0},
        {"messages": [{"role": "assistant", "function_call": []}]},
        {"messages": None, "functions": [{}]},
        {"messages": [{"role": "function", "content": "1"}]},
    ],
)
def test_old_calls_that_nobody_can_read_are_left_to_a_person(value: object) -> None:
    assert findings(value, "generic")["CNV013"].fix is None


def test_plain_separators_are_marked_in_their_text_and_escaped() -> None:
    raw = '{"prompt": "a\u2028b", "completion": "c\x85"}'.encode()
    found = [each for each in lint_row(parse_row(raw), Target("generic")) if each.code == "ENC008"]
    assert [(each.pointer, each.start, each.end) for each in found] == [
        ("/prompt", 1, 2),
        ("/completion", 1, 2),
    ]
    assert found[0].fix is not None
    mended = found[0].fix.apply(parse_row(raw))
    assert mended == b'{"prompt": "a\\u2028b", "completion": "c\\u0085"}'


def test_a_type_that_changes_is_found_among_many_rows() -> None:
    rows = [
        json.dumps({"prompt": f"q {n}", "completion": f"answer {n}", "id": n}).encode() for n in range(99)
    ]
    rows[50] = rows[50].replace(b'"id": 50', b'"id": "50"')
    found = lint_rows(enumerate(rows), Target("generic")).findings
    assert [(each.code, each.row) for each in found] == [("SCH007", 50)]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_separator_at_the_end_of_a_text_is_found_among_many_rows(separator: str) -> None:
    texts = [f"answer {n}" for n in range(99)]
    texts[50] += separator
    rows = [
        json.dumps({"prompt": f"q {n}", "completion": text}, ensure_ascii=False).encode()
        for n, text in enumerate(texts)
    ]
    found = lint_rows(enumerate(rows), Target("generic")).findings
    told = [(each.row, each.start) for each in found if each.code == "ENC008"]
    assert told == [(50, 9)]
    assert {each.row for each in found} == {50}


@pytest.mark.parametrize("model", ["gpt-35-turbo", "ft:gpt-3.5-turbo:me"])
def test_rows_are_measured_for_the_providers_model(model: str) -> None:
    target = Target("openai", model=model)
    long = chat(user(), assistant("parcel " * 17_000))
    found = findings(long, target)
    assert set(found) >= {"TOK001", "TOK002"}
    assert "16,385" in found["TOK001"].message
    assert (found["TOK002"].pointer, found["TOK002"].start) == ("/messages/1/content", 0)
    assert "TOK001" not in findings(chat(user(), assistant("parcel " * 3_000)), target)
    assert "TOK001" not in findings(long, "openai")
    assert "TOK001" not in findings(long, Target("openai", model="gpt-4o"))


def template_of(folder: Path, source: str) -> Target:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.starter_model() / name, folder)
    (folder / "chat_template.jinja").write_text(source)
    return Target("local", ChatTemplate.load(folder))


INJECTING = (
    "{% if messages[0].role != 'system' %}<|system|>You are Otto, made in Lyon.<|end|>{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
)


def test_a_system_text_that_the_template_adds_is_shown(tmp_path: Path) -> None:
    target = template_of(tmp_path, INJECTING)
    found = findings(chat(user(), assistant()), target)["TPL002"]
    assert found.severity is Severity.INFO
    assert "You are Otto, made in Lyon." in found.message
    assert "TPL002" not in findings(chat(system(), user(), assistant()), target)


def test_a_system_text_that_is_left_out_can_go_into_the_question(tmp_path: Path) -> None:
    source = (
        "{% for m in messages %}{% if m.role != 'system' %}<|{{ m.role }}|>{{ m.content }}<|end|>"
        "{% endif %}{% endfor %}"
    )
    target = template_of(tmp_path, source)
    value = chat(system("Be brief."), user(), assistant())
    found = findings(value, target)["TPL002"]
    assert found.severity is Severity.WARNING
    assert found.fix is not None
    mended = found.fix.apply(parse_row(json.dumps(value).encode())) or b""
    assert [turn["content"] for turn in json.loads(mended)["messages"]] == [
        "Be brief.\n\nWhere is my parcel?",
        "It will come tomorrow.",
    ]
    assert "TPL002" not in findings(json.loads(mended), target)


@pytest.mark.parametrize("before", [[], [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]])
def test_a_comparison_in_sharegpt_needs_no_answer_of_its_own(before: list[Any]) -> None:
    pair = {
        "conversations": [*before, {"from": "human", "value": "Q"}],
        "chosen": {"from": "gpt", "value": "yes"},
        "rejected": {"from": "gpt", "value": "no"},
    }
    assert findings(pair, "llamafactory") == {}
