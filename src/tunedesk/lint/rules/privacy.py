# ruff: noqa: RUF001
"""PII: personal data and secrets that a model would learn by heart. Where a number has a check digit it
must be
right, and where it has none a word beside it must say what it is: a false alarm in every tenth row is no
help."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tunedesk.lint.edits import ReplaceText
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.rules.check_digits import (
    is_card,
    is_chinese_id,
    is_cpf,
    is_dni,
    is_iban,
    is_inn,
    is_ogrn,
    is_pesel,
    is_snils,
)

MAX_HITS = 50  # of one rule in one row
# The shapes that providers give their keys; each begins with a prefix of its own, so that chance hits are
# rare.
_SECRET = re.compile(
    r"-----BEGIN (?P<private>(?:[A-Z]+ )?PRIVATE KEY)-----.*?(?:-----END (?P=private)-----|\Z)"
    r"|\b(?:sk|rk)_live_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}"
    r"|\bsk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bhf_[A-Za-z0-9]{30,}\b|\bxox[abeoprs]-[A-Za-z0-9-]{20,}|\bAIza[0-9A-Za-z_-]{35}"
    r"|\bey[JI][A-Za-z0-9_-]{10,}\.ey[JI][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    re.DOTALL,
)
# One of these stands in every secret; looking for them first saves the search.
SECRET_SIGNS = tuple(
    [
        "-----BEGIN",
        "sk-",
        "k_live_",
        "npm_",
        "pypi-",
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "hf_",
        "xox",
        "AIza",
        "eyJ",
        "eyI",
    ]
)
_DISTINCT = 10  # characters; "sk-xxxxxxxxxxxxxxxxxxxx" in a manual is no secret
_MASK = "[secret removed]"
SECRET = "a secret key"
_BESIDE = 30  # characters before a number in which the word stands that says what it is
# In every text that holds any of it stands one of these; looking for them first saves a dozen searches.
_SIGN = re.compile(r"@|[0-9](?:[ ().-]{0,3}[0-9]){4}|[23][0-9A-Fa-f]{3}:|[A-Z]{2}[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Personal:
    """One kind of personal data. is_real: tells chance from the real thing. beside: what must stand shortly
    before it, None when the data speaks for itself."""

    name: str
    mask: str
    pattern: re.Pattern[str]
    is_real: Callable[[str], bool]
    beside: re.Pattern[str] | None = None


_MAIL_OF_NOBODY = re.compile(
    r"(?i)(?:info|support|help|helpdesk|sales|contact|admin|administrator|no-?reply|do-?not-?reply|office|service|services"
    r"|billing|privacy|hello|team|press|media|jobs|hr|abuse|postmaster|webmaster|careers|security|marketing|feedback"
    r"|customer[._-]?(?:service|care|support)|care|orders?|returns?|accounts?|payments?|user|username|name|your[._-]?name|you"
    r"|your[._-]?e?mail|e?mail|test|john[._-]?doe|jane[._-]?doe|someone|somebody|me|git|service[._-]desk|it)@"
    r"|.*@(?:.*\.)?(?:example|test|invalid|localhost|domain|yourdomain|your-?company|company|email|mail|acme|contoso)(?:\.[a-z.]+)?$"
)
_WELL_KNOWN = frozenset(
    ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"]
)
_FREE_CALLS = ("800", "833", "844", "855", "866", "877", "888", "900")


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _is_somebodys_mail(text: str) -> bool:
    return _MAIL_OF_NOBODY.match(text) is None


def _is_phone(text: str) -> bool:
    digits = _digits(text)
    if not 10 <= len(digits) <= 15 or len(set(digits)) < 4 or "1234567" in digits:
        return False
    local = digits[-10:]
    is_american = len(digits) == 10 or (len(digits) == 11 and digits[0] == "1")
    if is_american and (local.startswith(_FREE_CALLS) or local[3:6] == "555" or local.startswith("555")):
        return False  # companies pay for the first, nobody has the second
    return not (digits.startswith("7800") or digits.startswith("8800"))


def _is_public_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if text in _WELL_KNOWN or not address.is_global or address.is_multicast:
        return False
    # A version has small numbers in four places; an address hardly ever.
    return address.version == 6 or any(int(part) > 30 for part in text.split("."))


def _is_social_security(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666", "123", "987") and area < "900" and group != "00" and serial != "0000"


_D = r"(?<![\w.+/=-])"  # nothing before that makes it a part of something longer
_E = r"(?![\w/=-])(?!\.\w)"
_KINDS = (
    Personal(
        "an e-mail address",
        "[email]",
        re.compile(
            r"\b[A-Za-z0-9][\w.%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\b"
        ),
        _is_somebodys_mail,
    ),
    Personal(
        "a bank account (IBAN)",
        "[bank account]",
        re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        is_iban,
    ),
    Personal(
        "a card number",
        "[card number]",
        re.compile(
            _D
            + r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}"
            + _E
            + "|"
            + _D
            + r"3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}"
            + _E
        ),
        is_card,
    ),
    Personal(
        "a tax number (INN)",
        "[ID number]",
        re.compile(_D + r"(?:[0-9]{12}|[0-9]{10})" + _E),
        is_inn,
        re.compile("(?i)\\bинн\\b|\\binn\\b"),
    ),
    Personal(
        "an insurance number (SNILS)",
        "[ID number]",
        re.compile(_D + r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}" + _E),
        is_snils,
    ),
    Personal(
        "an insurance number (SNILS)",
        "[ID number]",
        re.compile(_D + r"[0-9]{11}" + _E),
        is_snils,
        re.compile("(?i)\\bснилс\\b|\\bsnils\\b"),
    ),
    Personal(
        "a registration number (OGRN)",
        "[ID number]",
        re.compile(_D + r"(?:[0-9]{15}|[0-9]{13})" + _E),
        is_ogrn,
        re.compile("(?i)\\bогрн(?:ип)?\\b|\\bogrn"),
    ),
    Personal(
        "a Russian passport",
        "[ID number]",
        re.compile(_D + r"[0-9]{2} ?[0-9]{2} ?[0-9]{6}" + _E),
        lambda text: True,
        re.compile(r"(?i)\bпаспорт"),
    ),
    Personal(
        "a social security number",
        "[ID number]",
        re.compile(_D + r"[0-9]{3}-[0-9]{2}-[0-9]{4}" + _E),
        _is_social_security,
    ),
    Personal(
        "a tax number (CPF)",
        "[ID number]",
        re.compile(_D + r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}" + _E),
        is_cpf,
    ),
    Personal(
        "an identity number", "[ID number]", re.compile(_D + r"[1-9][0-9]{16}[0-9Xx]" + _E), is_chinese_id
    ),
    Personal(
        "an identity number (PESEL)",
        "[ID number]",
        re.compile(_D + r"[0-9]{11}" + _E),
        is_pesel,
        re.compile(r"(?i)\bpesel\b"),
    ),
    Personal(
        "an identity number (DNI)",
        "[ID number]",
        re.compile(_D + r"[0-9]{8}-?[A-Z]\b"),
        is_dni,
        re.compile(r"\bDNI\b|\bNIF\b"),
    ),
    Personal(
        "a phone number",
        "[phone]",
        re.compile(
            r"(?<![\w.+/=-])(?:\+[0-9]{1,3}[ .-]?(?:\([0-9]{2,5}\)|[0-9]{2,5})(?:[ .-]?[0-9]{2,4}){2,4}"
            r"|\([2-9][0-9]{2}\) ?[0-9]{3}-[0-9]{4}|[2-9][0-9]{2}-[0-9]{3}-[0-9]{4}"
            r"|8[ -]?\(?9[0-9]{2}\)?[ -][0-9]{3}[ -][0-9]{2}[ -]?[0-9]{2})(?![\w/=-])"
        ),
        _is_phone,
    ),
    Personal(
        "an IP address",
        "[IP address]",
        re.compile(
            r"(?<![\w.:/-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.\w)|(?<![\w.:])[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![\w:])"
        ),
        _is_public_address,
    ),
)


def kinds_in(text: str) -> Iterator[str]:
    """What a text holds that is private, each time it does, like "an e-mail address" or "a secret key"."""
    if _SIGN.search(text):
        yield from (kind.name for _, _, kind in _found_in(text))
    yield from (SECRET for _ in _secrets_in(text))


def personal_data(view: RowView) -> Iterator[Hit]:
    left = MAX_HITS
    for text in view.texts:
        if not _SIGN.search(text.text):
            continue
        for start, end, kind in _found_in(text.text):
            if not left:
                return
            left -= 1
            edit = ReplaceText(text.pointer, start, end, text.text[start:end], kind.mask)
            fix = Fix(FixKind.UNSAFE, f"Write {kind.mask} instead", (edit,))
            yield Hit(
                text.pointer, f"This looks like {kind.name}; a tuned model can repeat it.", start, end, fix
            )


def _found_in(text: str) -> list[tuple[int, int, Personal]]:
    """Stretches that do not overlap, in the order of the text; what stands earlier in _KINDS comes first."""
    found: list[tuple[int, int, Personal]] = []
    for kind in _KINDS:
        if kind.beside is not None and not kind.beside.search(text):
            continue
        for match in kind.pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end, _ in found):
                continue
            near = text[max(0, start - _BESIDE) : start]
            if kind.is_real(match.group()) and (kind.beside is None or kind.beside.search(near)):
                found.append((start, end, kind))
    return sorted(found, key=lambda each: each[0])


def secret(view: RowView) -> Iterator[Hit]:
    left = MAX_HITS
    for text in view.texts:
        for found, start, end in _secrets_in(text.text):
            if not left:
                return
            left -= 1
            fix = Fix(
                FixKind.UNSAFE, "Remove the secret", (ReplaceText(text.pointer, start, end, found, _MASK),)
            )
            message = f"This looks like a secret key ({found[:6]}...); a tuned model can repeat it to anyone."
            yield Hit(text.pointer, message, start, end, fix)


def _secrets_in(text: str) -> Iterator[tuple[str, int, int]]:
    if not any(sign in text for sign in SECRET_SIGNS):
        return
    for match in _SECRET.finditer(text):
        found = match.group()
        if len(set(found)) >= _DISTINCT:
            yield found, match.start(), match.end()


RULES = (
    Rule(
        "PII001",
        "personal-data",
        "A text holds what looks like somebody's personal data.",
        Severity.WARNING,
        check=personal_data,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "PII002",
        "secret",
        "A text holds what looks like a secret key.",
        Severity.ERROR,
        check=secret,
        fix=FixKind.UNSAFE,
    ),
)
