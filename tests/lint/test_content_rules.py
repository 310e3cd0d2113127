# ruff: noqa: RUF001
"""Rules about what texts say: other shapes of each fault, what only looks like it, and clean chats of many
languages."""

import json

import pytest

from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Finding, FixKind
from tunedesk.lint.report import lint_rows
from tunedesk.lint.rows import lint_row
from tunedesk.lint.rules.refusals import is_refusal
from tunedesk.lint.targets import TARGET_NAMES, Target

STRICT = Target("generic", pedantic=True)


def pair(question: str, answer: str) -> bytes:
    return json.dumps({"prompt": question, "completion": answer}, ensure_ascii=False).encode()


def found(code: str, question: str, answer: str) -> list[Finding]:
    return [
        finding for finding in lint_row(parse_row(pair(question, answer)), STRICT) if finding.code == code
    ]


LOUD = [
    ("TXT003", "Sch\u00c3\u00b6ne Gr\u00c3\u00bc\u00c3\u0178e"),
    ("TXT003", "It\u00e2\u20ac\u2122s on its way"),
    (
        "TXT003",
        "\u0420\u045f\u0421\u0402\u0420\u0451\u0420\u0406\u0420\u00b5\u0421\u201a",
    ),
    ("TXT005", "\nHello"),
    ("TXT005", "Hello  "),
    ("TXT006", "p\u0430ssword"),
    ("TXT006", "\u043f\u0430p\u043e\u043b\u044c"),
    ("TXT006", "\u0391THENS"),
    ("QLT003", "no " * 30),
    ("QLT003", "We will call you back. " * 6),
    ("QLT003", "question that is asked once and then answered with itself"),
    ("QLT006", "Dear [Your Name], thank you."),
    ("QLT006", "Hello {customer_name}!"),
    ("QLT006", "Hello {{ customer.name }}!"),
    ("QLT006", "Lorem ipsum dolor sit amet"),
    ("QLT006", "TODO: write this"),
    ("PII001", "write to ada.lovelace@mailbox.org"),
    ("PII001", "call +44 20 7946 0958"),
    ("PII001", "call (212) 736-5000"),
    ("PII001", "звоните 8 (912) 345-11-81"),
    ("PII001", "card 4539 5787 6362 1486"),
    ("PII001", "card 378734493671000"),
    ("PII001", "to NL91 ABNA 0417 1643 00"),
    ("PII001", "from 93.184.216.34"),
    ("PII001", "from 2a00:1450:4001:81b::200e"),
    ("PII001", "мой ИНН 500100732259"),
    ("PII001", "СНИЛС 112-233-445 95"),
    ("PII001", "ОГРН 1027700132195"),
    ("PII001", "паспорт 45 08 123456"),
    ("PII001", "SSN 536-22-1234"),
    ("PII001", "PESEL 44051401359"),
    ("PII001", "DNI 12345678Z"),
    ("PII001", "CPF 111.444.777-35"),
    ("PII001", "身份证 11010519491231002X"),
    ("PII002", "sk_live_aB3dE6gH9jK2mN5pQ8sT"),
    ("PII002", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA"),
]
QUIET = [
    ("TXT003", "Sch\u00f6ne Gr\u00fc\u00dfe, d\u00e9j\u00e0 vu, \u00c0 bient\u00f4t \u00ab Paris \u00bb"),
    ("TXT003", "Привет, СССР! РФ «Россия» — это да."),
    ("TXT003", "Übung\u00b9 und Größe\u00b2 sind Fußnoten"),
    ("TXT005", "Hello\n\nBye"),
    ("TXT005", " Hello"),  # the old convention for completions
    ("TXT006", "SMSка, USB-порт, iPhone'ы и Wi-Fi"),
    ("TXT006", "Δx = 5 μm, α-particle, π"),
    ("TXT006", "Привет hello"),
    ("QLT003", "Ha ha ha, very very good."),
    ("QLT003", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"),
    ("QLT003", "1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1"),
    ("QLT006", "f'{name}' in Python is `{name}`"),
    ("QLT006", "```\nprint(f'{customer_name}')\n# TODO\n```"),
    ("QLT006", '{"name": "Ada"} and x^{abc} and \\frac{abc}{def}'),
    ("QLT006", "See [the manual](manual.html) [1] and [address](x)"),
    ("PII001", "write to support@example.com, info@acme.com or john.doe@company.com"),
    ("PII001", "call 1-800-555-0199 or (555) 123-4567"),
    ("PII001", "card 4111 1111 1111 1111"),
    ("PII001", "order 4539 5787 6362 1487"),  # the check digit is wrong
    ("PII001", "version 1.2.3.4, 192.168.0.1, 127.0.0.1 and 8.8.8.8"),
    ("PII001", "std::vector<int>::iterator at 12:30:45"),
    ("PII001", "order 500100732259 of 2024-05-17, 1,234,567 pieces"),
    ("PII001", "timestamps 1700000000000 and 20240517123000"),
    ("PII001", "pi is 3.14159265358979 and a UUID 123e4567-e89b-12d3-a456-426614174000"),
    ("PII001", "ISBN 978-3-16-148410-0"),
    ("PII001", "git@github.com:owner/name.git and @user and a@b"),
    ("PII002", "sk_live_ is how live keys begin"),
]


@pytest.mark.parametrize(("code", "text"), LOUD)
def test_other_shapes_of_the_fault_are_found(code: str, text: str) -> None:
    question = text if code == "QLT003" and text.startswith("question") else "Tell me."
    assert found(code, question, text)


@pytest.mark.parametrize(("code", "text"), QUIET)
def test_what_only_looks_like_the_fault_is_left_alone(code: str, text: str) -> None:
    assert found(code, "Tell me.", text) == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Caf\u00c3\u00a9 Gr\u00c3\u00bcn", "Café Grün"),
        ("p\u0430ssw\u043erd", "password"),
        ("\u043f\u0430p\u043e\u043b\u044c", "пароль"),
        ("card 4539 5787 6362 1486 of a.b@mailbox.org", "card [card number] of [email]"),
    ],
)
def test_a_fix_writes_what_was_meant(text: str, mended: str) -> None:
    raw = pair("Tell me.", text)
    for _ in range(3):
        fixes = [each.fix for each in lint_row(parse_row(raw), STRICT) if each.fix is not None]
        if not fixes:
            break
        raw = fixes[0].apply(parse_row(raw)) or b""
    assert json.loads(raw)["completion"] == mended


def test_white_space_that_the_template_cuts_off_is_a_safe_fix() -> None:
    (finding,) = found("TXT005", "Tell me.", "Hello  ")
    assert finding.fix is not None
    assert finding.fix.kind is FixKind.UNSAFE  # without a template it may be trained


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I am sorry, I cannot assist with this request.",
        "As an AI language model, I am unable to give medical advice.",
        "Unfortunately, I'm not able to answer that.",
        "Извините, я не могу помочь с этим.",
        "К сожалению, я не могу ответить на этот вопрос.",
        "抱歉，我无法回答这个问题。",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "Lo siento, no puedo ayudar con eso.",
    ],
)
def test_refusals_are_told(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Sorry for the delay, your parcel will come tomorrow.",
        "I can't wait to see it! Here is the poem you asked for.",
        "Unfortunately the parcel is lost; we send a new one today.",
        "I'm sorry to hear that. Please send the shoes back within 30 days.",
        "Извините за задержку, посылка придёт завтра.",
        "No.",
    ],
)
def test_a_polite_answer_is_no_refusal(answer: str) -> None:
    assert not is_refusal(answer)


def test_a_few_refusals_are_nobodys_concern() -> None:
    refused = [pair(f"Hack bank {n}?", "I'm sorry, but I can't help with that.") for n in range(12)]
    answered = [pair(f"When does parcel {n} come?", f"On day {n}.") for n in range(60)]
    assert lint_rows(enumerate([*refused, *answered], start=1), Target("generic")).findings == ()
    report = lint_rows(enumerate([*refused, *answered[:30]], start=1), Target("generic"))
    assert [each.row for each in report.findings] == [*range(1, 13), None]


CLEAN = {
    "en": [
        ("Where is my parcel?", "It left our warehouse on Monday and will be with you on Thursday at 12:30."),
        (
            "How much is it?",
            "The price is $1,234.56, or 20% less with the code SUMMER-24.\n\n- Now: 3 days\n- Fast: 1 day",
        ),
        (
            "How do I reach you?",
            "Write to support@example.com or call 1-800-555-0199 between 9:00 and 17:00.",
        ),
    ],
    "ru": [
        ("Где моя посылка?", "Она уже в пути и будет у вас в четверг. Стоимость — 1 250 ₽ («Стандарт»)."),
        (
            "Как оформить возврат?",
            "Заполните форму в личном кабинете и отнесите посылку на почту в течение 14 дней.",
        ),
    ],
    "zh": [
        ("我的包裹在哪里？", "您的包裹已于星期一发出，预计星期四送达。"),
        ("怎么退货？", "请在三十天内填写退货单，并将商品寄回。"),
    ],
    "ar": [
        ("أين طردي؟", "غادر الطرد مستودعنا يوم الاثنين وسيصل إليك يوم الخميس."),
        ("كيف أعيد المنتج؟", "املأ النموذج في حسابك ثم أرسل المنتج خلال ثلاثين يومًا."),
    ],
    "code": [
        (
            "Write a loop in Python.",
            '```python\nfor i in range(10):\n    print(f"{i}: {i ** 2}")\n```\nIt prints squares.',
        ),
        (
            "And in C++?",
            "```cpp\n#include <vector>\nstd::vector<int> v(10, 0);\nfor (auto& x : v) { x += 1; }\n```",
        ),
        ("What is 0xFF & 0x0F?", "It is `0x0F`, that is 15: 1111 1111 & 0000 1111 = 0000 1111."),
        ("Show JSON.", 'Here: {"a": [1, 2, 3], "b": {"c": null}} - a list and an object.'),
    ],
    "emoji": [
        ("Thanks! 👍🏽", "You're welcome 😊 — see you soon, naïve café owner 👩‍👩‍👧!"),
        ("ไปไหน", "ไปตลาดค่ะ"),
    ],
}


def clean_rows() -> list[bytes]:
    """Chats of one and of several turns; every text only once, so that nothing repeats."""
    rows = []
    for language, pairs in CLEAN.items():
        for number, (question, answer) in enumerate(pairs):
            turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            rows.append({"messages": turns})
            again = [
                {"role": "user", "content": f"{question} ({language} {number})"},
                {"role": "assistant", "content": answer},
            ]
            rows.append({"messages": [*turns, *again]})
    return [json.dumps(row, ensure_ascii=False).encode() for row in rows]


@pytest.mark.parametrize("name", [name for name in TARGET_NAMES if Target(name).is_supervised])
def test_clean_chats_of_many_languages_have_no_findings(name: str) -> None:
    report = lint_rows(enumerate(clean_rows(), start=1), Target(name))
    assert [(found.code, found.message) for found in report.findings] == []


def test_even_opinions_find_nothing_in_clean_chats() -> None:
    assert [(f.code, f.message) for f in lint_rows(enumerate(clean_rows(), start=1), STRICT).findings] == []
