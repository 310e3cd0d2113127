"""Small scenes of the starter model's world: sentences with facts in them, and questions about each fact."""

# ruff: noqa: E501 (one sentence stands on one line)

from __future__ import annotations

import random
from dataclasses import dataclass

from starter import words as w


@dataclass(frozen=True)
class Scene:
    """One kind of event: its slots, ways to tell it, and for each slot a question with a full answer."""

    topic: str
    slots: dict[str, tuple[str, ...] | str]
    told: tuple[str, ...]
    asked: tuple[tuple[str, str, str], ...]  # (slot, question, answer as a sentence)


@dataclass(frozen=True)
class Event:
    """A scene that happened: the words that fill its slots and one way in which it is told."""

    scene: Scene
    facts: dict[str, str]
    text: str

    def say(self, template: str) -> str:
        """A template of the scene with this event's words."""
        return template.format(**self.facts)


ITEMS = w.DEVICES + w.FURNITURE + w.CLOTHES + w.TOOLS + w.TOYS + w.THINGS
SCENES: tuple[Scene, ...] = (
    Scene(
        "shopping",
        {"name": w.NAMES, "item": ITEMS, "city": w.CITIES, "day": w.DAYS, "price": "2"},
        (
            "On {day} {name} bought a {item} in {city} for {price} euros.",
            "{name} went to a shop in {city} on {day} and paid {price} euros for a {item}.",
            "In {city} there is a shop where {name} found a {item}. It cost {price} euros, and that was on {day}.",
            "A {item} for {price} euros: that is what {name} brought home from {city} on {day}.",
        ),
        (
            ("name", "Who bought the {item}?", "{name} bought the {item}."),
            ("item", "What did {name} buy?", "{name} bought a {item}."),
            ("city", "Where did {name} buy the {item}?", "{name} bought it in {city}."),
            ("day", "When did {name} buy the {item}?", "{name} bought it on {day}."),
            ("price", "How much did the {item} cost?", "The {item} cost {price} euros."),
        ),
    ),
    Scene(
        "travel",
        {"name": w.NAMES, "city": w.CITIES, "vehicle": w.VEHICLES, "day": w.DAYS, "friend": w.NAMES},
        (
            "{name} travelled to {city} by {vehicle} on {day} to see {friend}.",
            "On {day} {name} took the {vehicle} to {city}, where {friend} was waiting.",
            "{friend} lives in {city}. {name} went there by {vehicle} on {day}.",
            "By {vehicle} it is not far to {city}. {name} visited {friend} there on {day}.",
        ),
        (
            ("name", "Who went to {city}?", "{name} went to {city}."),
            ("city", "Where did {name} go?", "{name} went to {city}."),
            ("vehicle", "How did {name} travel?", "{name} travelled by {vehicle}."),
            ("day", "On which day did {name} go?", "{name} went on {day}."),
            ("friend", "Whom did {name} visit?", "{name} visited {friend}."),
        ),
    ),
    Scene(
        "post",
        {"name": w.NAMES, "friend": w.NAMES, "item": ITEMS, "city": w.CITIES, "number": "5"},
        (
            "{name} sent a parcel with a {item} to {friend} in {city}. Its number was {number}.",
            "Parcel {number} went from {name} to {friend} in {city}. There was a {item} in the box.",
            "The courier brought parcel {number} to {friend} in {city}. {name} had packed a {item} into it.",
            "At the post office {name} paid for parcel {number}, a {item} for {friend}, who lives in {city}.",
        ),
        (
            ("name", "Who sent the parcel?", "{name} sent the parcel."),
            ("friend", "Who got the parcel?", "{friend} got the parcel."),
            ("item", "What was in the parcel?", "A {item} was in the parcel."),
            ("city", "To which city was the parcel sent?", "It was sent to {city}."),
            ("number", "What is the number of the parcel?", "The number is {number}."),
        ),
    ),
    Scene(
        "money",
        {"name": w.NAMES, "number": "4", "amount": "3", "item": ITEMS, "day": w.DAYS},
        (
            "{name} got bill {number} over {amount} euros for a {item} and paid it on {day}.",
            "Bill {number} is for a {item}. {name} transferred the {amount} euros on {day}.",
            "The bank moved {amount} euros on {day}, when {name} paid bill {number} for the {item}.",
            "On {day} {name} paid {amount} euros by card. The bill had the number {number} and was for a {item}.",
        ),
        (
            ("name", "Who paid the bill?", "{name} paid the bill."),
            ("number", "What is the number of the bill?", "The bill has the number {number}."),
            ("amount", "How much money was paid?", "{amount} euros were paid."),
            ("item", "What was the bill for?", "The bill was for a {item}."),
            ("day", "When was the bill paid?", "It was paid on {day}."),
        ),
    ),
    Scene(
        "order",
        {"name": w.NAMES, "number": "5", "item": ITEMS, "colour": w.COLOURS, "month": w.MONTHS},
        (
            "In {month} {name} ordered a {colour} {item}. The order had the number {number}.",
            "Order {number} came from {name}, who wished for a {colour} {item} in {month}.",
            "The clerk wrote down order {number}: one {colour} {item} for {name}, to be ready in {month}.",
            "{name} wanted a {item}, and it had to be {colour}. In {month} it became order {number}.",
        ),
        (
            ("name", "Who made the order?", "{name} made the order."),
            ("number", "What is the order number?", "The order number is {number}."),
            ("item", "What was ordered?", "A {item} was ordered."),
            ("colour", "Which colour has the {item}?", "The {item} is {colour}."),
            ("month", "In which month was it?", "It was in {month}."),
        ),
    ),
    Scene(
        "repair",
        {
            "name": w.NAMES,
            "device": w.DEVICES,
            "fault": ("a broken cable", "an empty battery", "a loose plug", "a dark screen", "a cracked cover",
                      "a stuck button", "a worn wheel", "too much dust inside", "an old driver", "a weak signal"),
            "helper": w.NAMES,
            "place": w.PLACES,
        },
        (
            "The {device} at the {place} was out of order. {name} saw {fault}, and {helper} repaired it.",
            "{name} called {helper} to the {place}, because the {device} had {fault}.",
            "{helper} mended the {device} of {name} at the {place}. The reason was {fault}.",
            "A machine fails now and then. At the {place} the {device} of {name} had {fault}, so {helper} came.",
        ),
        (
            ("device", "Which device was out of order?", "The {device} was out of order."),
            ("fault", "What was wrong with the {device}?", "It had {fault}."),
            ("helper", "Who repaired the {device}?", "{helper} repaired the {device}."),
            ("place", "Where was the {device}?", "The {device} was at the {place}."),
        ),
    ),
    Scene(
        "computer",
        {
            "name": w.NAMES,
            "trouble": ("forgot a password", "could not sign in", "lost a file", "got a strange email",
                        "deleted a photo", "needed a new user name", "could not open the website",
                        "typed a wrong code", "clicked on a bad link", "wanted to change the settings"),
            "helper": w.NAMES,
            "day": w.DAYS,
            "time": w.TIMES,
        },
        (
            "On {day} {name} {trouble}. {helper} helped {time}.",
            "{name} {trouble} on {day}, so {helper} came {time}.",
            "{helper} knows computers well. When {name} {trouble} on {day}, {helper} helped {time}.",
        ),
        (
            ("name", "Who needed help?", "{name} needed help."),
            ("trouble", "What happened to {name}?", "{name} {trouble}."),
            ("helper", "Who helped?", "{helper} helped."),
            ("time", "When did {helper} help?", "{helper} helped {time}."),
        ),
    ),
    Scene(
        "weather",
        {"city": w.CITIES, "weather": w.WEATHER, "day": w.DAYS, "degrees": "2"},
        (
            "On {day} it was {weather} in {city} with {degrees} degrees.",
            "{city} had {degrees} degrees on {day}, and the weather was {weather}.",
            "The weather in {city} on {day} was {weather}. The radio said {degrees} degrees.",
        ),
        (
            ("city", "Which city is it about?", "It is about {city}."),
            ("weather", "How was the weather in {city}?", "The weather was {weather}."),
            ("day", "Which day was it?", "It was {day}."),
            ("degrees", "How many degrees were there?", "There were {degrees} degrees."),
        ),
    ),
    Scene(
        "food",
        {"name": w.NAMES, "dish": w.DISHES, "drink": w.DRINKS, "friend": w.NAMES, "time": w.TIMES},
        (
            "{name} cooked {dish} for {friend} {time}. They drank {drink}.",
            "{time} {name} and {friend} had {drink} and ate {dish}.",
            "{friend} was hungry, so {name} made {dish} {time}. There was {drink} to drink.",
        ),
        (
            ("name", "Who cooked or ate with {friend}?", "{name} was with {friend}."),
            ("dish", "What did they eat?", "They ate {dish}."),
            ("drink", "What did they drink?", "They drank {drink}."),
            ("time", "When did they eat?", "They ate {time}."),
        ),
    ),
    Scene(
        "work",
        {"name": w.NAMES, "job": w.JOBS, "city": w.CITIES, "years": w.NUMBERS[2:], "friend": w.NAMES},
        (
            "{name} is a {job} in {city} and has worked with {friend} for {years} years.",
            "For {years} years {name} and {friend} have been colleagues in {city}. {name} is a {job}.",
            "{friend} told me about {name}, a {job} from {city} with {years} years of work behind.",
        ),
        (
            ("name", "Who is the {job}?", "{name} is the {job}."),
            ("job", "What is the job of {name}?", "{name} is a {job}."),
            ("city", "Where does {name} work?", "{name} works in {city}."),
            ("years", "For how many years?", "For {years} years."),
        ),
    ),
    Scene(
        "animals",
        {"name": w.NAMES, "animal": w.ANIMALS, "colour": w.COLOURS, "pet": w.NAMES, "place": w.PLACES},
        (
            "{name} has a {colour} {animal} called {pet}. They often walk to the {place}.",
            "{pet} is the {colour} {animal} of {name} and likes the {place}.",
            "Near the {place} {name} found a {colour} {animal} and gave it the name {pet}.",
        ),
        (
            ("animal", "What kind of animal is {pet}?", "{pet} is a {animal}."),
            ("colour", "Which colour has {pet}?", "{pet} is {colour}."),
            ("pet", "What is the name of the {animal}?", "The {animal} is called {pet}."),
            ("name", "Who has the {animal}?", "{name} has the {animal}."),
        ),
    ),
    Scene(
        "meeting",
        {"name": w.NAMES, "friend": w.NAMES, "place": w.PLACES, "day": w.DAYS, "time": w.TIMES},
        (
            "{name} met {friend} at the {place} on {day} {time}.",
            "On {day} {time} {friend} waited at the {place} until {name} came.",
            "{name} wrote to {friend}: let us meet at the {place} on {day} {time}.",
        ),
        (
            ("place", "Where did they meet?", "They met at the {place}."),
            ("day", "On which day did they meet?", "They met on {day}."),
            ("time", "At what time did they meet?", "They met {time}."),
            ("friend", "Whom did {name} meet?", "{name} met {friend}."),
        ),
    ),
    Scene(
        "school",
        {"name": w.NAMES, "subject": w.SUBJECTS, "teacher": w.NAMES, "day": w.DAYS, "mark": w.NUMBERS[1:11]},
        (
            "{name} learns {subject} with {teacher} every {day} and got {mark} points.",
            "{teacher} teaches {subject}. On {day} {name} got {mark} points in the test.",
            "In the {subject} lesson on {day} {teacher} gave {name} {mark} points.",
        ),
        (
            ("subject", "What does {name} learn?", "{name} learns {subject}."),
            ("teacher", "Who is the teacher?", "{teacher} is the teacher."),
            ("mark", "How many points did {name} get?", "{name} got {mark} points."),
            ("day", "On which day is the lesson?", "The lesson is on {day}."),
        ),
    ),
    Scene(
        "sport",
        {"name": w.NAMES, "sport": w.SPORTS, "friend": w.NAMES, "city": w.CITIES, "month": w.MONTHS},
        (
            "{name} won at {sport} against {friend} in {city} in {month}.",
            "In {month} {name} and {friend} went to {city} for {sport}. {name} won.",
            "{friend} lost in {city} in {month}, because {name} is very good at {sport}.",
        ),
        (
            ("name", "Who won?", "{name} won."),
            ("friend", "Who lost?", "{friend} lost."),
            ("sport", "Which sport was it?", "It was {sport}."),
            ("city", "Where was it?", "It was in {city}."),
        ),
    ),
    Scene(
        "music",
        {"name": w.NAMES, "instrument": w.INSTRUMENTS, "place": w.PLACES, "friend": w.NAMES, "day": w.DAYS},
        (
            "{name} played the {instrument} at the {place} on {day}, and {friend} sang.",
            "On {day} {friend} heard {name} play the {instrument} at the {place}.",
            "At the {place} there was music on {day}: {name} had brought the {instrument} and {friend} listened.",
        ),
        (
            ("instrument", "Which instrument did {name} play?", "{name} played the {instrument}."),
            ("place", "Where was the music?", "It was at the {place}."),
            ("name", "Who played the {instrument}?", "{name} played the {instrument}."),
            ("day", "When was the music?", "It was on {day}."),
        ),
    ),
    Scene(
        "gift",
        {"name": w.NAMES, "relative": w.RELATIVES, "item": ITEMS, "colour": w.COLOURS, "month": w.MONTHS},
        (
            "In {month} {name} gave a {colour} {item} to a {relative}.",
            "The {relative} of {name} was glad about the {colour} {item} in {month}.",
            "{name} thought of a present for {month}: a {colour} {item} for the {relative}.",
        ),
        (
            ("item", "What was the gift?", "The gift was a {item}."),
            ("relative", "Who got the gift?", "The {relative} of {name} got the gift."),
            ("name", "Who gave the gift?", "{name} gave the gift."),
            ("colour", "Which colour had the {item}?", "The {item} was {colour}."),
        ),
    ),
    Scene(
        "lost",
        {"name": w.NAMES, "item": w.THINGS + w.CLOTHES, "place": w.PLACES, "finder": w.NAMES, "day": w.DAYS},
        (
            "{name} lost a {item} at the {place} on {day}. {finder} found it.",
            "On {day} {finder} found a {item} at the {place}. It belonged to {name}.",
            "The {item} of {name} was gone. {finder} saw it at the {place} on {day}.",
        ),
        (
            ("item", "What was lost?", "A {item} was lost."),
            ("finder", "Who found the {item}?", "{finder} found the {item}."),
            ("place", "Where was the {item}?", "It was at the {place}."),
            ("name", "Whose {item} was it?", "It was the {item} of {name}."),
        ),
    ),
    Scene(
        "time",
        {
            "name": w.NAMES,
            "task": ("write a report", "pack the boxes", "clean the hall", "print the tickets", "cook for ten guests",
                     "paint the fence", "prepare a speech", "count the money", "open the shop", "fix the roof"),
            "end": ("before noon", "by midnight", "within an hour", "by the next morning", "before the guests came",
                    "by the end of the month", "before the spring", "at some point in the year", "by Sunday",
                    "before the train left"),
            "friend": w.NAMES,
        },
        (
            "{name} had to {task} {end}. {friend} helped a little.",
            "The plan was clear: {task}, {end}. {name} did it and {friend} watched.",
            "{friend} asked {name} to {task} {end}.",
        ),
        (
            ("task", "What did {name} have to do?", "{name} had to {task}."),
            ("end", "When did it have to be ready?", "It had to be ready {end}."),
            ("friend", "Who else was there?", "{friend} was there."),
        ),
    ),
)  # fmt: skip


def happen(rng: random.Random, scene: Scene | None = None) -> Event:
    """One event of a scene (any scene when none is given), with no word standing in two of its slots."""
    scene = scene or rng.choice(SCENES)
    facts: dict[str, str] = {}
    for slot, kind in scene.slots.items():
        facts[slot] = _draw(rng, kind, facts)
    text = rng.choice(scene.told).format(**facts)
    return Event(scene, facts, text[0].upper() + text[1:])


def _draw(rng: random.Random, kind: tuple[str, ...] | str, taken: dict[str, str]) -> str:
    if isinstance(kind, str):
        digits = int(kind)
        return str(rng.randrange(10 ** (digits - 1), 10**digits))
    word = rng.choice(kind)
    while word in taken.values():
        word = rng.choice(kind)
    return word
