"""What nobody caught is told without the keys in it."""

import logging

import pytest

from tunedesk.desktop.shell.errors import ErrorHook

KEY = "sk-proj-aB3dE5gH7jK9mN1pQ3"


def test_a_traceback_is_logged_and_shown_without_a_key(qtbot, caplog):
    hook, told = ErrorHook(), []
    hook.reported.connect(lambda error, text: told.append(text))
    with caplog.at_level(logging.ERROR):
        try:
            raise ValueError(f"refused: Authorization: Bearer {KEY}")
        except ValueError as error:
            hook.report(error)
    assert "refused: Authorization: Bearer [key]" in told[0]
    assert "ValueError" in caplog.text
    assert KEY not in told[0] + caplog.text


@pytest.mark.parametrize("secret", [KEY, "td-0123456789abcdef"])
def test_every_form_of_a_key_is_taken_out(qtbot, secret):
    hook, told = ErrorHook(), []
    hook.reported.connect(lambda error, text: told.append(text))
    hook.report(ValueError(f"the key {secret} is wrong"))
    assert secret not in told[0]
