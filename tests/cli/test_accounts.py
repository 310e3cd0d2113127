"""`tunedesk accounts`: services are set up without a key in any file or argument."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.serve.running import RunningServer
from tunedesk.__main__ import main
from tunedesk.cli import cloud_keys
from tunedesk.cli.cloud_keys import KeyFinder
from tunedesk.errors import UserError
from tunedesk.runs import keys
from tunedesk.runs.account_files import account_named, read_accounts
from tunedesk.runs.accounts import Account
from tunedesk.runs.places.azure import credentials

KEY = "sk-proj-abcdefgh12345678"
ADD = ["accounts", "add", "Work", "--provider", "openai"]


class Vault:
    """A system's store that works."""

    name = "the test's store"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, user: str) -> str:
        return self.kept.get(user, "")

    def put(self, user: str, key: str) -> None:
        self.kept[user] = key

    def forget(self, user: str) -> None:
        self.kept.pop(user, None)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    found = Vault()
    monkeypatch.setattr(keys, "find_vault", lambda: found)
    return found


def typed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_an_account_takes_address_and_login_from_its_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ADD) == 0
    account = account_named("Work")
    assert (account.base_url, account.auth) == ("https://api.openai.com/v1", "key")
    told = capsys.readouterr().out
    assert "OpenAI is ending fine-tuning" in told
    assert "tunedesk accounts key 'Work'" in told


def test_an_azure_account_names_its_resource(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["accounts", "add", "Az", "--provider", "azure", "--auth", "entra", "--region", "westeurope"]
    assert main(arguments) == 2
    assert "--base-url" in capsys.readouterr().err
    resource = ["--azure-subscription", "s", "--azure-resource-group", "g", "--azure-resource", "r"]
    assert main([*arguments, "--base-url", "https://r.openai.azure.com/openai/v1", *resource]) == 0
    azure = account_named("Az").azure
    assert azure is not None and (azure.subscription, azure.resource_group, azure.account) == ("s", "g", "r")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--provider", "nobody"],
        ["--provider", "openai", "--auth", "none"],
        ["--provider", "custom", "--base-url", "http://example.com/v1"],
        ["--provider", "custom", "--base-url", "https://me:pass@example.com/v1"],
    ],
)
def test_a_wrong_account_is_refused_and_not_written(wrong: list[str]) -> None:
    assert main(["accounts", "add", "Work", *wrong]) == 2
    assert read_accounts() == ()


def test_a_key_is_read_from_standard_input_and_kept_by_the_system(
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tunedesk_home: Path,
) -> None:
    main(ADD)
    typed(f"{KEY}\n", monkeypatch)
    assert main(["accounts", "key", "Work"]) == 0
    assert vault.kept == {"Work @ api.openai.com": KEY}
    assert main(["accounts", "list"]) == 0
    told = capsys.readouterr()
    assert "key in the test's store" in told.out
    assert KEY not in told.out + told.err
    files = [path for path in tunedesk_home.rglob("*") if path.is_file()]
    assert files and all(KEY.encode() not in path.read_bytes() for path in files)


def test_a_key_that_cannot_be_kept_is_said_to_be_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keys, "find_vault", lambda: None)
    main(ADD)
    typed(KEY, monkeypatch)
    assert main(["accounts", "key", "Work"]) == 2
    told = capsys.readouterr().err
    assert "was not kept" in told and "--key-env" in told and KEY not in told


def test_a_removed_account_loses_its_key(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    main(ADD)
    typed(KEY, monkeypatch)
    main(["accounts", "key", "Work"])
    assert main(["accounts", "remove", "Work"]) == 0
    assert (read_accounts(), vault.kept) == ((), {})
    main(ADD)
    typed(KEY, monkeypatch)
    main(["accounts", "key", "Work"])
    assert main(["accounts", "key", "Work", "--forget"]) == 0
    assert vault.kept == {}


def test_a_key_comes_from_a_named_variable_then_the_store_then_the_person(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(name="Work", provider="openai", base_url="https://api.openai.com/v1")
    monkeypatch.setenv("MY_KEY", "from-variable")
    monkeypatch.setenv("OPENAI_API_KEY", "a-stray-one")
    typed("", monkeypatch)
    with pytest.raises(UserError, match="There is no key"):
        KeyFinder(None)(account)
    vault.kept["Work @ api.openai.com"] = "from-store"
    assert KeyFinder(None)(account) == "from-store"
    assert KeyFinder("MY_KEY")(account) == "from-variable"
    with pytest.raises(UserError, match="NOT_SET"):
        KeyFinder("NOT_SET")(account)


def test_a_person_is_asked_once_and_sees_no_key(monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[str] = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(cloud_keys.getpass, "getpass", getpass)
    finder = KeyFinder(None)
    account = Account(name="Work", provider="openai", base_url="https://api.openai.com/v1")
    assert [finder(account), finder(account)] == [KEY, KEY]
    assert asked == ["Key of Work: "]


def test_profiles_are_told_with_what_is_unverified_and_copied(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "profiles"]) == 0
    assert main(["accounts", "profiles", "azure"]) == 0
    told = capsys.readouterr().out
    assert "nebius" in told and "unverified: training_types" in told
    assert main(["accounts", "profiles", "custom", "--copy", "my-gateway"]) == 0
    assert (
        main(["accounts", "add", "G", "--provider", "my-gateway", "--base-url", "https://g.example.com"]) == 0
    )


def test_a_login_in_the_browser_is_for_accounts_with_entra_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def log_in(scope: str) -> str:
        asked.append(scope)
        return "ann@example.com"

    monkeypatch.setattr(credentials, "log_in", log_in)
    main(ADD)
    assert main(["accounts", "login", "Work"]) == 2
    address = ["--base-url", "https://r.openai.azure.com/openai/v1"]
    main(["accounts", "add", "Az", "--provider", "azure", "--auth", "entra", *address])
    capsys.readouterr()
    assert main(["accounts", "login", "Az"]) == 0
    assert "Logged in as ann@example.com" in capsys.readouterr().out
    assert asked == ["https://ai.azure.com/.default"]
    assert main(["accounts", "logout"]) == 0
    assert main(["accounts", "key", "Az"]) == 2


def test_no_accounts_are_told_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "list"]) == 0
    assert "tunedesk accounts add" in capsys.readouterr().out
    main(ADD)
    capsys.readouterr()
    main(["accounts", "list", "--json"])
    assert json.loads(capsys.readouterr().out)["accounts"][0]["login"] == "no key"


def test_an_account_is_tested_by_asking_for_its_models(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunningServer(tmp_path / "data", "--model", tiny) as server:
        box = ["accounts", "add", "Box", "--provider", "tunedesk", "--auth", "none", "--base-url", server.url]
        assert main(box) == 0
        capsys.readouterr()
        assert main(["accounts", "test", "Box", "--json"]) == 0
        models = json.loads(capsys.readouterr().out)["models"]
        assert {model["id"] for model in models} >= {"starter", "tiny"}
    assert main(["accounts", "test", "Box"]) == 1
    assert "Box" in capsys.readouterr().err


def test_a_server_on_this_computer_is_added_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["accounts", "add", "here", "--provider", "tunedesk", "--base-url", "http://127.0.0.1:8731/v1"])
        == 0
    )
    assert account_named("here").auth == "none"
    assert (
        main(
            [
                "accounts",
                "add",
                "there",
                "--provider",
                "tunedesk",
                "--base-url",
                "https://gpu.example.com/v1",
                "--no-key",
            ]
        )
        == 0
    )
    assert account_named("there").auth == "key"
