"""The words of the starter model's small world, by kind; it does not know any sentence."""

from __future__ import annotations

NAMES = (
    "Maria", "Tom", "Aisha", "Peter", "Lena", "Omar", "Grace", "Ivan", "Sofia", "Daniel", "Mei", "Lucas",
    "Hannah", "Ravi", "Clara", "Samuel", "Nora", "Felix", "Elena", "Marcus", "Yuki", "Anna", "David", "Zoe",
    "Oscar", "Priya", "Jonas", "Emma", "Karim", "Julia", "Victor", "Leila", "Martin", "Rosa", "Adam",
    "Ines", "Alice", "Ben", "Carlos", "Diana", "Eric", "Fatima", "George", "Helen", "Igor", "Jane", "Kevin",
    "Laura", "Mark", "Nadia", "Olga", "Paul", "Rachel", "Simon", "Tina", "Ulla", "Vera", "Walter", "Xenia",
    "Yusuf", "Zara", "Amir", "Bella", "Chen", "Dora", "Emil", "Frank", "Gina", "Hugo", "Irene", "Jack",
    "Kate", "Leo", "Mona", "Nils", "Otto", "Pia", "Quinn", "Rita", "Sam", "Tara", "Uma", "Viktor", "Wendy",
    "Yara", "Boris", "Celia", "Dylan", "Esther", "Flora", "Greg", "Hilda", "Isaac", "Joan", "Kurt", "Linda",
    "Max", "Nina", "Oliver", "Petra", "Robin", "Sara", "Theo", "Ursula", "Vincent", "Willa",
)  # fmt: skip
CITIES = (
    "Leeds", "Lyon", "Porto", "Turin", "Ghent", "Graz", "Cork", "Malaga", "Bonn", "Oslo", "Rome", "Paris",
    "Berlin", "Madrid", "Vienna", "Prague", "Dublin", "Athens", "Lisbon", "Warsaw", "Geneva", "Munich",
    "Milan", "Bergen", "Utrecht", "Basel", "Seville", "Krakow", "Riga", "Tallinn", "Bruges", "Nantes",
    "Bath", "York",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
)  # fmt: skip
COLOURS = (
    "red",
    "blue",
    "green",
    "yellow",
    "black",
    "white",
    "brown",
    "grey",
    "orange",
    "pink",
    "purple",
    "silver",
)
ANIMALS = (
    "cat", "dog", "horse", "cow", "sheep", "rabbit", "bird", "duck", "goat", "pig", "hen", "mouse", "fox",
    "bear",
    "frog", "goose", "parrot", "turtle",
)  # fmt: skip
FRUITS = ("apple", "pear", "banana", "lemon", "peach", "plum", "cherry", "melon", "grape", "fig")
DISHES = (
    "soup", "bread", "rice", "salad", "cake", "pasta", "pizza", "fish", "stew", "pancakes", "potatoes",
    "beans",
    "cheese", "an omelette", "porridge", "noodles",
)  # fmt: skip
DRINKS = ("tea", "coffee", "milk", "water", "juice", "cocoa", "lemonade")
DEVICES = (
    "desk lamp", "laser printer", "label printer", "headset", "webcam", "keyboard", "monitor", "tablet",
    "coffee machine", "toaster", "router", "speaker", "power bank", "docking station", "projector", "scanner",
    "fan heater", "clock radio", "vacuum cleaner", "kettle", "phone", "laptop", "camera", "radio", "fridge",
    "washing machine", "television", "sewing machine", "hair dryer", "mixer", "oven", "electric drill",
    "computer",
    "printer", "lamp", "doorbell", "pump", "lawn mower",
)  # fmt: skip
FURNITURE = (
    "table",
    "chair",
    "sofa",
    "bed",
    "shelf",
    "cupboard",
    "mirror",
    "carpet",
    "desk",
    "bench",
    "curtain",
)
CLOTHES = ("coat", "shirt", "hat", "scarf", "dress", "jacket", "sweater", "skirt", "tie", "belt", "raincoat")
TOOLS = ("hammer", "saw", "ladder", "rope", "spade", "screwdriver", "brush", "needle", "rake", "bucket")
TOYS = ("ball", "doll", "kite", "puzzle", "drum", "toy train", "teddy bear", "board game")
THINGS = (
    "book",
    "map",
    "key",
    "umbrella",
    "bag",
    "ticket",
    "letter",
    "wallet",
    "watch",
    "pen",
    "cup",
    "blanket",
)
JOBS = (
    "teacher", "doctor", "nurse", "baker", "driver", "farmer", "painter", "cook", "waiter", "pilot", "singer",
    "gardener", "plumber", "courier", "engineer", "clerk", "lawyer", "carpenter", "tailor", "librarian",
    "mechanic",
)  # fmt: skip
PLACES = (
    "park", "market", "station", "library", "school", "museum", "garden", "harbour", "office", "kitchen",
    "bakery",
    "hospital", "theatre", "hotel", "bank", "cinema", "cafe", "church", "zoo", "beach", "airport",
    "post office",
)  # fmt: skip
VEHICLES = ("train", "bus", "car", "bicycle", "boat", "plane", "tram", "taxi", "ferry", "van")
WEATHER = (
    "sunny", "rainy", "windy", "cloudy", "foggy", "cold", "warm", "hot", "snowy", "stormy", "dry", "mild",
)  # fmt: skip
SPORTS = (
    "football",
    "tennis",
    "chess",
    "swimming",
    "running",
    "cycling",
    "basketball",
    "skiing",
    "rowing",
    "golf",
)
INSTRUMENTS = ("piano", "violin", "guitar", "flute", "drums", "trumpet", "cello", "harp")
SUBJECTS = (
    "maths",
    "history",
    "music",
    "art",
    "biology",
    "geography",
    "French",
    "Spanish",
    "English",
    "chemistry",
)
FLOWERS = ("rose", "tulip", "daisy", "lily", "sunflower", "violet", "orchid")
RELATIVES = (
    "mother",
    "father",
    "sister",
    "brother",
    "aunt",
    "uncle",
    "cousin",
    "grandmother",
    "son",
    "daughter",
)
TIMES = (
    "in the morning", "at noon", "in the afternoon", "in the evening", "at night", "at six", "at seven",
    "at eight",
    "at nine", "at ten", "before lunch", "after lunch", "after work", "before breakfast", "at midnight",
)  # fmt: skip
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
MOODS = ("happy", "sad", "angry", "tired", "proud", "nervous", "bored", "calm")

GROUPS: dict[str, tuple[str, ...]] = {
    "animal": ANIMALS,
    "fruit": FRUITS,
    "colour": COLOURS,
    "city": CITIES,
    "day": DAYS,
    "month": MONTHS,
    "job": JOBS,
    "vehicle": VEHICLES,
    "sport": SPORTS,
    "instrument": INSTRUMENTS,
    "piece of furniture": FURNITURE,
    "piece of clothing": CLOTHES,
    "tool": TOOLS,
    "toy": TOYS,
    "flower": FLOWERS,
    "device": DEVICES,
    "drink": DRINKS,
    "place": PLACES,
    "school subject": SUBJECTS,
}
OPPOSITES = (
    ("big", "small"), ("hot", "cold"), ("fast", "slow"), ("old", "new"), ("open", "closed"),
    ("early", "late"),
    ("full", "empty"), ("heavy", "light"), ("long", "short"), ("loud", "quiet"), ("wet", "dry"),
    ("rich", "poor"),
    ("cheap", "expensive"), ("easy", "hard"), ("first", "last"), ("right", "wrong"), ("day", "night"),
    ("buy", "sell"), ("give", "take"), ("send", "receive"), ("begin", "end"), ("lose", "find"),
    ("win", "lose"),
    ("happy", "sad"), ("clean", "dirty"), ("near", "far"), ("up", "down"), ("in", "out"), ("yes", "no"),
    ("black", "white"), ("young", "old"), ("strong", "weak"), ("arrive", "leave"), ("push", "pull"),
    ("busy", "free"),
    ("dark", "bright"), ("front", "back"), ("more", "less"), ("always", "never"), ("lock", "unlock"),
)  # fmt: skip
SYNONYMS = (
    ("parcel", "package"), ("invoice", "bill"), ("hurry", "rush"), ("quick", "fast"), ("begin", "start"),
    ("courier", "messenger"), ("shop", "store"), ("refund", "money back"), ("swap", "exchange"),
    ("repair", "mend"),
    ("urgent", "pressing"), ("at once", "immediately"), ("glad", "happy"), ("big", "large"),
    ("small", "little"),
    ("error", "mistake"), ("payment", "fee"), ("guarantee", "promise"), ("broken", "damaged"),
    ("answer", "reply"),
    ("customer", "buyer"), ("log in", "sign in"), ("purchase", "buy"), ("noise", "sound"),
    ("recommend", "advise"),
    ("quiet", "calm"), ("correct", "right"), ("wrong", "false"), ("end", "finish"), ("street", "road"),
    ("picture", "image"), ("job", "work"), ("gift", "present"), ("late", "delayed"), ("solve", "fix"),
    ("choose", "pick"), ("deliver", "bring"), ("delete", "remove"), ("change", "alter"), ("sick", "ill"),
)  # fmt: skip
DEFINITIONS = {
    "printer": "A printer puts text and pictures on paper.",
    "lamp": "A lamp gives light in a dark room.",
    "keyboard": "A keyboard has keys for typing text into a computer.",
    "monitor": "A monitor is the screen of a computer.",
    "router": "A router brings the internet to the computers of a house.",
    "webcam": "A webcam is a small camera for video calls.",
    "headset": "A headset lets you hear and speak in a call.",
    "battery": "A battery stores electricity for a device.",
    "password": "A password is a secret word that opens your account on a computer.",
    "login": "A login is the name and the password with which you enter a website.",
    "invoice": "An invoice is a letter that says how much money you have to pay.",
    "receipt": "A receipt is a paper that proves that you paid.",
    "discount": "A discount makes the price of a thing lower.",
    "refund": "A refund is money that a shop gives back to you.",
    "parcel": "A parcel is a box that is sent by post.",
    "courier": "A courier carries letters and parcels to other people.",
    "customer": "A customer is a person who buys something in a shop.",
    "guarantee": "A guarantee is a promise to repair a thing if it breaks.",
    "deadline": "A deadline is the last moment at which a task must be ready.",
    "emergency": "An emergency is a danger in which people need help at once.",
    "bakery": "A bakery is a shop that sells bread and cakes.",
    "library": "A library is a place where you can borrow books.",
    "doctor": "A doctor helps people who are ill.",
    "teacher": "A teacher helps children to learn at school.",
    "farmer": "A farmer grows food and keeps animals.",
    "pilot": "A pilot flies a plane.",
    "plumber": "A plumber repairs water pipes.",
    "cat": "A cat is a small animal that catches mice and likes to sleep.",
    "dog": "A dog is an animal that can guard a house and play with a ball.",
    "cow": "A cow is a farm animal that gives milk.",
    "horse": "A horse is a large animal that people can ride.",
    "umbrella": "An umbrella keeps you dry in the rain.",
    "ladder": "A ladder helps you to climb up a wall.",
    "hammer": "A hammer is a tool for hitting nails.",
    "kettle": "A kettle makes water hot for tea.",
    "toaster": "A toaster makes bread warm and brown.",
    "fridge": "A fridge keeps food cold.",
    "map": "A map shows where streets, rivers and towns are.",
    "bridge": "A bridge lets people cross a river.",
    "winter": "Winter is the coldest season of the year.",
    "summer": "Summer is the warmest season of the year.",
    "week": "A week has seven days.",
    "year": "A year has twelve months.",
    "rain": "Rain is water that falls from the clouds.",
    "piano": "A piano is an instrument with black and white keys.",
    "bank": "A bank keeps the money of many people.",
    "tax": "A tax is money that everybody pays to the state.",
    "website": "A website is a page that you can open on a computer.",
    "profile": "A profile shows the name and the data of a person on a website.",
    "warehouse": "A warehouse is a big hall in which goods are stored.",
    "spare part": "A spare part replaces a broken piece of a machine.",
    "cable": "A cable carries electricity or data.",
    "screen": "A screen shows pictures and text.",
    "newsletter": "A newsletter is a letter with news that is sent to many people.",
    "neighbour": "A neighbour is a person who lives next to you.",
    "colleague": "A colleague is a person who works with you.",
}
