"""The words in which two answers differ."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.desktop.data.row.word_diff import LONGEST, changed_words


def pieces(text, stretches):
    return [text[start:end] for start, end in stretches]


def test_words_that_only_one_text_has_are_named_in_that_text():
    old, new = "Press the red button now.", "Press the green button."
    gone, come = changed_words(old, new)
    assert pieces(old, gone) == ["red", " now"]
    assert pieces(new, come) == ["green"]


def test_equal_texts_differ_nowhere():
    assert changed_words("a b", "a b") == ((), ())


def test_texts_too_long_to_compare_are_left_unmarked():
    assert changed_words("x " * LONGEST, "y") == ((), ())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_not_marked_is_the_same_in_both(old, new):
    gone, come = changed_words(old, new)

    def kept(text, stretches):
        left, at = [], 0
        for start, end in stretches:
            left.append(text[at:start])
            at = end
        return "".join([*left, text[at:]])

    assert kept(old, gone) == kept(new, come)
