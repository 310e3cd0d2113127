"""Events are one line each, read back the same, and noise is told from them."""

from hypothesis import given
from hypothesis import strategies as st

from tests.runs.examples import a_step
from tunedesk.runs.events import Failed, Sampled, Step, Unreadable, decode_line, encode_event


def test_an_event_is_one_line_that_names_its_type_and_its_figures() -> None:
    line = encode_event(a_step(3))
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    for key in (b'"type":"step"', b'"step":3', b'"loss":', b'"learning_rate":', b'"grad_norm":'):
        assert key in line
    assert b'"tokens_per_second":' in line


@given(st.text(), st.text())
def test_any_text_survives(prompt: str, text: str) -> None:
    prompt, text = (part.encode("utf-8", "replace").decode() for part in (prompt, text))
    event = Sampled(
        run="r", attempt=1, seq=1, time=0.0, step=1, prompt_index=0, prompt=prompt, text=text, stopped=True
    )
    line = encode_event(event)
    assert line.count(b"\n") == 1
    assert decode_line(line) == event


def test_a_loss_keeps_every_bit() -> None:
    loss = 0.1 + 0.2
    event = decode_line(encode_event(a_step(1, loss=loss)))
    assert isinstance(event, Step) and event.loss == loss


def test_noise_and_newer_events_are_unreadable_and_never_raise() -> None:
    for line in (
        b"",
        b"Loading ...",
        b'{"type":"teleported","run":"r"}',
        b'{"type":"step"',
        b"\xff",
        b"[" * 9999,
    ):
        assert isinstance(decode_line(line), Unreadable)


def test_a_field_of_a_newer_writer_is_ignored() -> None:
    event = Failed(run="r", attempt=1, seq=1, time=0.0, reason="a", hint="b", step=0)
    assert decode_line(encode_event(event)[:-2] + b',"mood":"sad"}\n') == event
