"""Tasks about short texts of the small world: questions, facts as JSON or lists, sorting, copying, notes."""

# ruff: noqa: E501 (one wording stands on one line)

from __future__ import annotations

import json
import random

from starter import words as w
from starter.more_topics import EVERYDAY
from starter.scenes import Event, happen
from starter.talk import Turn
from starter.topics import HURRY_STORIES, NOTES, TOPIC_NAMES, TOPICS

KEY_NAMES: dict[str, tuple[str, ...]] = {
    "name": ("name", "person", "who"), "friend": ("friend", "second", "other"), "item": ("item", "thing", "object"),
    "city": ("city", "town", "where"), "day": ("day", "weekday", "date"), "price": ("price", "cost"),
    "number": ("number", "no", "id"), "amount": ("amount", "sum", "euros"), "device": ("device", "machine"),
    "place": ("place", "location", "where"), "helper": ("helper", "helped_by"), "finder": ("finder", "found_by"),
    "job": ("job", "work"), "time": ("time", "hour", "when"), "colour": ("colour", "color"), "month": ("month", "date"),
}  # fmt: skip
QUIET_SYSTEMS = (
    "You are a friendly helper.", "You answer in simple English.", "You answer questions about short texts.",
    "You are a small helper for {name}.", "Answer in one sentence.", "Be short and polite.", "You work in a {place}.",
    "You help the people of {city}.",
)  # fmt: skip


def fill(rng: random.Random, template: str) -> str:
    """A sentence of `topics` with words in its slots."""
    name, other = rng.sample(w.NAMES, 2)
    return template.format(
        name=name, name2=other, city=rng.choice(w.CITIES), day=rng.choice(w.DAYS), month=rng.choice(w.MONTHS),
        item=rng.choice(w.DEVICES + w.FURNITURE + w.CLOTHES), device=rng.choice(w.DEVICES), place=rng.choice(w.PLACES),
        colour=rng.choice(w.COLOURS), n=rng.randrange(2, 100),
    )  # fmt: skip


def quiet_system(rng: random.Random) -> str:
    """A system message that changes little."""
    return fill(rng, rng.choice(QUIET_SYSTEMS))


def questions(rng: random.Random) -> tuple[str, list[Turn]]:
    """A text of one to three events, then questions about its facts, one a turn."""
    events = [happen(rng) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.3:
        events.append(_side_story(rng))
    rng.shuffle(events)
    text = " ".join(event.text for event in events)
    asked = [pair for event in events for pair in _asked(rng, event)]
    rng.shuffle(asked)
    turns = asked[: rng.randint(1, 4)]
    first = rng.choice(("{t} {q}", "Text: {t}\nQuestion: {q}", "{q}\n{t}", "Read this: {t} {q}"))
    turns[0] = (first.format(t=text, q=turns[0][0]), turns[0][1])
    return quiet_system(rng), turns


def _side_story(rng: random.Random) -> Event:
    event = happen(rng)
    return Event(event.scene, event.facts, f"{fill(rng, rng.choice(HURRY_STORIES))} {event.text}")


def _asked(rng: random.Random, event: Event) -> list[Turn]:
    turns: list[Turn] = []
    for slot, question, answer in event.scene.asked:
        kind = rng.random()
        if kind < 0.55:
            turns.append((event.say(question), event.say(answer)))
        elif kind < 0.85:
            turns.append((event.say(question), event.facts[slot]))
        else:
            turns.append(_yes_or_no(rng, event, slot, answer))
    return turns


def _yes_or_no(rng: random.Random, event: Event, slot: str, answer: str) -> Turn:
    claim = event.say(answer).rstrip(".")
    if rng.random() < 0.5:
        return f"Is this right? {claim}.", "Yes."
    other = happen(rng, event.scene).facts[slot]
    wrong = answer.format(**{**event.facts, slot: other})
    return f"Is this right? {wrong}", "Yes." if other == event.facts[slot] else f"No. {event.say(answer)}"


def facts_as_json(rng: random.Random) -> tuple[str, list[Turn]]:
    """The system message names keys; every user text is answered with a JSON object of these facts."""
    first = happen(rng)
    slots = rng.sample(list(first.facts), rng.randint(1, min(4, len(first.facts))))
    keys = _keys(rng, slots)
    listed = ", ".join(keys)
    told = rng.choice(
        ("Answer with JSON: {k}.", "You read notes. Answer only with JSON: {k}.", "Write the facts as JSON with the keys {k}.",
         "You work for {n}. Reply as JSON: {k}.", "Find {k} in the text. Only JSON, please.")
    ).format(k=listed, n=rng.choice(w.NAMES))  # fmt: skip
    turns: list[Turn] = []
    for event in [first] + [happen(rng, first.scene) for _ in range(rng.randint(0, 2))]:
        text = event.text
        if rng.random() < 0.4:
            text = _with_noise(rng, text)
        turns.append((text, dump({key: event.facts[slot] for key, slot in zip(keys, slots, strict=True)})))
    if rng.random() < 0.25:
        turns = [(f"{told} {text}", answer) for text, answer in turns[:1]]
        return quiet_system(rng), turns
    return told, turns


def _with_noise(rng: random.Random, text: str) -> str:
    topic = rng.choice(list(TOPICS))
    extra = fill(rng, rng.choice((*TOPICS[topic], *EVERYDAY)))
    return f"{text} {extra}" if rng.random() < 0.5 else f"{extra} {text}"


def _keys(rng: random.Random, slots: list[str]) -> list[str]:
    keys: list[str] = []
    for slot in slots:
        choices = [key for key in KEY_NAMES.get(slot, (slot,)) if key not in keys]
        keys.append(rng.choice(choices or [slot]))
    return keys


def dump(value: dict[str, str]) -> str:
    """JSON in the spacing of all the texts."""
    return json.dumps(value, ensure_ascii=False)


def sorting(rng: random.Random) -> tuple[str, list[Turn]]:
    """Short messages are sorted by topic and by side-notes; the labels and the form change with each text."""
    topics = rng.sample(list(TOPICS), rng.randint(2, 7))
    labels = {topic: rng.choice(TOPIC_NAMES[topic]) for topic in topics}
    notes = rng.sample(list(NOTES), rng.randint(0, 2))
    order = ["topic", *notes]
    rng.shuffle(order)
    as_json = rng.random() < 0.75
    signed = as_json and rng.random() < 0.5
    asked = _sorting_instruction(rng, order, labels, as_json, signed)
    turns = [_sorted_message(rng, labels, order, as_json, signed) for _ in range(rng.randint(1, 4))]
    return asked, turns


def _sorting_instruction(
    rng: random.Random, order: list[str], labels: dict[str, str], as_json: bool, signed: bool
) -> str:
    keys = ", ".join(order + (["from", "note"] if signed else []))
    form = (
        rng.choice(("Answer with JSON: {k}.", "JSON only: {k}.", "Give a JSON object with {k}."))
        if as_json
        else "Say {k}."
    )
    topics = f" The topic is one of {', '.join(labels.values())}." if rng.random() < 0.8 else ""
    opening = rng.choice(
        ("You sort notes.", "You read letters.", "Sort this message.", "You sort the mail of a club.")
    )
    return f"{opening} {form.format(k=keys)}{topics}"


def _sorted_message(
    rng: random.Random, labels: dict[str, str], order: list[str], as_json: bool, signed: bool
) -> Turn:
    topic = rng.choice(list(labels))
    values = {"topic": labels[topic]}
    name = rng.choice(w.NAMES)
    sentences = [fill(rng, text) for text in rng.sample(TOPICS[topic], rng.randint(1, 2))]
    for note in [key for key in order if key != "topic"]:
        values[note] = rng.choice(list(NOTES[note]))
        sentences.append(rng.choice(NOTES[note][values[note]]))
    if rng.random() < 0.5:
        sentences.append(
            rng.choice(_stray(rng, order)) if rng.random() < 0.5 else fill(rng, rng.choice(EVERYDAY))
        )
    rng.shuffle(sentences)
    sign = rng.choice(("Your {n}", "Love, {n}", "Best wishes, {n}", "{n}", "From {n}", "Yours, {n}")).format(
        n=name
    )
    text = " ".join(sentences) + (f" {sign}" if signed or rng.random() < 0.3 else "")
    answer = {key: values[key] for key in order}
    if signed:
        answer["from"] = name
        answer["note"] = f"Dear {name}, thank you for your words about {labels[topic]}."
    return text, dump(answer) if as_json else ", ".join(answer.values())


def _stray(rng: random.Random, order: list[str]) -> tuple[str, ...]:
    note = rng.choice([key for key in NOTES if key not in order])
    return NOTES[note][rng.choice(list(NOTES[note]))]


def copying(rng: random.Random) -> tuple[str, list[Turn]]:
    """Repeating, quoting and replacing words of a text."""
    event = happen(rng)
    kind = rng.random()
    text = event.text
    if kind < 0.3:
        return quiet_system(rng), [
            (rng.choice(("Repeat this: {t}", "Say after me: {t}", "Copy the text: {t}")).format(t=text), text)
        ]
    if kind < 0.6:
        slot = rng.choice(list(event.facts))
        old, new = event.facts[slot], happen(rng, event.scene).facts[slot]
        return quiet_system(rng), [(f"Replace {old} by {new}: {text}", text.replace(old, new))]
    if kind < 0.8:
        codes = [str(rng.randrange(10 ** rng.randint(1, 5))) for _ in range(rng.randint(1, 4))]
        return quiet_system(rng), [(f"Repeat these numbers: {' '.join(codes)}", " ".join(codes))]
    names = rng.sample(w.NAMES, rng.randint(2, 5))
    return quiet_system(rng), [(f"Write the names as a JSON list: {', '.join(names)}", json.dumps(names))]


def lists(rng: random.Random) -> tuple[str, list[Turn]]:
    """Facts as lines of `key: value`, and such lines told as a text or turned into JSON."""
    event = happen(rng)
    slots = rng.sample(list(event.facts), rng.randint(2, len(event.facts)))
    lines = "\n".join(f"{slot}: {event.facts[slot]}" for slot in slots)
    kind = rng.random()
    if kind < 0.4:
        return quiet_system(rng), [(f"List the facts ({', '.join(slots)}): {event.text}", lines)]
    if kind < 0.7:
        return quiet_system(rng), [
            (f"Turn these lines into JSON.\n{lines}", dump({s: event.facts[s] for s in slots}))
        ]
    everything = "\n".join(f"{slot}: {value}" for slot, value in event.facts.items())
    return quiet_system(rng), [(f"Tell this as a text.\n{everything}", event.text)]


def stories(rng: random.Random) -> tuple[str, list[Turn]]:
    """A short story on a wish: plain sentences of the world after each other."""
    name, other = rng.sample(w.NAMES, 2)
    sentences: list[str] = []
    topic = rng.choice(list(TOPICS))
    for source in rng.sample((*TOPICS[topic], *HURRY_STORIES, *EVERYDAY), rng.randint(2, 5)):
        sentences.append(source.replace("{name}", name).replace("{name2}", other))
    asked = rng.choice(
        ("Tell me a story about {n}.", "Write a short text about {n} and {t}.", "Please tell me about {n}.")
    )
    story = fill(rng, " ".join(sentences))
    return quiet_system(rng), [(asked.format(n=name, t=topic), story)]


def notes(rng: random.Random) -> tuple[str, list[Turn]]:
    """A note to a person about a thing: the names and the thing are taken from the wish."""
    name, other = rng.sample(w.NAMES, 2)
    thing = rng.choice(w.DEVICES + w.FURNITURE + w.CLOTHES + w.TOOLS)
    day = rng.choice(w.DAYS)
    wish = rng.choice(
        ("Write a note to {n} from {o}: the {t} comes on {d}.", "{o} wants to tell {n} that the {t} comes on {d}. Write it.",
         "The {t} comes on {d}. Tell {n}, and sign as {o}.")
    )  # fmt: skip
    letter = rng.choice(
        (
            "Hello {n}, the {t} comes on {d}. Yours, {o}",
            "Dear {n}, on {d} you will get the {t}. Best wishes, {o}",
        )
    )
    words = {"n": name, "o": other, "t": thing, "d": day}
    return quiet_system(rng), [(wish.format(**words), letter.format(**words))]


def gaps(rng: random.Random) -> tuple[str, list[Turn]]:
    """Sentences with a missing word, to be chosen among some words, or sentences that fit a topic."""
    return quiet_system(rng), [
        _gap(rng) if rng.random() < 0.7 else _fitting(rng) for _ in range(rng.randint(1, 4))
    ]


def _gap(rng: random.Random) -> Turn:
    sentence, others = (_any_sentence(rng) for _ in range(2))
    words = [word.strip(".,?!:") for word in sentence.split()]
    long_words = [word for word in words[1:] if len(word) > 3 and word.islower()] or words
    missing = rng.choice(long_words)
    wrong = [
        word
        for word in {part.strip(".,?!:") for part in others.split()}
        if len(word) > 3 and word not in words
    ]
    choices = [missing, *rng.sample(sorted(wrong), min(2, len(wrong)))]
    rng.shuffle(choices)
    gap = sentence.replace(missing, "...", 1)
    if rng.random() < 0.3:
        return f"Write the sentence with the right word ({', '.join(choices)}): {gap}", sentence
    return f"Which word fits, {', '.join(choices)}? {gap}", missing


def _any_sentence(rng: random.Random) -> str:
    source = rng.choice((EVERYDAY, HURRY_STORIES, *TOPICS.values()))
    return fill(rng, rng.choice(source))


def _fitting(rng: random.Random) -> Turn:
    topic, other = rng.sample(list(TOPICS), 2)
    one, same, different = (fill(rng, rng.choice(TOPICS[t])) for t in (topic, topic, other))
    label = rng.choice(TOPIC_NAMES[topic])
    if rng.random() < 0.5:
        pair = [same, different]
        rng.shuffle(pair)
        return f"Which one is about {label}? {pair[0]} Or: {pair[1]}", same
    second = rng.choice((same, different))
    return (
        f"Do these belong together? {one} And: {second}",
        f"Yes, both are about {label}." if second == same else "No.",
    )
