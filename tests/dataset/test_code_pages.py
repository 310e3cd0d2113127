"""Which old Windows encoding a text stands in."""

import pytest

from tunedesk.dataset.code_pages import guess_code_page


@pytest.mark.parametrize(
    "text",
    [
        "Die Größe ist für Sie zurückgelegt; 5 €",
        "Größe",
        "Où est le café ? À gauche, à côté.",
        "¿Qué año?",
        "São Paulo, não",
        "Ação",
        "plain",
    ],
)
def test_western_words_mix_their_letters_with_those_of_ascii(text: str) -> None:
    assert guess_code_page(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    "text",
    ["Где заказ?", "Ёж и я", "Їжак п'є воду", "Мой iPhone не включается", '{"a": "\\nЩит\\nЩит"}', "да"],
)
def test_cyrillic_words_are_made_of_their_own_letters(text: str) -> None:
    assert guess_code_page(text.encode("cp1251")) == "cp1251"
