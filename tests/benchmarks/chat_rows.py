# ruff: noqa: RUF001
"""Chat rows as people write them, for benchmarks: several languages, lists, code, a few planted faults; the
same bytes every time."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

_ENGLISH_WORDS = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one had "
    "by word but not what all were we when your can said there use an each which she do how their if "
    "will up other about out many then them these so some her would make like him into time has look "
    "two more write go see number no way could people my than first water been call who oil its now "
    "find long down day did get come made may part over parcel invoice delivery account password refund "
    "customer order address payment update service week please"
)
_ENGLISH = _ENGLISH_WORDS.split()
_RUSSIAN_WORDS = (
    "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой весь год от "
    "так о для ты же все тот мочь вы человек такой его сказать только или ещё бы себя один как уже до "
    "время если сам когда заказ доставка счёт пароль возврат адрес оплата служба неделя письмо "
    "пожалуйста клиент"
)
_RUSSIAN = _RUSSIAN_WORDS.split()
_CHINESE = list(
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长"
)
_FAULTS = ('"content": null', '"role": "human"', "Caf\\u00c3\\u00a9 ", "zero\\u200bwidth ")


def _sentence(chance: random.Random, language: str) -> str:
    if language == "zh":
        return "".join(chance.choices(_CHINESE, k=chance.randint(8, 30))) + "。"
    words = chance.choices(_RUSSIAN if language == "ru" else _ENGLISH, k=chance.randint(6, 18))
    if chance.random() < 0.15:
        words[len(words) // 2] = str(chance.randint(1, 99))
    if chance.random() < 0.2:
        words[len(words) // 3] += ","
    if chance.random() < 0.04:
        words[1] += "-" + words[2]
    return " ".join(words).capitalize() + chance.choice(("." * 8) + "?!:")


def _texts(chance: random.Random, language: str, count: int, sentences: int) -> list[str]:
    made = []
    for _ in range(count):
        lines = [_sentence(chance, language) for _ in range(chance.randint(1, sentences))]
        style = chance.random()
        if style < 0.12:
            text = "\n".join(f"- {line}" for line in lines)
        elif style < 0.2:
            text = "\n\n".join(lines)
        elif style < 0.25:
            text = " ".join(lines) + ' He said "' + lines[0] + '".'
        else:
            text = " ".join(lines)
        made.append(json.dumps(text, ensure_ascii=False))
    return made


def make_rows(count: int, seed: int = 1, faults: float = 0.002) -> Iterator[str]:
    """Lines without their line end: one to four exchanges, about 1,000 bytes; 6 % Russian, 3 % Chinese."""
    chance = random.Random(seed)
    pools = {
        language: (_texts(chance, language, 4000, 3), _texts(chance, language, 4000, 5))
        for language in ("en", "ru", "zh")
    }
    languages = chance.choices(("en", "ru", "zh"), (91, 6, 3), k=997)
    for number in range(count):
        language = languages[number % 997]
        questions, answers = pools[language]
        turns = []
        if number % 3 == 0:
            turns.append('{"role": "system", "content": "You are a helpful assistant."}')
        for turn in range(chance.choice((1, 2, 2, 3, 4))):
            question = f'"{number} ' + chance.choice(questions)[1:] if not turn else chance.choice(questions)
            turns.append(f'{{"role": "user", "content": {question}}}')
            turns.append(f'{{"role": "assistant", "content": {chance.choice(answers)}}}')
        line = f'{{"messages": [{", ".join(turns)}]}}'
        if chance.random() < 4 * faults:
            line = _spoiled(line, chance.randrange(4))
        yield line


def _spoiled(line: str, fault: int) -> str:
    if fault == 0:
        begin = line.rindex('"content": ')
        return line[:begin] + _FAULTS[0] + "}]}"
    if fault == 1:
        return line.replace('"role": "user"', _FAULTS[1], 1)
    at = line.rindex('"content": "') + len('"content": "')
    return line[:at] + _FAULTS[fault] + line[at:]


def write_chat_rows(path: Path, count: int, seed: int = 1, faults: float = 0.002) -> None:
    with path.open("w", encoding="utf-8", newline="\n", buffering=1 << 20) as file:
        file.writelines(line + "\n" for line in make_rows(count, seed, faults))
