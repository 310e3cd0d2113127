"""Claims about what changed between two texts."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.dataset.text_diff import EDITS, changed_spans, common_runs, diff_texts


def shown(old: str, new: str) -> str:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in diff_texts(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("same", "same", "same"),
        ("", "new", "[+new+]"),
        ("old", "", "[-old-]"),
        ("The red lamp.", "The blue lamp.", "The [-red-][+blue+] lamp."),
        ("one two", "one, two", "one[+,+] two"),
        ("a b", "a  b", "a[- -][+  +]b"),
        ("keep\nold line\nkeep", "keep\nnew line\nkeep", "keep\n[-old-][+new+] line\nkeep"),
        ("1\n2\n3\n", "1\n3\n", "1\n[-2\n-]3\n"),
        ("quick brown fox", "slow green fox", "[-quick brown-][+slow green+] fox"),
        ("привет мир", "привет, мир", "привет[+,+] мир"),
        ("a\u00a0b", "a b", "a[-\u00a0-][+ +]b"),
    ],
)
def test_words_that_changed_are_told(old: str, new: str, expected: str):
    assert shown(old, new) == expected


def test_spans_are_characters_of_either_text():
    assert changed_spans(diff_texts("The red lamp", "A red lamp!")) == (((0, 3),), ((0, 1), (10, 11)))


def test_a_text_that_was_rewritten_whole_is_one_change():
    draw = random.Random(1)
    old, new = (" ".join(str(draw.random()) for _ in range(20_000)) for _ in range(2))
    pieces = diff_texts(old, new)
    assert len(pieces) <= 4 and [piece.kind for piece in pieces if piece.kind != "same"] == [
        "removed",
        "added",
    ]


def test_one_word_in_a_long_text_is_found():
    words = [f"word{number % 977}" for number in range(200_000)]
    other = [*words[:100_000], "CHANGED", *words[100_001:]]
    changed = [piece for piece in diff_texts(" ".join(words), " ".join(other)) if piece.kind != "same"]
    assert [piece.text for piece in changed] == [words[100_000], "CHANGED"]


def test_more_edits_than_can_be_told_apart_are_given_up():
    assert common_runs(["a"] * (EDITS + 1), []) is None
    assert common_runs(["a"] * EDITS, []) == []


TEXT = st.text(alphabet=st.sampled_from("ab, .\n\u00a0я"), max_size=40) | st.text(max_size=20)


@given(TEXT, TEXT)
def test_the_pieces_are_the_old_text_and_the_new(old: str, new: str):
    pieces = diff_texts(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    assert all(piece.text for piece in pieces)
    assert all(left.kind != right.kind for left, right in pairwise(pieces))
    removed, added = changed_spans(pieces)
    assert bool(removed or added) == (old != new)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_no_shorter_way_exists(old: list[str], new: list[str]):
    """The same length as the longest common subsequence, computed the slow way."""
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, a in enumerate(old):
        for j, b in enumerate(new):
            best[i + 1][j + 1] = best[i][j] + 1 if a == b else max(best[i][j + 1], best[i + 1][j])
    runs = common_runs(old, new)
    assert runs is not None and sum(size for _, _, size in runs) == best[-1][-1]
    for x, y, size in runs:
        assert old[x : x + size] == new[y : y + size]
