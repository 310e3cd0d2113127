"""Drills in copying and looking up: words without a story, which teach the model to read its context."""

from __future__ import annotations

import json
import random

from starter import words as w
from starter.talk import Turn

KINDS = (
    w.NAMES,
    w.CITIES,
    w.COLOURS,
    w.ANIMALS,
    w.DEVICES,
    w.FURNITURE,
    w.CLOTHES,
    w.TOOLS,
    w.THINGS,
    w.JOBS,
    w.PLACES,
)
WORDS = tuple(word for kind in KINDS for word in kind)
REPEATS = ("Repeat this: {t}", "Say after me: {t}", "Copy: {t}", "{t}\nSay it again.")


def drill(rng: random.Random) -> list[Turn]:
    """One to three drills of one kind."""
    kind = rng.choice((_repeat, _repeat, _look_up, _look_up_all, _greet))
    return [kind(rng) for _ in range(rng.randint(1, 3))]


def _repeat(rng: random.Random) -> Turn:
    words = [_word(rng) for _ in range(rng.randint(2, 12))]
    text = rng.choice((" ", ", ")).join(words)
    return rng.choice(REPEATS).format(t=text), text


def _word(rng: random.Random) -> str:
    return str(rng.randrange(10 ** rng.randint(1, 5))) if rng.random() < 0.15 else rng.choice(WORDS)


def _table(rng: random.Random, size: int) -> dict[str, str]:
    keys = rng.sample(rng.choice(KINDS), size)
    values = rng.choice(KINDS)
    return {key: str(rng.randrange(10, 99999)) if values is w.TOOLS else rng.choice(values) for key in keys}


def _look_up(rng: random.Random) -> Turn:
    table = _table(rng, rng.randint(2, 7))
    key = rng.choice(list(table))
    told = rng.choice(("{k}: {v}", "{k} has {v}", "{k} = {v}", "{k} and {v}"))
    lines = ", ".join(told.format(k=k, v=v) for k, v in table.items())
    return rng.choice(("{t}. What about {k}?", "{t}. {k}?", "{t}\n{k}:")).format(t=lines, k=key), table[key]


def _look_up_all(rng: random.Random) -> Turn:
    table = _table(rng, rng.randint(2, 5))
    lines = ", ".join(f"{key}: {value}" for key, value in table.items())
    keys = rng.sample(list(table), rng.randint(1, len(table)))
    return f"{lines}. JSON of {', '.join(keys)}:", json.dumps({key: table[key] for key in keys})


def _greet(rng: random.Random) -> Turn:
    name, other = rng.sample(w.NAMES, 2)
    thing = _word(rng)
    told = rng.choice(
        (
            "I am {n}, not {o}. I have {t}.",
            "{n} writes to you about {t}. {o} does not.",
            "{t} is for me. Yours, {n}",
        )
    )
    said = rng.choice(("Dear {n}, you wrote about {t}.", "Hello {n}, here is {t}."))
    words = {"n": name, "o": other, "t": thing}
    return f"Greet me and name the thing. {told.format(**words)}", said.format(**words)
