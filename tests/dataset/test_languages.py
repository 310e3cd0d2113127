# ruff: noqa: RUF001
"""The language of a text is told when it is clear, and not guessed when it is not."""

import pytest

from tunedesk.dataset.languages import language_of

CLEAR = [
    ("en", "Your parcel is on its way and will be with you on Monday."),
    ("de", "Ihr Paket ist unterwegs und wird am Montag mit der Post gebracht."),
    ("fr", "Votre colis est en route et il sera chez vous lundi avec les autres."),
    ("es", "Su paquete está en camino y llegará el lunes con los otros, pero no antes."),
    ("it", "Il pacco è in viaggio e sarà da voi lunedì, ma non prima di mezzogiorno come previsto."),
    ("pt", "O seu pacote está a caminho e chega na segunda-feira, mas não antes do meio-dia."),
    ("nl", "Uw pakket is onderweg en wordt op maandag met de post bij u bezorgd."),
    ("pl", "Twoja paczka jest w drodze i będzie u ciebie w poniedziałek, ale nie przed południem."),
    ("ru", "Ваша посылка уже в пути и будет у вас в понедельник."),
    ("uk", "Ваша посилка вже в дорозі і буде у вас у понеділок, але не раніше."),
    ("zh", "您的包裹已于星期一发出，预计星期四送达。"),
    ("ja", "お荷物は月曜日に発送されました。"),
    ("ko", "소포는 월요일에 발송되었습니다."),
    ("ar", "غادر الطرد مستودعنا يوم الاثنين وسيصل إليك يوم الخميس."),
    ("fa", "بسته شما روز دوشنبه از انبار ما خارج شد و پنجشنبه می‌رسد."),
    ("he", "החבילה שלך יצאה מהמחסן ביום שני."),
    ("el", "Το δέμα σας έφυγε από την αποθήκη τη Δευτέρα."),
    ("hi", "आपका पार्सल सोमवार को हमारे गोदाम से निकल गया।"),
    ("th", "พัสดุของคุณออกจากคลังสินค้าแล้ว"),
]
UNCLEAR = [
    "",
    "OK",
    "12345 67890 +-*/",
    "Berlin, Paris, London, Madrid",
    "for i in range(10): print(i ** 2); x = {'a': [1, 2]}",
    '{"category": "billing", "urgency": "high"}',
    "https://example.com/the/of/and/to/in/is/you",
    "Да",
]


@pytest.mark.parametrize(("language", "text"), CLEAR)
def test_a_sentence_is_enough(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", UNCLEAR)
def test_nothing_is_guessed(text: str) -> None:
    assert language_of(text) == ""


def test_code_in_a_text_does_not_count() -> None:
    text = (
        "Используйте цикл, чтобы напечатать числа, как здесь:\n```python\nfor the in of: and_to(is_that)\n```"
    )
    assert language_of(text) == "ru"


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert language_of("Your parcel is on its way and will be with you. " * 100_000) == "en"
