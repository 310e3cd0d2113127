"""Puts the fragments together into routed support messages; it does not know about files or faults."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from sample import phrases

SPLIT_CELLS = 6  # of every six (problem, pressure) pairs four go to training, one each to the other splits
SPLIT_OF_CELL = {0: "heldout", 1: "valid"}


@dataclass(frozen=True)
class Ticket:
    """One customer message with the route that the house gives it."""

    prompt: str
    category: str
    urgency: str
    reply: str

    def answer(self) -> str:
        """The assistant's text: one JSON object with its keys in the order of the house."""
        return json.dumps(
            {"category": self.category, "urgency": self.urgency, "reply": self.reply}, ensure_ascii=False
        )

    def row(self) -> dict[str, object]:
        """The ticket as one row of an OpenAI chat file."""
        return {
            "messages": [
                {"role": "system", "content": phrases.SYSTEM},
                {"role": "user", "content": self.prompt},
                {"role": "assistant", "content": self.answer()},
            ]
        }


def tickets(split: str, per_cell: int, seed: int) -> list[Ticket]:
    """`per_cell` tickets for each of the 18 category and urgency pairs, shuffled.

    A pair of problem and pressure sentence belongs to one split only, so that no message of one split
    is a message of another with the names changed.
    """
    rng = random.Random(f"{seed}-{split}")
    made = [ticket for category in phrases.CATEGORIES for ticket in _category(split, category, per_cell, rng)]
    rng.shuffle(made)
    return made


def _category(split: str, category: str, per_cell: int, rng: random.Random) -> Iterator[Ticket]:
    problems = phrases.PROBLEMS[category]
    order = rng.sample(range(len(problems)), len(problems))
    turn = count()
    for urgency in phrases.URGENCIES:
        used: set[tuple[int, int]] = set()
        for _ in range(per_cell):
            allowed: list[int] = []
            while not allowed:  # a problem may have used up its sentences of this urgency
                problem = order[next(turn) % len(order)]
                allowed = [
                    index
                    for index, sentence in enumerate(phrases.PRESSURE[urgency])
                    if _split_of(problem, index) == split
                    and (problem, index) not in used
                    and category not in phrases.UNFIT.get(sentence, ())
                ]
            pressure = rng.choice(allowed)
            used.add((problem, pressure))
            yield _ticket(category, problems[problem], urgency, phrases.PRESSURE[urgency][pressure], rng)


def _split_of(problem: int, pressure: int) -> str:
    return SPLIT_OF_CELL.get((problem + pressure) % SPLIT_CELLS, "train")


def _ticket(
    category: str, problem: phrases.Problem, urgency: str, pressure: str, rng: random.Random
) -> Ticket:
    slots = _slots(rng)
    prompt = _message(problem.text, pressure, rng).format(**slots)
    subject = problem.subject.format(**slots)
    action = phrases.ACTIONS[category].format(subject=subject)
    reply = f"Hello {slots['name']}, {action} {phrases.PROMISES[urgency]}"
    return Ticket(prompt, category, urgency, reply)


def _message(problem: str, pressure: str, rng: random.Random) -> str:
    """The order of the sentences varies; the customer's name stands in the first or in the last one."""
    body = [problem, pressure] if rng.random() < 0.75 else [pressure, problem]
    if rng.random() < 0.5:
        body.insert(rng.randrange(len(body)), rng.choice(phrases.DETAILS))
    greeting = [rng.choice(phrases.GREETINGS)]
    if rng.random() < 0.3:
        body.insert(0, rng.choice(phrases.INTRODUCTIONS))
    else:
        body.append(rng.choice(phrases.SIGNATURES))
    return " ".join(part for part in greeting + body if part)


def _slots(rng: random.Random) -> dict[str, str]:
    name, colleague = rng.sample(phrases.NAMES, 2)
    return {
        "name": name,
        "colleague": colleague,
        "product": rng.choice(phrases.PRODUCTS),
        "city": rng.choice(phrases.CITIES),
        "day": rng.choice(phrases.DAYS),
        "order": str(rng.randrange(10000, 99999)),
        "invoice": str(rng.randrange(1000, 9999)),
        "amount": str(rng.randrange(15, 480)),
        "code": f"E{rng.randrange(10, 99)}",
        "years": rng.choice(("two", "three", "four", "five", "six", "ten")),
    }
