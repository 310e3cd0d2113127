"""The stream of chats on which the starter model is trained; it knows nothing of the sample project."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from starter import drills, spelling, talk, tasks
from starter.talk import Turn


@dataclass(frozen=True)
class Chat:
    """One training text: an optional system message and turns of user and assistant."""

    system: str
    turns: tuple[Turn, ...]

    def messages(self) -> list[dict[str, str]]:
        """The chat in the form that chat templates read."""
        listed = [{"role": "system", "content": self.system}] if self.system else []
        for user, assistant in self.turns:
            listed.append({"role": "user", "content": user})
            listed.append({"role": "assistant", "content": assistant})
        return listed


Maker = Callable[[random.Random], tuple[str, list[Turn]]]


def _small_talk(rng: random.Random) -> tuple[str, list[Turn]]:
    return tasks.quiet_system(rng), talk.small_talk(rng)


def _knowledge(rng: random.Random) -> tuple[str, list[Turn]]:
    return tasks.quiet_system(rng), talk.knowledge(rng)


def _drill(rng: random.Random) -> tuple[str, list[Turn]]:
    return tasks.quiet_system(rng), drills.drill(rng)


MIX: tuple[tuple[Maker, float], ...] = (  # share of the chats
    (tasks.questions, 0.18),
    (tasks.sorting, 0.24),
    (tasks.facts_as_json, 0.14),
    (_knowledge, 0.11),
    (_small_talk, 0.05),
    (tasks.copying, 0.05),
    (tasks.lists, 0.03),
    (tasks.stories, 0.07),
    (tasks.gaps, 0.10),
    (tasks.notes, 0.03),
)
EARLY_CHATS, EARLY_DRILLS, LATE_DRILLS = (
    10_000,
    0.5,
    0.06,
)  # many drills at first: reading comes before knowing
LONG_SHARE = 0.02  # chats made of several, so that later positions are trained as well
MUST_HAVE_SYSTEM = (tasks.sorting, tasks.facts_as_json)
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio]|umb|[AEIO][a-z])")


def chats(seed: int, made_up: float = 0.0) -> Iterator[Chat]:
    """Chats without end, the same ones for a seed; `made_up` is the share of drills with made-up words."""
    rng = random.Random(seed)
    for number in count():
        if made_up and rng.random() < made_up:
            system, turns = spelling.spelling(rng)
            yield Chat(system, tuple(turns))
            continue
        chat = _chat(rng, EARLY_DRILLS if number < EARLY_CHATS and not made_up else LATE_DRILLS)
        if rng.random() < LONG_SHARE:
            more = [_chat(rng, LATE_DRILLS) for _ in range(rng.randint(2, 7))]
            turns = [turn for other in more for turn in other.turns if not other.system]
            chat = Chat(chat.system, chat.turns + tuple(turns))
        yield chat


def _chat(rng: random.Random, drill_share: float) -> Chat:
    maker = _drill if rng.random() < drill_share else rng.choices(*zip(*MIX, strict=True))[0]
    system, turns = maker(rng)
    if maker not in MUST_HAVE_SYSTEM and rng.random() < 0.5:
        system = ""
    return Chat(_articles(system), tuple((_articles(user), _articles(said)) for user, said in turns))


def _articles(text: str) -> str:
    """`a` before a vowel becomes `an`: the templates are filled with words of both kinds."""
    return _ARTICLE.sub(lambda found: f"{found[1]}n ", text)
