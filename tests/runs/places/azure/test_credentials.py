"""Tokens of Entra ID: through the real azure-identity, with a stand-in for the `az` program alone."""

import sys
import time
from pathlib import Path
from typing import Any

import azure.identity
import pytest
from azure.identity import AuthenticationRecord

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.places.azure.credentials import log_in, log_out, logged_in_as, token_provider

SCOPE = "https://ai.azure.com/.default"
ACCOUNT = Account(
    name="Azure", provider="azure", base_url="https://r.openai.azure.com/openai/v1", auth="entra"
)
RECORD = AuthenticationRecord("tenant", "client", "login.microsoftonline.com", "home", "ann@example.com")
ANSWER = '{"accessToken": "token-%s", "expires_on": %d, "expiresOn": "2030-01-01 00:00:00.000000"}'


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts a program `az` on the path; returns the file of what it was asked."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands in for az")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "asked"


def write_az(asked: Path, answer: str, code: int = 0) -> None:
    program = asked.parent / "az"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{asked}"\necho \'{answer}\'\nexit {code}\n')
    program.chmod(0o755)


def test_a_token_comes_from_the_azure_clis_login_and_is_kept_while_it_is_good(az: Path) -> None:
    write_az(az, ANSWER % ("one", time.time() + 3600))
    token = token_provider(ACCOUNT, SCOPE)
    assert [token(), token(), token()] == ["token-one"] * 3
    asked = az.read_text().splitlines()
    assert len(asked) == 1
    assert "get-access-token" in asked[0] and "https://ai.azure.com" in asked[0]


def test_a_token_that_soon_ends_is_replaced(az: Path) -> None:
    write_az(az, ANSWER % ("old", time.time() + 60))
    token = token_provider(ACCOUNT, SCOPE)
    assert token() == "token-old"
    write_az(az, ANSWER % ("new", time.time() + 3600))
    assert token() == "token-new"


def test_a_computer_without_a_login_is_told_what_to_do(az: Path) -> None:
    write_az(az, "Please run az login; secret-part", code=1)
    with pytest.raises(UserError) as caught:
        token_provider(ACCOUNT, SCOPE)()
    assert "az login" in caught.value.hint
    assert "secret-part" not in caught.value.sentence


def test_without_azure_identity_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(UserError) as caught:
        token_provider(ACCOUNT, SCOPE)
    assert "tunedesk[azure]" in caught.value.hint


class Browser:
    """Stands for a person who logs in; keeps how it was asked."""

    asked: dict[str, Any]

    def __init__(self, **asked: Any) -> None:
        Browser.asked = asked

    def authenticate(self, scopes: list[str]) -> AuthenticationRecord:
        return RECORD

    def get_token(self, scope: str) -> Any:
        raise azure.identity.AuthenticationRequiredError([scope])


def test_a_login_in_the_browser_is_kept_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure.identity, "InteractiveBrowserCredential", Browser)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://elsewhere.example.com")
    assert logged_in_as() == ""
    assert log_in(SCOPE) == logged_in_as() == "ann@example.com"
    assert Browser.asked["authority"] == "login.microsoftonline.com"
    assert Browser.asked["cache_persistence_options"].allow_unencrypted_storage is False
    assert "token" not in (paths.home() / "entra.json").read_text()
    log_out()
    assert logged_in_as() == ""


def test_a_background_process_opens_no_browser_and_says_that_a_login_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(azure.identity, "InteractiveBrowserCredential", Browser)
    log_in(SCOPE)
    with pytest.raises(UserError, match="AuthenticationRequiredError"):
        token_provider(ACCOUNT, SCOPE)()
    assert Browser.asked["authority"] == "login.microsoftonline.com"
    assert Browser.asked["disable_automatic_authentication"] is True
    assert Browser.asked["authentication_record"].username == "ann@example.com"


def test_a_damaged_record_is_told_with_its_file() -> None:
    (paths.home() / "entra.json").write_text("{}")
    with pytest.raises(UserError, match=r"entra\.json"):
        token_provider(ACCOUNT, SCOPE)
