"""The client of an account: whatever the environment holds, it asks where it was told, as it was told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runs.cloud.cloud_runs import KEY, a_provider
from tests.runs.faults.proxy import Answer, Fault, Proxy, refuses
from tunedesk.errors import UserError
from tunedesk.runs.accounts import Account
from tunedesk.runs.places.cloud.connection import Key, connect
from tunedesk.runs.places.cloud.models import list_models
from tunedesk.runs.places.cloud.refusals import Refused
from tunedesk.runs.places.cloud.service import Service
from tunedesk.runs.provider import Provider

MODELS = (
    '{"data": [{"id": "b", "created": 7, "owned_by": "us", "shutdown_date": "2027-01-14"}, {"id": "A"},'
    ' {"id": "c", "shutdown_date": 1800000000}]}'
)


@pytest.fixture
def service() -> Iterator[Proxy]:
    """Answers by itself; no server is behind it."""
    listed = Fault(
        "GET",
        r".*/models(\?.*)?",
        times=9,
        passes=False,
        change=lambda answer: Answer(200, {}, MODELS.encode()),
    )
    with Proxy("http://127.0.0.1:9/v1", [listed]) as proxy:
        yield proxy


def account(proxy: Proxy, **more: Any) -> Account:
    return Account(name="Ours", provider="custom", base_url=proxy.url, **more)


def sent(proxy: Proxy, given: Account, key: Key = KEY, provider: Provider | None = None) -> dict[str, str]:
    """The headers of one request, by lower-case names."""
    list_models(given, provider or a_provider("custom"), key)
    return {name.lower(): value for name, value in proxy.seen[-1].headers.items()}


@pytest.fixture
def trap() -> Iterator[Proxy]:
    """Where the environment says that all requests go."""
    with Proxy("http://127.0.0.1:9/v1") as proxy:
        yield proxy


@pytest.fixture
def stray(monkeypatch: pytest.MonkeyPatch, trap: Proxy) -> Iterator[None]:
    """Nothing may come to the trap, for all requests of these tests are to this computer."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, trap.url.removesuffix("/v1"))
    for name, value in {
        "OPENAI_API_KEY": "stray-key",
        "OPENAI_ADMIN_KEY": "stray-admin",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_ORG_ID": "stray-organisation",
        "OPENAI_PROJECT_ID": "stray-project",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer stray\nX-Stray: yes\nOpenAI-Organization: stray",
        "OPENAI_WEBHOOK_SECRET": "stray-secret",
        "AZURE_OPENAI_API_KEY": "stray-azure",
        "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1",
        "OPENAI_API_VERSION": "1999-01-01",
    }.items():
        monkeypatch.setenv(name, value)
    yield
    assert trap.seen == []


def test_stray_variables_redirect_nothing_and_add_nothing(service: Proxy, stray: None) -> None:
    headers = sent(service, account(service))
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not {"x-stray", "openai-organization", "openai-project", "api-key"} & set(headers)
    assert "stray" not in " ".join(headers.values())


def test_organisation_and_project_are_the_accounts(service: Proxy, stray: None) -> None:
    headers = sent(service, account(service, organization="org-1", project="proj-2"))
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-2")


def test_a_service_without_keys_gets_none(service: Proxy, stray: None) -> None:
    assert "authorization" not in sent(service, account(service, auth="none"), "")


def test_a_token_is_asked_for_anew_for_each_request(service: Proxy) -> None:
    tokens = iter(("first", "second"))
    given = account(service, auth="entra")
    for expected in ("first", "second"):
        assert sent(service, given, lambda: next(tokens))["authorization"] == f"Bearer {expected}"


def test_azures_classic_address_has_its_own_path_version_and_header(service: Proxy, stray: None) -> None:
    provider = a_provider("azure-classic")
    given = Account(name="Old", provider=provider.id, base_url=service.url.removesuffix("/v1"))
    headers = sent(service, given, KEY, provider)
    assert headers["api-key"] == KEY and "authorization" not in headers
    assert service.seen[-1].path == f"/openai/models?api-version={provider.api_version}"


def test_a_redirect_is_not_followed(service: Proxy) -> None:
    with Proxy("http://127.0.0.1:9/v1") as elsewhere:
        service.faults.insert(0, refuses("GET", ".*", 307, headers={"location": elsewhere.url + "/models"}))
        with pytest.raises(Refused, match="another address"):
            sent(service, account(service))
        assert elsewhere.seen == []


def test_a_store_on_this_computer_is_asked_past_the_environments_proxy(
    service: Proxy, stray: None, tmp_path: Path
) -> None:
    content = r"/v1/files/.*/content"
    service.faults[:0] = [
        refuses("GET", content, 307, headers={"location": "/elsewhere"}),
        Fault("GET", "/elsewhere", passes=False, change=lambda answer: Answer(200, {}, b"step\n")),
    ]
    asked = Service(account(service), a_provider("custom"), KEY)
    try:
        assert asked.content("file-1", tmp_path / "out", "fetching") == 5
    finally:
        asked.close()


def test_the_list_of_models_says_when_they_end(service: Proxy) -> None:
    found = list_models(account(service), a_provider("custom"), KEY)
    assert [(model.id, model.created, model.shutdown_date) for model in found] == [
        ("A", 0, ""),
        ("b", 7, "2027-01-14"),
        ("c", 0, "2027-01-15"),
    ]


@pytest.mark.parametrize(
    "address", ["http://example.com/v1", "ftp://example.com", "https://me:word@example.com/v1"]
)
def test_an_address_that_others_could_read_along_is_refused(address: str) -> None:
    with pytest.raises(UserError):
        connect(Account(name="x", provider="custom", base_url=address), a_provider("custom"), KEY)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "“quoted”", "tab\tbed"])
def test_a_key_that_is_none_is_refused_without_showing_it(key: str) -> None:
    given = Account(name="x", provider="custom", base_url="https://example.com/v1")
    with pytest.raises(UserError) as caught:
        connect(given, a_provider("custom"), key)
    assert key not in caught.value.sentence


def test_without_a_key_nothing_is_asked() -> None:
    given = Account(name="x", provider="custom", base_url="https://example.com/v1")
    with pytest.raises(UserError, match="no key for x"):
        connect(given, a_provider("custom"), "")
