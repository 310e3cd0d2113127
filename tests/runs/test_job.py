"""What a job promises: typed settings, sentences that name the key, and a file that reads back the same."""

import msgspec
import pytest

from tests.runs.examples import a_job
from tunedesk.errors import UserError
from tunedesk.runs.hyperparameters import Hyperparameters, describe, field_names, with_settings
from tunedesk.runs.job import decode_job, encode_job


def test_a_job_reads_back_as_it_was_written() -> None:
    assert decode_job(encode_job(a_job())) == a_job()


def test_settings_take_the_type_of_their_field() -> None:
    changed = with_settings(
        Hyperparameters(), ["epochs=2", "learning_rate=1e-3", "seed=7", "quantization=none"]
    )
    assert changed == Hyperparameters(epochs=2.0, learning_rate=1e-3, seed=7, quantization="none")
    assert isinstance(changed.epochs, float)


@pytest.mark.parametrize(
    ("setting", "named"),
    [("epoch=2", "epoch"), ("epochs=many", "epochs"), ("seed=1.5", "seed"), ("batch_size=0", "batch_size")],
)
def test_a_wrong_setting_is_named(setting: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        with_settings(Hyperparameters(), [setting])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("epochs=many", "epochs=many does not fit: a number is expected."),
        ("seed=1.5", "seed=1.5 does not fit: a whole number is expected."),
        ("batch_size=0", "batch_size=0 does not fit: a whole number >= 1 is expected."),
        ("dora=maybe", "dora=maybe does not fit: true or false is expected."),
        ("quantization=int8", "quantization=int8 does not fit: one of nf4, none is expected."),
    ],
)
def test_a_wrong_setting_is_told_without_a_programmer_s_words(setting: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        with_settings(Hyperparameters(), [setting])
    assert caught.value.message == told


@pytest.mark.parametrize("name", field_names())
@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_no_setting_takes_what_a_job_cannot_hold(name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"^{name}={value} does not fit"):
        with_settings(Hyperparameters(), [f"{name}={value}"])


def test_a_misspelt_setting_gets_the_nearest_name() -> None:
    with pytest.raises(UserError) as caught:
        with_settings(Hyperparameters(), ["lerning_rate=1"])
    assert "learning_rate" in caught.value.hint


def test_a_setting_without_an_equals_sign_is_refused() -> None:
    with pytest.raises(UserError, match="key=value"):
        with_settings(Hyperparameters(), ["epochs"])


def test_problems_lists_every_field_out_of_bounds() -> None:
    problems = Hyperparameters(epochs=0, batch_size=0, max_length=1024).problems()
    assert [problem.split(":")[0] for problem in problems] == ["epochs", "batch_size"]
    assert Hyperparameters().problems() == []


def test_every_setting_has_a_sentence_of_help() -> None:
    assert all(describe(name).endswith(".") for name in field_names())


def test_a_job_of_a_newer_version_says_so() -> None:
    newer = msgspec.json.encode({"version": 2, "what": "ever"})
    with pytest.raises(UserError, match="newer TuneDesk"):
        decode_job(newer)


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": "x"}', b"\xff\xfe"])
def test_a_damaged_job_is_one_sentence(damaged: bytes) -> None:
    with pytest.raises(UserError, match=r"job\.json is damaged"):
        decode_job(damaged)


def test_a_wrong_value_in_the_file_names_its_key() -> None:
    text = encode_job(a_job()).replace(b'"epochs": 3.0', b'"epochs": -1')
    with pytest.raises(UserError, match=r"hyperparameters\.epochs"):
        decode_job(text)
