"""Provider profiles as files: the shipped ones, and the user's own copies that take their place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec

from tunedesk import paths
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.errors import UserError
from tunedesk.runs.addresses import checked_address
from tunedesk.runs.hyperparameters import in_plain_words
from tunedesk.runs.provider import Provider

HYPERPARAMETERS = frozenset({"n_epochs", "batch_size", "learning_rate_multiplier", "beta"})
STATUSES = frozenset({"validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"})
"""What a service's own words for the state of a job are told as; "paused" is in use, though in no list."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


def shipped_dir() -> Path:
    return paths.resources() / "providers"


def own_dir() -> Path:
    """Where the user's own profiles are looked for; the folder may not exist."""
    return paths.home() / "providers"


def find_providers(tell: Callable[[UserError], None] | None = None) -> tuple[Provider, ...]:
    """All profiles by title; a user's own takes the place of the shipped one with the same id.

    tell: gets what is wrong with a user's own file, which is then left out. Without it that is raised.
    """
    found = {provider.id: provider for provider in map(read_provider, sorted(shipped_dir().glob("*.toml")))}
    for path in sorted(own_dir().glob("*.toml")):
        try:
            provider = read_provider(path)
        except UserError as error:
            if tell is None:
                raise
            tell(error)
        else:
            found[provider.id] = provider
    return tuple(sorted(found.values(), key=lambda provider: (provider.id == "custom", provider.title)))


def provider_named(id: str) -> Provider:
    """UserError: there is no such profile, or it is damaged."""
    return read_provider(_file_of(id))


def _file_of(id: str) -> Path:
    for path in (own_dir() / f"{id}.toml", shipped_dir() / f"{id}.toml"):
        if _ID.match(id) and path.is_file():
            return path
    names = ", ".join(provider.id for provider in find_providers(lambda trouble: None))
    raise UserError(f"There is no provider profile {id!r}.", hint=f"There are: {names}.")


def read_provider(path: Path) -> Provider:
    """UserError names the file and the key that is wrong."""
    try:
        provider = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Provider)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}.", hint="Correct the file, or delete it.") from error
    except msgspec.ValidationError as error:
        raise UserError(
            f"{path}: {in_plain_words(error)}.", hint="Correct the file, or delete it."
        ) from error
    for problem in _problems(provider, path):
        raise UserError(f"{path}: {problem}.", hint="Correct the file, or delete it.")
    return provider


def copy_provider(id: str, new_id: str) -> Path:
    """A copy of a profile, with its comments, for the user to edit. UserError: bad id, or it is there."""
    if not _ID.match(new_id):
        message = f"{new_id!r} cannot be the id of a profile."
        raise UserError(message, hint="Use small letters, digits and dashes, such as my-gateway.")
    new = own_dir() / f"{new_id}.toml"
    if new.exists():
        raise UserError(f"{new} exists already.", hint="Edit it, or choose another id.")
    text = re.sub(r'(?m)^id = ".*"$', f'id = "{new_id}"', _file_of(id).read_text("utf-8"), count=1)
    new.parent.mkdir(parents=True, exist_ok=True)
    paths.write_atomically(new, text.encode())
    read_provider(new)
    return new


def _problems(provider: Provider, path: Path) -> list[str]:
    """Sentences without a full stop about what no type can say."""
    found = []
    if not _ID.match(provider.id) or provider.id != path.stem:
        found.append(f'id is {provider.id!r}; it must be the name of the file, "{path.stem}"')
    if unknown := set(provider.hyperparameters) - HYPERPARAMETERS:
        found.append(f"hyperparameters has {sorted(unknown)[0]!r}, which TuneDesk does not know")
    if unknown := set(provider.statuses.values()) - STATUSES:
        found.append(f"statuses has {sorted(unknown)[0]!r}; it may have {', '.join(sorted(STATUSES))}")
    if missing := [method for method in provider.methods if method not in provider.targets]:
        found.append(f"targets names none for the method {missing[0]}")
    if not 0 < provider.poll_seconds[0] <= provider.poll_seconds[1]:
        found.append("poll_seconds must be two numbers above 0 that do not fall")
    if not provider.answer_seconds > 0:
        found.append("answer_seconds must be above 0")
    if provider.api == "azure-classic" and not provider.api_version:
        found.append("api_version is missing, which the classic address needs")
    return found + [text for check in (_targets, _pattern, _day, _address) if (text := check(provider))]


def _targets(provider: Provider) -> str:
    try:
        for target in provider.targets.values():
            profile_named(target)
    except UserError as error:
        return f"targets: {error.message.removesuffix('.')}"
    return ""


def _pattern(provider: Provider) -> str:
    try:
        re.compile(provider.suffix_pattern)
    except re.error as error:
        return f"suffix_pattern is no regular expression: {error}"
    return ""


def _day(provider: Provider) -> str:
    try:
        if provider.ends_on:
            date.fromisoformat(provider.ends_on)
    except ValueError:
        return f"ends_on is {provider.ends_on!r}, not a day such as 2027-01-06"
    return ""


def _address(provider: Provider) -> str:
    try:
        if provider.base_url:
            checked_address(provider.base_url)
    except UserError as error:
        return f"base_url: {error.message.removesuffix('.')}"
    return ""
