"""Drills with made-up words, so that every piece of the vocabulary is read and written.

Without them the pieces of new words (a user's own labels) could be read and hardly be written.
"""

from __future__ import annotations

import json
import random
import re
import string

from starter.more_topics import EVERYDAY
from starter.talk import Turn
from starter.topics import HURRY_STORIES, TOPICS
from starter.words import DEFINITIONS

ONSETS = (
    "", "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "v", "w", "x",
    "y", "z", "bl", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gl", "gr", "kn", "ph", "pl", "pr", "qu",
    "sc", "sh", "sk", "sl", "sm", "sn", "sp", "st", "str", "sw", "th", "tr", "tw", "wh", "wr",
)  # fmt: skip
VOWELS = (
    "a", "e", "i", "o", "u", "y", "ai", "ay", "ea", "ee", "ei", "ie", "oa", "oi", "oo", "ou", "ow",
    "ue",
)  # fmt: skip
CODAS = (
    "", "", "", "b", "c", "ck", "d", "f", "g", "k", "l", "ll", "m", "n", "nd", "ng", "nk", "nt", "p",
    "r", "rd", "rg", "rk", "rm", "rn", "rt", "s", "ss", "st", "t", "tch", "x",
)  # fmt: skip
ENDINGS = (
    "", "", "", "ed", "ing", "er", "ly", "tion", "ment", "ency", "ory", "able", "al", "ic", "ous",
    "ist", "ity", "ness", "ful", "or", "ate", "ize", "ion", "ive", "y", "s",
)  # fmt: skip
SIGNS = (
    ":", ";", "$", "(", ")", "[", "]", "<", ">", "|", "~", "^", "{", "}", "!", "?", "-", "_", ".", "/",
    "'", "@", "#", "&", "+", "*", "=", "%", "é", "ü", "ö", "ä", "ñ", "ç",
)  # fmt: skip
FORMS = (
    "Repeat this: {t}",
    "Say after me: {t}",
    "Copy: {t}",
    "{t}\nSay it again.",
    "Spell it like this: {t}",
)
ASKS = (
    "Answer with JSON: {k}.",
    "Answer only with JSON: {k}.",
    "You read lists. Answer only with JSON: {k}.",
    "You work for {w}. Reply as JSON: {k}.",
    "Only JSON, please: {k}.",
)
_TOPIC_SENTENCES = tuple(text for group in TOPICS.values() for text in group)
_SENTENCES = (*EVERYDAY, *HURRY_STORIES, *DEFINITIONS.values(), *_TOPIC_SENTENCES)
KNOWN = tuple(sorted({word for text in _SENTENCES for word in re.findall(r"[a-z]{2,}", text.lower())}))


def spelling(rng: random.Random) -> tuple[str, list[Turn]]:
    """One to three drills with made-up words, with or without a system message that names keys."""
    if rng.random() < 0.5:
        return "", [_copy(rng) for _ in range(rng.randint(1, 3))]
    keys = list(dict.fromkeys(_key(rng) for _ in range(rng.randint(1, 4))))
    asked = rng.choice(ASKS).format(k=", ".join(keys), w=made_up(rng).capitalize())
    return asked, [_filled(rng, keys) for _ in range(rng.randint(1, 2))]


def made_up(rng: random.Random) -> str:
    """A word that sounds English and mostly means nothing: syllables, or the halves of two known words."""
    if rng.random() < 0.5:
        first, second = rng.choice(KNOWN), rng.choice(KNOWN)
        return first[: rng.randint(1, len(first))] + second[rng.randrange(len(second)) :]
    parts = rng.choices((1, 2, 3), (5, 4, 1))[0]
    stem = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(parts))
    return stem + rng.choice(ENDINGS)


def _key(rng: random.Random) -> str:
    word = made_up(rng)
    return f"{word}_{made_up(rng)}" if rng.random() < 0.1 else word


def _written(rng: random.Random) -> str:
    word = made_up(rng)
    kind = rng.random()
    if kind < 0.2:
        return word.capitalize()
    if kind < 0.25:
        return word.upper()
    if kind < 0.32:
        return f"{word}{rng.choice(SIGNS)}{made_up(rng)}"
    if kind < 0.38:
        return rng.choice(string.ascii_letters) + str(rng.randrange(10 ** rng.randint(1, 5)))
    return word


def _copy(rng: random.Random) -> Turn:
    text = rng.choice((" ", " ", ", ")).join(_written(rng) for _ in range(rng.randint(2, 8)))
    return rng.choice(FORMS).format(t=text), text


def _filled(rng: random.Random, keys: list[str]) -> Turn:
    values = {key: " ".join(_written(rng) for _ in range(rng.randint(1, 2))) for key in keys}
    told = rng.choice(("{k}: {v}", "{k} is {v}", "{k} = {v}", "the {k} {v}"))
    lines = [told.format(k=key, v=value) for key, value in values.items()]
    rng.shuffle(lines)
    return ", ".join(lines) + rng.choice(("", ".")), json.dumps(values, ensure_ascii=False)
