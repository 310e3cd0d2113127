"""No key is ever in a log, a sentence or a traceback."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tunedesk.runs.redaction import RedactingFilter, install, redact, shown_key

KEY = "0f3c9a77b1e24d5c8a6f"  # as Azure's: nothing about its form gives it away
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO, RedactingFilter]]:
    written = io.StringIO()
    logger = logging.Logger("above")
    logger.addHandler(logging.StreamHandler(written))
    hooks = sys.excepthook
    yield logger, written, install([KEY], logger)
    sys.excepthook = hooks


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"got {KEY} back", "got [key] back"),
        ("key sk-proj-Ab12Cd34Ef56 is wrong", "key [key] is wrong"),
        ("Incorrect API key provided: sk-Ab12****Ef56.", "Incorrect API key provided: sk-Ab12****Ef56."),
        ("token td-0123456789abcdef", "token [key]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [key]"),
        ("{'authorization': 'Bearer abc', 'x': 1}", "{'authorization': 'Bearer [key]', 'x': 1}"),
        ("bearer abcdef, then", "bearer [key], then"),
        ("api-key: 12345 next", "api-key: [key] next"),
        ('"api_key": "12345"', '"api_key": "[key]"'),
        ("https://a.net/b?sv=1&sig=ab%2Fc&se=2", "https://a.net/b?sv=1&sig=[key]&se=2"),
        ("https://me:secret@host/v1", "https://[key]@host/v1"),
        (f"id_token {JWT}.", "id_token [key]"),
        ("the sky is blue; task-force; desk-lamp-office", "the sky is blue; task-force; desk-lamp-office"),
        ("step 12/100 loss 0.5", "step 12/100 loss 0.5"),
    ],
)
def test_keys_are_taken_out_and_other_words_are_not(text: str, clean: str) -> None:
    assert redact(text, [KEY]) == clean


def test_short_secrets_do_not_eat_words() -> None:
    assert redact("a step", ["a"]) == "a step"


def test_a_longer_secret_is_taken_out_before_a_part_of_it() -> None:
    assert redact("x-abcdefgh-123456789", ["abcdefgh", "abcdefgh-123456789"]) == "x-[key]"


def test_records_arguments_and_tracebacks_are_redacted(
    log: tuple[logging.Logger, io.StringIO, RedactingFilter],
) -> None:
    logger, written, _ = log
    logger.warning("refused %s for %s", KEY, "work")
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logger.exception("failed with %r", {"api-key": KEY})
    logger.error("broken %d", "text")
    assert KEY not in written.getvalue()
    assert "refused [key] for work" in written.getvalue()
    assert "ValueError: bad key [key]" in written.getvalue()
    assert "broken" in written.getvalue()


def test_what_other_loggers_pass_up_is_redacted_too(
    log: tuple[logging.Logger, io.StringIO, RedactingFilter],
) -> None:
    logger, written, _ = log
    below = logging.Logger("above.below")
    below.parent = logger
    below.warning("sent %s", KEY)
    assert written.getvalue() == "sent [key]\n"


def test_a_key_that_comes_later_is_learned(
    log: tuple[logging.Logger, io.StringIO, RedactingFilter],
) -> None:
    logger, written, found = log
    found.learn("another-secret-777")
    logger.warning("another-secret-777")
    assert written.getvalue() == "[key]\n"


def test_libraries_that_log_requests_are_kept_at_warnings(
    log: tuple[logging.Logger, io.StringIO, RedactingFilter],
) -> None:
    assert logging.getLogger("openai").level >= logging.WARNING
    assert logging.getLogger("httpx2").level >= logging.WARNING


@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_traceback_of_the_process_holds_no_key(where: str) -> None:
    raising = "def fail(): raise ValueError('the key ' + KEY)\n"
    run = {
        "main": "fail()",
        "thread": "import threading; t = threading.Thread(target=fail); t.start(); t.join()",
    }
    program = (
        f"from tunedesk.runs.redaction import install\nKEY = '{KEY}'\ninstall([KEY])\n{raising}{run[where]}"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ValueError: the key [key]" in found.stderr
    assert KEY not in found.stderr.replace(f"KEY = '{KEY}'", "")


def test_a_person_sees_the_last_four_characters_only() -> None:
    assert shown_key("sk-proj-12345678") == "…5678"
    assert shown_key("short") == "…"
    assert shown_key("") == ""
