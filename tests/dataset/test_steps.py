"""Claims about a step's form in the journal."""

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.places import Place, joined
from tunedesk.dataset.steps import PART_BYTES, Step, decode_parts, encode_step

places = st.lists(
    st.builds(Place, st.integers(0, 99), st.integers(1, 2**40), st.integers(1, 9)), max_size=4
).map(joined)
texts = st.dictionaries(st.integers(1, 2**40), st.binary(max_size=9), max_size=5)


@given(st.builds(Step, st.text(max_size=5), places, places, texts, texts))
def test_a_step_is_read_back_as_it_was_written(step):
    assert list(decode_parts(step.label, encode_step(step))) == [step]
    assert step.reversed().reversed() == step


def test_a_step_on_much_text_is_written_in_parts_that_a_database_can_hold():
    big = b"x" * (PART_BYTES // 3)
    step = Step(
        "Edit", joined(()), joined(()), dict.fromkeys(range(7), big), dict.fromkeys(range(7), b"y" + big)
    )
    parts = list(encode_step(step))
    assert len(parts) > 4
    assert max(map(len, parts)) < PART_BYTES + 1000
    assert list(decode_parts("Edit", parts)) == [step]
