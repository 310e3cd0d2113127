"""Claims about tables: what is guessed from their columns, and how they are shown."""

import pytest

from tests.dataset.rows_of_formats import ROWS
from tunedesk.dataset.mapping import ColumnMapping, preview
from tunedesk.dataset.mapping_guess import suggest_mapping


def table(*columns, rows=8):
    """Rows whose texts differ, with the given column names."""
    return [{column: f"{column} of row number {number}" for column in columns} for number in range(rows)]


@pytest.mark.parametrize(
    ("columns", "user", "assistant"),
    [
        (("question", "answer"), "question", "answer"),
        (("id", "input", "output"), "input", "output"),
        (("Instruction", "Response"), "Instruction", "Response"),
        (("prompt", "response"), "prompt", "response"),
        (("Answer", "User Message"), "User Message", "Answer"),
        (("вопрос", "ответ"), "вопрос", "ответ"),
        (("zaehler", "gegenstueck"), "zaehler", "gegenstueck"),
    ],
)
def test_names_and_places_tell_question_and_answer(columns, user, assistant):
    assert suggest_mapping(table(*columns)) == ColumnMapping(user=user, assistant=assistant)


def test_context_and_system_prompt_have_columns_of_their_own():
    mapping = suggest_mapping(table("instruction", "context", "response", "System Prompt"))
    assert mapping == ColumnMapping(
        system="System Prompt", context="context", user="instruction", assistant="response"
    )


def test_a_pair_of_answers_is_a_preference():
    mapping = suggest_mapping(table("question", "better", "worse"))
    assert mapping == ColumnMapping(user="question", chosen="better", rejected="worse")


def test_a_few_short_values_are_classes_to_be_learned():
    rows = [{"text": f"a message number {n}", "label": ("spam", "ham")[n % 2]} for n in range(8)]
    mapping = suggest_mapping(rows)
    assert mapping is not None
    assert (mapping.user, mapping.assistant) == ("text", "label")
    assert mapping.system_text.endswith("ham, spam.")
    renamed = [{"zzz": row["text"], "yyy": row["label"]} for row in rows]
    assert suggest_mapping(renamed) == ColumnMapping(
        user="zzz", assistant="yyy", system_text=mapping.system_text
    )


def test_classes_may_be_numbers():
    rows = [{"text": f"a message number {n}", "label": n % 2} for n in range(8)]
    mapping = suggest_mapping(rows)
    assert mapping is not None
    shown = preview(rows[:1], mapping)[0]
    assert [(turn.role, turn.content) for turn in shown.messages][1:] == [
        ("user", "a message number 0"),
        ("assistant", "0"),
    ]


@pytest.mark.parametrize("as_text", [False, True])
def test_a_column_of_turns_is_found_with_its_keys(as_text):
    turns = '[{"speaker": "human", "text": "q"}, {"speaker": "gpt", "text": "a"}]'
    cell = turns if as_text else [{"speaker": "human", "text": "q"}, {"speaker": "gpt", "text": "a"}]
    mapping = suggest_mapping([{"id": 1, "dialog": cell}])
    assert mapping == ColumnMapping(messages="dialog", role_key="speaker", text_key="text")
    assert [turn.role for turn in preview([{"dialog": cell}], mapping)[0].messages] == ["user", "assistant"]


def test_an_empty_context_leaves_the_question_alone():
    mapping = ColumnMapping(context="c", user="q", assistant="a")
    full, empty = preview([{"c": "Facts.", "q": "Why?", "a": "x"}, {"c": "", "q": "Why?", "a": "x"}], mapping)
    assert full.messages[0].content == "Facts.\n\nWhy?"
    assert [part.pointer for part in full.messages[0].parts] == ["/c", "/q"]
    assert (empty.messages[0].content, empty.messages[0].text_pointer) == ("Why?", "/q")


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("mapped", "text", "prompt-only")])
def test_a_known_format_needs_no_mapping(name):
    assert suggest_mapping([ROWS[name]]) is None


@pytest.mark.parametrize("rows", [[], [{}], [{"n": 1, "m": 2}], table("only"), table("a1", "b1", "c1")])
def test_nothing_is_guessed_where_nothing_speaks_for_it(rows):
    assert suggest_mapping(rows) is None


def test_a_mapping_without_an_answer_says_nothing():
    assert not ColumnMapping(user="q").says_something
    assert not ColumnMapping(system="s").says_something
    assert ColumnMapping(user="q", assistant="a").says_something
    assert ColumnMapping(messages="m").says_something
