"""Result files of several services, whole and in pieces."""

from __future__ import annotations

import base64

import pytest

from tunedesk.runs.places.cloud.results import is_results, read_results

OPENAI = (
    b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"
    b"1,4.06,0.5,,\n2,2.02,0.75,2.14,0.6\n"
)
AZURE = (
    b"step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy,full_valid_loss,"
    b"full_valid_mean_token_accuracy\r\n1,4.06,0.5,,,,\r\n2,2.02,0.75,2.5,0.6,2.14,0.7\r\n"
)


@pytest.mark.parametrize(
    "data", [OPENAI, base64.b64encode(OPENAI), base64.encodebytes(OPENAI), b"\xef\xbb\xbf" + OPENAI, AZURE]
)
def test_each_form_gives_the_same_figures(data: bytes) -> None:
    found = read_results(data)
    assert list(found) == [1, 2]
    assert (found[1].train_loss, found[1].token_accuracy, found[1].validation) == (4.06, 0.5, None)
    assert (found[2].train_loss, found[2].token_accuracy, found[2].validation) == (2.02, 0.75, 2.14)
    assert is_results(data)


def test_columns_are_found_by_their_names() -> None:
    found = read_results(b'"valid_loss","STEP","train_loss","other"\n0.5,3,0.7,x\n')
    assert (found[3].valid_loss, found[3].train_loss) == (0.5, 0.7)


def test_of_a_table_that_was_cut_the_last_line_is_left_out() -> None:
    cut = OPENAI[:-12]
    assert list(read_results(cut, is_whole=False)) == [1]
    assert list(read_results(base64.b64encode(OPENAI)[:-14], is_whole=False)) == [1]


def test_a_whole_table_may_have_no_end_of_line() -> None:
    assert list(read_results(OPENAI.rstrip())) == [1, 2]


@pytest.mark.parametrize("data", [b"", b"{}", b"loss,epoch\n1,2\n", b"\xff\xfe\x00", b"step", b"step\n"])
def test_what_is_no_such_table_gives_nothing(data: bytes) -> None:
    assert read_results(data) == {}


def test_figures_that_are_no_numbers_are_not_told() -> None:
    found = read_results(b"step,train_loss,valid_loss\n1,nan,inf\n0,1,1\n1.5,1,1\nx,1,1\n2,,0.5\n")
    assert {step: (one.train_loss, one.valid_loss) for step, one in found.items()} == {
        1: (None, None),
        2: (None, 0.5),
    }
