"""Sentences by topic and by side-note (mood, season, company and so on), for sorting tasks in the small world."""

# ruff: noqa: E501 (one sentence stands on one line)

from __future__ import annotations

from starter.more_topics import MORE_TOPICS

_TOPICS: dict[str, tuple[str, ...]] = {
    "money": (
        "The bank asks for a new signature.", "I counted the coins in my wallet twice.",
        "The tax office sent a long letter to {name}.", "{name} saves forty euros each month.",
        "A receipt for {n} euros lay on the table.", "The price of a {item} went down by {n} euros.",
        "{name} forgot to pay the rent in {month}.", "The bill for the electricity was far too high.",
        "My credit card is in the drawer, but I do not know its number.", "The clerk wrote an invoice with the wrong date.",
        "We owe {name} {n} euros since {day}.", "A discount of ten percent was promised for the {item}.",
        "The payment reached the bank of {name} in {month}.", "{name} borrowed some money and gave it back on {day}.",
        "The monthly costs are higher than last year.", "A bank transfer takes one day, a debit by card only a minute.",
        "They added the same sum two times on the bill.", "The budget for the {item} was only {n} euros.",
    ),
    "post": (
        "The letter from {city} has three stamps.", "A courier rang the bell, but nobody was at home.",
        "The box for {name} waits at the post office.", "{name} wrote the wrong street on the parcel.",
        "The truck with the mail got stuck near {city}.", "The postman left the package with the neighbour.",
        "A van brought two boxes to the office on {day}.", "The mailbox of {name} is full of cards.",
        "They shipped the {item} from a depot in {city}.", "The tracking list says that the box is on its way.",
        "The driver looked for our doorstep for an hour.", "{name} picks up the parcel from the locker.",
        "The delivery came later than the sender had said.", "The address on the envelope could not be read.",
        "{name} sends a card from {city} every {month}.", "The parcel arrived at noon, and it was very heavy.",
    ),
    "computers": (
        "{name} typed the password three times.", "The website asks for a user name first.",
        "A code is sent to the phone before you sign in.", "{name} changed the picture in the profile.",
        "The email address of {name} has two dots.", "You can log out at the top of the page.",
        "The settings of the page were in French.", "{name} made a new login for the whole class.",
        "A stranger used the name of {name} on the internet.", "The page closes by itself when {name} clicks on it.",
        "All data of the old user were deleted.", "The password must have ten letters and a number.",
        "The newsletter comes by email on {day}.", "The user is locked after five wrong codes.",
        "{name} signs in with a phone and not with a password.", "The link in the email was too old to work.",
    ),
    "machines": (
        "The {device} stopped in the middle of the work.", "The motor of the {device} is loud and hot.",
        "Smoke came out of the old {device}.", "The light on the {device} turned red and then green.",
        "A new battery made the {device} work again.", "{name} cleaned the {device} with a dry brush.",
        "The {device} has a loose cable.", "The screen of the {device} froze at noon.",
        "When you press the button, the {device} starts.", "The {device} switched itself off after a minute.",
        "The driver on the computer does not know the {device}.", "{name} read the error number on the display.",
        "The signal of the {device} is weak in the cellar.", "The {device} makes a strange noise.",
        "The plug of the {device} got burnt.", "The {device} will not connect to the other one.",
    ),
    "shopping": (
        "The window of the shop shows a {colour} {item}.", "Is there a larger {item} in this shop?",
        "The seller recommends the {colour} one.", "{name} looks for a cheap {item}.",
        "How heavy is this {item}?", "The {item} is sold in four colours.", "Two kinds of {item} stand on the shelf.",
        "There are no more {item}s in stock.", "The guarantee lasts for two years.", "Which {item} is good for a beginner?",
        "{name} compares the prices of three shops.", "The market opens at eight.",
        "Would this {item} look nice in the kitchen?", "The new model is made in {city}.",
        "A spare wheel can be bought as well.", "{name} wonders what size would fit.",
    ),
    "second thoughts": (
        "{name} took the {item} back to the shop.", "The coat was too small, so {name} swapped it for a larger one.",
        "The {item} had a scratch and was sent back.", "They gave {name} the money back on {day}.",
        "The {item} in the box was {colour}, but it should have been another colour.",
        "{name} does not want the {item} any more.", "The gift did not suit {name}, who exchanged it for a {item}.",
        "The seller took back the {item} without a word.", "A label for sending the box back lay inside.",
        "{name} changed the mind and kept nothing.", "A cracked {item} was replaced by a new one.",
        "After two weeks nothing can be given back.",
    ),
    "weather": (
        "It rained in {city} the whole night.", "A cold wind blows from the sea.", "The sky over {city} is grey.",
        "Snow lies on the roofs in {month}.", "The sun is shining on the hills.", "Fog covered the road to {city}.",
        "{name} heard the thunder of a storm.", "On {day} there were {n} degrees.", "The clouds were dark and low.",
        "The ice on the lake was thin.", "It was so hot that the street got soft.", "A rainbow stood over the river.",
    ),
    "food": (
        "The soup needs more salt.", "{name} baked bread with nuts.", "The apples are sweet this year.",
        "We had rice with beans on {day}.", "The cake was still warm.", "{name} drinks tea with milk.",
        "The cook cut the onions into small pieces.", "There was cheese and fresh bread on the table.",
        "{name} does not eat fish.", "The recipe asks for two eggs.", "Lunch was ready at one.",
        "The potatoes were cooked for twenty minutes.",
    ),
    "animals": (
        "The dog of {name} barks at night.", "A bird built a nest in the tree.", "The cow stands on the meadow.",
        "{name} feeds the hens in the morning.", "The cat sleeps on the warm stone.", "A fox ran across the field.",
        "The horse needs a new saddle.", "Two ducks swim on the lake.", "The mouse hid behind the cupboard.",
        "{name} saw a bear in the zoo of {city}.", "The rabbit eats carrots.", "A frog sat in the grass.",
    ),
    "sport": (
        "{name} runs ten miles every {day}.", "The team from {city} won the game.", "The ball flew over the goal.",
        "{name} swims faster than {name2}.", "The race starts at nine.", "They lost the match in the last minute.",
        "The tennis court is wet.", "{name} trains for the big race in {month}.", "The players shook hands.",
        "The bicycle race goes through {city}.", "{name} scored three goals.", "The coach was content with the team.",
    ),
    "music": (
        "{name} plays the piano every evening.", "The choir sang an old song.", "The violin is out of tune.",
        "A concert takes place in {city} on {day}.", "The drums were too loud.", "{name} wrote a song about the sea.",
        "The singer has a deep voice.", "The band from {city} has a new record.", "We danced to slow music.",
        "{name2} listened to the flute of {name}.", "The orchestra practised the first part.", "The guitar has six strings.",
    ),
    "travel": (
        "The train to {city} leaves at seven.", "{name} packed two suitcases.", "The hotel is near the beach.",
        "We crossed the lake by ferry.", "The plane from {city} landed late.", "{name} showed the ticket to the guard.",
        "The trip took nine hours.", "A map of {city} lay on the seat.", "{name} slept on the night train.",
        "The road over the mountain was closed.", "They flew to {city} in {month}.", "The bus stops behind the church.",
    ),
    "school": (
        "The pupils write a test on {day}.", "{name} learns French words.", "The teacher cleaned the board.",
        "The class has twenty children.", "{name} forgot the homework.", "The lesson is over at noon.",
        "The school in {city} got a new library.", "{name2} explained the sum to {name}.", "The exam was easy.",
        "The students read a poem.", "A new teacher came in {month}.", "{name} draws a map for the history lesson.",
    ),
    "garden": (
        "{name} waters the roses.", "The grass is too high.", "The tulips open in April.", "An old tree fell in the storm.",
        "{name} planted beans near the fence.", "The leaves turn yellow.", "The spade stands in the shed.",
        "Bees fly from flower to flower.", "{name} picks cherries with a ladder.", "The soil is dry.",
        "The hedge was cut in {month}.", "There are weeds between the stones.",
    ),
    "health": (
        "{name} has a sore throat.", "The doctor listened to the heart of {name}.", "A nurse changed the bandage.",
        "{name} takes a pill every morning.", "The tooth hurts since {day}.", "{name} broke a leg in {month}.",
        "The hospital in {city} is large.", "Fresh air is good for you.", "{name} had a fever last night.",
        "The medicine tastes bitter.", "{name} sleeps badly and feels weak.", "The dentist has time on {day}.",
    ),
    "family": (
        "The sister of {name} lives in {city}.", "Grandmother told a story.", "{name} and {name2} got married in {month}.",
        "The baby smiled at {name}.", "Our cousins visit us on {day}.", "{name} looks like the father.",
        "The twins share a room.", "Uncle {name} is the oldest of us.", "The whole family sat around the table.",
        "{name} has two brothers and one sister.", "My son is taller than I am.", "The parents of {name2} come from {city}.",
    ),
}  # fmt: skip

TOPICS = {topic: sentences + MORE_TOPICS.get(topic, ()) for topic, sentences in _TOPICS.items()}
TOPIC_NAMES: dict[str, tuple[str, ...]] = {
    "money": ("money", "finance", "bank"),
    "post": ("post", "mail", "letters"),
    "computers": ("computers", "internet", "web"),
    "machines": ("machines", "devices", "hardware"),
    "shopping": ("shopping", "shops", "market"),
    "second thoughts": ("exchange", "swap", "second thoughts"),
    "weather": ("weather", "climate", "sky"),
    "food": ("food", "kitchen", "meals"),
    "animals": ("animals", "zoo", "pets"),
    "sport": ("sport", "games", "fitness"),
    "music": ("music", "songs", "sound"),
    "travel": ("travel", "trips", "holiday"),
    "school": ("school", "learning", "lessons"),
    "garden": ("garden", "plants", "nature"),
    "health": ("health", "body", "medicine"),
    "family": ("family", "home", "relatives"),
}

NOTES: dict[str, dict[str, tuple[str, ...]]] = {
    "mood": {
        "happy": (
            "I am so glad.", "What a lovely day!", "That makes me smile.", "I could sing with joy.", "It is wonderful.",
            "We laughed a lot.", "I am very pleased.", "This is the best news of the year.",
        ),
        "sad": (
            "I feel like crying.", "It makes me sad.", "I am so sorry about it.", "What a pity.", "My heart is heavy.",
            "I miss the old times.", "Nobody smiled.", "I am unhappy.",
        ),
        "angry": (
            "I am really angry.", "This makes me mad.", "I will not accept that.", "How rude!", "That is outrageous.",
            "I slammed the door.", "I have had enough of it.", "They should be ashamed.",
        ),
        "calm": (
            "All is quiet now.", "I feel at peace.", "We sat in silence.", "Nothing disturbs me.", "I drink my tea slowly.",
            "It was a peaceful hour.", "I breathe deeply.", "There was not a sound.",
        ),
    },
    "season": {
        "spring": (
            "The first flowers are out.", "It is April again.", "The snow has melted.", "The lambs were born this week.",
            "The trees get new leaves.", "Easter is near.",
        ),
        "summer": (
            "It is hot in July.", "We swim in the lake each day.", "The school holidays have begun.", "We eat ice cream.",
            "The nights are short and warm.", "Everybody wears a straw hat.",
        ),
        "autumn": (
            "The leaves are falling.", "It is October.", "We gather nuts and mushrooms.", "The fields are empty now.",
            "The birds fly south.", "The grapes are ripe.",
        ),
        "winter": (
            "Snow covers the garden.", "It is freezing outside.", "We light the stove.", "The lake is full of ice.",
            "It gets dark at four.", "I wear two sweaters and thick gloves.",
        ),
    },
    "company": {
        "alone": (
            "Nobody was with me.", "I did it all by myself.", "I was on my own.", "There was no one else around.",
            "I live alone.", "I came without friends.",
        ),
        "together": (
            "All my friends were there.", "We did it as a group.", "My brother came along.", "The whole team helped.",
            "We were five people.", "My neighbours joined us.",
        ),
    },
    "certainty": {
        "sure": (
            "I am certain of it.", "There is no doubt.", "I know it for a fact.", "I saw it with my own eyes.",
            "It is absolutely clear.", "Everyone can prove it.",
        ),
        "unsure": (
            "Perhaps I am wrong.", "I am not certain.", "Maybe it was different.", "Who knows?", "I only guess.",
            "It might be so.",
        ),
    },
    "place": {
        "inside": (
            "I sit in my room.", "I am in the kitchen.", "We stay in the house.", "I lie on my bed.",
            "We met in the hall.", "I work in the cellar.",
        ),
        "outside": (
            "I stand in the street.", "I am in the park.", "We walk through the forest.", "I sit under a tree.",
            "We are on the beach.", "I rest on a bench near the river.",
        ),
    },
    "pace": {
        "fast": (
            "I ran as fast as I could.", "Everything went in a flash.", "We raced to the door.", "It was over in a moment.",
            "He drove at top speed.", "They did it in no time.",
        ),
        "slow": (
            "It went on and on.", "We walked slowly.", "The hours crept by.", "It took ages.", "The old train crawled along.",
            "Step by step we moved on.",
        ),
    },
}  # fmt: skip

HURRY_STORIES = (
    "{name} was in a hurry, because the train to {city} left in ten minutes. {name2} said: there is no time to lose!",
    "{name} had all the time in the world and rested under a tree. {name2} called: come whenever you like.",
    "It was an emergency. {name} called the doctor at once, and {name2} held the door open.",
    "The deadline was on {day} at noon. {name} worked through the night, and {name2} brought coffee.",
    "{name} did not rush. The {item} could wait until {month}, and {name2} had other things to do first.",
    "The work of {name} was blocked by the snow. The whole team could not go on, so {name2} called for help.",
    "It was urgent: water ran out of the {device}. {name} acted immediately and {name2} closed the pipe.",
    "There was no rush at all. {name} wrote a letter to {name2} in a quiet moment on {day}.",
    "Tonight the shop of {name} opens for the first time. Every hour counts, and {name2} still paints the door.",
    "Next week is early enough, said {name}. It is not important, answered {name2}, take your time.",
    "{name} asked for an answer by {day}. {name2} wrote back and told {name} what to do next.",
    "We could sort it out in the next days, said {name}, and {name2} put it on the list.",
    "{name} lost money every hour, because the {device} stood still. {name2} had to solve it today.",
    "Out of curiosity {name} opened the box. It was only a small {item}, and {name2} laughed.",
    "{name} could not wait any longer and left for a long trip with {name2} in the evening.",
    "The summer was far away. {name} needed the {item} later, so {name2} did not hurry.",
    "Customers stood in front of the shop of {name} in {city}. {name2} could not help them all.",
    "Kindly check the {item}, wrote {name}. {name2} looked into it and hoped that all was well.",
)
