# ruff: noqa: RUF001
"""Tells in which language a text is mostly written: by its script, and where many languages share one, by the
small words that each of them uses all the time. Knows nothing of rows."""

import re
from collections import Counter

MOST_READ = 2_000  # characters of a text; more do not change the verdict
LEAST_LETTERS = 20  # fewer tell nothing, except in scripts that only one language uses
_SHARE = 0.6  # of the letters that one script must have
_SCRIPTS = (
    ("hangul", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("kana", re.compile("[\u3040-\u30ff\u31f0-\u31ff]")),
    ("han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("arabic", re.compile("[\u0600-\u06ff\u0750-\u077f]")),
    ("hebrew", re.compile("[\u0590-\u05ff]")),
    ("greek", re.compile("[\u0370-\u03ff]")),
    ("thai", re.compile("[\u0e00-\u0e7f]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("latin", re.compile("[A-Za-z\u00c0-\u024f]")),
)
_ONE_LANGUAGE = {"hangul": "ko", "hebrew": "he", "greek": "el", "thai": "th", "devanagari": "hi"}
# Function words; those that several languages share are left out where they would decide.
_WORDS = {
    "en": "the and of to is that it for you with was this are have not be on your from they will can or "
    "as which what",
    "de": "der die das und ist nicht ein eine zu den mit auf sich auch für von dem wird sind oder aber "
    "wenn wie ich sie",
    "fr": "le les des est une dans pour que qui pas vous nous sur avec ce cette sont mais être votre ou "
    "au du je il",
    "es": "el los las una es que por con para del su no se como más pero este esta son usted muy también "
    "puede en",
    "it": "il di che è per una sono con non del della gli le nel anche come questo più ma ha suo essere "
    "può si",
    "pt": "o os as uma não que para com do da em é um por mais como você seu sua também são ao foi pode isso",
    "nl": "de het een van en is dat niet op te zijn voor met aan er maar ook als bij wordt kan deze naar "
    "je u",
    "pl": "nie się jest na że do to jak ale po co za od przez dla tak czy są jego można który być oraz lub",
    "sv": "och att det som är en på för med inte av till den har om ett kan jag du vi men eller från din",
    "tr": "ve bir bu için ile de da ne çok daha olarak olan gibi ama en var değil kadar sonra mı her şey siz",
    "ru": "и в не на что с по это как но к у от за из для так если или бы уже вы мы они его её было может "
    "этот только",
    "uk": "і в не на що з та як але до у від за із для так якщо або вже ви ми вони його її було може цей "
    "тільки це є",
    "bg": "и в не на че с за да се от по това как но са ще като или ако тя той има съм който може още вече",
}
_CANDIDATES = {
    "latin": ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr"),
    "cyrillic": ("ru", "uk", "bg"),
}
_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\S+@\S+|[\w.]*[_/\\][\w./\\]*", re.DOTALL)
_CODE_SIGNS = frozenset('{}()[];=<>|&$#\\/*_"')
_LEAST_HITS = 3
_CLEARLY = 1.5  # so many times more small words than the next best language


def language_of(text: str) -> str:
    """ISO 639-1 code; "" when the text is too short, no prose, or unclear."""
    read = text[:MOST_READ]
    signs = sum(character in _CODE_SIGNS for character in read)
    read = _NOT_PROSE.sub(" ", read)
    if signs > 0.06 * len(text[:MOST_READ]):
        return ""
    letters = {name: len(pattern.findall(read)) for name, pattern in _SCRIPTS}
    if letters["kana"] and letters["kana"] >= 0.1 * (letters["han"] + letters["kana"]):
        letters["kana"] += letters.pop("han")
        return "ja" if letters["kana"] >= _SHARE * sum(letters.values()) and letters["kana"] >= 4 else ""
    total = sum(letters.values())
    script = max(letters, key=lambda name: letters[name])
    if not total or letters[script] < _SHARE * total:
        return ""
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script] if letters[script] >= 4 else ""
    if script == "han":
        return "zh" if letters[script] >= 4 else ""
    if total < LEAST_LETTERS:
        return ""
    return _arabic(read) if script == "arabic" else _by_words(read, _CANDIDATES[script])


def _arabic(text: str) -> str:
    """Persian and Urdu write with letters that Arabic does not have."""
    if re.search("[\u0679\u0688\u0691\u06ba\u06be\u06d2]", text):
        return "ur"
    return "fa" if re.search("[\u067e\u0686\u0698\u06af\u06a9\u06cc]", text) else "ar"


def _by_words(text: str, languages: tuple[str, ...]) -> str:
    """The language whose small words stand there most often, when it is clearly ahead."""
    words = [word.casefold() for word in _WORD.findall(text)]
    hits: Counter[str] = Counter()
    for word, count in Counter(words).items():
        for language in languages:
            if word in _SETS[language]:
                hits[language] += count
    if languages[0] == "ru":
        hits.update(_by_letters(text, hits))
    ranked = [*hits.most_common(2), ("", 0), ("", 0)]
    (best, count), (_, next_count) = ranked[0], ranked[1]
    enough = count >= _LEAST_HITS and count >= 0.08 * len(words)
    return best if enough and count >= _CLEARLY * next_count else ""


def _by_letters(text: str, hits: Counter[str]) -> Counter[str]:
    """Letters that only Ukrainian, or only Russian, has weigh more than words that both share."""
    lower = text.casefold()
    ukrainian = sum(lower.count(letter) for letter in "іїєґ")
    russian = sum(lower.count(letter) for letter in "ыэё")
    return Counter({"uk": 2 * ukrainian, "ru": 2 * russian}) if hits else Counter()
