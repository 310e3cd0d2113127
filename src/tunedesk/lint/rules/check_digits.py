"""Check digits of cards, accounts and national numbers: what tells a real number from any other. Pure
arithmetic; each takes the text as it stands, with its blanks and hyphens."""

from collections.abc import Sequence
from datetime import date

_PUBLISHED = frozenset(
    # Numbers that manuals and test systems use.
    [
        "4111111111111111",
        "4242424242424242",
        "4012888888881881",
        "4000056655665556",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "5200828282828210",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "3530111333300000",
        "3566002020360505",
        "GB82WEST12345698765432",
        "GB29NWBK60161331926819",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "FR7630006000011234567890189",
    ]
)


def _digits(text: str) -> list[int]:
    return [int(letter) for letter in text if letter.isdigit()]


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def is_card(text: str) -> bool:
    """A number range that is in use, of its length, with Luhn's check digit (ISO/IEC 7812-1, annex B)."""
    digits = _digits(text)
    number = "".join(map(str, digits))
    if number in _PUBLISHED or not _is_issued(number) or len(set(digits)) < 4:
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_issued(number: str) -> bool:
    first, first_two, first_four = number[0], int(number[:2]), int(number[:4])
    if first == "4":
        return len(number) in (16, 19)
    if first_two in (34, 37):
        return len(number) == 15
    if 51 <= first_two <= 55 or 2221 <= first_four <= 2720 or 2200 <= first_four <= 2204:
        return len(number) == 16
    return (first_four == 6011 or first_two == 65 or 3528 <= first_four <= 3589 or first_two == 62) and len(
        number
    ) == 16


def is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as numbers, leave 1 when divided by
    97."""
    account = "".join(text.split())
    if not 15 <= len(account) <= 34 or account in _PUBLISHED:
        return False
    return int("".join(str(int(letter, 36)) for letter in account[4:] + account[:4])) % 97 == 1


def is_inn(text: str) -> bool:
    """Russian tax number, 10 digits for companies, 12 for people (order 435 of 29 June 2012)."""
    digits = _digits(text)
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    if len(digits) == 10:
        return _weighted(digits, weights[2:]) % 11 % 10 == digits[9]
    last = _weighted(digits, weights) % 11 % 10 == digits[11]
    return last and _weighted(digits, weights[1:]) % 11 % 10 == digits[10]


def is_snils(text: str) -> bool:
    """Russian insurance number: the sum weighted 9 to 1, modulo 101, of which 100 counts as 0."""
    digits = _digits(text)
    return _weighted(digits, range(9, 0, -1)) % 101 % 100 == digits[9] * 10 + digits[10]


def is_ogrn(text: str) -> bool:
    """Russian registration number: the rest of all but the last digit by 11, or by 13 when it has 15
    digits."""
    number = "".join(map(str, _digits(text)))
    return int(number[:-1]) % (11 if len(number) == 13 else 13) % 10 == int(number[-1])


def is_pesel(text: str) -> bool:
    """Polish identity number."""
    digits = _digits(text)
    return _weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def is_dni(text: str) -> bool:
    """Spanish identity number: the letter is the rest by 23."""
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8]) % 23] == text[-1]


def is_cpf(text: str) -> bool:
    """Brazilian tax number: two check digits by 11."""
    digits = _digits(text)
    if len(set(digits)) == 1:
        return False
    first = _weighted(digits, range(10, 1, -1)) * 10 % 11 % 10
    return first == digits[9] and _weighted(digits, range(11, 1, -1)) * 10 % 11 % 10 == digits[10]


def is_chinese_id(text: str) -> bool:
    """GB 11643-1999: a birthday in the middle, and a check digit by 11 (ISO 7064, MOD 11-2)."""
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    weights = [2**place % 11 for place in range(17, 0, -1)]
    return (
        born.year >= 1900 and "10X98765432"[_weighted(_digits(text[:17]), weights) % 11] == text[-1].upper()
    )
