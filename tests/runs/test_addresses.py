"""Keys and rows go only to what is surely an address, with encryption, and no password is ever shown."""

import pytest

from tunedesk.errors import UserError
from tunedesk.runs.addresses import checked_address, host_of, is_this_computer


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.com/v1", "without encryption"),
        ("http://192.168.1.5/v1", "without encryption"),
        ("http://localhost.example.com", "without encryption"),
        ("ftp://example.com", "not an address"),
        ("example.com/v1", "not an address"),
        ("", "not an address"),
        ("https://", "not an address"),
        ("https://me:hidden@example.com", "name or a password"),
        ("https://@example.com", "name or a password"),
        ("https://me:hidden@[broken", "not an address"),
        ("https://exa mple.com", "not an address"),
        ("https://exämple.com", "not an address"),
        ("https://good.example\\.evil.example/", "not an address"),
        ("https://example.com/v1\r\nX-Evil: 1", "not an address"),
        ("https://example.com:port/", "not an address"),
        ("https://example.com/v1?key=1", "more than an address"),
        ("https://example.com/v1#here", "more than an address"),
    ],
)
def test_what_is_no_safe_address_is_refused_without_showing_a_password(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        checked_address(address)
    assert "hidden" not in caught.value.sentence


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://a.example/v1", "a.example"),
        (" https://a.example:8443/openai/v1/ ", "a.example:8443"),
        ("http://localhost:8080/v1", "localhost:8080"),
        ("http://127.0.0.5/v1", "127.0.0.5"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_an_address_tells_where_rows_go(address: str, host: str) -> None:
    assert host_of(address) == host


def test_only_this_computer_s_own_names_are_this_computer() -> None:
    assert all(map(is_this_computer, ("localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]")))
    assert not any(map(is_this_computer, ("0.0.0.0", "::", "10.0.0.1", "example.com", "127.0.0.1.evil.com")))


def test_a_key_behind_the_path_is_not_repeated() -> None:
    for address in ("https://h/v1?api-key=SECRET", "https://h/v1#SECRET", "ftp://h/v1?SECRET"):
        with pytest.raises(UserError) as refused:
            checked_address(address)
        assert "SECRET" not in refused.value.sentence
