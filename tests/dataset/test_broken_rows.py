"""Claims about rows that are broken in any way: edits and conversions answer with a row or a sentence."""

import copy
import json
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dataset.rows_of_formats import MAPPING, ROWS, leaves
from tests.dataset.test_example import KEYS, anything
from tunedesk.dataset import row_edits
from tunedesk.dataset.converting import convert_row
from tunedesk.dataset.example import RowFormat, detect_format, example_of
from tunedesk.dataset.json_pointer import delete_at, set_at
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.mapping_guess import suggest_mapping
from tunedesk.dataset.target_profiles import PROFILES
from tunedesk.errors import UserError

TABLE = ColumnMapping(system="system", user="input", assistant="output", messages="messages", label="label")


@st.composite
def damaged(draw):
    """A good row in which something was deleted, or became something else."""
    row = copy.deepcopy(ROWS[draw(st.sampled_from(sorted(ROWS)))])
    for _ in range(draw(st.integers(0, 2))):
        pointers = [pointer for leaf in leaves(row) for pointer in above(leaf)]
        pointer = draw(st.sampled_from(sorted(set(pointers))))
        row = delete_at(row, pointer) if draw(st.booleans()) else set_at(row, pointer, draw(anything))
        if not row:
            break
    return row


def above(pointer: str) -> Iterator[str]:
    """The pointer and those of all that it lies in, but the row."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]


rows = damaged() | st.dictionaries(st.sampled_from(KEYS), anything, max_size=4)
mappings = st.sampled_from([None, MAPPING, TABLE])


def edits_of(value, mapping, other):
    """Every edit at every turn, as something to be called."""
    example = example_of(value, mapping)
    turns = [*example.messages, *example.chosen, *example.rejected]
    for place in [0, other, *(turn.pointer for turn in turns)]:
        for edit, rest in (
            (row_edits.set_content, ("x",)),
            (row_edits.set_role, ("user",)),
            (row_edits.set_weight, (0,)),
            (row_edits.set_weight, (None,)),
            (row_edits.insert_turn, ("user", "x")),
            (row_edits.insert_turn, ("system", "x")),
            (row_edits.delete_turn, ()),
            (row_edits.move_turn, (other,)),
            (row_edits.add_tool_call, ("f", "{}")),
        ):
            yield edit, (place, *rest)
    for call in (call for turn in turns for call in turn.tool_calls):
        yield row_edits.set_tool_call, (call.pointer, "g", '{"a": 1}')
        yield row_edits.delete_tool_call, (call.pointer,)
    yield row_edits.swap_preference, ()
    yield row_edits.set_tools, ([{"name": "f"}],)


@settings(max_examples=60)
@given(rows, mappings, st.integers(0, 3))
def test_an_edit_gives_a_row_or_a_sentence_and_leaves_the_old_row_alone(value, mapping, other):
    before = json.dumps(value)
    for edit, arguments in edits_of(value, mapping, other):
        try:
            new = edit(value, *arguments, mapping)
        except (UserError, LookupError):
            continue
        assert isinstance(new, dict)
        example_of(new, mapping)
    assert json.dumps(value) == before


@settings(max_examples=150)
@given(rows, mappings, st.sampled_from(list(RowFormat)), st.sampled_from(PROFILES))
def test_a_conversion_gives_a_row_of_the_format_or_says_why_not(value, mapping, to, profile):
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    made = convert_row(1, raw, mapping, to, profile)
    if made.raw is None:
        assert made.refusal is not None and made.refusal.why
    else:
        found = json.loads(made.raw)
        assert detect_format(found, mapping if to is RowFormat.MAPPED else None) is to or made.raw == raw


@given(st.lists(rows, max_size=3))
def test_a_guess_is_a_mapping_that_fits_or_nothing(values):
    mapping = suggest_mapping(values)
    assert mapping is None or (mapping.says_something and any(mapping.applies_to(row) for row in values))
