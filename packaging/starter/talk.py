"""Small talk and plain knowledge of the small world: greetings, meanings, groups, sums, days and lists."""

from __future__ import annotations

import random
from collections.abc import Callable

from starter import words as w

Turn = tuple[str, str]  # what a user says, what the assistant answers

GREETINGS = (
    "Hello!",
    "Hi!",
    "Hello.",
    "Hi there!",
    "Good morning!",
    "Good evening!",
    "Good afternoon!",
    "Hello there!",
)
WELCOMES = (
    "Hello! How can I help you?",
    "Hello! Nice to meet you.",
    "Hi! What would you like to know?",
    "Hello! What can I do for you?",
)
SMALL_TALK: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("How are you?", "How are you today?", "Are you well?"),
        ("I am fine, thank you.", "I am well. And you?"),
    ),
    (
        ("What is your name?", "Who are you?", "What are you?", "What are you called?"),
        ("I am a small practice model.", "I am a very small language model for practice."),
    ),
    (
        ("What can you do?", "How can you help me?", "What do you know?"),
        (
            "I can answer simple questions about short texts.",
            "I can talk in simple English, answer questions about a text and make short lists.",
        ),
    ),
    (("Thank you!", "Thanks!", "Thank you very much."), ("You are welcome.", "I am glad that I could help.")),
    (("Goodbye!", "Bye!", "See you!", "Good night!"), ("Goodbye!", "Goodbye, and have a nice day.")),
    (
        ("Can you help me?", "Will you help me?"),
        ("Yes, I will try. What is it about?", "I will try. Tell me more."),
    ),
    (
        ("Where do you live?", "Where are you?"),
        ("I live on this computer.", "I am a program on this computer."),
    ),
    (("Are you a person?", "Are you human?", "Are you real?"), ("No, I am a small computer program.",)),
    (("How old are you?",), ("I am a program, so I have no age.",)),
    (
        ("Do you like music?", "Do you like tea?", "Do you eat?"),
        ("I am a program, so I do not know the taste of things.",),
    ),
    (("Tell me a joke.",), ("Why did the book go to the doctor? It had too many pages.",)),
    (("What is the weather like?",), ("I cannot see the sky. Please look out of the window.",)),
    (("What time is it?", "What day is it today?"), ("I have no clock. Please look at yours.",)),
)
EMPTY_QUESTIONS = (
    "Why is the moon made of iron?", "Who is the king of the river?", "What did I eat yesterday?",
    "What will happen next year?", "Where is my key?", "What is my phone number?", "Who will win the race?",
)  # fmt: skip
DONT_KNOW = ("I do not know that.", "I am sorry, I do not know.")


def small_talk(rng: random.Random) -> list[Turn]:
    """A greeting with one to three exchanges."""
    name = rng.choice(w.NAMES)
    turns: list[Turn] = []
    if rng.random() < 0.4:
        turns.append((rng.choice(GREETINGS), rng.choice(WELCOMES)))
    elif rng.random() < 0.5:
        greeting = rng.choice(GREETINGS)
        told = rng.choice((f"My name is {name}.", f"I am {name}.", f"This is {name}.", f"{name} here."))
        turns.append(
            (
                f"{greeting} {told}",
                f"Hello {name}! {rng.choice(('How can I help you?', 'Nice to meet you.'))}",
            )
        )
        if rng.random() < 0.4:
            turns.append((rng.choice(("What is my name?", "Who am I?")), f"Your name is {name}."))
    for asked, answered in rng.sample(SMALL_TALK, rng.randint(0 if turns else 1, 2)):
        turns.append((rng.choice(asked), rng.choice(answered)))
    return turns


def meaning(rng: random.Random) -> Turn:
    """What a word means, and which word a meaning belongs to."""
    word, sentence = rng.choice(list(w.DEFINITIONS.items()))
    asked = rng.choice(
        (
            "What is {a} {w}?",
            "What does the word {w} mean?",
            "Explain the word {w}.",
            "Tell me what {a} {w} is.",
        )
    )
    if rng.random() < 0.25:
        return f"Which word is it? {sentence.replace(word, '...').replace(word.capitalize(), '...')}", word
    return asked.format(a=article(word), w=word), sentence


def group(rng: random.Random) -> Turn:
    """To which of two or three groups a word belongs."""
    right, *wrong = rng.sample(list(w.GROUPS), 3)
    word = rng.choice(w.GROUPS[right])
    if any(word in w.GROUPS[other] for other in wrong):
        return opposite(rng)
    kinds = [right, *wrong[: rng.randint(1, 2)]]
    rng.shuffle(kinds)
    named = [f"{article(kind)} {kind}" for kind in kinds]
    asked = f"Is {word} {', '.join(named[:-1])} or {named[-1]}?"
    return asked, rng.choice((f"{article(right)} {right}".capitalize() + ".", right))


def member(rng: random.Random) -> Turn:
    """Choosing the one word of a group among others, or a list of its members."""
    right, *others = rng.sample(list(w.GROUPS), 4)
    if rng.random() < 0.5:
        count = rng.randint(2, 4)
        members = rng.sample(w.GROUPS[right], count)
        form = rng.choice(
            (
                "{n} examples of the kind {g}:",
                "Name {n} words for {a} {g}.",
                "List {n} words of the group {g}.",
            )
        )
        asked = form.format(n=w.NUMBERS[count], g=right, a=article(right))
        return asked[0].upper() + asked[1:], ", ".join(members)
    words = [rng.choice(w.GROUPS[kind]) for kind in (right, *others)]
    answer = words[0]
    rng.shuffle(words)
    if any(word in w.GROUPS[right] for word in words if word != answer):
        return sums(rng)
    return f"Which of these is {article(right)} {right}: {', '.join(words)}?", answer


def opposite(rng: random.Random) -> Turn:
    """Opposites and words that mean nearly the same."""
    if rng.random() < 0.5:
        pair = list(rng.choice(w.OPPOSITES))
        rng.shuffle(pair)
        return rng.choice(("What is the opposite of {x}?", "Opposite of {x}?")).format(x=pair[0]), pair[1]
    pair = list(rng.choice(w.SYNONYMS))
    rng.shuffle(pair)
    asked = rng.choice(("Give me another word for {x}.", "Which word means nearly the same as {x}?"))
    return asked.format(x=pair[0]), pair[1]


def sums(rng: random.Random) -> Turn:
    """Small sums, in digits or in words, and what comes next."""
    kind = rng.random()
    if kind < 0.35:
        a, b = rng.randint(0, 10), rng.randint(0, 10)
        if rng.random() < 0.5:
            return f"What is {a} plus {b}?", str(a + b)
        return f"What is {w.NUMBERS[a]} plus {w.NUMBERS[b]}?", w.NUMBERS[a + b]
    if kind < 0.55:
        sequence = w.DAYS if rng.random() < 0.5 else w.MONTHS
        place = rng.randrange(len(sequence))
        if rng.random() < 0.5:
            return f"What comes after {sequence[place]}?", sequence[(place + 1) % len(sequence)]
        return f"What comes before {sequence[place]}?", sequence[place - 1]
    words = rng.sample(w.THINGS + w.ANIMALS + w.FRUITS, rng.randint(2, 5))
    if kind < 0.75:
        return f"How many words are these? {' '.join(words)}", w.NUMBERS[len(words)]
    if rng.random() < 0.5:
        return f"Which word comes first? {', '.join(words)}", words[0]
    return f"Which word comes last? {', '.join(words)}", words[-1]


def unknown(rng: random.Random) -> Turn:
    """A question without an answer, answered honestly."""
    return rng.choice(EMPTY_QUESTIONS), rng.choice(DONT_KNOW)


def article(word: str) -> str:
    """The indefinite article of a word."""
    return "an" if word[0] in "aeio" or word.startswith("umb") else "a"


PLAIN: tuple[Callable[[random.Random], Turn], ...] = (meaning, meaning, group, group, member, opposite, sums)


def knowledge(rng: random.Random) -> list[Turn]:
    """One to four questions of plain knowledge; now and then one that cannot be answered."""
    turns = [rng.choice(PLAIN)(rng) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.1:
        turns.append(unknown(rng))
    return turns
